"""The page of an evaluation: one HTML file that needs nothing else."""

from __future__ import annotations

import math
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from zfocus_model.evaluation.figures import stack_figure
from zfocus_model.evaluation.graded_page import compare, graded_figures, safe, section
from zfocus_model.evaluation.html import document, plots, shown, table

if TYPE_CHECKING:
    from zfocus_model.evaluation.result import Evaluation
    from zfocus_model.evaluation.taken import Taken

COUNTING = (
    "Undecided images are counted as follows. Scores of levels (exact, within, errors, RPS, "
    "confusion) take every image of which a patch was rated, decided or not. In finding what is "
    "in focus, and what is out of focus, an undecided image is found by neither: never a false "
    "alarm, always missed. Level 3 is neither positive (0 to 2) nor negative (4 to 10)."
)


def figures(result: Evaluation) -> dict[str, str]:
    """Draw all figures.

    Parameters
    ----------
    result
        The evaluation.

    Returns
    -------
    dict
        Name -> SVG.
    """
    drawn = graded_figures(result.graded)
    for row in result.stacks:
        drawn[f"stack_{safe(f'{row.source}_{row.stack}')}"] = stack_figure(row)
    return drawn


def page(result: Evaluation, drawn: Mapping[str, str]) -> str:
    """Return the page.

    Parameters
    ----------
    result
        The evaluation.
    drawn
        From `figures`.

    Returns
    -------
    str
        HTML.
    """
    about = result.about
    title = f"How right is {about['model']} {about['model_version']}?"
    body = [
        f'<header><p class="over">zfocus evaluate &middot; {escape(str(about["images"]))}</p>'
        f'<h1>{escape(title)}</h1><p class="under">{escape(str(about["made"]))}</p></header>',
        compare(result.graded),
        *(section(one, about, drawn) for one in result.graded),
        plots("Share of images within so many levels", "", [drawn.get("within", "")]),
        _taken(result),
        _stacks(result, drawn),
        _failures(result),
        f"<section><h2>How it was counted</h2><p>{COUNTING}</p></section>",
        _footer(about),
    ]
    return document(title, body)


def _taken(result: Evaluation) -> str:
    rows = [
        [
            row.role, row.source, row.wanted or "none", row.why, row.images, row.in_focus,
            row.out_of_focus, row.undecided, 100 * row.right, _interval(row),
            row.mean_expected_level,
        ]
        for row in result.taken.rows
    ]  # fmt: skip
    if not rows:
        return ""
    heads = ["role", "source", "right status", "why undecided", "images", "in focus"]
    heads += ["out of focus", "undecided", "right, %", "95 % interval", "mean expected level"]
    return (
        "<section><h2>Images as they were taken</h2>"
        f"<p>Sharp images called out of focus, mean over sources: "
        f"{shown(result.taken.false_flags_per_1000)} per 1,000. AUC of the expected level, out of "
        f"focus against in focus: {shown(result.taken.auc)}.</p>"
        f"{table(heads, rows, words=4)}</section>"
    )


def _interval(row: Taken) -> str:
    if math.isnan(row.right_low):
        return "-"
    return f"{100 * row.right_low:.3g} to {100 * row.right_high:.3g}"


def _stacks(result: Evaluation, drawn: Mapping[str, str]) -> str:
    rows = [
        [
            row.source, row.stack, len(row.score.place),
            int((row.score.status == "undecided").sum()),
            ", ".join(map(str, row.score.known)) or None, row.score.found, row.score.error_planes,
            row.score.spearman, row.score.spearman_all,
        ]
        for row in result.stacks
    ]  # fmt: skip
    if not rows:
        return ""
    heads = ["source", "stack", "planes", "undecided", "best known", "best found", "error, planes"]
    heads += ["Spearman", "Spearman, undecided too"]
    pictures = [svg for name, svg in drawn.items() if name.startswith("stack_")]
    return (
        "<section><h2>Stacks</h2><p>The best plane is the decided one of the least expected "
        "level. Spearman: expected level against distance from the known focus. In the pictures, "
        "green is where focus is known to be, orange the found plane; hollow dots are undecided."
        f"</p>{table(heads, rows, words=2)}</section>{plots('', '', pictures)}"
    )


def _failures(result: Evaluation) -> str:
    if not result.failures:
        return ""
    rows = [[failure.name, failure.error] for failure in result.failures]
    return (
        "<section><h2>Could not be read</h2>" + table(["file", "why"], rows, words=2) + "</section>"
    )


def _footer(about: Mapping[str, Any]) -> str:
    facts = {
        "Model": f"{about['model']} {about['model_version']}",
        "Package SHA-256": about["package_sha256"],
        "zfocus": about["zfocus_version"],
        "Images": " ".join([about["images"], *about["where"]]),
        "Bootstrap": f"{about['replicates']} samples",
    }
    items = "".join(f"<dt>{k}</dt><dd>{escape(str(v))}</dd>" for k, v in facts.items())
    return (
        f'<footer><dl>{items}</dl><p>All numbers: <a href="evaluation.json">evaluation.json</a>, '
        '<a href="scores.csv">scores.csv</a>, <a href="images.csv">images.csv</a>.</p></footer>'
    )
