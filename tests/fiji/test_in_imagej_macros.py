"""The example macros, in ImageJ's macro interpreter."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import tifffile
from macros import install_commands, run_macro
from stand_in_fiji import ROOT

from zfocus_model.camera import photograph
from zfocus_model.optics import defocus
from zfocus_model.scenes import field

EXAMPLES = ROOT / "fiji_scripts" / "examples"
DOCUMENT = ROOT / "docs" / "fiji.md"


def scene(rng, level, shape=(180, 260)):
    return photograph(defocus(field(rng, shape), level=level), rng=rng).astype(np.uint16)


def rows(path):
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def commands(imagej):
    install_commands(imagej)
    return imagej


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    rng = np.random.default_rng(11)
    place = tmp_path_factory.mktemp("material")
    (place / "plate").mkdir()
    for well, level in (("A01", 0), ("B07", 8)):
        for site in range(2):
            name = f"Set_Well{well}_Site00{site}_DAPI.tif"
            tifffile.imwrite(place / "plate" / name, scene(rng, level, (260, 340)))
    tifffile.imwrite(place / "plate" / "Set_WellA01_Site000_FITC.tif", scene(rng, 3))
    stack = np.stack([scene(rng, level) for level in (7, 0, 5)])
    tifffile.imwrite(place / "stack.tif", stack, photometric="minisblack")
    grid = np.vstack([np.hstack(list(stack)), np.hstack(list(stack[::-1]))])
    tifffile.imwrite(place / "montage.tif", grid)
    return place


def test_every_example_is_tried_here():
    tried = "rate_folder rate_and_save_picture best_planes score_plate score_montage"
    assert {path.stem for path in EXAMPLES.glob("*.ijm")} == set(tried.split())


def test_rate_folder(commands, material, tmp_path):
    run_macro(commands, EXAMPLES / "rate_folder.ijm", material / "plate", tmp_path)
    assert commands.failed == []
    table = rows(tmp_path / "images.csv")
    assert len(table) == 5
    assert {row["status"] for row in table if "A01_Site000_DAPI" in row["image"]} == {"in_focus"}
    assert (tmp_path / "contact_sheet.png").is_file()


def test_rate_and_save_picture(commands, material, tmp_path):
    image = material / "plate" / "Set_WellA01_Site000_DAPI.tif"
    run_macro(commands, EXAMPLES / "rate_and_save_picture.ijm", image, tmp_path)
    assert commands.failed == []
    (row,) = rows(tmp_path / f"{image.stem}_focus.csv")
    assert row["status"] == "in_focus"
    assert (tmp_path / f"{image.stem}_focus.png").stat().st_size > 1000


def test_best_planes(commands, material, tmp_path):
    run_macro(commands, EXAMPLES / "best_planes.ijm", material / "stack.tif", tmp_path)
    assert commands.failed == []
    best = tifffile.imread(tmp_path / "stack_best.tif")
    assert (best == tifffile.imread(material / "stack.tif")[1]).all()
    assert len(rows(tmp_path / "stack_planes.csv")) == 3


def test_score_plate(commands, material, tmp_path):
    run_macro(commands, EXAMPLES / "score_plate.ijm", material / "plate", tmp_path, "DAPI")
    assert commands.failed == []
    wells = {row["well"]: row for row in rows(tmp_path / "wells.csv")}
    assert wells["A01"]["percent_in_focus"] == "100"
    assert wells["B07"]["percent_in_focus"] == "0"
    assert {row["channel"] for row in rows(tmp_path / "images.csv")} == {"DAPI"}


def test_score_montage(commands, material, tmp_path):
    run_macro(commands, EXAMPLES / "score_montage.ijm", material / "montage.tif", tmp_path)
    assert commands.failed == []
    percent = {row["well"]: row["percent_in_focus"] for row in rows(tmp_path / "wells.csv")}
    assert percent == {"A01": "0", "A02": "100", "A03": "0", "B01": "0", "B02": "100"}


def test_a_macro_that_fails_says_why_and_stops(commands, material, tmp_path):
    run_macro(commands, EXAMPLES / "rate_folder.ijm", material / "nowhere", tmp_path)
    (message,) = commands.failed
    assert "expected a folder of images" in message
    assert not (tmp_path / "images.csv").exists()
