from __future__ import annotations

import numpy as np
import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.tiling import cut, grid_shape, tiles


@pytest.mark.parametrize(
    ("shape", "grid"),
    [((84, 84), (1, 1)), ((83, 500), (0, 5)), ((520, 696), (6, 8)), ((1024, 1024), (12, 12))],
)
def test_grid_starts_at_the_upper_left_and_drops_the_remainder(shape, grid):
    plane = np.arange(shape[0] * shape[1], dtype=np.float64).reshape(shape)
    assert grid_shape(shape) == grid
    view = tiles(plane)
    assert view.shape == (*grid, 84, 84)
    for row in range(grid[0]):
        for column in range(grid[1]):
            y, x = 84 * row, 84 * column
            np.testing.assert_array_equal(view[row, column], plane[y : y + 84, x : x + 84])


def test_tiles_copy_nothing():
    plane = np.zeros((200, 300), np.uint16)
    assert np.shares_memory(tiles(plane), plane)


@pytest.mark.parametrize("dtype", ["bool", "u1", ">u2", "i4", "u4", "u8", "f2", ">f4", "f8"])
def test_pixels_are_cast_and_not_rescaled(dtype):
    plane = (np.arange(100 * 190).reshape(100, 190) % 251).astype(dtype)
    patches = cut(plane)
    assert patches.pixels.dtype == np.float32
    assert patches.pixels.flags.c_contiguous
    np.testing.assert_array_equal(patches.pixels[1], plane[:84, 84:168].astype(np.float32))


def test_views_are_cut_like_their_copies(rng):
    plane = rng.integers(0, 1000, (400, 500))
    for view in (plane.T, plane[::2, ::-1], plane[17:, 41:], np.asfortranarray(plane)):
        np.testing.assert_array_equal(cut(view).pixels, cut(view.copy()).pixels)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300, -1e300])
def test_patches_that_are_not_finite_in_float32_are_not_rated(bad):
    plane = np.ones((168, 252))
    plane[90, 100] = bad
    patches = cut(plane)
    assert patches.rated.tolist() == [[True, True, True], [True, False, True]]
    assert patches.pixels.shape == (5, 84, 84)
    assert np.isfinite(patches.pixels).all()


def test_a_bad_pixel_in_the_remainder_spoils_nothing():
    plane = np.ones((100, 100), np.float32)
    plane[90, 90] = np.nan
    assert cut(plane).rated.all()


def test_tiny_values_vanish_quietly():
    assert not cut(np.full((84, 84), 1e-300)).pixels.any()


def test_a_patch_needs_half_of_its_pixels_inside_the_mask():
    plane = np.arange(84 * 168, dtype=np.uint16).reshape(84, 168)
    mask = np.zeros((84, 168), bool)
    mask[:42, :84] = True
    mask[:42, 84:] = True
    mask[0, 84] = False
    patches = cut(plane, mask)
    assert patches.rated.tolist() == [[True, False]]
    # Pixels outside the mask keep their values.
    np.testing.assert_array_equal(patches.pixels[0], plane[:, :84])
    np.testing.assert_array_equal(cut(plane, mask * 7).rated, patches.rated)


def test_values_return_to_the_places_of_their_patches():
    plane = np.ones((84, 252))
    plane[0, 100] = np.nan
    grid = cut(plane).on_grid(np.array([[1, 2], [3, 4]], np.float32))
    np.testing.assert_array_equal(grid, [[[1, 2], [np.nan, np.nan], [3, 4]]])


@pytest.mark.parametrize("shape", [(0, 0), (0, 90), (83, 500), (500, 83), (1, 1)])
def test_small_planes_have_no_patches(shape):
    patches = cut(np.zeros(shape, np.float32), np.ones(shape, bool))
    assert patches.rated.shape == grid_shape(shape)
    assert patches.pixels.shape == (0, 84, 84)
    assert patches.on_grid(np.zeros((0, 11), np.float32)).shape == (*grid_shape(shape), 11)


def test_a_mask_of_another_shape_is_refused():
    with pytest.raises(ZfocusError, match="crop or resample"):
        cut(np.zeros((90, 90)), np.ones((91, 90), bool))
