"""``zfocus train``: from in-focus images to weights."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

NAME = "train"
SUMMARY = "train a focus model on sharp images; it defocuses them itself"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    add = parser.add_argument
    add(
        "--in-focus",
        required=True,
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
        help="start from the weights of this model package instead of random ones",
    )
    add(
        "--simulated",
        type=int,
        default=160,
        metavar="N",
        help="simulated sharp fields to train on beside the images; default: %(default)s",
    )
    add("--network", default="small", choices=("small", "reference"), help="default: small")
    add("--loss", default="rps", choices=("rps", "crossentropy"), help="default: rps")
    add("--epochs", type=int, default=60, help="default: %(default)s")
    add("--patches-per-epoch", type=int, default=25_600, help="default: %(default)s")
    add("--batch-size", type=int, default=128, help="default: %(default)s")
    add("--learning-rate", type=float, default=2e-3, help="default: %(default)s")
    add("--patience", type=int, default=15, help="epochs without gain; default: %(default)s")
    add("--seed", type=int, default=0, help="default: %(default)s")
    add("--workers", type=int, default=2, help="processes that make patches; default: 2")


def run(arguments: argparse.Namespace) -> int:
    """Read, split, train, calibrate."""
    # Before numpy is imported: its products here are small, and threads for them only get in the
    # way of the training step's own (measured: 1.4 ms a patch against 22 ms).
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from dataclasses import replace

    from zfocus_model.packages import open_package
    from zfocus_model.training.calibrate import calibrate_run
    from zfocus_model.training.fit import FitOptions, fit
    from zfocus_model.training.sources import list_images, read_images, split_images
    from zfocus_model.training.warm import exported_model

    options = FitOptions(
        network=arguments.network,
        loss=arguments.loss,
        epochs=arguments.epochs,
        patches_per_epoch=arguments.patches_per_epoch,
        batch_size=arguments.batch_size,
        learning_rate=arguments.learning_rate,
        patience=arguments.patience,
        simulated=arguments.simulated,
        seed=arguments.seed,
    )
    start = None
    if arguments.start:
        package = open_package(arguments.start)
        options = replace(options, start=package.sha256)
        start = exported_model(package)
    images = read_images(list_images(arguments.in_focus, arguments.where))
    training, validation = split_images(images, seed=arguments.seed)
    print(f"{len(training)} images to train on, {len(validation)} held out", flush=True)
    fit(training, validation, arguments.output, options, start=start, workers=arguments.workers)
    calibration = calibrate_run(arguments.output, validation)
    print(calibration.describe())
    print(f"next: zfocus export {arguments.output} -o PACKAGE")
    return 0
