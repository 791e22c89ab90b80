from __future__ import annotations

import numpy as np
import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.planes import as_mask, as_plane, grey, saturated_fraction


@pytest.mark.parametrize("dtype", ["bool", "u1", ">u2", "i4", "u8", "f2", ">f4", "f8"])
def test_any_number_type_passes_as_stored(dtype):
    image = np.ones((3, 4), dtype)
    assert as_plane(image) is image


@pytest.mark.parametrize(
    ("shape", "advice"),
    [((5, 6, 3), "grey"), ((7, 5, 6), "rate_stack"), ((2, 3, 4, 5), "rate_stack"), ((9,), "two")],
)
def test_other_shapes_are_refused_with_advice(shape, advice):
    with pytest.raises(ZfocusError, match=advice) as caught:
        as_plane(np.zeros(shape))
    assert str(shape) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_other_types_are_refused():
    for image in (np.zeros((2, 2), complex), np.array([["a"]]), np.array([[None]])):
        with pytest.raises(ZfocusError, match="integers, floats or booleans"):
            as_plane(image)


def test_mask_may_be_numbers_but_not_of_another_shape():
    assert as_mask([[0, 255], [1, 0]], (2, 2)).tolist() == [[False, True], [True, False]]
    with pytest.raises(ZfocusError, match=r"\(2, 2\), got \(2, 3\)"):
        as_mask(np.zeros((2, 3)), (2, 2))


def test_grey_is_the_plain_mean_without_alpha():
    rgb = np.array([[[1, 2, 6], [250, 251, 255]]], np.uint8)
    np.testing.assert_array_equal(grey(rgb), np.array([[3, 252]], np.float32))
    rgba = np.concatenate([rgb, np.full((1, 2, 1), 17, np.uint8)], axis=-1)
    np.testing.assert_array_equal(grey(rgba), grey(rgb))
    assert grey(rgb).dtype == np.float32


def test_one_colour_stays_as_stored():
    image = np.arange(6, dtype=np.uint16).reshape(2, 3)
    assert grey(image) is image
    np.testing.assert_array_equal(grey(image[..., np.newaxis]), image)
    assert grey(np.stack([image, image * 0], axis=-1)).dtype == np.uint16
    with pytest.raises(ZfocusError, match="5"):
        grey(np.zeros((4, 4, 5)))


@pytest.mark.parametrize(
    ("dtype", "values", "fraction"),
    [
        ("uint8", [0, 1, 2, 255], 0.25),
        ("uint8", [0, 1, 2, 254], 0),
        ("uint16", [0, 4095, 4095, 1], 0.5),
        ("uint16", [0, 4095, 4095, 4096], 0),
        ("uint16", [0, 1023, 2, 1], 0.25),
        ("uint16", [16383, 1, 2, 3], 0.25),
        ("int16", [32767, -1, 0, 0], 0.25),
        ("uint32", [2**32 - 1, 65535, 0, 0], 0.25),
    ],
)
def test_saturated_fraction(dtype, values, fraction):
    assert saturated_fraction(np.array(values, dtype).reshape(2, 2)) == fraction


def test_floats_have_no_maximum_unless_it_is_given():
    plane = np.array([[255.0, 0.0]], np.float32)
    assert saturated_fraction(plane) is None
    assert saturated_fraction(plane, 255) == 0.5
    assert saturated_fraction(np.array([[True]])) is None
