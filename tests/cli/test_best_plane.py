from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile

sys.path.insert(0, str(Path(__file__).parents[1]))

from tiny_package import constant_z_network, write_z_package

from zfocus_model import packages
from zfocus_model.cli import main
from zfocus_model.optics import defocus
from zfocus_model.zposition.best_tables import PLANE_COLUMNS, STACK_COLUMNS


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def best_plane(*words):
    return main(["best-plane", *map(str, words)])


@pytest.fixture(scope="module")
def stack_file(tmp_path_factory):
    """Spots through focus, sharp in plane 2; an uint16 OME-TIFF with sizes."""
    rng = np.random.default_rng(3)
    field = np.zeros((252, 252))
    for y, x in rng.integers(8, 244, (40, 2)):
        field[y - 2 : y + 3, x - 2 : x + 3] = rng.uniform(500, 2000)
    planes = [defocus(field, level=level) for level in (7, 3, 0, 3, 7)]
    pixels = np.stack([rng.poisson(np.clip(p, 0, None) + 100) for p in planes]).astype(np.uint16)
    path = tmp_path_factory.mktemp("stacks") / "spots.ome.tif"
    sizes = {"PhysicalSizeZ": 7.0, "PhysicalSizeX": 0.65, "PhysicalSizeY": 0.65}
    tifffile.imwrite(path, pixels, ome=True, metadata={"axes": "ZYX", **sizes})
    return path


def test_tables_pictures_and_the_plane(stack_file, tmp_path, capsys):
    assert best_plane(stack_file, "-o", tmp_path, "--extract") == 0
    (row,) = rows(tmp_path / "best_planes.csv")
    assert tuple(row) == STACK_COLUMNS
    assert (row["stack"], row["planes"], row["best_plane"]) == ("spots.ome.tif", "5", "2")
    assert (row["status"], row["modality"]) == ("decided", "fluorescence")
    assert float(row["position_um"]) == pytest.approx(14, abs=2)
    curve = rows(tmp_path / "planes.csv")
    assert tuple(curve[0]) == PLANE_COLUMNS
    levels = [float(each["expected_level"]) for each in curve]
    assert np.argmin(levels) == 2 and levels[0] > levels[1]
    assert (tmp_path / "errors.csv").read_text() == "input,error\n"
    assert (tmp_path / "pictures" / "spots.png").stat().st_size > 1000
    with tifffile.TiffFile(tmp_path / row["extracted"]) as plane:
        np.testing.assert_array_equal(plane.asarray(), tifffile.imread(stack_file)[2])
        assert 'PhysicalSizeX="0.65"' in plane.ome_metadata
    assert f"1 stack: 1 with a best plane. Tables: {tmp_path}" in capsys.readouterr().err


def test_json_and_nothing_else(stack_file, capsys):
    assert best_plane(stack_file, "--json", "--quiet") == 0
    out, error = capsys.readouterr()
    found = json.loads(out)
    assert (found["schema"], found["best_plane"], found["reason"]) == (1, 2, None)
    assert [each["plane"] for each in found["curve"]] == [0, 1, 2, 3, 4]
    assert found["curve"][0]["z_expected_um"] is None and error == ""


def test_the_table_on_standard_output(stack_file, capsys):
    assert best_plane(stack_file, "--quiet") == 0
    head, line = capsys.readouterr().out.splitlines()
    assert head.split("\t")[:3] == ["stack", "best plane", "of"]
    assert line.split("\t")[:3] == ["spots.ome.tif", "2", "5"]


def test_the_others_are_done(stack_file, tmp_path, capsys):
    tifffile.imwrite(tmp_path / "one.tif", np.zeros((90, 90), np.uint8))
    words = (stack_file, tmp_path / "one.tif", tmp_path / "none.tif", "-o", tmp_path / "out")
    assert best_plane(*words) == 1
    assert len(rows(tmp_path / "out" / "best_planes.csv")) == 1
    errors = rows(tmp_path / "out" / "errors.csv")
    assert len(errors) == 2
    assert any("at least 2 planes" in row["error"] for row in errors)
    assert "2 problems" in capsys.readouterr().err


def test_transmitted_light_without_a_z_model(stack_file, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(packages, "installed_models", dict)
    monkeypatch.setattr("zfocus_model.zposition.model.DEFAULT_Z_MODEL", "none-such")
    monkeypatch.setattr("zfocus_model.zposition.best_plane._default_z_model", no_model)
    assert best_plane(stack_file, "--modality", "transmitted", "-o", tmp_path) == 0
    (row,) = rows(tmp_path / "best_planes.csv")
    assert (row["best_plane"], row["status"], row["reason"]) == ("", "undecided", "no_model")
    assert "a z model and none is installed" in capsys.readouterr().err


def no_model():
    raise packages.ModelError("none")


def test_a_z_model_that_is_named_means_transmitted_light(stack_file, tmp_path):
    p = np.zeros(41)
    p[20] = 1.0
    package = write_z_package(tmp_path / "z", *constant_z_network(p))
    words = ("--model", package, "--pixel-size", "0.24", "-o", tmp_path / "out")
    assert best_plane(stack_file, *words) == 0
    (row,) = rows(tmp_path / "out" / "best_planes.csv")
    assert (row["modality"], row["status"]) == ("transmitted", "undecided")
    assert row["reason"] == "no_order"  # every plane says that it is in focus
    assert best_plane(stack_file, *words, "--modality", "fluorescence") == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--model", "none-such"], "expected the name of an installed model"),
        (["--modality", "transmitted", "--model", "focus-fluorescence"], "expected a z model"),
    ],
)
def test_unusable_models(stack_file, capsys, words, said):
    assert best_plane(stack_file, *words) == 2
    assert said in capsys.readouterr().err


def test_the_output_must_be_a_folder(stack_file, capsys):
    assert best_plane(stack_file, "-o", stack_file) == 2
    assert "expected a folder for -o" in capsys.readouterr().err
