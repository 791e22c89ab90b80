"""``zfocus train``: from in-focus images to weights."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zfocus_model.cli import _train_z
from zfocus_model.cli._common import OK, SOME_FAILED, say

if TYPE_CHECKING:
    from zfocus_model.training.finetune import FineTuned
    from zfocus_model.training.fit import FitOptions

NAME = "train"
SUMMARY = "train a focus model on sharp images, or a z-position model on labelled stacks"

_NETWORKS = ("small", "half", "double", "reference")
_Z_NETWORKS = ("small", "published")
_RECIPE = ("network", "loss", "patches_per_epoch", "batch_size", "learning_rate", "patience")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    add = parser.add_argument
    add(
        "--task",
        choices=("focus-level", _train_z.TASK),
        default="focus-level",
        help="focus-level: level of sharp images that are defocused here; z-position: signed z of "
        "one transmitted-light image; default: %(default)s",
    )
    add(
        "--in-focus",
        type=Path,
        metavar="DIR|MANIFEST",
        help="sharp images: a folder, whose subfolders count as sources, or a CSV file with a "
        "column path, relative to it, and if known source and licence",
    )
    add(
        "-o",
        "--output",
        required=True,
        type=Path,
        metavar="RUN",
        help="run folder; a run that was stopped goes on there",
    )
    add(
        "--where",
        action="append",
        default=[],
        metavar="CONDITION",
        help="rows of the manifest to use, such as split=train or 'modality!=phase*'; repeatable",
    )
    add(
        "--from",
        dest="start",
        metavar="NAME|PATH",
        help="fine-tune this model package, in minutes: some images are held out and before and "
        "after compared on them. With --epochs: a whole training that starts from its weights",
    )
    add(
        "--simulated",
        type=int,
        metavar="N",
        help="simulated sharp fields to train on beside the images; default: none, with --from 40",
    )
    add("--network", choices=(*_NETWORKS, *_Z_NETWORKS[1:]), help="default: small")
    add(
        "--loss",
        choices=("rps", "crossentropy", "hard"),
        help="default: crossentropy; for z-position with soft labels; hard: the nearest bin alone",
    )
    add("--epochs", type=int, help="default: 60, with --from 8; for z-position 100")
    add("--patches-per-epoch", type=int, help="default: 25600, with --from 6400")
    add("--batch-size", type=int, help="default: 128")
    add("--learning-rate", type=float, help="default: 0.002, with --from 0.0003")
    add("--patience", type=int, help="epochs without gain; default: 15, with --from 3")
    add(
        "--unseen",
        type=Path,
        metavar="FILE",
        help="what benchmarks/unseen.py made of trainings without some sources: the calibration "
        "allows for microscopes that the training never saw",
    )
    add("--seed", type=int, default=0, help="default: %(default)s")
    add("--workers", type=int, default=2, help="processes that make patches; default: 2")
    _train_z.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Read, split, train, calibrate; with --from alone, compare before and after, too.

    Returns
    -------
    int
        0, or 1 if fine-tuning made the model no better.
    """
    # Before numpy is imported: its products here are small, and threads for them only get in the
    # way of the training step's own (measured: 1.4 ms a patch against 22 ms).
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    _check(arguments)
    if arguments.task == _train_z.TASK:
        return _train_z.run(arguments)
    if arguments.start and arguments.epochs is None:
        return _fine_tune(arguments)
    return _train(arguments)


def _check(arguments: argparse.Namespace) -> None:
    """Refuse what belongs to the other task, before anything is read."""
    from zfocus_model._errors import ZfocusError

    z_task = arguments.task == _train_z.TASK
    networks, images = (_Z_NETWORKS, "--stacks") if z_task else (_NETWORKS, "--in-focus")
    if arguments.network not in (None, *networks):
        raise ZfocusError(
            f"expected the network {' or '.join(networks)} for --task {arguments.task}, got "
            f"{arguments.network}: choose one of them"
        )
    if not z_task and arguments.loss == "hard":
        raise ZfocusError(
            f"expected the loss crossentropy or rps for --task {arguments.task}, got hard: choose "
            "one of them"
        )
    if arguments.unseen and (z_task or (arguments.start and arguments.epochs is None)):
        raise ZfocusError(
            "expected --unseen with a whole training for focus levels only, got another: leave it "
            "out"
        )
    if (arguments.stacks if z_task else arguments.in_focus) is None:
        raise ZfocusError(
            f"expected images to train on, got none: name them with {images}"
            + (" LABELS.csv (zfocus annotate or zfocus simulate writes one)" if z_task else "")
        )


def _options(arguments: argparse.Namespace, recipe: FitOptions) -> FitOptions:
    """The recipe, but for what was asked for."""
    from dataclasses import replace

    names = (*_RECIPE, "epochs", "simulated", "seed")
    asked: dict[str, Any] = {name: getattr(arguments, name) for name in names}
    return replace(recipe, **{name: value for name, value in asked.items() if value is not None})


def _train(arguments: argparse.Namespace) -> int:
    from dataclasses import replace

    from zfocus_model.packages import open_package
    from zfocus_model.training.calibrate import calibrate_run
    from zfocus_model.training.fit import FitOptions, fit
    from zfocus_model.training.sources import list_images, read_images, split_images
    from zfocus_model.training.unseen import read_unseen
    from zfocus_model.training.warm import exported_model

    options = _options(arguments, FitOptions())
    unseen = read_unseen(arguments.unseen) if arguments.unseen else None
    start = None
    if arguments.start:
        package = open_package(arguments.start)
        options = replace(options, start=package.sha256)
        start = exported_model(package)
    images = read_images(list_images(arguments.in_focus, arguments.where))
    training, validation = split_images(images, seed=arguments.seed)
    print(f"{len(training)} images to train on, {len(validation)} held out", flush=True)
    fit(training, validation, arguments.output, options, start=start, workers=arguments.workers)
    calibration = calibrate_run(arguments.output, validation, unseen=unseen)
    print(calibration.describe())
    print(f"next: zfocus export {arguments.output} -o PACKAGE")
    return OK


def _fine_tune(arguments: argparse.Namespace) -> int:
    from zfocus_model.training.finetune import RECIPE, fine_tune

    result = fine_tune(
        arguments.start,
        arguments.in_focus,
        arguments.output,
        where=arguments.where,
        options=_options(arguments, RECIPE),
        workers=arguments.workers,
    )
    print(f"\n{result.own.fields} held-out images, defocused to 11 levels each")
    print("\n".join(result.own.lines()))
    print(f"\n{result.simulated.fields} simulated fields of other kinds")
    print("\n".join(result.simulated.lines()))
    print()
    return _verdict(result, arguments)


def _verdict(result: FineTuned, arguments: argparse.Namespace) -> int:
    """Say what to do with the result: one line or two."""
    start, output = arguments.start, arguments.output
    if not result.accepted:
        say(
            f"zfocus: not better than {start} on the held-out images: go on using {start}. "
            f"{output}/rejected.keras keeps the weights, which zfocus export does not take"
        )
        return SOME_FAILED
    if not result.own.beyond_chance:
        print("better on the held-out images, but by so little that it may be chance")
    if result.narrower:
        print(f"worse than {start} on other kinds of images: use it for images like these only")
    print(f"better: {output}/finetune.json. next: zfocus export {output} -o PACKAGE")
    return OK
