"""Rate Folder in ImageJ, against `zfocus rate` on the same folder."""

from __future__ import annotations

import csv
import re
import shutil

import numpy as np
import pytest
import tifffile
from PIL import Image
from stand_in_fiji import rows_of

from zfocus_model import rate_files
from zfocus_model.camera import photograph
from zfocus_model.optics import defocus
from zfocus_model.report.colours import level_colour
from zfocus_model.scenes import field


def read(path):
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.reader(stream))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Files of every kind that ImageJ reads by itself, some of them damaged."""
    rng = np.random.default_rng(3)
    place = tmp_path_factory.mktemp("images")
    (place / "sub").mkdir()

    def scene(level, shape=(200, 270)):
        return photograph(defocus(field(rng, shape), level=level), rng=rng).astype(np.uint16)

    sharp, soft = scene(0), scene(6)
    per_cm = 1e4 / 0.65
    tifffile.imwrite(place / "a_w1.tif", sharp, resolution=(per_cm, per_cm), resolutionunit=3)
    tifffile.imwrite(place / "sub" / "b_w1.tif", soft, compression="zlib")
    eight = np.clip(soft / soft.max() * 255, 0, 255).astype(np.uint8)
    Image.fromarray(eight).save(place / "c, with a comma.png")
    Image.fromarray(np.dstack([eight, eight // 2, eight // 3])).save(place / "colour.png")
    stack = np.stack([sharp, soft, scene(3)])
    hyper = {"axes": "ZCYX", "unit": "um"}
    tifffile.imwrite(
        place / "hyper.tif",
        np.stack([stack, stack[::-1]], axis=1),
        imagej=True,
        resolution=(2.0, 2.0),
        metadata=hyper,
    )
    tifffile.imwrite(
        place / "set.ome.tif",
        np.stack([stack, stack[::-1]]),
        metadata={
            "axes": "CZYX",
            "PhysicalSizeX": 0.5,
            "PhysicalSizeXUnit": "µm",
            "Channel": {"Name": ["DAPI", "A & B"]},
        },
    )
    floats = sharp.astype(np.float32)
    floats[:90, :90] = np.nan
    tifffile.imwrite(place / "floats.tif", floats)
    tifffile.imwrite(place / "plain_stack.tif", stack, photometric="minisblack")
    tifffile.imwrite(place / "blank.tif", np.full((100, 100), 700, np.uint16))
    tifffile.imwrite(place / "small.tif", sharp[:80])
    (place / "empty.tif").touch()
    (place / "words.tif").write_text("this is no image")
    whole = (place / "plain_stack.tif").read_bytes()
    (place / "cut.tif").write_bytes(whole[: len(whole) * 2 // 3])
    (place / "notes.txt").write_text("not to be rated")
    return place


@pytest.fixture(scope="module")
def both(imagej, model, folder, tmp_path_factory):
    place = tmp_path_factory.mktemp("out")
    ran = imagej.run("Rate_Folder.py", folder=str(folder), output=place / "fiji")
    assert not ran.error, ran.message
    rate_files(folder, output=place / "python", model=model)
    return ran, place / "fiji", place / "python"


def compare(fiji, python, *, without=()):
    """Hold the tables of both against each other; returns the number of rows of images.csv."""
    for name in ("patches.csv", "images.csv"):
        found, expected = read(fiji / name), read(python / name)
        assert found[0] == expected[0]
        found = [row for row in found if row[0] not in without]
        expected = [row for row in expected if row[0] not in without]
        assert [row[:5] for row in found] == [row[:5] for row in expected]
        for row, other in zip(found[1:], expected[1:]):
            for column, cell, wanted in zip(found[0], row, other):
                if cell != wanted:
                    assert not {"status", "level", "package_sha256"} & {column}, row[0]
                    difference = abs(float(cell) - float(wanted))
                    assert difference <= 1e-4 * max(1, abs(float(wanted))), (row[0], column)
    return len(found) - 1


def test_tables_are_those_of_zfocus_rate(both):
    _, fiji, python = both
    assert compare(fiji, python, without=["cut.tif"]) == 21  # ImageJ reads less of cut.tif


def test_tables_of_real_images_are_those_of_zfocus_rate(imagej, model, data_root, tmp_path):
    data = data_root / "dev"
    (tmp_path / "images").mkdir()
    sources = [sorted(place.glob("*.png")) for place in sorted(data.iterdir()) if place.is_dir()]
    for images in filter(None, sources):
        for image in (images[0], images[len(images) // 2]):
            name = f"{image.parent.name}_{image.name}"
            shutil.copy(image, tmp_path / "images" / name)
    folder = str(tmp_path / "images")
    ran = imagej.run("Rate_Folder.py", folder=folder, output=tmp_path / "fiji", montage=False)
    assert not ran.error, ran.message
    rate_files(folder, output=tmp_path / "python", model=model)
    assert compare(tmp_path / "fiji", tmp_path / "python") > 20
    errors = [
        [row[0] for row in read(tmp_path / door / "errors.csv")] for door in ("fiji", "python")
    ]
    assert errors[0] == errors[1]


def test_what_cannot_be_rated_is_named_and_the_rest_is_rated(both):
    ran, fiji, python = both
    errors, in_python = read(fiji / "errors.csv"), read(python / "errors.csv")
    assert errors[0] == in_python[0]
    assert {row[0] for row in errors} == {row[0] for row in in_python}
    said = dict(errors[1:])
    assert said["small.tif"] == dict(in_python)["small.tif"]
    assert "empty file" in said["empty.tif"]
    assert "ImageJ can open" in said["words.tif"]
    assert "cut short" in said["cut.tif"]
    assert [row["Input"] for row in rows_of(ran.outputs["errors"])] == [
        row[0] for row in errors[1:]
    ]
    assert all("\n" not in row[1] for row in errors)


def test_the_table_in_imagej_has_the_same_rows(both):
    ran, fiji, _ = both
    rows, head, *cells = rows_of(ran.outputs["table"]), *read(fiji / "images.csv")
    assert len(rows) == len(cells)
    assert list(rows[0])[:3] == ["Image", "Series", "T"]
    status = head.index("status")
    assert [row["Status"] for row in rows] == [row[status] for row in cells]


def test_the_montage_shows_every_plane_with_its_colours(both):
    ran, fiji, _ = both
    assert not (fiji / "images.csv.partial").exists()
    with Image.open(fiji / "contact_sheet.png") as picture:
        pixels = np.asarray(picture.convert("RGB"))
    shown = ran.outputs["montageImage"]
    assert pixels.shape == (shown.getHeight(), shown.getWidth(), 3)
    # A patch of a_w1.tif, the first on the sheet: the border has the colour of its rating.
    head, *rows = read(fiji / "patches.csv")
    first = dict(zip(head, rows[0]))
    wanted = level_colour(int(first["level"]), float(first["certainty"]))
    assert np.abs(pixels[95:140, 16].astype(int) - wanted).max() <= 1


def test_patterns_and_subfolders(imagej, folder, tmp_path):
    ran = imagej.run(
        "Rate_Folder.py", folder=str(folder), output=tmp_path, pattern="*_w1*", montage=False
    )
    assert not ran.error, ran.message
    assert [row[0] for row in read(tmp_path / "images.csv")[1:]] == ["a_w1.tif", "sub/b_w1.tif"]
    assert not (tmp_path / "contact_sheet.png").exists()
    assert ran.outputs["montageImage"] is None
    ran = imagej.run(
        "Rate_Folder.py", folder=str(folder), output=tmp_path, pattern="*_w1*", subfolders=False
    )
    assert [row[0] for row in read(tmp_path / "images.csv")[1:]] == ["a_w1.tif"]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"folder": "/nowhere"}, "expected a folder of images, got /nowhere"),
        ({"pattern": "*.lif"}, r"expected images named \*.lif in .*, found none"),
        ({"output": "/dev/null/x"}, "expected a folder that can be written, got /dev/null/x"),
        ({"model": "/nowhere"}, "expected the folder of a model package"),
    ],
)
def test_wrong_inputs_give_one_clear_message(imagej, folder, inputs, message):
    ran = imagej.run("Rate_Folder.py", **{"folder": str(folder), **inputs})
    assert re.search(message, ran.message)
    assert ran.outputs["table"] is None
    assert not (folder / "zfocus_results").exists()


def test_default_folder_of_results_is_not_rated_again(imagej, folder, tmp_path):
    shutil.copy(folder / "a_w1.tif", tmp_path)
    for _ in range(2):
        ran = imagej.run("Rate_Folder.py", folder=str(tmp_path))
        assert not ran.error, ran.message
        assert len(read(tmp_path / "zfocus_results" / "images.csv")) == 2
