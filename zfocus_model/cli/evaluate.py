"""``zfocus evaluate``: how right a model is, on images of which something is known."""

from __future__ import annotations

import argparse
import math
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from zfocus_model._errors import ZfocusError
from zfocus_model.cli import _evaluate_z
from zfocus_model.cli._common import OK, SOME_FAILED, add_model_options, load_model_of, say

if TYPE_CHECKING:
    from zfocus_model.evaluation.result import Evaluation

NAME = "evaluate"
SUMMARY = "measure how right a model is: accuracy, calibration, false flags, with intervals"

_SHOWN = (
    "exact",
    "within_1",
    "f_in_focus",
    "f_out_of_focus",
    "false_flags_per_1000",
    "ece",
    "undecided",
)

_GRADING = ("simulator", "photons", "train_manifest", "best_plane")
"""Options of graded copies, and of stacks in a manifest."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    add = parser.add_argument
    add(
        "images",
        type=Path,
        metavar="MANIFEST|DIR",
        help="a CSV file with a column path, relative to it, and if known source, role "
        "(in_focus, out_of_focus, synthetic_blur, blank, out_of_domain, saturated, stack), "
        "field, stack_id, z_index and z_um; or a folder of in-focus images; or the folder of "
        "BBBC006; or a label table of z-stacks (zfocus annotate), which judges a z-position model",
    )
    add(
        "-o",
        "--output",
        required=True,
        type=Path,
        metavar="DIR",
        help="folder for evaluation.html, evaluation.json, tables and figures; what was rated is "
        "kept in it, so that an interrupted evaluation goes on",
    )
    add(
        "--where",
        action="append",
        default=[],
        metavar="CONDITION",
        help="rows of the manifest to use, such as split=dev or 'modality!=phase*'; repeatable",
    )
    add_model_options(parser)
    add(
        "--simulator",
        action="append",
        choices=("paraxial", "vectorial"),
        help="what makes graded copies of in-focus images: paraxial (as in training) or vectorial "
        "(other formulas, specimens with depth); repeatable (default: paraxial)",
    )
    add(
        "--photons",
        type=float,
        metavar="N",
        help="photons at the brightest pixel of a graded copy, 10 to 50,000 (default: 2000)",
    )
    add(
        "--train-manifest",
        type=Path,
        metavar="CSV",
        help="what the model was trained on, to tell which sources are new to it (default: what "
        "its package says)",
    )
    add(
        "--best-plane",
        action="append",
        default=[],
        metavar="SOURCE=Z",
        help="best plane of the stacks of a source, or several, as in nucleus=21-22 or "
        "embryo=18,28,39; repeatable (default: where z_um is nearest to 0)",
    )
    add(
        "--focus-plane",
        type=int,
        metavar="Z",
        help="of BBBC006: the plane in focus, 0 to 33 (default: 16)",
    )
    add("--quiet", action="store_true", help="no progress, no summary")


def run(arguments: argparse.Namespace) -> int:
    """Evaluate.

    Returns
    -------
    int
        0 if all images could be read, 1 if some could not.
    """
    # Before numpy is imported: its products here are small, and its threads would get in the way
    # of those that simulate and rate.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if _evaluate_z.is_label_table(arguments.images):
        _refuse(arguments, (*_GRADING, "focus_plane"), "label table", "are judged by their labels")
        return _evaluate_z.run(arguments)
    from zfocus_model.evaluation import bbbc006, bbbc006_files

    output: Path = arguments.output
    try:
        if bbbc006_files.is_layout(arguments.images):
            _refuse(arguments, ("where", *_GRADING), "folder of BBBC006", "are rated as taken")
            focus: int | None = arguments.focus_plane
            failed = bbbc006.run(
                arguments.images,
                load_model_of(arguments),
                output,
                focus=bbbc006_files.FOCUS_PLANE if focus is None else focus,
                progress=None if arguments.quiet else _progress,
            )
            _end(arguments, failed, output)
            return SOME_FAILED if failed else OK
        result = _evaluate(arguments, output)
    except KeyboardInterrupt as stopped:
        stopped.args = (
            f"zfocus: interrupted: what was rated is kept in {output}, the same command goes on",
        )
        raise
    failed = [f"{failure.name}: {failure.error}" for failure in result.failures]
    if not arguments.quiet:
        _summary(result)
    _end(arguments, failed, output)
    return SOME_FAILED if failed else OK


def _refuse(arguments: argparse.Namespace, options: tuple[str, ...], got: str, why: str) -> None:
    """Refuse options that mean nothing for such images, rather than ignore them."""
    given = [name for name in options if getattr(arguments, name) not in (None, [])]
    if given:
        named = ", ".join("--" + name.replace("_", "-") for name in given)
        raise ZfocusError(
            f"expected no {named} with a {got}, whose planes {why}, got {named} with "
            f"{arguments.images}: leave {named} out"
        )


def _evaluate(arguments: argparse.Namespace, output: Path) -> Evaluation:
    from zfocus_model.evaluation.grading import PEAK_PHOTONS
    from zfocus_model.evaluation.run import Plan, evaluate
    from zfocus_model.evaluation.runner import Settings
    from zfocus_model.evaluation.stacks import parse_best

    if arguments.focus_plane is not None:
        raise ZfocusError(
            f"expected the folder of BBBC006 for --focus-plane, got {arguments.images}: name best "
            "planes of stacks with --best-plane SOURCE=Z"
        )
    photons = PEAK_PHOTONS if arguments.photons is None else arguments.photons
    plan = Plan(
        place=arguments.images,
        where=arguments.where,
        simulators=tuple(dict.fromkeys(arguments.simulator or ["paraxial"])),
        settings=Settings(peak_photons=photons),
        train_manifest=arguments.train_manifest,
        best=dict(parse_best(text) for text in arguments.best_plane),
    )
    return evaluate(
        plan,
        load_model_of(arguments),
        output,
        progress=None if arguments.quiet else _progress,
    )


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done} of {total}", end="\n" if done == total else "", file=sys.stderr)


def _summary(result: Evaluation) -> None:
    for graded in result.graded:
        print(f"graded copies, simulator {graded.simulator}, {graded.mean.name}:")
        for name in _SHOWN:
            score = graded.mean.scores[name]
            value, low, high = (_shown(v) for v in (score.value, score.low, score.high))
            print(f"  {name:22} {value:>8}  ({low} to {high})")
        highest: dict[str, float] = graded.sharp["at_highest_share"]
        print("  precision of flags, and with false flags at the upper limit of their share:")
        for name, least in highest.items():
            print(f"  {name:30} {_shown(graded.mean.scores[name].value):>8}  {_shown(least):>8}")
    for row in result.taken.rows:
        right = f"{row.right:.0%} {row.wanted}" if row.wanted else "no right status"
        why = f" (undecided: {row.why})" if row.reasons else ""
        print(f"as taken, {row.role:16} {row.source:28} {row.images:5} images, {right}{why}")
    for row in result.stacks:
        score = row.score
        found = "none" if score.found is None else score.found
        print(f"stack {row.stack:30} best plane {found}, Spearman {_shown(score.spearman)}")


def _shown(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}"


def _end(arguments: argparse.Namespace, failed: list[str], output: Path) -> None:
    for line in failed[:20]:
        say(f"zfocus: {line}")
    if len(failed) > 20:
        say(f"zfocus: and {len(failed) - 20} more")
    if not arguments.quiet:
        say(f"results: {output / 'evaluation.html'}")
