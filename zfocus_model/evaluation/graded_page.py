"""The part of an evaluation's page that is about graded copies."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any
from zlib import crc32

from zfocus_model.evaluation.figures import (
    confusion_figure,
    groups_figure,
    levels_figure,
    reliability_figure,
    within_figure,
)
from zfocus_model.evaluation.html import plots, table
from zfocus_model.evaluation.tally import FLAG_PRECISIONS, METRICS

if TYPE_CHECKING:
    from zfocus_model.evaluation.curves import Curves
    from zfocus_model.evaluation.summary import Graded, Score

_PERCENT = (
    "exact within_1 within_2 undecided f_in_focus precision_in_focus recall_in_focus "
    "f_out_of_focus precision_out_of_focus recall_out_of_focus f_decided auc patch_exact "
    "patch_within_1 flag_precision_at_0.5_percent flag_precision_at_1_percent "
    "flag_precision_at_5_percent"
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


def graded_figures(graded: Sequence[Graded]) -> dict[str, str]:
    """Draw all figures of graded copies.

    Parameters
    ----------
    graded
        Scores of the copies that each simulator made.

    Returns
    -------
    dict
        Name -> SVG.
    """
    drawn: dict[str, str] = {}
    if graded:
        drawn["within"] = within_figure({g.simulator: list(g.within) for g in graded})
    for one in graded:
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
        for source, found in one.by_source.items() if len(one.by_source) > 1 else ():
            for plot, svg in zip(_source_plots(name, source), _curves(source, found)):
                drawn[plot] = svg
    return drawn


def _source_plots(simulator: str, source: str) -> list[str]:
    kinds = ("confusion_image", "confusion_patch", "reliability")
    return [f"{kind}_{simulator}_{safe(source)}" for kind in kinds]


def _curves(source: str, found: Curves) -> tuple[str, str, str]:
    return (
        confusion_figure(found.confusion_images, f"images, {source}"),
        confusion_figure(found.confusion_patches, f"patches, {source}"),
        reliability_figure(found.reliability, found.reliability.error, where=source),
    )


def safe(name: str) -> str:
    """A name that can be a file's; different names stay different.

    Examples
    --------
    >>> safe("plate_1"), safe("plate 1")
    ('plate_1', 'plate_1-8411')
    """
    clean = "".join(c if c.isalnum() or c in "-_" else "_" for c in name)
    return clean if clean == name else f"{clean}-{crc32(name.encode()) & 0xFFFF:04x}"


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


def _listed(shares: Iterable[float]) -> str:
    return ", ".join("-" if math.isnan(value) else f"{100 * value:.3g}" for value in shares)


def section(one: Graded, about: Mapping[str, Any], drawn: Mapping[str, str]) -> str:
    """Show all that one simulator's copies say.

    Parameters
    ----------
    one
        Scores of the copies.
    about
        What is said of the run.
    drawn
        From `graded_figures`.

    Returns
    -------
    str
        HTML.
    """
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
        f"confidence fewer than {100 * sharp['highest_share_of_fields']:.1f} % of such fields are. "
        f"Where {_listed(FLAG_PRECISIONS.values())} % of images are blurred, "
        f"{_listed(one.mean.scores[key].value for key in FLAG_PRECISIONS)} % of the flags would be "
        "right with the mean's own share of false flags, "
        f"{_listed(sharp['at_highest_share'].values())} % with that highest one."
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
        + _strata(one)
        + "</section>"
        + plots("", "Filled: new sources; hollow: sources also in training." if known else "",
                 [drawn[plot] for plot in chosen])
        + _each_source(one, drawn)
    )  # fmt: skip


def _strata(one: Graded) -> str:
    rows = [
        [key.replace("_", " "), group.name, str(group.fields)]
        + [_number(metric, group.scores[metric].value) for metric, _ in _SOURCE_COLUMNS]
        for key, groups in one.strata.items()
        for group in groups
    ]
    heads = ["", "", "fields", *(label for _, label in _SOURCE_COLUMNS)]
    return f"<h3>By kind of field</h3>{table(heads, rows, words=2)}" if rows else ""


def _each_source(one: Graded, drawn: Mapping[str, str]) -> str:
    """Everything of each source, folded away; nothing for a single one."""
    if len(one.sources) < 2:
        return ""
    parts = [
        f"<details><summary>{escape(source.name)}</summary>"
        + table(
            ["", "value (95 % interval, other fields)"],
            [
                [_plain(key, words), _between(key, source.scores[key])]
                for key, words in METRICS.items()
            ],
        )
        + plots("", "", [drawn[plot] for plot in _source_plots(one.simulator, source.name)])
        + "</details>"
        for source in one.sources
    ]
    return f"<section><h3>Each source, in full</h3>{''.join(parts)}</section>"


def compare(graded: Sequence[Graded]) -> str:
    """Put several simulators side by side: what was learned of optics, and what of one of them.

    Parameters
    ----------
    graded
        Scores of each.

    Returns
    -------
    str
        HTML; empty for one simulator.
    """
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
