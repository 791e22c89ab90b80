"""One picture a plane: the image, its patches' borders in colour, a legend and what was found.

Hue tells the level and brightness the certainty (see :mod:`zfocus_model.report.colours`), so a
dark border means that the patch says little: it is blank, or the model is not sure. Patches large
enough also carry the number of their level. Patches that were not rated have a thin dashed box.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from zfocus_model.levels import PATCH_PX
from zfocus_model.report.colours import level_colour
from zfocus_model.report.drawing import (
    DIM_INK,
    INK,
    PAPER,
    Pixels,
    fit_text,
    font,
    reduce_plane,
    stretch,
)
from zfocus_model.report.legend import HEIGHT_PX, WIDTH_PX, dashed_box, draw_legend
from zfocus_model.report.words import (
    REASON_WORDS,
    STATUS_WORDS,
    Row,
    number,
    plane_indices,
    text,
)

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

    from zfocus_model.rating import Rating

MAXIMUM_SIDE_PX = 2000
"""Larger planes are reduced by a whole number until their longer side is at most this."""

SMALL_SIDE_PX = 420
"""Smaller planes are enlarged by a whole number towards this, so that borders can be seen."""

_MARGIN, _CAPTION_PX, _NUMBER_PATCH_PX = 12, 76, 44
_READABLE = 40  # of 255: numbers darker than this could not be read, and say nothing


def montage(row: Row, plane: Pixels, rating: Rating) -> Image:
    """Picture of a plane with coloured patch borders, legend and caption.

    Parameters
    ----------
    row
        The plane's row of images.csv.
    plane
        (height, width), pixels as stored.
    rating
        The plane's rating.

    Returns
    -------
    PIL.Image.Image
        Red, green, blue, 8 bit.
    """
    from PIL import Image, ImageDraw

    height, width = plane.shape
    factor = max(1, math.ceil(max(height, width) / MAXIMUM_SIDE_PX))
    enlarged = max(1, SMALL_SIDE_PX // max(height, width))
    grey = stretch(reduce_plane(plane, factor) if factor > 1 else plane)
    grey = np.kron(grey, np.ones((enlarged, enlarged), np.uint8)) if enlarged > 1 else grey

    across = max(grey.shape[1], WIDTH_PX + 2 * _MARGIN)
    beside = across >= 2 * WIDTH_PX + 4 * _MARGIN
    footer = 2 * _MARGIN + (HEIGHT_PX if beside else HEIGHT_PX + _CAPTION_PX + _MARGIN)
    picture = Image.new("RGB", (across, grey.shape[0] + footer), PAPER)
    left = (across - grey.shape[1]) // 2
    picture.paste(Image.fromarray(grey), (left, 0))
    draw = ImageDraw.Draw(picture)
    draw_patches(draw, rating, enlarged / factor, left, height, width)

    top = grey.shape[0] + _MARGIN
    room = across - 2 * _MARGIN - (WIDTH_PX + 2 * _MARGIN if beside else 0)
    _caption(draw, row, rating, factor, (_MARGIN, top, room))
    if beside:
        draw_legend(picture, across - WIDTH_PX - _MARGIN, top)
    else:
        draw_legend(picture, _MARGIN, top + _CAPTION_PX + _MARGIN)
    return picture


def draw_patches(
    draw: ImageDraw, rating: Rating, zoom: float, left: int, height: int, width: int
) -> None:
    """Draw the patches' borders over the picture of a plane that is ``zoom`` times its size."""
    side = PATCH_PX * zoom
    border = 1 if side < 14 else int(min(max(side // 26, 2), 5))
    inset = 1 if side >= 20 else 0
    patches = rating.patches
    colours = level_colour(np.where(patches.rated, patches.level, np.nan), patches.certainty)
    typeface = font(int(min(max(side // 6, 11), 22))) if side >= _NUMBER_PATCH_PX else None
    rows, columns = patches.certainty.shape
    for row in range(rows):
        for column in range(columns):
            box = (
                left + round(column * side) + inset,
                round(row * side) + inset,
                left + round((column + 1) * side) - 1 - inset,
                round((row + 1) * side) - 1 - inset,
            )
            if not patches.rated[row, column]:
                dashed_box(draw, box)
                continue
            colour: Any = tuple(int(part) for part in colours[row, column])
            draw.rectangle(box, outline=colour, width=border)
            if typeface is not None and max(colour) >= _READABLE:
                _number(draw, str(patches.level[row, column]), typeface, box, border, colour)
    if not rows or not columns:  # smaller than a patch: nothing is rated
        dashed_box(draw, (left, 0, left + round(width * zoom) - 1, round(height * zoom) - 1))


def _number(draw: ImageDraw, label: str, typeface: Any, box: Any, border: int, colour: Any) -> None:
    x, y = box[0] + border, box[1] + border
    _, _, right, bottom = draw.textbbox((x + 3, y + 1), label, font=typeface)
    draw.rectangle((x, y, right + 2, bottom + 2), fill=(0, 0, 0))
    draw.text((x + 3, y + 1), label, fill=colour, font=typeface)


def _caption(
    draw: ImageDraw, row: Row, rating: Rating, factor: int, place: tuple[int, int, int]
) -> None:
    left, top, room = place
    large, small = font(17), font(13)
    indices = plane_indices(row)
    name = text(row, "image") + (f"  ({indices})" if indices else "")
    draw.text((left, top), fit_text(draw, name, small, room), fill=DIM_INK, font=small)

    status = STATUS_WORDS.get(rating.status, rating.status)
    headline = [status[:1].upper() + status[1:]]
    if rating.level is not None:
        if not rating.reason:  # the level of an undecided image is a guess
            headline.append(f"level {rating.level}")
        headline.append(f"certainty {rating.certainty.aggregate:.2f}")
    draw.text((left, top + 18), fit_text(draw, "   ".join(headline), large, room), INK, large)

    if rating.reason:
        third = REASON_WORDS.get(rating.reason, rating.reason)
    else:
        third = f"in-focus probability {rating.in_focus_probability:.2f}"
    draw.text((left, top + 42), fit_text(draw, third, small, room), fill=INK, font=small)
    notes = [f"{rating.rated_patches} patches rated"]
    if rating.blank_patches:
        notes.append(f"{rating.blank_patches} of them blank (dark)")
    saturated = number(row, "saturated_fraction")
    if saturated >= 0.001:
        notes.append(f"{saturated:.1%} of pixels saturated")
    if factor > 1:
        notes.append(f"shown at 1/{factor} of its size")
    draw.text((left, top + 60), fit_text(draw, ", ".join(notes), small, room), DIM_INK, small)
