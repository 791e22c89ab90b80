"""One 2-D plane of pixels, as every door hands it over: checks, grey from colour, saturation.

Pixels stay as stored. Nothing here rescales them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from zfocus_model._errors import ZfocusError

CAMERA_MAXIMA = (1023, 4095, 16383)
"""Largest values of 10, 12 and 14-bit cameras, whose files are 16-bit."""


def as_plane(image: npt.ArrayLike) -> npt.NDArray[Any]:
    """Check that an image is one plane of numbers and return it as an array, uncopied.

    Parameters
    ----------
    image
        (height, width) of integers, floats or booleans.

    Returns
    -------
    ndarray
        The same pixels, of the same type.

    Raises
    ------
    ZfocusError
        If it is not two-dimensional or holds something else.
    """
    plane = np.asarray(image)
    if plane.dtype.kind not in "iufb":
        raise ZfocusError(
            f"expected an image of integers, floats or booleans, got type {plane.dtype} and shape "
            f"{plane.shape}: convert it first"
        )
    if plane.ndim != 2:
        what = f"expected one plane of shape (height, width), got shape {plane.shape}"
        if plane.ndim == 3 and plane.shape[-1] in (2, 3, 4):
            raise ZfocusError(f"{what}: average its colour channels with planes.grey(image)")
        if plane.ndim >= 3:
            raise ZfocusError(f"{what}: rate its planes one by one, or with rate_stack(planes)")
        raise ZfocusError(f"{what}: give it two axes")
    return plane


def as_mask(mask: npt.ArrayLike, shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """Check a mask and return it as booleans, True where pixels may be rated.

    Parameters
    ----------
    mask
        (height, width); booleans, or numbers of which those other than 0 are inside.
    shape
        (height, width) of the plane.

    Returns
    -------
    ndarray of bool
        The mask.

    Raises
    ------
    ZfocusError
        If the mask has another shape.
    """
    inside = np.asarray(mask)
    if inside.shape != tuple(shape):
        raise ZfocusError(
            f"expected a mask of the plane's shape {tuple(shape)}, got {inside.shape}: "
            "crop or resample the mask to the plane"
        )
    return inside if inside.dtype == np.bool_ else inside != 0


def grey(image: npt.ArrayLike) -> npt.NDArray[Any]:
    """Average colour channels without weights, in float32; alpha is dropped.

    Parameters
    ----------
    image
        (height, width), returned as it is, or (height, width, channels): 1 grey, 2 grey and
        alpha, 3 red green blue, 4 red green blue alpha.

    Returns
    -------
    ndarray
        (height, width); float32 if there was more than one colour.

    Raises
    ------
    ZfocusError
        If the shape is another.

    Examples
    --------
    >>> grey([[[1, 2, 6, 255]]])
    array([[3.]], dtype=float32)
    """
    pixels = np.asarray(image)
    if pixels.ndim == 2:
        return pixels
    if pixels.ndim != 3 or not 1 <= pixels.shape[-1] <= 4:
        raise ZfocusError(
            "expected an image of shape (height, width) or (height, width, 1 to 4 channels), got "
            f"{pixels.shape}: pass one plane at a time"
        )
    if pixels.shape[-1] <= 2:
        return pixels[..., 0]
    colours = [pixels[..., channel].astype(np.float32) for channel in range(3)]
    # A sum of three is the same in every door; a general mean may add in another order.
    total: npt.NDArray[np.float32] = colours[0] + colours[1] + colours[2]
    return total / np.float32(3)


def saturated_fraction(plane: npt.NDArray[Any], maximum: int | None = None) -> float | None:
    """Share of pixels at the type's maximum, or at the maximum of a 10, 12 or 14-bit camera.

    Parameters
    ----------
    plane
        (height, width), as stored.
    maximum
        Largest value that the file's type can hold, where that is not the array's own (colour
        averaged to floats, 12-bit files).

    Returns
    -------
    float or None
        0 to 1; None for floats and booleans, which have no maximum, unless it is given.

    Examples
    --------
    >>> saturated_fraction(np.array([[0, 4095], [4095, 7]], np.uint16))
    0.5
    """
    if maximum is None:
        if plane.dtype.kind not in "iu":
            return None
        maximum = int(np.iinfo(plane.dtype).max)
    if plane.size == 0:
        return 0.0
    largest = plane.max()
    if largest != maximum and largest not in CAMERA_MAXIMA:
        return 0.0
    return float(np.count_nonzero(plane == largest)) / plane.size
