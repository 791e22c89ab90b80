"""What a z evaluation leaves: JSON, tables, and one page with the figures."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zfocus_model._files import write_json, write_whole
from zfocus_model.evaluation.figures import reliability_figure
from zfocus_model.evaluation.html import document, plots, table
from zfocus_model.evaluation.reliability import reliability
from zfocus_model.tables import csv_text
from zfocus_model.zposition.bins import nearest_bin
from zfocus_model.zposition.training.evaluate import ZEvaluation, plane_errors_um
from zfocus_model.zposition.training.figures import (
    confusion_figure,
    error_figure,
    planes_figure,
)
from zfocus_model.zposition.training.scores import NAMES, Score

if TYPE_CHECKING:
    from zfocus_model.evaluation.reliability import Reliability

_CARD = ("within_1um", "bias_um", "mean_absolute_um", "error_sd_um", "undecided")
_SHORT = ("within_1um", "within_1um_expected", "bias_expected_um", "mean_absolute_um", "undecided")


def write_evaluation(found: ZEvaluation, folder: Path) -> Path:
    """Write ``z_evaluation.json``, the tables and ``z_evaluation.html``.

    Parameters
    ----------
    found
        The evaluation.
    folder
        Made if missing.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    calibration = _calibration(found)
    write_json(folder / "z_evaluation.json", as_json(found))
    inferred = found.inferred
    columns = [inferred.z_um, inferred.argmax_um, inferred.expected_um]
    numbers = [[f"{value:.6g}" for value in column.tolist()] for column in columns]
    of: list[int] = found.stacks.stack_of.tolist()
    names = [found.stacks.labels[stack].stack for stack in of]
    planes_of = [str(plane) for plane in found.stacks.plane_of.tolist()]
    reasons: list[str] = inferred.reason.tolist()
    images = [list(row) for row in zip(names, planes_of, *numbers, reasons)]
    _csv(folder / "z_images.csv", "stack plane z_um inferred_um expected_um reason", images)
    groups = [
        [group.name, str(group.images), *(f"{group.scores[name].value:.6g}" for name in NAMES)]
        for group in (*found.by_experiment, *found.by_z)
    ]
    _csv(folder / "z_groups.csv", f"group images {' '.join(NAMES)}", groups)
    planes = [
        [choice.stack, f"{choice.in_focus_plane:.6g}", _number(choice.chosen),
         _number(choice.error_um), choice.reason]
        for choice in found.planes
    ]  # fmt: skip
    _csv(folder / "z_best_planes.csv", "stack in_focus_plane chosen error_um reason", planes)
    page = folder / "z_evaluation.html"
    write_whole(page, _page(found, calibration).encode())
    return page


def as_json(found: ZEvaluation) -> dict[str, Any]:
    """The evaluation as ``z_evaluation.json`` has it; intervals are 95 %, by stack."""
    errors = plane_errors_um(found.planes)
    return {
        "schema": 1,
        "model": {"name": found.rater.name, "identity": found.rater.identity},
        "stacks": len(found.stacks.labels),
        "images": len(found.inferred.z_um),
        "note": found.note,
        "scores": _all(found.overall),
        "by_experiment": [_group(group) for group in found.by_experiment],
        "by_z": [_group(group) for group in found.by_z],
        "calibration_error": _known(_calibration(found).error),
        "bins_um": found.inferred.bins_um.tolist(),
        "confusion": found.confusion.tolist(),
        "best_plane": {
            "decided": len(errors),
            "mean_absolute_um": _known(float(np.abs(errors).mean()) if len(errors) else math.nan),
            "bias_um": _known(float(errors.mean()) if len(errors) else math.nan),
            "within_1um": _known(float((np.abs(errors) <= 1).mean()) if len(errors) else math.nan),
        },
        "again": [
            {"change": one.change, "images": one.images, "difference_um": one.difference_um,
             "same_bin": one.same_bin}
            for one in found.again
        ],
    }  # fmt: skip


