"""``zfocus train --task z-position``: from labelled z-stacks to weights."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zfocus_model.cli._common import OK, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zfocus_model.zposition.labels import StackLabel
    from zfocus_model.zposition.training.fit import ZFitOptions
    from zfocus_model.zposition.training.stackset import StackSet

TASK = "z-position"

_CAMERA_UM = 0.06
_RECIPE = ("loss", "epochs", "batch_size", "learning_rate", "patience", "seed")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this task."""
    add = parser.add_argument_group("z-position (--task z-position)").add_argument
    add(
        "--stacks",
        type=Path,
        metavar="LABELS.csv",
        help="label table of z-stacks, as zfocus annotate and zfocus simulate write it; rows with "
        "split=test are left out, without any a fifth of the experiments is",
    )
    add(
        "--bin-width",
        type=float,
        metavar="UM",
        help="width of a z bin, 1 to 5 um; default: 1",
    )
    add("--reach", type=float, metavar="UM", help="bins to both sides of focus; default: 20")
    add(
        "--downsampling",
        type=float,
        metavar="N",
        help=f"grid of the network: N times {_CAMERA_UM} um a pixel; default: 4",
    )
    add(
        "--grid-um",
        type=float,
        metavar="UM",
        help="grid of the network in um a pixel instead, for other objectives; images are averaged "
        "to it",
    )
    add("--minutes", type=float, metavar="M", help="train at most so long; the shipped model: 20.5")
    add(
        "--about",
        action="append",
        default=[],
        metavar="WORD=TEXT",
        help="what the model card says of objective, modality, cells and the stacks' origin, such "
        "as 'objective=60x/1.3 oil'; repeatable",
    )


def run(arguments: argparse.Namespace) -> int:
    """Read, split, train, calibrate.

    Returns
    -------
    int
        0.
    """
    from zfocus_model._errors import ZfocusError
    from zfocus_model.zposition.labels import read_labels
    from zfocus_model.zposition.training.calibrate import calibrate_z
    from zfocus_model.zposition.training.fit import fit_z
    from zfocus_model.zposition.training.stackset import split_labels

    if arguments.start:
        raise ZfocusError(
            "expected no --from with --task z-position: fine-tune at the microscope with "
            "zfocus lock --learn"
        )
    options, domain = _options(arguments), _about(arguments.about)
    parts = split_labels(read_labels(arguments.stacks), seed=arguments.seed)
    if parts.note:
        say(f"zfocus: {parts.note}")
    print(
        f"{len(parts.train)} stacks to train on, {len(parts.validation)} to validate, "
        f"{len(parts.test)} left for the test",
        flush=True,
    )
    training, validation = (_load(part, arguments) for part in (parts.train, parts.validation))
    about = {
        "domain": domain,
        "test_experiments": sorted({label.experiment for label in parts.test}),
        "test_stacks": [label.stack for label in parts.test],
    }
    fit_z(training, validation, arguments.output, options, about=about)
    print(calibrate_z(arguments.output, validation).describe())
    print(f"next: zfocus evaluate {arguments.stacks} --model {arguments.output} -o RESULTS")
    print(f"then: zfocus export {arguments.output} -o PACKAGE")
    return OK


def _options(arguments: argparse.Namespace) -> ZFitOptions:
    """The recipe of the network, but for what was asked for."""
    from dataclasses import replace

    from zfocus_model.zposition.training.fit import recipe_for

    asked: dict[str, Any] = {name: getattr(arguments, name) for name in _RECIPE}
    asked |= {
        "bin_width_um": arguments.bin_width,
        "reach_um": arguments.reach,
        "minutes": arguments.minutes,
    }
    known = {name: value for name, value in asked.items() if value is not None}
    return replace(recipe_for(arguments.network or "small"), **known)


def _load(labels: Sequence[StackLabel], arguments: argparse.Namespace) -> StackSet:
    from zfocus_model.zposition.training.stackset import load_stacks

    grid_um = arguments.grid_um or _CAMERA_UM * (arguments.downsampling or 4)

    def progress(done: int, total: int) -> None:
        if sys.stderr.isatty():
            end = "\n" if done == total else ""
            print(f"\rreading stack {done} of {total}", end=end, file=sys.stderr)

    return load_stacks(
        labels, arguments.stacks.parent, pixel_size_um=round(grid_um, 6), progress=progress
    )


def _about(texts: Sequence[str]) -> dict[str, str]:
    from zfocus_model._errors import ZfocusError

    pairs = [text.partition("=") for text in texts]
    for text, (word, equals, value) in zip(texts, pairs):
        if not (word and equals and value):
            raise ZfocusError(f"expected --about WORD=TEXT, got {text!r}: put = between them")
    return {word.strip(): value.strip() for word, _, value in pairs}
