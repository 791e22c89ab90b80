"""The report: one HTML file that needs nothing else, readable on a phone, on paper, offline."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from importlib import resources

from zfocus_model.levels import LEVELS
from zfocus_model.report.charts import level_histogram, share_bar
from zfocus_model.report.choice import Choice
from zfocus_model.report.gallery import gallery
from zfocus_model.report.table import image_table
from zfocus_model.report.words import REASON_WORDS, Row, number, text


@dataclass(frozen=True)
class Facts:
    """What the report says about the run itself."""

    folder: str = ""
    """Name of what was rated, for the heading."""
    made: str = ""
    """Date and time, as shown."""
    zfocus_version: str = ""
    """Version of this program."""
    model: str = ""
    """Name of the model package."""
    model_version: str = ""
    """Its version."""
    package_sha256: str = ""
    """SHA-256 of its ``zfocus.json``, which names every file's."""
    certainty_min: float | None = None
    """The package's limit between certain and undecided."""
    in_focus_min: float | None = None
    """The package's limit between in focus and out of focus."""
    montages: Mapping[str, str] = field(default_factory=dict[str, str])
    """Plane key -> address of its montage, relative to the report."""


def page(
    rows: Sequence[Row],
    errors: Sequence[Mapping[str, object]],
    choice: Choice,
    pictures: Mapping[str, bytes],
    facts: Facts,
) -> str:
    """Return the report as HTML.

    Parameters
    ----------
    rows
        Rows of images.csv.
    errors
        Rows of errors.csv (``input``, ``error``).
    choice
        Planes of the contact sheet.
    pictures
        Plane key -> JPEG bytes of its thumbnail.
    facts
        About the run.
    """
    noun = "images" if len({text(row, "image") for row in rows}) == len(rows) else "planes"
    statuses = Counter(text(row, "status") for row in rows)
    headline = _headline(statuses["in_focus"], len(rows), noun)
    where = f" &middot; {escape(facts.folder)}" if facts.folder else ""
    model = f" &middot; model {escape(_named(facts.model, facts.model_version))}"
    body = [
        f'<header><p class="over">zfocus report{where}</p><h1>{headline}</h1>'
        f'<p class="under">{escape(facts.made)}{model if facts.model else ""}</p></header>',
        _figures(rows, statuses, len(errors)),
        _histogram(rows, statuses["undecided"], noun),
        gallery(choice, pictures, facts.montages, noun),
        image_table(rows, facts.montages, noun),
        _errors(errors),
        _glossary(facts),
        _footer(facts),
    ]
    style, script = _asset("report.css"), _asset("report.js")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>zfocus report{where}</title>\n<style>\n{style}</style></head>\n<body>\n<main>\n"
        + "\n".join(part for part in body if part)
        + f"\n</main>\n<script>\n{script}</script>\n</body></html>\n"
    )


def _asset(name: str) -> str:
    return resources.files("zfocus_model.report").joinpath(name).read_text("utf-8")


def _named(name: str, version: str) -> str:
    return f"{name} {version}".strip() if version not in name.split() else name


def _headline(sharp: int, total: int, noun: str) -> str:
    if not total:
        return f"No {noun} could be rated"
    one = noun[:-1]
    if total == 1:
        return f"The {one} is in focus" if sharp else f"The {one} is not known to be in focus"
    if sharp == total:
        return f"All {total:,} {noun} are in focus"
    return f"{sharp:,} of {total:,} {noun} {'is' if sharp == 1 else 'are'} in focus"


def _figures(rows: Sequence[Row], statuses: Counter[str], failed: int) -> str:
    total = len(rows)
    reasons = Counter(text(row, "reason") for row in rows if text(row, "reason"))
    why = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in reasons.most_common())
    cells: list[tuple[str, str, int, str]] = []
    for name, words in (("in_focus", "in focus"), ("out_of_focus", "out of focus")):
        share = f"{statuses[name] / total:.0%}" if total else ""
        cells.append((name, words, statuses[name], share))
    cells.append(("undecided", "undecided", statuses["undecided"], why))
    cells.append(("failed", "could not be rated", failed, "see below" if failed else ""))
    bar = share_bar({words: (count, name) for name, words, count, _ in cells})
    items = "".join(
        f'<div class="figure {name}"><dt>{words}</dt><dd><b>{count:,}</b>'
        f"<span>{escape(note)}</span></dd></div>"
        for name, words, count, note in cells
    )
    return f'<section class="figures">{bar}<dl>{items}</dl></section>'


