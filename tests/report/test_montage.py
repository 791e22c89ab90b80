from __future__ import annotations

import numpy as np
import pytest
from fake_ratings import LIMITS, noise, probabilities, rated, row_of

from zfocus_model.rating import rate_patches
from zfocus_model.report.colours import level_colour
from zfocus_model.report.montage import MAXIMUM_SIDE_PX, montage


def _picture(shape_px, rating):
    plane = noise(shape_px)
    return np.asarray(montage(row_of(rating), plane, rating)), plane


def _has(pixels: np.ndarray, colour: np.ndarray) -> np.ndarray:
    return (pixels == colour).all(axis=-1)


def test_borders_lie_on_the_patches_in_the_colour_of_their_level():
    p = probabilities(6, 8, 0)
    p[2, 3] = probabilities(1, 1, 9)[0, 0]
    picture, _ = _picture((520, 696), rate_patches(p, LIMITS, shape_px=(520, 696)))
    assert picture.shape[1] == 696
    of_nine = _has(picture[:520], level_colour(9))
    rows, columns = np.nonzero(of_nine)
    assert (rows.min(), rows.max()) == (2 * 84 + 1, 3 * 84 - 2)
    assert (columns.min(), columns.max()) == (3 * 84 + 1, 4 * 84 - 2)
    # What lies beyond the last whole patch has no border.
    assert not _has(picture[:520], level_colour(0))[6 * 84 :].any()
    assert not _has(picture[:520], level_colour(0))[:, 8 * 84 :].any()


def test_patches_that_say_nothing_are_dark_and_unrated_ones_grey():
    p = probabilities(2, 6, 5)
    p[0, 0], p[1, 1] = 1 / 11, np.nan
    picture, _ = _picture((168, 504), rate_patches(p, LIMITS))
    assert (picture[1, 1:83] == 0).all()
    unrated = picture[84:168, 84:168]
    assert _has(unrated, np.array([128, 128, 128]))[1, 1:5].all()
    assert not _has(unrated, level_colour(5)).any()


@pytest.mark.parametrize("factor", [2, 3])
def test_large_planes_are_reduced_and_borders_still_fit(factor: int):
    side = MAXIMUM_SIDE_PX * factor - 10
    height = 84 * 4
    p = probabilities(4, side // 84, 2)
    p[1, 7] = probabilities(1, 1, 8)[0, 0]
    picture, _ = _picture((height, side), rate_patches(p, LIMITS, shape_px=(height, side)))
    assert picture.shape[1] == -(-side // factor)
    rows, columns = np.nonzero(_has(picture[: height // factor], level_colour(8)))
    assert abs(rows.min() - 84 / factor) <= 2 and abs(rows.max() - 168 / factor) <= 3
    assert abs(columns.min() - 7 * 84 / factor) <= 2 and abs(columns.max() - 8 * 84 / factor) <= 3


@pytest.mark.parametrize("shape_px", [(84, 84), (60, 83), (84, 2100), (2100, 84)])
def test_odd_shapes_work(shape_px: tuple[int, int]):
    rating = rated(shape_px, 1)
    picture, _ = _picture(shape_px, rating)
    assert picture.shape[1] >= 420 and picture.dtype == np.uint8
    assert _has(picture, level_colour(1)).any()


def test_the_caption_changes_with_what_was_found():
    rating = rated((84, 504), 3)
    plane = noise((84, 504))
    one = np.asarray(montage(row_of(rating, "one.tif"), plane, rating))
    two = np.asarray(montage(row_of(rating, "two.tif"), plane, rating))
    assert (one[:84] == two[:84]).all() and (one[84:] != two[84:]).any()
