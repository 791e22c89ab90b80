"""A progress bar with planes a second and the time left, on a terminal only."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zfocus_model.results import Progress


@contextlib.contextmanager
def progress_bar(
    shown: bool = True, doing: str = "rating"
) -> Generator[Callable[[Progress], None] | None, None, None]:
    """Show a bar on standard error while a batch runs.

    Parameters
    ----------
    shown
        False for none; there is none either where standard error is no terminal.
    doing
        What is done to the images, the word before the bar.

    Yields
    ------
    callable or None
        To be given to ``rate_files``.
    """
    if not shown or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bar

    bar = Bar(
        TextColumn(doing),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}"),
        TimeRemainingColumn(),
        TextColumn("left after"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[image]}", markup=False),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task("", total=None, speed="", image="")

        def show(progress: Progress) -> None:
            elapsed = bar.tasks[0].elapsed or 0.0
            speed = f"{progress.rated / elapsed:.1f} images/s" if elapsed > 0.5 else ""
            bar.update(
                task,
                completed=progress.planes,
                total=progress.expected,
                speed=speed,
                image=progress.image[-40:],
            )

        yield show
