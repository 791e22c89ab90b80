"""Rate Stack in ImageJ: every plane, the plot, the best plane and what is extracted."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import tifffile
from stand_in_fiji import rows_of

from zfocus_model import rate_files
from zfocus_model.tables import values_of


@pytest.mark.parametrize("name", ["z.tif", "t.tif", "zc.tif"])
def test_rows_are_those_of_zfocus_rate(imagej, stacks, model, tmp_path, name):
    expected = []
    rate_files(stacks / name, model=model, on_plane=lambda row, _: expected.append(row))
    ran = imagej.run(
        "Rate_Stack.py", imagej.open(stacks / name), csv=tmp_path / "o.csv", plot=False
    )
    assert not ran.error, ran.error
    with (tmp_path / "o.csv").open(newline="", encoding="utf-8") as stream:
        rows = [values_of(row, row.values()) for row in csv.DictReader(stream)]
    assert len(rows) == len(expected) == len(rows_of(ran.outputs["table"]))
    for row, wanted in zip(rows, expected):
        for key in ("t", "c", "z", "status", "reason", "patches"):
            assert row[key] == wanted[key]
        for level in range(11):
            assert row[f"p{level}"] == pytest.approx(wanted[f"p{level}"], abs=1e-4)


def test_the_best_plane_is_found_selected_drawn_and_extracted(imagej, stacks):
    image = imagej.open(stacks / "z.tif")
    ran = imagej.run("Rate_Stack.py", image, extract=True, borderWidth=2)
    (best,) = rows_of(ran.outputs["best"])
    assert (best["Z"], best["Slice"], best["Status"]) == ("2", "3", "in_focus")
    assert image.getCurrentSlice() == 3
    overlay = image.getOverlay()
    assert [overlay.get(k).getPosition() for k in range(8)] == [1, 1, 2, 2, 3, 3, 4, 4]
    extracted = ran.outputs["extracted"]
    assert extracted.getStackSize() == 1
    found = np.array(extracted.getProcessor().getPixels()).astype(np.uint16)
    assert (found == tifffile.imread(stacks / "z.tif")[2].ravel()).all()
    assert extracted.getCalibration().pixelWidth == pytest.approx(0.5)


def test_the_plot_shows_line_band_and_best_plane(imagej, stacks, tmp_path):
    from PIL import Image

    ran = imagej.run("Rate_Stack.py", imagej.open(stacks / "z.tif"), boxes=False)
    imagej.save_png(ran.outputs["plotImage"], tmp_path / "plot.png")
    with Image.open(tmp_path / "plot.png") as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    inside = pixels[40:305, 80:615]  # without the texts, whose edges have all colours
    line = np.abs(inside - (0x1F, 0x5F, 0xD0)).max(-1) < 30
    band = np.abs(inside - (207, 224, 255)).max(-1) < 6
    assert line.sum() > 300
    assert band.sum() > 1000
    lowest = np.where(line.any(0), len(line) - np.argmax(line[::-1], 0), 0)  # y grows downwards
    best = 80 + float(np.mean(np.nonzero(lowest == lowest.max())[0]))
    assert abs(best - 416) < 6  # the third of four planes


def test_channels_have_their_own_best_planes_or_one_together(imagej, stacks):
    image = imagej.open(stacks / "zc.tif")
    own = imagej.run("Rate_Stack.py", image, extract=True, plot=False)
    assert [(row["C"], row["Z"]) for row in rows_of(own.outputs["best"])] == [
        ("0", "2"),
        ("1", "1"),
    ]
    extracted = own.outputs["extracted"]
    assert (extracted.getNChannels(), extracted.getNSlices()) == (2, 1)
    stack = tifffile.imread(stacks / "zc.tif")
    for channel, z in ((0, 2), (1, 1)):
        pixels = np.array(extracted.getStack().getProcessor(channel + 1).getPixels())
        assert (pixels.astype(np.uint16) == stack[z, channel].ravel()).all()

    one = imagej.run("Rate_Stack.py", image, oneForAll=True, plot=False)
    chosen = [row["Z"] for row in rows_of(one.outputs["best"])]
    assert chosen[0] == chosen[1]
    image.setPosition(2, 1, 1)
    current = imagej.run("Rate_Stack.py", image, currentChannel=True, plot=False)
    assert [row["C"] for row in rows_of(current.outputs["best"])] == ["1"]
    assert (image.getC(), image.getZ()) == (2, 2)


def test_no_plane_can_be_judged(imagej, stacks):
    image = imagej.open(stacks / "flat.tif")
    ran = imagej.run("Rate_Stack.py", image)
    assert not ran.error
    (best,) = rows_of(ran.outputs["best"])
    assert (best["Z"], best["Status"]) == ("", "undecided")
    failed = imagej.run("Rate_Stack.py", image, extract=True)
    assert "expected a plane that can be judged in every channel and frame" in failed.message


def test_wrong_inputs(imagej, stacks):
    ran = imagej.run("Rate_Stack.py", imagej.open(stacks / "single.tif"))
    assert "expected a stack of at least two planes, got 1: use Rate Image" in ran.message
    assert "expected an open image" in imagej.run("Rate_Stack.py").message
    image = imagej.open(stacks / "z.tif")
    image.setRoi(0, 0, 50, 90)
    ran = imagej.run("Rate_Stack.py", image)
    assert "at least 84 x 84 px, got 50 x 90 px" in ran.message
