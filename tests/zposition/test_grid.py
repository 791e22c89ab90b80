import numpy as np
import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.zposition.grid import choose_factor, downsample, factor_for


def test_blocks_are_averaged_and_the_rest_is_dropped():
    image = np.arange(5 * 7).reshape(5, 7)
    np.testing.assert_array_equal(downsample(image, 2), [[4, 6, 8], [18, 20, 22]])
    np.testing.assert_array_equal(downsample(image, 3), [[8, 11]])


@pytest.mark.parametrize("dtype", ["u1", "u2", "i2", "i4", "f4", "f8", "?"])
def test_every_type_gives_the_mean(rng, dtype):
    image = rng.integers(0, 2 if dtype == "?" else 100, (24, 36)).astype(dtype)
    expected = image.reshape(6, 4, 9, 4).mean((1, 3))
    found = downsample(image, 4)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, expected.astype(np.float32))


def test_full_16_bit_blocks_do_not_overflow():
    assert (downsample(np.full((20, 20), 65535, np.uint16), 10) == 65535).all()


@pytest.mark.parametrize("factor", [1, 2, 3, 4, 7, 10])
def test_constants_stay_exactly_constant(factor):
    found = downsample(np.full((23, 31), 0.1), factor)
    assert (found == found[0, 0]).all()


def test_on_the_grid_nothing_changes_and_the_image_is_not_touched():
    image = np.ones((4, 4), np.float32)
    found = downsample(image, 1)
    found += 1
    assert (image == 1).all()
    image = np.arange(16.0).reshape(4, 4)
    downsample(image, 2)
    np.testing.assert_array_equal(image, np.arange(16.0).reshape(4, 4))


def test_stacks(rng):
    stack = rng.random((3, 8, 12))
    np.testing.assert_array_equal(downsample(stack, 4)[1], downsample(stack[1], 4))


@pytest.mark.parametrize(
    ("pixel_size_um", "factor"),
    [(0.06, 4), (0.024, 10), (0.12, 2), (0.1, 2), (0.16, 2), (0.17, 1), (0.24, 1), (0.36, 1)],
)
def test_the_nearest_factor(pixel_size_um, factor):
    assert factor_for(pixel_size_um) == factor


def test_the_model_names_the_wanted_size():
    assert factor_for(1.2, wanted_um=2.58) == 2


@pytest.mark.parametrize("pixel_size_um", [0, -1, float("nan"), float("inf")])
def test_what_is_no_pixel_size(pixel_size_um):
    with pytest.raises(ZfocusError, match="pixel size above 0"):
        factor_for(pixel_size_um)


def test_coarse_images_are_refused():
    with pytest.raises(ZfocusError, match="another model"):
        factor_for(0.65)


def test_a_factor_that_does_not_fit_the_pixel_size():
    assert choose_factor(0.06, 3) == 3
    with pytest.raises(ZfocusError, match="more pixels"):
        choose_factor(0.06, 2)
    with pytest.raises(ZfocusError, match="fewer pixels"):
        choose_factor(0.06, 8)


def test_something_must_be_known():
    assert choose_factor(None, 1) == 1
    assert choose_factor(0.06, None) == 4
    with pytest.raises(ZfocusError, match="--pixel-size"):
        choose_factor(None, None)
    with pytest.raises(ZfocusError, match="whole number"):
        choose_factor(None, 0)
