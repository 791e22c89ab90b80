"""The contact sheet as one picture: details of the planes from sharp to blurred."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from zfocus_model.report.choice import Choice
from zfocus_model.report.colours import UNRATED, level_colour
from zfocus_model.report.drawing import DIM_INK, INK, PAPER, fit_text, font
from zfocus_model.report.legend import WIDTH_PX, draw_legend
from zfocus_model.report.thumbnails import SIDE_PX, Thumbnails
from zfocus_model.report.words import Row, number, plane_indices, text

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

_FRAME, _GAP, _LABEL, _MARGIN = 5, 14, 38, 20
_CELL = SIDE_PX + 2 * _FRAME
_HEADER, _HEADING = 118, 36


def contact_sheet(choice: Choice, thumbnails: Thumbnails, *, title: str = "") -> Image:
    """Picture of the chosen planes, sorted from sharp to blurred; the undecided below.

    Every plane is shown as a detail at full size (see :mod:`zfocus_model.report.thumbnails`) in a
    frame whose colour tells level and certainty.
    """
    from PIL import Image, ImageDraw

    count = max(len(choice.decided), len(choice.undecided), 1)
    columns = min(max(math.ceil(math.sqrt(1.4 * count)), 4), 12)
    width = 2 * _MARGIN + columns * _CELL + (columns - 1) * _GAP
    line = _CELL + _LABEL + _GAP
    groups = [
        (heading, rows)
        for heading, rows in (
            ("From sharp to blurred", choice.decided),
            ("Undecided: too little to judge by, or the model is not sure", choice.undecided),
        )
        if rows
    ]
    height = _HEADER + _MARGIN
    height += sum(_HEADING + line * math.ceil(len(rows) / columns) for _, rows in groups)
    picture = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(picture)
    room = width - 2 * _MARGIN - WIDTH_PX - _MARGIN
    _lines(draw, title, choice.note, room)
    draw_legend(picture, width - _MARGIN - WIDTH_PX, _MARGIN, grey="undecided")

    top = _HEADER
    for heading, rows in groups:
        draw.text((_MARGIN, top), heading, fill=INK, font=font(18))
        top += _HEADING
        _grid(picture, draw, rows, thumbnails, top, columns)
        top += line * math.ceil(len(rows) / columns)
    return picture


def _lines(draw: ImageDraw, title: str, note: str, room: int) -> None:
    large, small = font(22), font(13)
    draw.text((_MARGIN, _MARGIN), fit_text(draw, title, large, room), fill=INK, font=large)
    text_lines = [""]
    words = (
        f"{note} Each is a detail at full size, {SIDE_PX} px wide, "
        "with its own contrast. The frame tells level and certainty."
    ).split()
    for word in words:
        longer = f"{text_lines[-1]} {word}".strip()
        if draw.textlength(longer, font=small) > room:
            text_lines.append(word)
        else:
            text_lines[-1] = longer
    for index, text_line in enumerate(text_lines[:4]):
        draw.text((_MARGIN, _MARGIN + 32 + 16 * index), text_line, fill=DIM_INK, font=small)


def _grid(
    picture: Image,
    draw: ImageDraw,
    rows: Sequence[Row],
    thumbnails: Thumbnails,
    top: int,
    columns: int,
) -> None:
    from PIL import Image

    bold, small = font(13), font(11)
    for index, row in enumerate(rows):
        x = _MARGIN + (index % columns) * (_CELL + _GAP)
        y = top + (index // columns) * (_CELL + _LABEL + _GAP)
        decided = not text(row, "reason")
        level, sure = number(row, "level"), number(row, "certainty_aggregate")
        colour = tuple(int(c) for c in level_colour(level, sure)) if decided else UNRATED
        draw.rectangle((x, y, x + _CELL - 1, y + _CELL - 1), outline=colour, width=_FRAME)
        data = thumbnails.read(row)
        if data is None:
            draw.text((x + _CELL // 2, y + _CELL // 2), "no picture", DIM_INK, small, anchor="mm")
        else:
            with Image.open(io.BytesIO(data)) as small_picture:
                small_picture.load()
                left = (SIDE_PX - small_picture.width) // 2
                down = (SIDE_PX - small_picture.height) // 2
                picture.paste(small_picture.convert("RGB"), (x + _FRAME + left, y + _FRAME + down))
        label = f"level {level:g}   certainty {sure:.2f}" if decided else text(row, "reason")
        draw.text((x, y + _CELL + 4), label.replace("_", " "), fill=INK, font=bold)
        indices = plane_indices(row)
        name = text(row, "image") + (f" ({indices})" if indices else "")
        draw.text((x, y + _CELL + 21), fit_text(draw, name, small, _CELL), DIM_INK, small)
