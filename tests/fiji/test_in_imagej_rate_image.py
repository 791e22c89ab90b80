"""Rate Image in ImageJ: the numbers of `zfocus rate`, the overlay, tables, maps and pictures."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import awkward
import numpy as np
import pytest
from stand_in_fiji import rows_of

from zfocus_model import rate_files
from zfocus_model.report.colours import level_colour
from zfocus_model.tables import values_of

# ImageJ 1.54p cannot read 64-bit floats.
KINDS = (
    "at_4095.tif big_endian.tif colour.png crop.tif eight.png float32.tif grey.bmp not_finite.tif "
    "nothing.tif odd_size.tif one_patch.tif palette.gif palette.png palette.tif rgb.tif "
    "rgb_deep.tif rgb_planar.tif saturated.tif signed.tif sixteen.png strips.tif uint16.tif "
    "uint32.tif uint8.tif white_is_zero_16.tif white_is_zero_8.tif"
).split()
SAME_TEXT = ("status", "reason", "model", "package_sha256", "height", "width", "patches")


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("awkward")
    awkward.write_files(folder)
    return folder


@pytest.fixture(scope="session")
def expected(files, model):
    rows = {}
    rate_files(files, model=model, on_plane=lambda row, _: rows.update({row["image"]: row}))
    return rows


@pytest.fixture
def rate(imagej, tmp_path):
    """Run Rate Image; the row that it wrote as CSV, and what else it left."""

    def run(image, **inputs):
        path = tmp_path / "row.csv"
        ran = imagej.run("Rate_Image.py", image, csv=path, **inputs)
        assert not ran.error, ran.error
        with path.open(newline="", encoding="utf-8") as stream:
            (row,) = csv.DictReader(stream)
        return values_of(row, row.values()), ran

    return run


def test_the_list_of_kinds_is_whole(files):
    assert {path.name for path in files.iterdir()} == {*KINDS, "float64.tif"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_has_one_rating_in_every_door(kind, rate, imagej, files, expected):
    row, _ = rate(imagej.open(files / kind))
    wanted = expected[kind]
    assert same_rating(row, wanted)
    if kind != "uint32.tif":  # which ImageJ keeps as floats
        assert row["saturated_fraction"] == wanted["saturated_fraction"]


def same_rating(row, wanted):
    for level in range(11):
        assert row[f"p{level}"] == pytest.approx(wanted[f"p{level}"], abs=1e-4)
    for column in ("certainty_mean", "certainty_max", "certainty_aggregate", "certainty_weighted"):
        assert row[column] == pytest.approx(wanted[column], abs=1e-3)
    assert {column: row[column] for column in SAME_TEXT} == {
        column: wanted[column] for column in SAME_TEXT
    }
    return True


def test_real_images(rate, imagej, model, data_root):
    with (data_root / "manifest.csv").open(newline="", encoding="utf-8") as stream:
        listed = [row for row in csv.DictReader(stream) if row["split"] == "dev"]
    sources = {row["source"]: data_root / row["path"] for row in listed if int(row["h"]) >= 84}
    for path in list(sources.values())[:4]:
        rows = []
        rate_files(path, model=model, on_plane=lambda row, _, rows=rows: rows.append(row))
        row, _ = rate(imagej.open(path))
        assert same_rating(row, rows[0])


@pytest.mark.parametrize("name", ["uint8.tif", "eight.png"])
def test_a_lut_that_was_chosen_to_look_changes_nothing(rate, imagej, files, name):
    image = imagej.open(files / name)
    before, _ = rate(image)
    lut = imagej.python(
        "from ij.process import LUT\nimport jarray\n"
        "ramp = jarray.array([(7 * k) % 128 for k in range(256)], 'b')\n"
        "result = LUT(ramp, jarray.zeros(256, 'b'), jarray.zeros(256, 'b'))"
    )
    image.setLut(lut)
    assert image.getProcessor().isColorLut()
    after, _ = rate(image)
    assert before == after


def test_table_cells(rate, imagej, files):
    row, ran = rate(imagej.open(files / "uint16.tif"), patchTable=True)
    cells = rows_of(ran.outputs["table"])[-1]
    assert list(cells)[:5] == ["Image", "Series", "T", "C", "Z"]
    assert list(cells)[-2:] == ["Model", "PackageSha256"]
    assert (cells["Image"], cells["Status"]) == ("uint16.tif", row["status"])
    assert float(cells["ExpectedLevel"]) == pytest.approx(row["expected_level"], abs=1e-4)
    assert cells["DefocusUm"] == cells["OutOfDomain"].strip("0.123456789") == ""
    patches = rows_of(ran.outputs["patches"])
    assert [(patch["Y"], patch["X"]) for patch in patches[:5]] == [
        ("0", "0"), ("0", "84"), ("0", "168"), ("0", "252"), ("84", "0")
    ]  # fmt: skip
    assert len(patches) == 12


def test_boxes_have_the_colours_of_the_patches(rate, imagej, files, model):
    image = imagej.open(files / "not_finite.tif")
    rate(image, borderWidth=6)
    import tifffile

    patches = model.rate(tifffile.imread(files / "not_finite.tif")).patches
    overlay = image.getOverlay()
    boxes = [overlay.get(k) for k in range(overlay.size()) if "," in str(overlay.get(k).getName())]
    assert len(boxes) == 12
    for number, roi in enumerate(boxes):
        row, column = divmod(number, 4)
        colour = roi.getStrokeColor()
        level = patches.level[row, column]
        wanted = level_colour(level if level >= 0 else np.nan, patches.certainty[row, column])
        found = (colour.getRed(), colour.getGreen(), colour.getBlue())
        assert np.abs(np.subtract(found, wanted.astype(int))).max() <= 1
        width = 6 if level >= 0 else 1
        assert roi.getStrokeWidth() == width
        frame = roi.getFloatBounds()
        # With its stroke, half outside, a box ends where its patch ends.
        assert (frame.x - width / 2, frame.y - width / 2) == (84 * column, 84 * row)
        assert frame.width + width == 84


def test_the_picture_shows_boxes_and_legend(rate, imagej, files, tmp_path, model):
    from PIL import Image

    rate(imagej.open(files / "uint16.tif"), png=tmp_path / "o.png", borderWidth=4)
    with Image.open(tmp_path / "o.png") as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    assert pixels.shape == (260, 341, 3)
    import tifffile

    patches = model.rate(tifffile.imread(files / "uint16.tif")).patches
    wanted = level_colour(patches.level[0, 0], patches.certainty[0, 0]).astype(int)
    for y, x in ((2, 40), (40, 2), (81, 40), (40, 81)):
        assert np.abs(pixels[y, x] - wanted).max() <= 2
    assert len(set(pixels[20, 20])) == 1  # the middle of a patch stays grey
    legend = pixels[-40:-4, 4:250].reshape(-1, 3)
    assert np.abs(legend - level_colour(10).astype(int)).max(-1).min() <= 2
    assert np.abs(legend - level_colour(0).astype(int)).max(-1).min() <= 2


def test_what_was_drawn_before_stays_and_ratings_do_not_pile_up(rate, imagej, files):
    image = imagej.open(files / "uint16.tif")
    own = imagej.python("from ij.gui import Overlay, Roi\nresult = Overlay(Roi(3, 4, 5, 6))")
    image.setOverlay(own)
    for _ in range(2):
        rate(image, legend=False, fill=True)
    overlay = image.getOverlay()
    assert overlay.size() == 13
    assert overlay.get(0).getBounds().width == 5
    assert overlay.get(1).getFillColor().getAlpha() == 110


def test_maps(rate, imagej, files, model):
    import tifffile

    pixels = tifffile.imread(files / "not_finite.tif")
    _, ran = rate(imagej.open(files / "not_finite.tif"), focusMap=True, probabilityImage=True)
    patches = model.rate(pixels).patches
    levels, probabilities = ran.outputs["levels"], ran.outputs["probabilities"]
    shown = levels.getProcessor()
    for row in range(3):
        for column in range(4):
            y, x = 84 * row, 84 * column
            for place in ((x, y), (x + 83, y + 83)):
                value = shown.getf(*place)
                assert value == pytest.approx(
                    patches.expected_level[row, column], abs=1e-3, nan_ok=True
                )
    assert np.isnan(shown.getf(340, 100)) and np.isnan(shown.getf(100, 259))  # the remainder
    assert (levels.getDisplayRangeMin(), levels.getDisplayRangeMax()) == (0, 10)
    assert (probabilities.getNChannels(), probabilities.getBitDepth()) == (11, 32)
    for level in range(11):
        value = probabilities.getStack().getProcessor(level + 1).getf(200, 100)
        assert value == pytest.approx(patches.probabilities[1, 2, level], abs=1e-4)


def test_a_roi_is_a_crop(rate, imagej, files, model):
    import tifffile

    pixels = tifffile.imread(files / "uint16.tif")
    image = imagej.open(files / "uint16.tif")
    image.setRoi(41, 17, 270, 240)
    row, ran = rate(image, patchTable=True)
    wanted = model.rate(pixels[17:257, 41:311])
    assert [row[f"p{k}"] for k in range(11)] == pytest.approx(
        wanted.probabilities.tolist(), abs=1e-4
    )
    assert (row["height"], row["width"], row["status"]) == (240, 270, wanted.status)
    first = rows_of(ran.outputs["patches"])[0]
    assert (first["Y"], first["X"]) == ("17", "41")
    assert image.getOverlay().get(0).getBounds().x in (41, 43)


def test_a_roi_of_any_form_is_a_mask(rate, imagej, files, model):
    import tifffile

    pixels = tifffile.imread(files / "uint16.tif")
    image = imagej.open(files / "uint16.tif")
    oval = imagej.python("from ij.gui import OvalRoi\nresult = OvalRoi(-20, 10, 330, 400)")
    image.setRoi(oval)
    row, ran = rate(image, patchTable=True)
    mask = oval.getMask()
    inside = np.array([[mask.get(x, y) for x in range(330)] for y in range(400)]) > 0
    part = pixels[10:260, 0:310]
    wanted = model.rate(part, inside[:250, 20:330])
    assert 0 < wanted.rated_patches < wanted.patches.certainty.size
    assert row["patches"] == wanted.rated_patches
    assert [row[f"p{k}"] for k in range(11)] == pytest.approx(
        wanted.probabilities.tolist(), abs=1e-4
    )
    rated = [patch["Level"] != "" for patch in rows_of(ran.outputs["patches"])]
    assert rated == wanted.patches.rated.ravel().tolist()


def test_a_line_is_no_region(rate, imagej, files, expected):
    image = imagej.open(files / "uint16.tif")
    image.setRoi(imagej.python("from ij.gui import Line\nresult = Line(0, 0, 100, 100)"))
    row, _ = rate(image)
    assert same_rating(row, expected["uint16.tif"])


def test_calibration_gives_the_pixel_size(rate, imagej, files):
    image = imagej.open(files / "uint16.tif")
    for unit, size, wanted in (
        ("um", 0.325, 0.325),
        ("nm", 65, 0.065),
        ("pixel", 1, None),
        ("\u00b5m", 2, 2),
    ):
        calibration = image.getCalibration()
        calibration.setUnit(unit)
        calibration.pixelWidth = calibration.pixelHeight = size
        row, _ = rate(image)
        assert row["pixel_size_um"] == (None if wanted is None else pytest.approx(wanted))


def test_rows_of_several_images_have_their_indices(rate, imagej, tmp_path):
    import tifffile

    pixels = np.stack([awkward.scene((90, 180), level) for level in range(6)]).reshape(
        3, 2, 90, 180
    )
    tifffile.imwrite(tmp_path / "h.tif", pixels, imagej=True, metadata={"axes": "ZCYX"})
    image = imagej.open(tmp_path / "h.tif")
    image.setPosition(2, 3, 1)
    row, _ = rate(image)
    assert (row["t"], row["c"], row["z"], row["level"]) == (0, 1, 2, 5)
    overlay = image.getOverlay()
    roi = overlay.get(0)
    assert (roi.getCPosition(), roi.getZPosition()) == (2, 3)
    image.setPosition(1, 1, 1)
    assert rate(image)[0]["level"] == 0
    assert image.getOverlay().size() == 2 * 2  # boxes of the other plane stay; no room for a legend


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"model": "/nowhere"}, "expected the folder of a model package"),
        ({"png": "/nowhere/at/all.png"}, "expected a file in a folder that exists"),
    ],
)
def test_wrong_inputs(imagej, files, inputs, message):
    ran = imagej.run("Rate_Image.py", imagej.open(files / "one_patch.tif"), **inputs)
    assert ran.message.startswith("RuntimeError: zfocus: ")
    assert message in ran.message
    assert ran.outputs["table"] is None


def test_no_image(imagej):
    ran = imagej.run("Rate_Image.py")
    assert ran.message == (
        "RuntimeError: zfocus: expected an open image, found none: open one, then rate it"
    )


def test_too_small(imagej, files):
    image = imagej.open(files / "uint16.tif")
    image.setRoi(0, 0, 83, 200)
    ran = imagej.run("Rate_Image.py", image)
    assert "expected an image or ROI of at least 84 x 84 px, got 83 x 200 px" in ran.message
    assert image.getOverlay() is None


def test_a_roi_beside_the_image(imagej, files):
    image = imagej.open(files / "uint16.tif")
    image.setRoi(imagej.python("from ij.gui import Roi\nresult = Roi(500, 500, 100, 100)"))
    ran = imagej.run("Rate_Image.py", image)
    assert "expected a ROI inside the image" in ran.message


def test_a_script_finds_its_modules_where_jython_does_not_look(imagej, files, tmp_path):
    """Where Jython's own home is not the jars folder of the Fiji that holds the script."""
    other, here = tmp_path / "Other.app", imagej.fiji
    for part in ("scripts", "zfocus", "jars/Lib"):
        shutil.copytree(here / part, other / part)
    modules = here / "jars" / "Lib" / "zfocus_fiji"
    modules.rename(tmp_path / "away")
    try:
        script = other / "scripts" / "Plugins" / "zfocus" / "Rate_Image.py"
        ran = imagej.run(script, imagej.open(files / "one_patch.tif"))
        none = imagej.run("Rate_Image.py", imagej.open(files / "one_patch.tif"))
    finally:
        (tmp_path / "away").rename(modules)
    assert not ran.error, ran.error
    assert ran.outputs["table"] is not None
    assert "No module named zfocus_fiji" in none.message  # so it was not found by chance


def test_the_jars_folder_of_the_tests_is_laid_out_like_fijis(imagej):
    assert (Path(imagej.fiji) / "scripts" / "Plugins" / "zfocus" / "Rate_Image.py").is_file()
    names = imagej.menu()
    assert "Plugins > zfocus > Rate Image" in names
    assert all(name.startswith("Plugins > zfocus > ") for name in names)  # no module of ours
