"""The contact sheet inside the report: the same details, flowing with the width of the screen."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from html import escape

from zfocus_model.report.choice import Choice
from zfocus_model.report.colours import hex_colour
from zfocus_model.report.thumbnails import SIDE_PX
from zfocus_model.report.words import (
    Row,
    number,
    plane_indices,
    plane_key,
    text,
    verdict,
)


def gallery(
    choice: Choice, pictures: Mapping[str, bytes], montages: Mapping[str, str], noun: str
) -> str:
    """Section of the report with the chosen planes, pictures inlined; empty if there are none."""
    if not choice.decided and not choice.undecided:
        return ""
    parts = [
        "<section><h2>From sharp to blurred</h2>",
        f"<p>Each picture is a detail at full size, {SIDE_PX} pixels wide, with its own "
        "contrast, from the part that shows the level best. The frame tells level (hue) and "
        f"certainty (brightness). {escape(choice.note)}"
        + (" Click one for the whole image.</p>" if montages else "</p>"),
        _grid(choice.decided, pictures, montages),
    ]
    if choice.undecided:
        parts.append(
            f"<h3>Undecided</h3><p>These {noun} show too little to judge by, or the model is "
            "not sure. Look at them yourself.</p>"
        )
        parts.append(_grid(choice.undecided, pictures, montages))
    return "".join([*parts, "</section>"])


def _grid(rows: Sequence[Row], pictures: Mapping[str, bytes], montages: Mapping[str, str]) -> str:
    return f'<div class="grid">{"".join(_cell(row, pictures, montages) for row in rows)}</div>'


def _cell(row: Row, pictures: Mapping[str, bytes], montages: Mapping[str, str]) -> str:
    key, indices = plane_key(row), plane_indices(row)
    level, sure = number(row, "level"), number(row, "certainty_aggregate")
    reason = text(row, "reason").replace("_", " ")
    name = text(row, "image") + (f" ({indices})" if indices else "")
    colour = hex_colour(math.nan if reason else level, sure)
    data = pictures.get(key)
    if data is None:
        picture = '<span class="none">no picture</span>'
    else:
        address = "data:image/jpeg;base64," + base64.b64encode(data).decode("ascii")
        picture = f'<img src="{address}" alt="{escape(name)}: {escape(verdict(row))}">'
    if key in montages:
        picture = f'<a href="{escape(montages[key])}">{picture}</a>'
    label = escape(reason) if reason else f"<b>{level:g}</b> certainty {sure:.2f}"
    short = text(row, "image").rpartition("/")[2] + (f" ({indices})" if indices else "")
    return (
        f'<figure style="--c:{colour}">{picture}<figcaption>{label}'
        f'<span title="{escape(name)}">{escape(short)}</span></figcaption></figure>'
    )
