"""The table of the report: one line a plane, with the columns that say something."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

from zfocus_model.report.colours import hex_colour
from zfocus_model.report.words import INDICES, STATUS_WORDS, Row, number, plane_key, text

MOST_ROWS = 2000
"""Rows shown; browsers become slow with many more, and images.csv holds all."""

_PLACES = ("channel", "plate", "well", "site")
_NUMBERS = (
    ("expected_level", "Expected level", 1),
    ("certainty_aggregate", "Certainty", 2),
    ("in_focus_probability", "In-focus probability", 2),
    ("saturated_fraction", "Saturated", 3),
)


def image_table(rows: Sequence[Row], montages: Mapping[str, str], noun: str) -> str:
    """Section of the report with a sortable table; empty without rows."""
    if not rows:
        return ""
    indices = [name for name in INDICES if any(text(row, name) not in ("", "0") for row in rows)]
    places = [name for name in _PLACES if any(text(row, name) for row in rows)]
    numbers = [n for n in _NUMBERS if any(not math.isnan(number(row, n[0])) for row in rows)]
    heads = [("Image", "")]
    heads += [(name.capitalize() if name in _PLACES else name, "") for name in places + indices]
    heads += [("Status", ""), ("Level", "n")]
    heads += [(title, "n opt" if digits == 3 else "n") for _, title, digits in numbers]
    head = "".join(
        f'<th scope="col" class="{style}"><button type="button">{title}</button></th>'
        for title, style in heads
    )
    body = "\n".join(_line(row, [*places, *indices], numbers, montages) for row in rows[:MOST_ROWS])
    note = ""
    if len(rows) > MOST_ROWS:
        note = (
            f"The first {MOST_ROWS:,} of {len(rows):,} {noun}; "
            'all are in <a href="images.csv">images.csv</a>. '
        )
    return (
        f'<section><h2>All {noun}</h2><p class="tools"><span>{note}Click a heading to sort.</span>'
        '<label>Show only <input id="filter" type="search" placeholder="name, well or status">'
        f'</label></p><div class="scroll"><table id="images"><thead><tr>{head}</tr></thead>'
        f"<tbody>\n{body}\n</tbody></table></div></section>"
    )


def _line(
    row: Row,
    names: Sequence[str],
    numbers: Sequence[tuple[str, str, int]],
    montages: Mapping[str, str],
) -> str:
    key, reason = plane_key(row), text(row, "reason").replace("_", " ")
    # Long names may be broken after a slash or underscore.
    image = escape(text(row, "image")).replace("/", "/<wbr>").replace("_", "_<wbr>")
    if key in montages:
        image = f'<a href="{escape(montages[key])}">{image}</a>'
    status = escape(STATUS_WORDS.get(text(row, "status"), text(row, "status")))
    if reason:
        status += f' <span class="why">{escape(reason)}</span>'
    level = number(row, "level")
    if math.isnan(level):
        shown = '<td class="n"></td>'
    else:
        # Certainty has its own column here; a dot that small is told apart at full brightness.
        colour = hex_colour(math.nan if reason else level)
        quiet = ' class="n quiet"' if reason else ' class="n"'
        shown = f'<td{quiet}><i style="background:{colour}"></i>{level:g}</td>'
    cells = [f'<td class="name">{image}</td>']
    cells += [f"<td>{escape(text(row, name))}</td>" for name in names]
    cells += [f'<td class="{escape(text(row, "status"))}">{status}</td>', shown]
    for column, _, digits in numbers:
        value = number(row, column)
        words = "" if math.isnan(value) else f"{value:.{digits}f}"
        cells.append(f'<td class="{"n opt" if digits == 3 else "n"}">{words}</td>')
    return f"<tr>{''.join(cells)}</tr>"
