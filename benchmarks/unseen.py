"""How a calibration on seen sources has to change for unseen ones, from trainings without some.

Five short trainings (budget and recipe of `studies.py`, but the shipped model's loss) leave sources
out. On what each left out the temperature is fitted (training images only, no dev source); the
factor between the two temperatures, and the in-focus limits, are written for `zfocus train
--unseen`. A training that is there is not made again, one that was stopped goes on.
Options: --runs DIR, --loss rps and --patches N (print only), --output FILE.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: see zfocus_model.cli.train

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from _record import Table, save
from studies import DATA, FLUORESCENCE, LEFT_OUT, PATCHES, ROOT, matches, short

from zfocus_model.training.calibrate import calibrate_run
from zfocus_model.training.data import RICH
from zfocus_model.training.fit import FitOptions, fit
from zfocus_model.training.sources import SourceImage, list_images, read_images, split_images
from zfocus_model.training.unseen import SCORES, Unseen, measure_unseen, write_unseen


def main() -> None:
    """Train what is missing, rate what was left out, and write the factor."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, default=ROOT / "runs" / "unseen")
    parser.add_argument("--patches", type=int, default=PATCHES)
    parser.add_argument("--loss", default=FitOptions().loss, choices=("crossentropy", "rps"))
    parser.add_argument("--output", type=Path, default=ROOT / "runs" / "unseen.json")
    arguments = parser.parse_args()
    images = read_images(list_images(DATA / "manifest.csv", ("split=train", *FLUORESCENCE)))
    options = short(arguments.patches, arguments.loss)
    name = f"{arguments.loss}-{arguments.patches}"
    folders = [
        trained(images, patterns, arguments.runs / f"{name}-leave-out-{number}", options)
        for number, patterns in enumerate(LEFT_OUT)
    ]
    unseen = measure_unseen(folders, images)
    write_unseen(arguments.output, unseen)
    report(unseen, keep=options == short(PATCHES, FitOptions().loss))


def trained(
    images: Sequence[SourceImage], left_out: str, folder: Path, options: FitOptions
) -> Path:
    """A run folder, trained without these sources and calibrated on those that it saw."""
    if not (folder / "calibration.json").exists():
        print(f"{folder.name}: without {left_out}", flush=True)
        rest = [image for image in images if not matches(image.source, left_out)]
        training, validation = split_images(rest, seed=options.seed)
        fit(training, validation, folder, options, RICH)
        calibrate_run(folder, validation)
    return folder


def report(unseen: Unseen, *, keep: bool) -> None:
    """Tables of sources and limits."""
    record = unseen.record
    rows = [
        [
            source["source"],
            source["images"],
            source["seen_temperature"],
            source["temperature"],
            source["factor_of_other_runs"],
            *(100 * error for error in source["calibration_error"].values()),
            source["seen_in_focus_min"],
            *(100 * value for value in source["at_seen_in_focus_min"].values()),
            source["best_in_focus_min"],
        ]
        for source in record["sources"]
    ]
    means = [float(np.mean([row[column] for row in rows])) for column in range(5, len(rows[0]))]
    save(
        "unseen",
        title="Calibration for sources that training never saw",
        tables=[
            Table(
                "training sources that a short training left out",
                [
                    "source",
                    "images",
                    "temperature, sources trained on",
                    "temperature, this source",
                    "factor of the other runs",
                    "calibration error without factor, %",
                    "with the factor of the other runs, %",
                    "with its own temperature, %",
                    "in-focus limit of the run",
                    "F, %",
                    "sharp called out of focus, %",
                    "blurred called in focus, %",
                    "best limit",
                ],
                [*rows, ["mean", None, None, None, None, *means]],
                f"The factor, {unseen.factor:.3f}, is the geometric mean of the ratios of the two "
                "temperatures; the standard error of its logarithm is "
                f"{record['standard_error_of_log_factor']:.2f}. Calibration error: patches, top "
                "label, 15 bins. F and what follows: whole images with the factor of the other "
                "runs, undecided ones counted, too.",
            ),
            Table(
                "in-focus limits on left-out sources, mean of sources",
                ["limit", "F, %", "sharp called out of focus, %", "blurred called in focus, %"],
                [
                    [limit["in_focus_min"], *(100 * limit[name] for name in SCORES)]
                    for limit in record["limits"]
                ],
                f"The middle of the best: {record['in_focus_min']:.2f}. For the record: the limit "
                "of a model is chosen on its own held-out images.",
            ),
        ],
        settings={"factor": unseen.factor},
        keep=keep,
    )


if __name__ == "__main__":
    main()
