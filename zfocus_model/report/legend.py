"""The colour legend under every montage: levels from left to right, certainty downwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from zfocus_model.levels import LEVELS
from zfocus_model.report.colours import UNRATED, level_colour
from zfocus_model.report.drawing import DIM_INK, INK, font

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

WIDTH_PX, HEIGHT_PX = 410, 80
_LEFT, _TOP, _STEP, _RAMP_HEIGHT = 62, 20, 22, 36


def legend_pixels(height: int = _RAMP_HEIGHT, step: int = _STEP) -> np.ndarray:
    """Colours of all levels (left 0, right 10) at certainty 1 (top) to 0 (bottom).

    Returns
    -------
    numpy.ndarray
        (height, 11 step, 3), uint8.
    """
    certainties = np.linspace(1.0, 0.0, height)[:, np.newaxis]
    return level_colour(np.repeat(np.arange(LEVELS), step)[np.newaxis], certainties)


def draw_legend(picture: Image, left: int, top: int, *, grey: str = "not rated") -> None:
    """Draw the legend, ``WIDTH_PX`` x ``HEIGHT_PX``, with its upper left corner at a place.

    ``grey`` says what grey boxes mean: dashed ones if it is ``not rated``.
    """
    from PIL import Image, ImageDraw

    draw = ImageDraw.Draw(picture)
    small = font(12)
    ramp = Image.fromarray(legend_pixels())
    x, y = left + _LEFT, top + _TOP
    picture.paste(ramp, (x, y))
    draw.rectangle((x - 1, y - 1, x + ramp.width, y + ramp.height), outline=(70, 74, 82))
    draw.text((x, top), "in focus", fill=INK, font=small)
    draw.text((x + ramp.width, top), "out of focus", fill=INK, font=small, anchor="ra")
    for value, place in (("sure  1", y - 1), ("unsure  0", y + ramp.height - 13)):
        draw.text((x - 6, place), value, fill=DIM_INK, font=small, anchor="ra")
    bottom = y + ramp.height + 3
    for level in range(LEVELS):
        middle = x + level * _STEP + _STEP // 2
        draw.text((middle, bottom), str(level), fill=INK, font=small, anchor="ma")
    draw.text((x - 6, bottom), "level", fill=DIM_INK, font=small, anchor="ra")
    box = (x + ramp.width + 16, y + 2, x + ramp.width + 38, y + 24)
    if grey == "not rated":
        dashed_box(draw, box)
    else:
        draw.rectangle(box, outline=UNRATED, width=3)
    draw.text((x + ramp.width + 44, y + 6), grey, fill=DIM_INK, font=small)


def dashed_box(draw: ImageDraw, box: tuple[int, int, int, int], dash: int = 4) -> None:
    """Draw a thin dashed grey box; ``box`` is left, top, right, bottom, all inside it."""
    left, top, right, bottom = box
    for x in range(left, right + 1, 2 * dash):
        end = min(x + dash - 1, right)
        draw.line((x, top, end, top), fill=UNRATED)
        draw.line((x, bottom, end, bottom), fill=UNRATED)
    for y in range(top, bottom + 1, 2 * dash):
        end = min(y + dash - 1, bottom)
        draw.line((left, y, left, end), fill=UNRATED)
        draw.line((right, y, right, end), fill=UNRATED)
