"""``zfocus data``: fetch public image sets to repeat an evaluation."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "data"
SUMMARY = "fetch a public image set, to repeat a published evaluation"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions and their options."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    get = actions.add_parser("get", help="download a set; the same command goes on where it ended")
    add = get.add_argument
    add("name", metavar="NAME", choices=("bbbc006",), help="bbbc006: z-stacks of U2OS cells (CC0)")
    add(
        "-o",
        "--output",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="folder in which the folder bbbc006 is made (default: here)",
    )
    add(
        "--planes",
        default="all",
        metavar="LIST",
        help="planes of the stacks, such as 0-33 or 0,8,16 (default: all 34; focus is near 16)",
    )
    add(
        "--from",
        dest="source",
        metavar="URL|FOLDER",
        help="where the archives lie (default: at their publisher, the Broad Institute)",
    )
    add(
        "--checksums",
        type=Path,
        metavar="FILE",
        help="a checksums.json of another download, which this one must equal",
    )
    add("--keep-archives", action="store_true", help="keep the .zip files beside the images")


def run(arguments: argparse.Namespace) -> int:
    """Fetch the set.

    Returns
    -------
    int
        0.
    """
    from zfocus_model.datasets import bbbc006
    from zfocus_model.datasets.checksums import FILE
    from zfocus_model.datasets.get import Got, get_planes

    def done(got: Got) -> None:
        state = "unpacked" if got.new else "already there"
        print(f"{got.folder}: {got.images} images, {state}", flush=True)

    with _bar() as progress:
        found = get_planes(
            arguments.output,
            bbbc006.parse_planes(arguments.planes),
            source=arguments.source or bbbc006.ADDRESS,
            checksums=arguments.checksums,
            keep_archives=arguments.keep_archives,
            progress=progress,
            done=done,
        )
    home = arguments.output / bbbc006.NAME
    first = sum(got.first_seen for got in found)
    if first:
        print(
            f"The publisher states no checksums: those of {first} archives were recorded at first "
            f"sight in {home / FILE}, and later downloads are held to them."
        )
    print(f"Evaluate with: zfocus evaluate {home} -o RESULTS")
    print(bbbc006.CITATION)
    return 0


@contextlib.contextmanager
def _bar() -> Generator[Callable[[str, int, int | None], None] | None, None, None]:
    """A progress bar on standard error, if that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns: list[Any] = [
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    ]
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        last = [""]

        def show(name: str, have: int, total: int | None) -> None:
            if name != last[0]:
                last[0] = name
                bar.reset(task, description=name)
            bar.update(task, completed=have, total=total)

        yield show
