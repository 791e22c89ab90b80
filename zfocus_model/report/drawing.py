"""What all pictures share: smaller planes, stretched contrast, letters."""

from __future__ import annotations

import io
import unicodedata
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

Pixels = npt.NDArray[Any]
Grey = npt.NDArray[np.uint8]

DARKEST_SHARE, BRIGHTEST_SHARE = 0.001, 0.001
"""Shares of pixels that become black and white when contrast is stretched."""

_PERCENTILE_SAMPLES = 1_000_000
"""Pixels looked at for the percentiles; more would not move them visibly."""

INK, DIM_INK, PAPER = (235, 238, 242), (160, 167, 177), (22, 24, 28)
"""Letters, secondary letters and background of the PNG pictures: dark, like the images."""


def reduce_plane(plane: Pixels, factor: int) -> npt.NDArray[np.float32]:
    """Mean of ``factor`` x ``factor`` blocks, float32, shape rounded up; NaN where none is finite.

    Works through the plane in strips, so that a large plane is never copied whole as floats.

    Examples
    --------
    >>> reduce_plane(np.array([[0, 2, 9], [2, 4, 9]]), 2)
    array([[2., 9.]], dtype=float32)
    """
    height, width = plane.shape
    rows, columns = -(-height // factor), -(-width // factor)
    out = np.empty((rows, columns), np.float32)
    starts: npt.NDArray[np.intp] = np.arange(0, width, factor, dtype=np.intp)
    for row in range(rows):
        strip = plane[row * factor : (row + 1) * factor].astype(np.float64)
        finite = np.isfinite(strip)
        total = np.add.reduceat(np.where(finite, strip, 0.0).sum(axis=0), starts)
        count = np.add.reduceat(finite.sum(axis=0), starts)
        out[row] = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return out


def stretch(plane: Pixels) -> Grey:
    """Grey picture of a plane: percentiles 0.1 and 99.9 become black and white.

    A constant plane is mid grey; values that are not finite are black.

    Examples
    --------
    >>> stretch(np.array([[0.0, 10.0, 20.0]]))
    array([[  0, 128, 255]], dtype=uint8)
    >>> stretch(np.full((1, 2), 7))
    array([[128, 128]], dtype=uint8)
    """
    values = np.asarray(plane)
    if values.dtype != np.float64:
        values = values.astype(np.float32)
    finite = np.isfinite(values)
    sample = values.reshape(-1)[:: max(1, values.size // _PERCENTILE_SAMPLES)]
    sample = sample[np.isfinite(sample)]
    if not sample.size:
        return np.zeros(values.shape, np.uint8)
    low, high = np.quantile(sample, [DARKEST_SHARE, 1 - BRIGHTEST_SHARE])
    if not high > low:  # nearly everything has one value: show what little differs
        low, high = sample.min(), sample.max()
    if not high > low:
        return np.where(finite, 128, 0).astype(np.uint8)
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = np.clip((values - low) / (high - low), 0.0, 1.0) * 255 + 0.5
    return np.where(finite, scaled, 0).astype(np.uint8)


def plain_text(text: str) -> str:
    """Letters that the built-in typeface can draw: accents dropped, others shown as ``?``.

    Examples
    --------
    >>> plain_text("Zürich/µ-plate")
    'Zurich/u-plate'
    """
    text = text.replace("\N{MICRO SIGN}", "u").replace("\N{GREEK SMALL LETTER MU}", "u")
    kept = [c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)]
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in kept)


def font(size: int) -> Any:
    """Return the typeface that comes with pillow, at a size in px."""
    from PIL import ImageFont

    try:
        return ImageFont.load_default(size)
    except TypeError:  # pillow before 10.1 has one size only
        return ImageFont.load_default()


def fit_text(draw: ImageDraw, text: str, typeface: Any, width: int) -> str:
    """Shorten a text in its middle until it fits into a width in px (a name's ends tell most)."""
    text = plain_text(text)
    if draw.textlength(text, font=typeface) <= width:
        return text
    for kept in range(len(text) - 1, 1, -1):
        tail = kept * 2 // 3
        shorter = f"{text[: kept - tail]}...{text[len(text) - tail :]}"
        if draw.textlength(shorter, font=typeface) <= width:
            return shorter
    return "..."


def encode(picture: Image, kind: str, **options: Any) -> bytes:
    """Bytes of a picture file: ``kind`` is ``PNG`` or ``JPEG``."""
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()
