"""``zfocus simulate``: z-stacks in transmitted light whose focus is known."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "simulate"
SUMMARY = "make z-stacks of simulated cells in transmitted light, with their label table"

_STACKS = {"yeast": 431, "euglena": 136}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the system and options."""
    add = parser.add_argument
    add(
        "system",
        choices=tuple(_STACKS),
        help="yeast: bright field, 0.24 um/px, 31 planes 1 um apart; euglena: long cells, phase "
        "contrast, 0.96 um/px, 51 planes 12 um apart",
    )
    add(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder for the stacks and labels.csv; the same command goes on where it ended",
    )
    add("--stacks", type=_number, metavar="N", help="how many (default: yeast 431, euglena 136)")
    add(
        "--experiments",
        type=_number,
        default=5,
        metavar="N",
        help="growth experiments (default: 5)",
    )
    add(
        "--microscopes",
        choices=("one", "many"),
        default="one",
        help="yeast: five experiments at one microscope, or condenser, colour and strain differ "
        "between them (default: one)",
    )
    add("--seed", type=int, default=1, help="another seed, other cells (default: 1)")
    add(
        "--processes",
        type=_number,
        metavar="N",
        help="stacks made at a time (default: the processors that this process may use)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Make the stacks.

    Returns
    -------
    int
        0.
    """
    from zfocus_model.zposition.simulator.dataset import TABLE, write_stacks
    from zfocus_model.zposition.simulator.recipes import recipes_of
    from zfocus_model.zposition.simulator.systems import MANY, ONE

    stacks = arguments.stacks or _STACKS[arguments.system]
    recipes = recipes_of(
        arguments.system,
        stacks,
        arguments.seed,
        arguments.experiments,
        ONE if arguments.microscopes == "one" else MANY,
    )
    with _bar() as progress:
        labels = write_stacks(
            arguments.output,
            recipes,
            processes=arguments.processes or _processors(),
            progress=progress,
        )
    print(f"{arguments.output / TABLE}: {len(labels)} stacks of {labels[0].planes} planes")
    return 0


def _processors() -> int:
    count = getattr(os, "sched_getaffinity", None)
    return len(count(0)) if count else os.cpu_count() or 1


def _number(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text!r}")
    return number


@contextlib.contextmanager
def _bar() -> Generator[Callable[[int, int, str], None] | None, None, None]:
    """A progress bar on standard error, if that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        "simulating",
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        "left after",
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)

        def show(done: int, total: int, _name: str) -> None:
            bar.update(task, completed=done, total=total)

        yield show
