"""A plate as a picture: a box a well, coloured by percent in focus or by level and certainty."""

from __future__ import division

from java.awt import Color

from zfocus_fiji.pictures import DIM_INK, INK, LEGEND_PX, Canvas, patch_colour
from zfocus_fiji.plates import row_name
from zfocus_fiji.wells import plate_percent

PERCENT, LEVEL = "percent in focus", "level"
KINDS = (PERCENT, LEVEL)

_MARGIN, _HEAD, _SIDE_LABEL, _TOP_LABEL = 18, 84, 30, 20
_EMPTY, _BORDER = Color(34, 37, 43), Color(70, 74, 82)


def well_colour(row, kind):
    """java.awt.Color of a well: grey where it is undecided."""
    if kind == PERCENT:
        percent = row["percent_in_focus"]
        return patch_colour(None if percent is None else 10.0 - percent / 10.0)
    if row["reason"] or row["level"] is None:
        return patch_colour(None)
    return patch_colour(row["expected_level"], row["certainty_aggregate"])


def plate_map(rows, shape, kind=PERCENT, title="plate"):
    """The picture, a Canvas.

    `rows`: from wells.well_row; wells without one are left dark. `shape`: rows and columns of the
    plate.
    """
    side = 54 if shape[1] <= 12 else 30 if shape[1] <= 24 else 20
    grid = shape[1] * side, shape[0] * side
    legend_width = 250 if kind == PERCENT else LEGEND_PX[0]
    width = max(_SIDE_LABEL + grid[0], legend_width + 380) + 2 * _MARGIN
    height = _HEAD + _TOP_LABEL + grid[1] + 2 * _MARGIN
    canvas = Canvas(width, height)
    room = width - legend_width - 3 * _MARGIN
    canvas.text(title, _MARGIN, _MARGIN + 16, 18, INK, room=room, bold=True)
    for number, line in enumerate(summary(rows)):
        canvas.text(line, _MARGIN, _MARGIN + 36 + 16 * number, 12, DIM_INK, room=room)
    if kind == PERCENT:
        _percent_legend(canvas, width - _MARGIN - legend_width, _MARGIN)
    else:
        canvas.legend(width - _MARGIN - legend_width, 10)
    left, top = _MARGIN + _SIDE_LABEL, _HEAD + _TOP_LABEL
    for column in range(shape[1]):
        canvas.text(str(column + 1), left + (column + 0.5) * side, top - 6, 12, DIM_INK, 0.5)
    for row in range(shape[0]):
        canvas.text(row_name(row), left - 8, top + row * side + side // 2 + 5, 12, DIM_INK, 1.0)
        for column in range(shape[1]):
            x, y = left + column * side, top + row * side
            canvas.box(x + 1, y + 1, side - 2, side - 2, _EMPTY)
    for row in rows:
        x, y = left + row["column"] * side, top + row["row"] * side
        fill = well_colour(row, kind)
        canvas.box(x + 1, y + 1, side - 2, side - 2, fill)
        label = _label(row, kind)
        if side >= 30:
            ink = Color.BLACK if _brightness(fill) > 110 else Color.WHITE
            size = 15 if side >= 50 else 11
            canvas.text(label, x + side / 2.0, y + side // 2 + 5, size, ink, 0.5, bold=True)
        if side >= 50 and row["undecided_patches"]:
            small = "%d of %d ?" % (row["undecided_patches"], row["patches"])
            canvas.text(small, x + side / 2.0, y + side - 6, 10, ink, 0.5, room=side - 4)
    return canvas


def summary(rows):
    """Lines about the plate: wells, percent, and what is undecided."""
    percent = plate_percent(rows)
    patches = sum(row["patches"] for row in rows)
    undecided = sum(row["undecided_patches"] for row in rows)
    decided = sum(row["decided_patches"] for row in rows)
    share = (
        "no patch decided"
        if percent is None
        else "%.0f %% of %d decided patches in focus"
        % (
            percent,
            decided,
        )
    )
    return (
        "%d wells: %s" % (len(rows), share),
        "%d of %d patches undecided (?): blank, or not sure" % (undecided, patches),
    )


def _label(row, kind):
    if kind == PERCENT:
        percent = row["percent_in_focus"]
        return "-" if percent is None else "%.0f" % percent
    return "-" if row["reason"] or row["level"] is None else "%.1f" % row["expected_level"]


def _percent_legend(canvas, x, y):
    steps = 50
    canvas.text("percent in focus", x, y + 10, 12, INK)
    for step in range(steps):
        canvas.box(x + step * 4, y + 16, 4, 18, patch_colour(10.0 - 10.0 * step / (steps - 1)))
    canvas.text("0", x, y + 48, 12, INK)
    canvas.text("100", x + 4 * steps, y + 48, 12, INK, 1.0)
    canvas.box(x + 4 * steps + 14, y + 16, 18, 18, patch_colour(None))
    canvas.text("none", x + 4 * steps + 8, y + 48, 12, DIM_INK)


def _brightness(colour):
    return 0.3 * colour.getRed() + 0.59 * colour.getGreen() + 0.11 * colour.getBlue()
