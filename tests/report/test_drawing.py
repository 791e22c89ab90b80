from __future__ import annotations

import numpy as np

from zfocus_model.report.drawing import (
    fit_text,
    font,
    plain_text,
    reduce_plane,
    stretch,
)


def test_reduce_takes_means_and_keeps_what_is_left_over():
    plane = np.array([[0, 2, 9], [2, 4, 9], [5, 7, 1]], np.uint16)
    assert reduce_plane(plane, 2).tolist() == [[2, 9], [6, 1]]
    assert reduce_plane(plane, 1).tolist() == plane.tolist()


def test_reduce_leaves_values_out_that_are_not_finite():
    plane = np.array([[1.0, np.nan, np.inf, np.nan], [3.0, np.inf, np.nan, np.nan]])
    reduced = reduce_plane(plane, 2)
    assert reduced[0, 0] == 2 and np.isnan(reduced[0, 1])


def test_stretch_does_not_depend_on_gain_and_offset():
    plane = np.random.default_rng(0).normal(0, 1, (50, 60))
    grey = stretch(plane)
    assert grey.min() == 0 and grey.max() == 255
    assert np.abs(stretch(plane * 1000 + 5e4).astype(int) - grey).max() <= 1


def test_stretch_of_awkward_planes():
    assert (stretch(np.zeros((3, 4), np.uint8)) == 128).all()
    assert (stretch(np.full((3, 4), np.nan)) == 0).all()
    one = np.zeros((100, 100))
    one[0, 0], one[0, 1] = 7, np.inf
    assert stretch(one)[0, :3].tolist() == [255, 0, 0]  # one bright pixel is still shown
    assert stretch(np.array([[False, True]])).tolist() == [[0, 255]]


def test_names_are_drawn_with_letters_that_exist():
    assert plain_text("Zürich\n/µ日") == "Zurich?/u?"


def test_long_names_keep_their_ends():
    from PIL import Image, ImageDraw

    draw, typeface = ImageDraw.Draw(Image.new("L", (9, 9))), font(12)
    short = fit_text(draw, "start/" + "x" * 300 + "/site9.tif", typeface, 200)
    assert draw.textlength(short, font=typeface) <= 200
    assert short.startswith("start/") and short.endswith("/site9.tif") and "..." in short
    assert fit_text(draw, "short", typeface, 200) == "short"
