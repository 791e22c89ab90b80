"""A plate as a picture: every well's images, small, in the well's place, patches in colour."""

from __future__ import division

from java.awt import Color

from zfocus_fiji.grids import fit, tile_fields
from zfocus_fiji.pictures import DIM_INK, INK, LEGEND_PX, Canvas, small_grey
from zfocus_fiji.plates import row_name
from zfocus_fiji.words import PATCH_PX

LARGEST_PX = 3200
"""Longer side of the montage, about; fields are made smaller until they fit."""

_GAP, _EDGE = 6, Color(70, 74, 82)


class PlateMontage(object):
    """Where the fields go: `wells` are their rows and columns, with at most `fields` each.

    Rows and columns of the plate outside of all wells are left out.
    """

    def __init__(self, wells, fields, width, height):
        rows, columns = sorted(row for row, _ in wells), sorted(column for _, column in wells)
        self._first = rows[0], columns[0]
        self._shape = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
        self._tiles = tile_fields(fields)
        room = (
            (LARGEST_PX // self._shape[1] - _GAP) // self._tiles[1],
            (LARGEST_PX // self._shape[0] - 2 * _GAP) // self._tiles[0],
        )
        self._field = fit(width, height, max(room[0], 8), max(room[1], 8))

    def small(self, processor):
        """A field's picture as it will be shown."""
        size = fit(processor.getWidth(), processor.getHeight(), *self._field)
        return small_grey(processor, *size)

    def picture(self, wells, title, lines):
        """The montage, a Canvas. `wells`: (place, label, fields with small and rating) each."""
        rows, columns = self._shape
        across = self._tiles[1] * self._field[0] + _GAP
        # Letters grow with the picture: it is looked at as a whole.
        scale = max(1.0, columns * across / 1400.0)
        label = int(min(16 * scale, max(12, across / 5)))
        down = self._tiles[0] * self._field[1] + _GAP + label
        margin, side, head = int(16 * scale), int(30 * scale), int(84 * scale)
        legend = int(LEGEND_PX[0] * scale)
        width = max(side + columns * across, legend + int(340 * scale)) + 2 * margin
        top = head + int(24 * scale)
        canvas = Canvas(width, top + rows * down + margin)
        room = width - legend - 3 * margin
        canvas.text(title, margin, int(34 * scale), int(18 * scale), INK, room=room, bold=True)
        for number, line in enumerate(lines):
            y = int((54 + 16 * number) * scale)
            canvas.text(line, margin, y, int(12 * scale), DIM_INK, room=room)
        canvas.legend(width - margin - legend, int(10 * scale), scale)
        left, letters = margin + side, int(13 * scale)
        for column in range(columns):
            x = left + column * across + across // 2
            number = str(self._first[1] + column + 1)
            canvas.text(number, x, top - int(6 * scale), letters, DIM_INK, 0.5)
        for row in range(rows):
            y = top + row * down + down // 2
            name = row_name(self._first[0] + row)
            canvas.text(name, left - int(8 * scale), y, letters, DIM_INK, 1.0)
        for place, words, fields in wells:
            x = left + (place[1] - self._first[1]) * across
            y = top + (place[0] - self._first[0]) * down
            canvas.text(words, x, y + label * 3 // 4, label * 3 // 4, INK, room=across - _GAP)
            for number, field in enumerate(fields):
                fx = x + number % self._tiles[1] * self._field[0]
                fy = y + label + number // self._tiles[1] * self._field[1]
                self._field_at(canvas, field, fx, fy)
        return canvas

    def _field_at(self, canvas, field, x, y):
        width, height = field.small.getWidth(), field.small.getHeight()
        canvas.paste(field.small, x, y)
        zoom = width / field.rating.width
        thick = max(1, min(4, int(PATCH_PX * zoom / 25)))
        canvas.patches(field.rating, x, y, zoom, thick, field.rating.origin)
        canvas.frame(x, y, width, height, _EDGE)