def _histogram(rows: Sequence[Row], undecided: int, noun: str) -> str:
    counts = [0] * LEVELS
    for row in rows:
        level = number(row, "level")
        if text(row, "status") != "undecided" and not math.isnan(level):
            counts[min(max(int(level), 0), LEVELS - 1)] += 1
    if not rows:
        return ""
    return (
        "<section><h2>How far from focus</h2>"
        f"<p>Number of {noun} at each level: 0 is in focus, and every level more blurs a point "
        f"over 3 more pixels.</p>{level_histogram(counts, undecided, noun)}</section>"
    )


def _errors(errors: Sequence[Mapping[str, object]]) -> str:
    if not errors:
        return ""
    items = "".join(
        f"<tr><td>{escape(str(error.get('input', '')))}</td>"
        f"<td>{escape(str(error.get('error', '')))}</td></tr>"
        for error in errors[:500]
    )
    more = f"The first 500 of {len(errors):,}; all are" if len(errors) > 500 else "Also"
    more = f'<p>{more} in <a href="errors.csv">errors.csv</a>.</p>'
    return (
        f'<section id="errors"><h2>Could not be rated</h2>{more}<div class="scroll"><table>'
        "<thead><tr><th>File</th><th>Why</th></tr></thead>"
        f"<tbody>{items}</tbody></table></div></section>"
    )


def _glossary(facts: Facts) -> str:
    sure = sharp = ""
    if facts.certainty_min is not None:
        sure = f" (below {facts.certainty_min:.3g} for this model)"
    if facts.in_focus_min is not None:
        sharp = f" (at least {facts.in_focus_min:.3g} for this model)"
    reasons = "".join(
        f"<li><b>{name.replace('_', ' ')}</b>: {escape(words)}</li>"
        for name, words in REASON_WORDS.items()
    )
    terms = {
        "Level": "How far out of focus, 0 (in focus) to 10. At level k the light of a point is "
        "spread over a disc about 3k pixels wide, on top of what the sharpest image shows.",
        "Expected level": "The mean over all levels, each counted by its probability.",
        "Certainty": "How sure the model is: 0 (no idea, every level equally likely) to 1 (one "
        "level for sure). Parts of the image count by their certainty, so that empty background "
        "does not.",
        "In focus": "The probability of levels 0 to 2 together is high enough"
        f"{sharp}: fit for use, not the best that the microscope could do.",
        "Out of focus": "That probability is too low, and the model is sure enough to say so.",
        "Undecided": f"The certainty is too low to say{sure}. Look at these yourself. "
        f"The reasons are:<ul>{reasons}</ul>",
        "Patch": "A square of 84 x 84 pixels. Each is rated by itself; a strip of less than 84 "
        "pixels at the right and lower edge is not.",
        "Frame colours": "Blue is in focus, orange is far out of focus; the darker, the less "
        "certain. Grey is undecided.",
    }
    items = "".join(f"<dt>{name}</dt><dd>{words}</dd>" for name, words in terms.items())
    return f'<section><h2>What the words mean</h2><dl class="words">{items}</dl></section>'


def _footer(facts: Facts) -> str:
    lines = {
        "Model": _named(facts.model, facts.model_version),
        "Package SHA-256": facts.package_sha256,
        "zfocus": facts.zfocus_version,
        "Made": facts.made,
    }
    items = "".join(
        f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in lines.items() if value
    )
    return (
        f'<footer><dl>{items}</dl><p>All numbers: <a href="images.csv">images.csv</a>, '
        '<a href="patches.csv">patches.csv</a>.</p></footer>'
    )
