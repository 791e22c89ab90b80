"""Bring an image to the pixel size that a z model was trained at, by averaging blocks of pixels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from zfocus_model._errors import ZfocusError

PIXEL_SIZE_UM = 0.24
"""Pixel size of the grid of the yeast model in um: 4 times that of a 60x camera image."""

FINEST, COARSEST = 0.6, 1.5
"""Pixel sizes after averaging that still pass, as shares of the wanted one."""


def factor_for(pixel_size_um: float, wanted_um: float = PIXEL_SIZE_UM) -> int:
    """How many pixels to average along each axis: the nearest whole number, at least 1.

    Parameters
    ----------
    pixel_size_um
        Pixel size of the image in um, > 0.
    wanted_um
        Pixel size of the model's grid in um, > 0.

    Returns
    -------
    int
        The factor.

    Raises
    ------
    ZfocusError
        If the averaged pixels would still be far from the wanted size.

    Examples
    --------
    >>> factor_for(0.06), factor_for(0.108), factor_for(0.25)
    (4, 2, 1)
    """
    if not 0 < pixel_size_um < math.inf:
        raise ZfocusError(
            f"expected a pixel size above 0 um, got {pixel_size_um}: pass --pixel-size (in Python "
            "pixel_size_um)"
        )
    factor = max(1, math.floor(wanted_um / pixel_size_um + 0.5))
    check_pixel_size(pixel_size_um, factor, wanted_um)
    return factor


def check_pixel_size(pixel_size_um: float, factor: int, wanted_um: float = PIXEL_SIZE_UM) -> None:
    """Refuse images whose averaged pixels are not about those of the model's grid.

    Parameters
    ----------
    pixel_size_um
        Pixel size of the image in um.
    factor
        How many are averaged along each axis.
    wanted_um
        Pixel size of the model's grid in um.

    Raises
    ------
    ZfocusError
        If they are below 0.6 or above 1.5 times the wanted size.
    """
    ratio = pixel_size_um * factor / wanted_um
    if not FINEST <= ratio <= COARSEST:
        change = "fewer" if ratio > 1 and factor > 1 else "more"
        advice = (
            "choose another model, this image is too coarse"
            if ratio > 1 and factor == 1
            else f"average {change} pixels with --downsampling"
        )
        raise ZfocusError(
            f"expected pixels of about {wanted_um:g} um after averaging (from "
            f"{FINEST * wanted_um:.3g} to {COARSEST * wanted_um:.3g}), got "
            f"{pixel_size_um * factor:.3g} um ({pixel_size_um:.3g} um x {factor}): {advice}"
        )


def choose_factor(
    pixel_size_um: float | None, downsampling: int | None, wanted_um: float = PIXEL_SIZE_UM
) -> int:
    """Factor for an image of which the pixel size, the factor or both are given.

    Parameters
    ----------
    pixel_size_um
        Pixel size in um, None if not known.
    downsampling
        How many pixels to average along each axis, at least 1; None: from the pixel size.
    wanted_um
        Pixel size of the model's grid in um.

    Returns
    -------
    int
        The factor, at least 1.

    Raises
    ------
    ZfocusError
        If neither is known, or they lead away from the model's grid.
    """
    if downsampling is None:
        if pixel_size_um is None:
            raise ZfocusError(
                "expected a known pixel size, got an image that does not tell its own: pass "
                "--pixel-size UM, or --downsampling N (1 if its pixels are "
                f"{wanted_um:g} um already); in Python pixel_size_um or downsampling"
            )
        return factor_for(pixel_size_um, wanted_um)
    if downsampling < 1 or downsampling != int(downsampling):
        raise ZfocusError(
            f"expected a whole number of pixels to average, at least 1, got {downsampling}: "
            "pass --downsampling 1 for an image that is on the model's grid"
        )
    if pixel_size_um is not None:
        check_pixel_size(pixel_size_um, int(downsampling), wanted_um)
    return int(downsampling)


def downsample(image: npt.NDArray[Any], factor: int) -> npt.NDArray[np.float32]:
    """Average blocks of factor x factor pixels; what is left over at right and bottom is dropped.

    Parameters
    ----------
    image
        (height, width), or (n, height, width), as stored.
    factor
        At least 1.

    Returns
    -------
    ndarray of float32
        (..., height // factor, width // factor); a copy.

    Examples
    --------
    >>> downsample(np.array([[0, 2, 9], [4, 6, 9]], np.uint8), 2)
    array([[3.]], dtype=float32)
    """
    if factor == 1:
        return np.array(image, dtype=np.float32, order="C")
    height, width = (length // factor for length in image.shape[-2:])
    kept = image[..., : height * factor, : width * factor]
    # Rows first, in long runs of memory: four times as fast as a mean over two axes. Sums of
    # 16-bit blocks up to 16 x 16 are exact in float32.
    rows = kept[..., 0::factor, :].astype(np.float32)
    for start in range(1, factor):
        rows += kept[..., start::factor, :]
    total = rows[..., 0::factor].copy()
    for start in range(1, factor):
        total += rows[..., start::factor]
    total /= np.float32(factor * factor)
    return total
