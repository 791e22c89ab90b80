"""Simulated stacks as files: one OME-TIFF a stack, and their label table."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from zfocus_model._errors import ZfocusError
from zfocus_model._files import whole_file
from zfocus_model.zposition.labels import StackLabel, read_labels, write_labels
from zfocus_model.zposition.simulator.recipes import Recipe, Simulated, make

TABLE = "labels.csv"
"""Name of the label table in the folder of the stacks."""


@dataclass(frozen=True)
class Task:
    """One stack to make."""

    path: Path
    """File."""
    name: str
    """As the label table has it."""
    experiment: str
    """Name of the experiment."""
    recipe: Recipe
    """What to make."""


def write_stacks(
    folder: str | Path,
    recipes: Sequence[tuple[str, Recipe]],
    *,
    processes: int = 1,
    progress: Callable[[int, int, str], None] | None = None,
) -> tuple[StackLabel, ...]:
    """Make stacks; what is there from an interrupted run is kept.

    Parameters
    ----------
    folder
        Where ``labels.csv`` and a folder for each experiment are made.
    recipes
        Name of the experiment and recipe of each stack, as from ``recipes_of``.
    processes
        How many stacks are made at a time. With more than 1 a script that calls this needs the
        usual ``if __name__ == "__main__":``.
    progress
        Called with the number of stacks that are there, of all, and the name of the latest.

    Returns
    -------
    tuple of StackLabel
        Of all stacks, as in the table.

    Raises
    ------
    ZfocusError
        If the folder holds stacks of other recipes.
    OSError
        If a file cannot be written.
    """
    home = Path(folder)
    tasks = [_task(home, number, *pair) for number, pair in enumerate(recipes)]
    done = _kept(home, tasks)
    left = [task for task in tasks if task.name not in done]
    for task in left:
        task.path.parent.mkdir(parents=True, exist_ok=True)

    def labels() -> tuple[StackLabel, ...]:
        return tuple(done[task.name] for task in tasks if task.name in done)

    if progress is not None:
        progress(len(done), len(tasks), "")
    for label in _made(left, processes):
        done[label.stack] = label
        if len(done) % 8 == 0 or len(done) == len(tasks):
            write_labels(home / TABLE, labels())
        if progress is not None:
            progress(len(done), len(tasks), label.stack)
    return labels()


def write_stack(path: Path, made: Simulated, recipe: Recipe) -> None:
    """Write one stack as an OME-TIFF with its pixel size and spacing, whole or not at all.

    Parameters
    ----------
    path
        The file.
    made, recipe
        Pixels, and what they were made of.
    """
    import tifffile

    pixel = recipe.grid.pixel_size_um
    metadata = {
        "axes": "ZYX",
        "PhysicalSizeX": pixel,
        "PhysicalSizeXUnit": "µm",
        "PhysicalSizeY": pixel,
        "PhysicalSizeYUnit": "µm",
        "PhysicalSizeZ": recipe.z_step_um,
        "PhysicalSizeZUnit": "µm",
    }
    with whole_file(path) as part, tifffile.TiffWriter(part, ome=True) as writer:
        writer.write(made.planes, photometric="minisblack", metadata=metadata)


def _task(home: Path, number: int, experiment: str, recipe: Recipe) -> Task:
    name = f"{experiment}/{recipe.system}{number:04d}.ome.tif"
    return Task(home / name, name, experiment, recipe)


def _kept(home: Path, tasks: Sequence[Task]) -> dict[str, StackLabel]:
    """Labels of the stacks that an earlier run has made."""
    if not (home / TABLE).exists():
        return {}
    seeds = {task.name: str(task.recipe.seed) for task in tasks}
    kept: dict[str, StackLabel] = {}
    for label in read_labels(home / TABLE):
        if seeds.get(label.stack) != label.further.get("seed"):
            raise ZfocusError(
                f"{home}: expected an empty folder or the same set begun, got stacks of another "
                "system, seed or number: name another folder"
            )
        if (home / label.stack).exists():
            kept[label.stack] = label
    return kept


def _made(tasks: Sequence[Task], processes: int) -> Iterator[StackLabel]:
    if processes <= 1 or len(tasks) <= 1:
        yield from map(_make, tasks)
        return
    # Started afresh and not forked: the same on all systems, and safe beside other libraries.
    context = multiprocessing.get_context("spawn")
    with context.Pool(min(processes, len(tasks))) as pool:
        yield from pool.imap_unordered(_make, tasks)


def _make(task: Task) -> StackLabel:
    drawn = task.recipe
    made = make(drawn)
    write_stack(task.path, made, drawn)
    return StackLabel(
        stack=task.name,
        experiment=task.experiment,
        planes=drawn.planes,
        in_focus_plane=round(drawn.in_focus_plane, 4),
        z_step_um=drawn.z_step_um,
        pixel_size_um=drawn.grid.pixel_size_um,
        method="simulated",
        further={
            "seed": str(drawn.seed),
            "cells": str(drawn.cells),
            "floor_cells": str(made.floor_cells),
            "ceiling_cells": str(made.ceiling_cells),
            "focus_height_um": f"{made.focus_height_um:.3f}",
            "chamber_um": f"{drawn.chamber_um:g}",
            "condenser_na": f"{drawn.optics.condenser_na:.3f}",
        },
    )
