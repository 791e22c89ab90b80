"""Pieces of HTML that the pages of evaluations are made of, in the report's style."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape
from importlib import resources
from typing import Any

_CSS = """
.plots { display: flex; flex-wrap: wrap; gap: 20px; align-items: flex-start; }
.plots svg { width: 100%; max-width: 500px; height: auto; border: 1px solid var(--line);
  border-radius: 6px; }
.plots svg[width="760"] { max-width: 760px; }
"""


def document(title: str, body: Iterable[str]) -> str:
    """Put sections into one HTML file.

    Parameters
    ----------
    title
        Of the window.
    body
        Sections; empty ones are left out.

    Returns
    -------
    str
        HTML.
    """
    style = resources.files("zfocus_model.report").joinpath("report.css").read_text("utf-8")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)}</title>\n<style>\n{style}{_CSS}</style></head>\n<body>\n<main>\n"
        + "\n".join(part for part in body if part)
        + "\n</main>\n</body></html>\n"
    )


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]], *, words: int = 1) -> str:
    """Make an HTML table; the first ``words`` columns hold words, the others numbers.

    Parameters
    ----------
    heads
        Headings.
    rows
        Cells.
    words
        Columns that are set to the left.

    Returns
    -------
    str
        HTML.
    """
    kinds = ["" if i < words else ' class="n"' for i in range(len(heads))]
    head = "".join(f"<th{kind}>{escape(name)}</th>" for kind, name in zip(kinds, heads))
    lines = [
        "".join(f"<td{kind}>{escape(shown(cell))}</td>" for kind, cell in zip(kinds, row))
        for row in rows
    ]
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def shown(value: Any) -> str:
    """A number to three digits; NaN and None as -; anything else as it is."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def plots(heading: str, words: str, pictures: Sequence[str]) -> str:
    """Put pictures under a heading and a sentence, either of which may be empty.

    Parameters
    ----------
    heading, words
        Texts.
    pictures
        SVG.

    Returns
    -------
    str
        HTML; empty without pictures.
    """
    inner = "".join(pictures)
    if not inner:
        return ""
    head = f"<h2>{escape(heading)}</h2>" if heading else ""
    text = f"<p>{escape(words)}</p>" if words else ""
    return f'<section>{head}{text}<div class="plots">{inner}</div></section>'
