"""Rate Folder in ImageJ, against `zfocus rate` on the same folder."""

from __future__ import annotations

import csv
import shutil

import numpy as np
import pytest
import tifffile
from stand_in_fiji import rows_of
from PIL import Image

from zfocus_model import rate_files
from zfocus_model.camera import photograph
from zfocus_model.optics import defocus
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


def test_tables_are_those_of_zfocus_rate(both):
    ran, fiji, python = both
    for name in ("images.csv", "patches.csv"):
        found, expected = read(fiji / name), read(python / name)
        assert found[0] == expected[0]
        print(sorted({row[0] for row in found}), sorted({row[0] for row in expected}))
        assert [row[:5] for row in found] == [row[:5] for row in expected]
        assert len(found) > 10
        for row, other in zip(found[1:], expected[1:]):
            for column, cell, wanted in zip(found[0], row, other):
                try:
                    close = abs(float(cell) - float(wanted)) <= 1e-4 * max(1, abs(float(wanted)))
                except ValueError:
                    close = cell == wanted
                assert close, (row[0], column, cell, wanted)
