"""``zfocus demo`` from the command to the report, with a model that knows one answer."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from tiny_package import constant_network, write_package

from zfocus_model import demo
from zfocus_model.cli import main


@pytest.fixture
def small_plate(monkeypatch):
    """A plate of five small images, drawn in no time."""
    truths = demo.plate()
    some = [truths[0], truths[3], truths[8], truths[20], truths[22]]
    monkeypatch.setattr(demo, "plate", lambda: tuple(some))
    whole = demo.draw
    monkeypatch.setattr(demo, "draw", lambda truth, rng: whole(truth, rng, (100, 180)))
    return some


def _model(tmp_path):
    level_1 = np.eye(11)[1] * 0.9 + 0.1 / 11
    return str(write_package(tmp_path / "one", *constant_network(level_1), with_onnx=False))


def test_demo_makes_rates_and_compares(tmp_path, small_plate, capsys):
    folder = tmp_path / "demo plate"
    assert main(["demo", "-o", str(folder), "--model", _model(tmp_path)]) == 0
    out = capsys.readouterr().out
    # The model says level 1 to all: right within one for levels 0, 1 and the overexposed 0.
    assert "3 of 4 images with cells are right within one level" in out
    assert "0 of 1 images without cells are undecided" in out
    assert str(folder / "results" / "report.html") in out
    images = sorted(p.name for p in (folder / "images").iterdir())
    assert images == sorted(t.image for t in small_plate)
    with (folder / "results" / "images.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [r["image"].rpartition("/")[2] for r in rows] == images
    assert len(list((folder / "results" / "montages").glob("*.png"))) == 5
    assert (folder / "results" / "contact_sheet.png").is_file()
    html = (folder / "results" / "report.html").read_text("utf-8")
    assert "5 of 5 images" in html or "All 5 images are in focus" in html


def test_the_seed_decides_the_pixels(tmp_path, small_plate):
    model = _model(tmp_path)
    for name, seed in (("a", "4"), ("b", "4"), ("c", "5")):
        assert main(["demo", "-o", str(tmp_path / name), "--model", model, "--seed", seed]) == 0
    a, b, c = (
        [(tmp_path / name / "images" / t.image).read_bytes() for t in small_plate] for name in "abc"
    )
    assert a == b and all(one != other for one, other in zip(a, c))


def test_a_seed_below_zero_is_wrong_usage(tmp_path, capsys):
    assert main(["demo", "-o", str(tmp_path / "x"), "--seed", "-1"]) == 2
    assert "expected a seed of 0 or more, got -1" in capsys.readouterr().err


def test_an_unusable_model_is_told(tmp_path, small_plate, capsys):
    assert main(["demo", "-o", str(tmp_path / "x"), "--model", str(tmp_path / "none")]) == 2
    assert "none" in capsys.readouterr().err
