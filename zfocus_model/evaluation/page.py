"""The page of an evaluation: one HTML file that needs nothing else."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from zfocus_model.evaluation.figures import (
    confusion_figure,
    groups_figure,
    levels_figure,
    reliability_figure,
    stack_figure,
    within_figure,
)
from zfocus_model.evaluation.html import document, plots, shown, table
from zfocus_model.evaluation.tally import METRICS

if TYPE_CHECKING:
    from zfocus_model.evaluation.result import Evaluation
    from zfocus_model.evaluation.summary import Graded, Score

_PERCENT = (
    "exact within_1 within_2 undecided f_in_focus precision_in_focus recall_in_focus "
    "f_out_of_focus precision_out_of_focus recall_out_of_focus f_decided auc patch_exact "
    "patch_within_1"
).split()
_SOURCE_COLUMNS = (
    ("within_1", "within one, %"),
    ("exact", "exact, %"),
    ("mean_absolute_error", "mean error"),
    ("bias", "bias"),
    ("rps", "RPS"),
    ("f_in_focus", "F in, %"),
    ("f_out_of_focus", "F out, %"),
    ("auc", "AUC, %"),
    ("false_flags_per_1000", "false flags / 1,000"),
    ("ece", "ECE"),
    ("ece_debiased", "debiased"),
    ("undecided", "undecided, %"),
)
_STRATA = {
    "density": "share of the field that objects cover",
    "intensity": "brightness of objects, share of the peak",
    "object_px": "size of objects, px",
}

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
    drawn: dict[str, str] = {}
    if result.graded:
        drawn["within"] = within_figure({g.simulator: list(g.within) for g in result.graded})
    for one in result.graded:
        name = one.simulator
        parts = {"mean": [one.mean], "sources": one.sources}
        drawn[f"sources_{name}"] = groups_figure(
            f"Graded copies within one level ({name}; fields in brackets)", parts, "within_1"
        )
        strata = {_STRATA[key]: groups for key, groups in one.strata.items()}
        drawn[f"strata_{name}"] = groups_figure(
            f"Graded copies within one level, by kind of field ({name})", strata, "within_1"
        )
        drawn[f"levels_{name}"] = levels_figure(one.levels)
        drawn[f"confusion_image_{name}"] = confusion_figure(one.confusion_images, "images")
        drawn[f"confusion_patch_{name}"] = confusion_figure(one.confusion_patches, "patches")
        drawn[f"reliability_{name}"] = reliability_figure(one.reliability, one.reliability.error)
    for row in result.stacks:
        safe = "".join(c if c.isalnum() or c in "-_" else "_" for c in f"{row.source}_{row.stack}")
        drawn[f"stack_{safe}"] = stack_figure(row)
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
        _compare(result.graded),
        *(_graded(one, about, drawn) for one in result.graded),
        plots("Share of images within so many levels", "", [drawn.get("within", "")]),
        _taken(result),
        _stacks(result, drawn),
        _failures(result),
        f"<section><h2>How it was counted</h2><p>{COUNTING}</p></section>",
        _footer(about),
    ]
    return document(title, body)


def _number(name: str, value: float) -> str:
    if math.isnan(value):
        return "-"
    return f"{100 * value:.1f}" if name in _PERCENT else f"{value:.3g}"


def _plain(name: str, words: str) -> str:
    """The words of a score, with its unit on the page."""
    return words.replace(", share", "") + (", %" if name in _PERCENT else "")


def _between(name: str, score: Score) -> str:
    return f"{_number(name, score.value)} ({_range(name, score.low, score.high)})"


def _range(name: str, low: float, high: float) -> str:
    return "-" if math.isnan(low) else f"{_number(name, low)} to {_number(name, high)}"


def _graded(one: Graded, about: Mapping[str, Any], drawn: Mapping[str, str]) -> str:
    settings = about["settings"]
    known = any(source.in_training is False for source in one.sources)
    of = "sources that the model was not trained on" if known else "sources"
    rows: list[list[str]] = []
    for source in (one.mean, one.pooled, *one.sources):
        new = {None: "", True: "in training", False: "new"}[source.in_training]
        rows.append([source.name, new, str(source.fields)])
        rows[-1] += [_number(key, source.scores[key].value) for key, _ in _SOURCE_COLUMNS]
    heads = ["source", "", "fields", *(label for _, label in _SOURCE_COLUMNS)]
    all_rows = [
        [
            _plain(key, words),
            _between(key, one.mean.scores[key]),
            _range(
                key, one.mean.scores[key].low_new_sources, one.mean.scores[key].high_new_sources
            ),
        ]
        for key, words in METRICS.items()
    ]
    sharp = one.sharp
    flags = (
        f"{sharp['flagged_images']} of {sharp['images']} sharp copies (levels 0 to 2) were called "
        f"out of focus, in {sharp['flagged_fields']} of {sharp['fields']} fields; with 95 % "
        f"confidence fewer than {100 * sharp['highest_share_of_fields']:.1f} % of such fields are."
    )
    name = one.simulator
    chosen = [f"{kind}_{name}" for kind in ("sources", "strata", "levels", "reliability")]
    chosen += [f"confusion_{what}_{name}" for what in ("image", "patch")]
    return (
        f"<section><h2>Graded defocus, simulator {escape(name)}</h2>"
        f"<p>Each in-focus image, defocused to levels 0 to 10 and photographed with "
        f"{settings['peak_photons']:g} photons at the peak. The mean counts each of the {of} "
        f"once. {flags}</p>{table(heads, rows, words=2)}"
        f"<h3>The mean, in full</h3>"
        + table(["", "value (95 % interval, other fields)", "other sources, too"], all_rows)
        + "</section>"
        + plots("", "Filled: new sources; hollow: sources also in training." if known else "",
                 [drawn[plot] for plot in chosen])
    )  # fmt: skip


def _compare(graded: Sequence[Graded]) -> str:
    """Several simulators side by side: what was learned of optics, and what of one simulator."""
    if len(graded) < 2:
        return ""
    first = graded[0].mean.scores
    rows: list[list[str]] = []
    for key, words in METRICS.items():
        cells = [_number(key, one.mean.scores[key].value) for one in graded]
        apart = [_number(key, one.mean.scores[key].value - first[key].value) for one in graded[1:]]
        rows.append([_plain(key, words), *cells, *apart])
    heads = ["", *(one.simulator for one in graded)]
    heads += [f"{one.simulator} minus {graded[0].simulator}" for one in graded[1:]]
    return (
        "<section><h2>One simulator against another</h2><p>The mean over the same sources. "
        "Training uses the paraxial simulator; a model that had learned its formulas instead of "
        f"focus would fall behind with another.</p>{table(heads, rows)}</section>"
    )


def _taken(result: Evaluation) -> str:
    rows = [
        [
            row.role, row.source, row.wanted or "none", row.images, row.in_focus, row.out_of_focus,
            row.undecided, 100 * row.right, row.mean_expected_level,
        ]
        for row in result.taken.rows
    ]  # fmt: skip
    if not rows:
        return ""
    heads = ["role", "source", "right status", "images", "in focus", "out of focus", "undecided"]
    heads += ["right, %", "mean expected level"]
    return (
        "<section><h2>Images as they were taken</h2>"
        f"<p>Sharp images called out of focus, mean over sources: "
        f"{shown(result.taken.false_flags_per_1000)} per 1,000. AUC of the expected level, out of "
        f"focus against in focus: {shown(result.taken.auc)}.</p>"
        f"{table(heads, rows, words=3)}</section>"
    )


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
