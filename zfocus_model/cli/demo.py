"""``zfocus demo``: make a small simulated plate and rate it, to see what the tool does."""

from __future__ import annotations

import argparse
import csv
import shlex
import sys
from pathlib import Path

NAME = "demo"
SUMMARY = "make a small simulated plate and rate it, with pictures and a report"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        default=Path("zfocus_demo"),
        metavar="DIR",
        help="folder for images, truth.csv and results (default: %(default)s)",
    )
    parser.add_argument(
        "--model", metavar="NAME|PATH", help="model package (default: the one of `zfocus rate`)"
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="another number gives another plate (default: 0)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Simulate the plate, rate it as ``zfocus rate`` does, and compare.

    Returns
    -------
    int
        The exit code of ``zfocus rate``.
    """
    import numpy as np

    from zfocus_model import demo
    from zfocus_model._errors import ZfocusError
    from zfocus_model._files import write_whole
    from zfocus_model.cli import main

    folder: Path = arguments.output
    images, results = folder / "images", folder / "results"
    if arguments.seed < 0:
        raise ZfocusError(f"expected a seed of 0 or more, got {arguments.seed}: give another")
    truths = demo.plate()
    for index, truth in enumerate(truths):
        if sys.stderr.isatty():
            _say(f"simulating image {index + 1} of {len(truths)}\r", end="")
        # A generator for each image: a change to one leaves the others as they are.
        rng = np.random.default_rng([arguments.seed, index])
        demo.write_image(images / truth.image, demo.draw(truth, rng))
    write_whole(folder / "truth.csv", demo.truth_table(truths).encode())
    _say(f"{len(truths)} simulated images are in {images}")

    command = ["rate", str(images), "-o", str(results), "--montage", "--report"]
    if arguments.model:
        command += ["--model", arguments.model]
    _say(f"zfocus {shlex.join(command)}")
    code = main(command)
    if code != 0:
        return code

    with (results / "images.csv").open(newline="", encoding="utf-8") as stream:
        score = demo.score(truths, csv.DictReader(stream))
    print(f"{score.within_one} of {score.rated} images with cells are right within one level")
    print(f"{score.blank_undecided} of {score.blank} images without cells are undecided, as due")
    print(f"Open {results / 'report.html'} in a browser; what is true is in {folder / 'truth.csv'}")
    return code


def _say(words: str, end: str = "\n") -> None:
    print(words, end=end, file=sys.stderr, flush=True)
