"""Average images over pixels of any larger size, whole multiples or not."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from zfocus_model._errors import ZfocusError
from zfocus_model.zposition.grid import downsample

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WHOLE = 0.12
"""A factor this near to a whole number is taken as that: pixel sizes are known to a few percent."""


def factor_between(pixel_size_um: float, wanted_um: float) -> float:
    """How many pixels to average along each axis: a whole number where that is near enough.

    Parameters
    ----------
    pixel_size_um
        Pixel size of the image in um, > 0.
    wanted_um
        Pixel size of the network's grid in um, > 0.

    Returns
    -------
    float
        At least 1.

    Raises
    ------
    ZfocusError
        If the image's pixels are larger than those wanted: nothing makes finer ones of them.

    Examples
    --------
    >>> factor_between(0.06, 0.24), factor_between(0.26, 0.24), factor_between(0.24, 0.6)
    (4.0, 1.0, 2.5)
    """
    if not (0 < pixel_size_um < math.inf and 0 < wanted_um < math.inf):
        raise ZfocusError(
            f"expected pixel sizes above 0 um, got {pixel_size_um} and {wanted_um}: mend the "
            "column pixel_size_um of the label table"
        )
    factor = wanted_um / pixel_size_um
    if factor < 1 - _WHOLE:
        raise ZfocusError(
            f"expected images with pixels of at most {wanted_um:g} um, got {pixel_size_um:g} um: "
            "choose a coarser grid, or take finer images"
        )
    whole = max(1, round(factor))
    return float(whole) if abs(factor / whole - 1) <= _WHOLE else factor


def average(image: NDArray[Any], factor: float) -> NDArray[np.float32]:
    """Average squares of ``factor`` x ``factor`` pixels; parts of pixels count by their area.

    Parameters
    ----------
    image
        (height, width) or (planes, height, width), as stored.
    factor
        At least 1. For whole numbers this is `zfocus_model.zposition.grid.downsample`.

    Returns
    -------
    ndarray of float32
        (..., height // factor, width // factor).

    Examples
    --------
    >>> average(np.array([[0, 2, 4, 6, 8]] * 5), 2.5).tolist()
    [[1.600000023841858, 6.400000095367432], [1.600000023841858, 6.400000095367432]]
    """
    if factor == int(factor):
        return downsample(image, int(factor))
    rows, columns = (_weights(length, factor) for length in image.shape[-2:])
    return np.asarray(rows @ image.astype(np.float32) @ columns.T, dtype=np.float32)


def _weights(length: int, factor: float) -> NDArray[np.float32]:
    """How much of each pixel lies in each larger one: (larger, pixels), rows sum to 1."""
    starts = np.arange(int(length / factor + 1e-9))[:, None] * factor
    pixels = np.arange(length)[None]
    overlap = np.minimum(starts + factor, pixels + 1) - np.maximum(starts, pixels)
    return np.asarray(np.clip(overlap, 0, None) / factor, dtype=np.float32)
