"""One picture of a folder's planes: small, with their patches' borders, status and name."""

from __future__ import division

from zfocus_fiji.grids import fit, sheet
from zfocus_fiji.pictures import DIM_INK, INK, LEGEND_PX, Canvas, patch_colour, small_grey
from zfocus_fiji.sampling import Draw
from zfocus_fiji.words import STATUS_WORDS

MOST = 200
"""Planes on the sheet; of more, as many are drawn at random, so that memory stays the same."""

_WIDTH, _HEIGHT, _LABEL, _GAP, _MARGIN, _HEAD = 208, 156, 34, 12, 16, 84


class ContactSheet(object):
    """Planes are added one at a time; the picture is made at the end.

    `seed`: of the choice where there are more than MOST planes.
    """

    def __init__(self, seed=1):
        self._draw, self._count, self._shown = Draw(seed), 0, []

    def small(self, processor):
        """What is kept of a plane until it is rated."""
        return small_grey(
            processor, *fit(processor.getWidth(), processor.getHeight(), _WIDTH, _HEIGHT)
        )

    def add(self, name, rating, small):
        """Show a plane, unless others are chosen."""
        place = self._count
        self._count += 1
        if place >= MOST:
            place = self._draw.below(self._count)
            if place >= MOST:
                return
        level = rating.level if not rating.reason else None
        words = STATUS_WORDS[rating.status]
        if rating.reason:
            words += " (%s)" % rating.reason.replace("_", " ")
        elif level is not None:
            words += ", level %d" % level
        # Not the rating itself: its probabilities would fill the memory.
        colour = patch_colour(level, rating.certainty.aggregate)
        entry = self._count, name, words, colour, self._picture(rating, small)
        if place < len(self._shown):
            self._shown[place] = entry
        else:
            self._shown.append(entry)

    def picture(self, title):
        """The sheet as a Canvas, planes in the order of the tables."""
        shown = sorted(self._shown, key=lambda entry: entry[0])
        rows, columns = sheet(len(shown), least=4, most=16)
        columns = max(columns, 3)
        width = 2 * _MARGIN + columns * (_WIDTH + _GAP) - _GAP
        height = _HEAD + _MARGIN + rows * (_HEIGHT + _LABEL + _GAP)
        canvas = Canvas(width, height)
        room = width - LEGEND_PX[0] - 3 * _MARGIN
        canvas.text(title, _MARGIN, _MARGIN + 18, 18, INK, room=room, bold=True)
        note = "%d planes" % self._count
        if self._count > len(shown):
            note = "%d of %d planes, chosen at random" % (len(shown), self._count)
        canvas.text(note, _MARGIN, _MARGIN + 40, 12, DIM_INK, room=room)
        canvas.legend(width - _MARGIN - LEGEND_PX[0], 10)
        for number, (_, name, words, colour, picture) in enumerate(shown):
            x = _MARGIN + number % columns * (_WIDTH + _GAP)
            y = _HEAD + number // columns * (_HEIGHT + _LABEL + _GAP)
            left = x + (_WIDTH - picture.getWidth()) // 2
            top = y + (_HEIGHT - picture.getHeight()) // 2
            canvas.pen.drawImage(picture, left, top, None)
            canvas.box(x, y + _HEIGHT + 4, 10, 10, colour)
            canvas.text(words, x + 15, y + _HEIGHT + 14, 12, INK, room=_WIDTH - 15)
            canvas.text(name, x, y + _HEIGHT + 29, 11, DIM_INK, room=_WIDTH)
        return canvas

    def _picture(self, rating, small):
        canvas = Canvas(small.getWidth(), small.getHeight())
        canvas.paste(small, 0, 0)
        scale = small.getWidth() / rating.width
        canvas.patches(rating, 0, 0, scale, 1 if scale < 0.2 else 2)
        return canvas.image
