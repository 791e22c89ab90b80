"""A user's own model: train, export, check, rate, by the commands that the README gives."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import tifffile

from zfocus_model.camera import photograph
from zfocus_model.cli import main
from zfocus_model.scenes import field


def test_own_images_become_a_package_that_passes_every_check(tmp_path, monkeypatch, capsys):
    pytest.importorskip("tensorflow")
    pytest.importorskip("bioimageio.core")
    monkeypatch.chdir(tmp_path)  # bioimageio.core unpacks weights into the working folder
    sharp = tmp_path / "sharp"
    sharp.mkdir()
    for number in range(5):
        rng = np.random.default_rng(number)
        counts = photograph(field(rng, (170, 180)), rng=rng).astype(np.uint16)
        tifffile.imwrite(sharp / f"{number}.tif", counts)
    short = ["--epochs", "1", "--patches-per-epoch", "128", "--batch-size", "64", "--workers", "0"]
    assert main(["train", "--in-focus", str(sharp), "-o", "run", *short]) == 0
    assert main(["export", "run", "-o", "my-model"]) == 0
    assert main(["export", "run", "--map", "-o", "my-model-map"]) == 0
    assert main(["zoo", "test", "my-model"]) == 0
    assert main(["zoo", "test", "my-model-map"]) == 0
    capsys.readouterr()
    assert main(["rate", str(sharp), "--model", "my-model", "-o", "rated", "--quiet"]) == 0
    with (tmp_path / "rated" / "images.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [row["model"] for row in rows] == ["my-model"] * 5
    assert main(["rate", str(sharp), "--model", "my-model-map"]) == 2
    assert "focus-level-map" in capsys.readouterr().err