def card(found: ZEvaluation) -> dict[str, Any]:
    """The evaluation as a model card has it: short words, numbers with intervals."""
    simulated = {label.method for label in found.stacks.labels} == {"simulated"}
    new = not found.rater.trained_on & {label.experiment for label in found.stacks.labels}
    what = "simulated stacks" if simulated else "stacks"
    what += ", experiments not in training" if new else ", experiments also in training"
    rows: dict[str, Any] = {"stacks": len(found.stacks.labels), "images": len(found.inferred.z_um)}
    rows |= {NAMES[name]: found.overall[name].text() for name in _CARD}
    errors = plane_errors_um(found.planes)
    if len(errors):
        rows["best plane of a stack: mean absolute error, um"] = round(
            float(np.abs(errors).mean()), 3
        )
    return {what: rows}


def summary(found: ZEvaluation) -> list[str]:
    """A few lines for the terminal."""
    lines = [f"{NAMES[name]:60} {score.text()}" for name, score in found.overall.items()]
    errors = plane_errors_um(found.planes)
    if len(errors):
        words = "best plane of a stack: mean absolute error, um"
        lines.append(f"{words:60} {np.abs(errors).mean():.3g} ({len(errors)} decided)")
    return lines


def _page(found: ZEvaluation, calibration: Reliability) -> str:
    rater = found.rater
    heads = ["", *(NAMES[name] for name in _SHORT)]
    undecided = [name for name in found.inferred.reason.tolist() if name]
    reasons = ", ".join(f"{undecided.count(name)} {name}" for name in sorted(set(undecided)))
    title = f"z-position: {rater.name}"
    return document(
        title,
        [
            f"<h1>{html.escape(title)}</h1>",
            f"<p>{len(found.stacks.labels)} stacks, {len(found.inferred.z_um)} images. Numbers in "
            "parentheses: 95 % interval, drawn by stack. Positive z: the objective is nearer to "
            f"the sample than in focus. {html.escape(found.note)}</p>",
            "<h2>All images</h2>",
            table(
                ["", "", "from", "to"],
                [(NAMES[n], s.value, s.low, s.high) for n, s in found.overall.items()],
            ),
            f"<p>Undecided: {html.escape(reasons) or 'none'}.</p>",
            plots(
                "Inferred and true",
                "",
                [
                    confusion_figure(found.confusion, found.inferred.bins_um),
                    error_figure(found.inferred),
                    reliability_figure(
                        calibration, calibration.error, what="images", classes="bin"
                    ),
                    planes_figure(found.planes),
                ],
            ),
            "<h2>By experiment and by true z</h2>",
            table(
                heads,
                [
                    (f"{group.name} ({group.images})", *(group.scores[n].value for n in _SHORT))
                    for group in (*found.by_experiment, *found.by_z)
                ],
            ),
            f"<h2>Best plane of a stack</h2><p>{_plane_words(found)}</p>",
            "<h2>The same image again</h2>",
            table(
                ["shown again", "images", "difference (RMS), um", "same bin, share"],
                [(a.change, a.images, a.difference_um, a.same_bin) for a in found.again],
            ),
        ],
    )


def _plane_words(found: ZEvaluation) -> str:
    errors = plane_errors_um(found.planes)
    words = f"{len(errors)} of {len(found.planes)} decided"
    if not len(errors):
        return f"{words}."
    return f"{words}; mean absolute error {np.abs(errors).mean():.3g} um, bias {errors.mean():.3g}."


def _calibration(found: ZEvaluation) -> Reliability:
    inferred = found.inferred
    return reliability(inferred.probabilities, nearest_bin(inferred.z_um, inferred.bins_um))


def _all(named: Mapping[str, Score]) -> dict[str, list[float | None]]:
    return {
        name: [_known(score.value), _known(score.low), _known(score.high)]
        for name, score in named.items()
    }


def _group(group: Any) -> dict[str, Any]:
    return {"name": group.name, "images": group.images, "scores": _all(group.scores)}


def _known(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 6)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _csv(path: Path, columns: str, rows: list[list[str]]) -> None:
    write_whole(path, csv_text([columns.split(), *rows]).encode())
