"""Score Montage in ImageJ: an open grid of wells, and a folder whose file names tell the well."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import tifffile
from PIL import Image
from stand_in_fiji import rows_of

from zfocus_model.camera import photograph
from zfocus_model.optics import defocus
from zfocus_model.report.colours import level_colour
from zfocus_model.scenes import field

HEIGHT, WIDTH, GAP = 180, 260, 7
LEVELS = ((0, 4, 8), (7, 0, None))


def read(path):
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def scene(rng, level, shape=(HEIGHT, WIDTH)):
    if level is None:
        return rng.poisson(300, shape).astype(np.uint16)
    return photograph(defocus(field(rng, shape), level=level), rng=rng).astype(np.uint16)


@pytest.fixture(scope="module")
def grid(tmp_path_factory):
    """A montage of 2 x 3 wells with gaps; the last well holds no cells."""
    rng = np.random.default_rng(5)
    path = tmp_path_factory.mktemp("grid") / "montage.tif"
    picture = np.zeros((2 * HEIGHT + GAP, 3 * WIDTH + 2 * GAP), np.uint16)
    for row in range(2):
        for column in range(3):
            y, x = row * (HEIGHT + GAP), column * (WIDTH + GAP)
            picture[y : y + HEIGHT, x : x + WIDTH] = scene(rng, LEVELS[row][column])
    tifffile.imwrite(path, picture)
    return path


@pytest.fixture(scope="module")
def scored(imagej, grid, tmp_path_factory):
    image, output = imagej.open(grid), tmp_path_factory.mktemp("scored")
    ran = imagej.run("Score_Montage.py", image, grid="2x3", gap=GAP, output=output)
    assert not ran.error, ran.message
    return ran, image, output


def test_a_well_is_rated_as_a_crop_of_the_montage(scored, grid, model):
    _, _, output = scored
    pixels, rows = tifffile.imread(grid), read(output / "wells.csv")
    assert [row["well"] for row in rows] == ["A01", "A02", "A03", "B01", "B02", "B03"]
    for row in rows:
        y, x = int(row["row"]) * (HEIGHT + GAP), int(row["column"]) * (WIDTH + GAP)
        expected = model.rate(pixels[y : y + HEIGHT, x : x + WIDTH])
        for level in range(11):
            assert abs(float(row[f"p{level}"]) - expected.probabilities[level]) < 1e-4
        assert (row["status"], row["reason"]) == (expected.status, expected.reason)
        assert row["package_sha256"] == model.package_sha256


def test_percent_in_focus_leaves_undecided_patches_out(scored):
    ran, _, output = scored
    rows = read(output / "wells.csv")
    assert [row["percent_in_focus"] for row in rows] == ["100", "0", "0", "0", "100", ""]
    assert [row["patches"] for row in rows] == ["6"] * 6
    assert rows[5]["undecided_patches"] == "6"
    shown = rows_of(ran.outputs["table"])
    assert [row["Well"] for row in shown] == [row["well"] for row in rows]
    assert float(shown[0]["PercentInFocus"]) == 100


def test_patches_are_drawn_in_their_wells_with_their_colours(scored, grid, model):
    _, image, output = scored
    boxes = {}
    overlay = image.getOverlay()
    for number in range(overlay.size()):
        roi = overlay.get(number)
        bounds = roi.getBounds()
        boxes.setdefault(str(roi.getName()), []).append((roi, bounds.x, bounds.y))
    assert len(boxes["zfocus 0,0"]) == 6  # one in each well
    labels = [name for name in boxes if name.startswith("zfocus well ")]
    assert len(labels) == 6
    pixels = tifffile.imread(grid)
    first = model.rate(pixels[:HEIGHT, :WIDTH]).patches
    roi = next(roi for roi, x, y in boxes["zfocus 0,0"] if x < 84 and y < 84)
    colour = roi.getStrokeColor()
    wanted = level_colour(int(first.level[0, 0]), float(first.certainty[0, 0]))
    found = np.array([colour.getRed(), colour.getGreen(), colour.getBlue()])
    assert np.abs(found - wanted).max() <= 1
    with Image.open(output / "montages" / "plate_montage.png") as picture:
        assert picture.size == (image.getWidth(), image.getHeight())
        assert np.abs(np.asarray(picture)[60, 1].astype(int) - wanted).max() <= 1


def test_the_plate_map_has_a_box_a_well(scored):
    ran, _, output = scored
    with Image.open(output / "montages" / "plate_map.png") as picture:
        pixels = np.asarray(picture.convert("RGB"))
    shown = ran.outputs["plateMap"]
    assert pixels.shape == (shown.getHeight(), shown.getWidth(), 3)
    left, top, side = 48, 104, 54
    corner = [pixels[top + 4 + side * r, left + 4 + side * c] for r in range(2) for c in range(3)]
    sharp, soft, grey = level_colour(0), level_colour(10), (128, 128, 128)
    assert np.array_equal(corner, [sharp, soft, soft, soft, sharp, grey])


def test_wells_can_be_skipped(imagej, grid):
    image = imagej.open(grid)
    ran = imagej.run("Score_Montage.py", image, grid="2x3", gap=GAP, skip="B*, A02")
    assert [row["Well"] for row in rows_of(ran.outputs["table"])] == ["A01", "A03"]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"grid": "8x12"}, "expected wells of at least 84 x 84 px, got a montage of 794 x 367 px"),
        ({"grid": "auto"}, "expected rows x columns of the montage"),
        ({"grid": "many"}, "expected a plate of 6, 12"),
        ({"grid": "2x3", "skip": "A01-B03"}, "got all of them skipped"),
        ({"grid": "2x3", "skip": "nothing"}, "expected a well such as A01"),
        ({"folder": "/nowhere"}, "expected a folder of images"),
    ],
)
def test_wrong_inputs_give_one_clear_message(imagej, grid, inputs, message):
    ran = imagej.run("Score_Montage.py", imagej.open(grid), **inputs)
    assert message in ran.message
    assert ran.outputs["table"] is None


def test_no_image_open(imagej):
    assert "expected an open image, found none" in imagej.run("Score_Montage.py").message


@pytest.fixture(scope="module")
def plate(tmp_path_factory):
    """Three wells with three sites each, a second channel, and two files that cannot be used."""
    rng = np.random.default_rng(8)
    place = tmp_path_factory.mktemp("plate")
    for well, level in (("A01", 0), ("C03", 6), ("D06", None)):
        for site in range(3):
            name = f"Day1_Well{well}_Site{site}_DAPI.tif"
            tifffile.imwrite(place / name, scene(rng, level, (280, 360)))
    tifffile.imwrite(place / "Day1_WellA01_Site0_FITC.tif", scene(rng, 5))
    tifffile.imwrite(place / "overview.tif", scene(rng, 0))
    (place / "Day1_WellA02_Site0_DAPI.tif").write_bytes(b"II*\0damaged")
    return place


def test_a_folder_with_wells_in_its_names(imagej, plate, model, tmp_path):
    ran = imagej.run(
        "Score_Montage.py", folder=str(plate), grid="auto", channel="dapi", output=tmp_path
    )
    assert not ran.error, ran.message
    rows = {row["well"]: row for row in read(tmp_path / "wells.csv")}
    assert list(rows) == ["A01", "C03", "D06"]
    assert [row["images"] for row in rows.values()] == ["3"] * 3
    assert [row["percent_in_focus"] for row in rows.values()] == ["100", "0", ""]
    images = read(tmp_path / "images.csv")
    assert [(row["well"], row["site"], row["channel"]) for row in images][:2] == [
        ("A01", "0", "DAPI"),
        ("A01", "1", "DAPI"),
    ]
    for row in images:
        expected = model.rate(tifffile.imread(plate / row["image"]))
        assert row["status"] == expected.status
        for level in range(11):
            assert abs(float(row[f"p{level}"]) - expected.probabilities[level]) < 1e-4
    errors = {row["input"]: row["error"] for row in read(tmp_path / "errors.csv")}
    assert set(errors) == {"overview.tif", "Day1_WellA02_Site0_DAPI.tif"}
    assert "expected a well in the name" in errors["overview.tif"]
    montage = ran.outputs["montage"]
    with Image.open(tmp_path / "montages" / "plate_montage.png") as picture:
        assert picture.size == (montage.getWidth(), montage.getHeight())


def test_several_channels_are_not_mixed(imagej, plate):
    ran = imagej.run("Score_Montage.py", folder=str(plate), grid="auto")
    assert "expected images of one channel, found DAPI, FITC" in ran.message


def test_a_sample_follows_its_seed_and_keeps_the_patches_of_whole_images(imagej, plate, tmp_path):
    def sample(seed, name):
        ran = imagej.run(
            "Score_Montage.py",
            folder=str(plate),
            grid="24",
            channel="DAPI",
            sites=2,
            crop=2,
            seed=seed,
            output=tmp_path / name,
        )
        assert not ran.error, ran.message
        return (tmp_path / name / "patches.csv").read_text()

    first = sample(3, "a")
    assert sample(3, "b") == first
    assert sample(4, "c") != first
    rows = read(tmp_path / "a" / "wells.csv")
    assert [(row["images"], row["patches"]) for row in rows] == [("2", "8")] * 3
    whole = tmp_path / "whole"
    ran = imagej.run("Score_Montage.py", folder=str(plate), grid="24", channel="DAPI", output=whole)
    assert not ran.error, ran.message
    by_place = {(row["image"], row["y"], row["x"]): row for row in read(whole / "patches.csv")}
    for row in read(tmp_path / "a" / "patches.csv"):
        same = by_place[row["image"], row["y"], row["x"]]
        for level in range(11):
            assert abs(float(row[f"p{level}"]) - float(same[f"p{level}"])) < 1e-4
