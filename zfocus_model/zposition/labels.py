"""The label table of z-stacks: where each stack is in focus, and which side of the split it is on.

A CSV file, one row a stack, in the folder that its stacks lie in or above them::

    stack,experiment,planes,in_focus_plane,z_step_um,pixel_size_um,direction,method,split
    day1/a.ome.tif,day1,31,15,1,0.24,1,found,train
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from zfocus_model._errors import ZfocusError
from zfocus_model._files import write_whole
from zfocus_model.tables import csv_text

COLUMNS = (
    *("stack", "experiment", "planes", "in_focus_plane", "z_step_um", "pixel_size_um"),
    *("direction", "method", "split"),
)
"""Columns of a label table, in this order; further ones may follow and are kept."""

METHODS = ("simulated", "given", "found")
"""How the in-focus plane is known: by construction, from a person, by ``zfocus annotate``."""

SPLITS = ("", "train", "test")
"""Sides of the split; empty: not decided."""


@dataclass(frozen=True)
class StackLabel:
    """Where one stack is in focus."""

    stack: str
    """POSIX path of the file, folder or pattern of planes, relative to the table's folder."""
    experiment: str
    """Name of the experiment: stacks that show the same cells, day or chamber share it."""
    planes: int
    """Number of planes, at least 2."""
    in_focus_plane: float
    """Index of the plane in focus, 0 to ``planes - 1``; between two planes it is fractional."""
    z_step_um: float
    """Distance between neighbouring planes in um, above 0."""
    pixel_size_um: float | None = None
    """Side of a pixel in the sample in um; None if nobody knows (empty in the table)."""
    direction: int = 1
    """1: the objective moves toward the sample as the index grows; -1: away from it."""
    method: str = "given"
    """One of :data:`METHODS`."""
    split: str = ""
    """One of :data:`SPLITS`."""
    further: Mapping[str, str] = field(default_factory=dict[str, str], compare=False)
    """Cells of further columns, by the column's name."""


def z_um_of_planes(label: StackLabel) -> npt.NDArray[np.float64]:
    """Where each plane of a stack was taken, relative to focus.

    Parameters
    ----------
    label
        The stack's label.

    Returns
    -------
    (planes,) float64
        z in um, positive where the objective was moved toward the sample.

    Examples
    --------
    >>> z_um_of_planes(StackLabel("a.tif", "day1", 4, 1.5, 2.0)).tolist()
    [-3.0, -1.0, 1.0, 3.0]
    """
    places = np.arange(label.planes, dtype=np.float64)
    return label.direction * (places - label.in_focus_plane) * label.z_step_um


def read_labels(path: str | Path) -> tuple[StackLabel, ...]:
    """Read a label table.

    Parameters
    ----------
    path
        The CSV file, in UTF-8.

    Returns
    -------
    tuple of StackLabel
        In the order of the rows.

    Raises
    ------
    ZfocusError
        If a column is missing, a cell does not make sense (names row and column), or a stack stands
        there twice.
    """
    place = Path(path)
    try:
        text = place.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not text in UTF-8"
        raise ZfocusError(
            f"{place}: expected a label table (CSV), got: {reason}: "
            "write one with zfocus annotate or zfocus simulate"
        ) from error
    reader = csv.DictReader(io.StringIO(text))
    names = tuple(name or "" for name in reader.fieldnames or ())
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise ZfocusError(
            f"{place}: expected a label table with the columns {', '.join(COLUMNS)}, got none "
            f"called {', '.join(missing)}: write one with zfocus annotate"
        )
    labels: list[StackLabel] = []
    rows: dict[str, int] = {}
    for row in reader:
        label = _label(row, names, f"{place}, row {reader.line_num}")
        if label.stack in rows:
            raise ZfocusError(
                f"{place}, row {reader.line_num}: expected every stack once, got {label.stack} "
                f"again (row {rows[label.stack]}): delete one of the rows"
            )
        rows[label.stack] = reader.line_num
        labels.append(label)
    return tuple(labels)


def write_labels(path: str | Path, labels: Iterable[StackLabel]) -> None:
    """Write a label table, whole or not at all.

    Parameters
    ----------
    path
        The CSV file; replaced if it is there, its folder is made if need be.
    labels
        In the order that the rows shall have.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    every = tuple(labels)
    more = tuple(dict.fromkeys(name for label in every for name in label.further))
    rows = [[*_cells(label), *(label.further.get(name, "") for name in more)] for label in every]
    write_whole(Path(path), csv_text([(*COLUMNS, *more), *rows]).encode())


def split_by_experiment(
    labels: Sequence[StackLabel], test_share: float = 0.2, seed: int = 0
) -> tuple[tuple[StackLabel, ...], str]:
    """Put every stack on one side of a split, all stacks of an experiment on the same one.

    Experiments are drawn in random order into the test side while that brings it nearer to its
    share. A table that has a single experiment is split by stack: the same cells may then be on
    both sides, and the note says so.

    Parameters
    ----------
    labels
        Stacks of one table, at least 2.
    test_share
        Share of the stacks for the test, between 0 and 1.
    seed
        Of the random order.

    Returns
    -------
    tuple
        The labels in their order, each with ``split`` ``train`` or ``test`` (both occur); and a
        note, empty unless the split is by stack.

    Raises
    ------
    ZfocusError
        If there are fewer than 2 stacks, or the share is not between 0 and 1.
    """
    if len(labels) < 2 or not 0 < test_share < 1:
        raise ZfocusError(
            f"expected at least 2 stacks and a test share between 0 and 1, got {len(labels)} and "
            f"{test_share:g}: take more stacks, or a share such as 0.2"
        )
    by_stack = len({label.experiment for label in labels}) == 1
    groups: dict[str, list[int]] = {}
    for place, label in enumerate(labels):
        groups.setdefault(label.stack if by_stack else label.experiment, []).append(place)
    names = sorted(groups)
    draws = np.random.default_rng(seed).random(len(names)).tolist()
    order = [name for _draw, name in sorted(zip(draws, names))]
    wanted, test = test_share * len(labels), set[int]()
    for name in order[:-1]:  # one group at least is for training
        if abs(len(test) + len(groups[name]) - wanted) < abs(len(test) - wanted):
            test.update(groups[name])
    if not test:
        test.update(groups[min(order, key=lambda name: len(groups[name]))])
    note = ""
    if by_stack:
        note = (
            f"all stacks are of one experiment ({labels[0].experiment or 'without a name'}): "
            "split by stack, the test may show the same cells as the training"
        )
    return tuple(
        replace(label, split="test" if place in test else "train")
        for place, label in enumerate(labels)
    ), note


def leaks(labels: Iterable[StackLabel]) -> tuple[str, ...]:
    """Find experiments that have stacks on both sides of the split.

    Parameters
    ----------
    labels
        With their splits.

    Returns
    -------
    tuple of str
        Names, sorted; empty if the test shows nothing that was trained on.
    """
    sides: dict[str, set[str]] = {}
    for label in labels:
        sides.setdefault(label.experiment, set()).add(label.split)
    return tuple(sorted(name for name, found in sides.items() if {"train", "test"} <= found))


def _cells(label: StackLabel) -> list[str]:
    return [
        label.stack,
        label.experiment,
        str(label.planes),
        f"{label.in_focus_plane:.6g}",
        f"{label.z_step_um:.6g}",
        "" if label.pixel_size_um is None else f"{label.pixel_size_um:.6g}",
        str(label.direction),
        label.method,
        label.split,
    ]


def _label(row: Mapping[str, str | None], names: tuple[str, ...], where: str) -> StackLabel:
    cells = {name: (row.get(name) or "").strip() for name in names if name}

    def number(column: str, low: float, what: str) -> float:
        try:
            value = float(cells[column])
        except ValueError:
            value = math.nan
        if not low <= value < math.inf:
            raise _wrong(where, column, what, cells[column])
        return value

    def word(column: str, known: tuple[str, ...]) -> str:
        if cells[column] not in known:
            raise _wrong(
                where, column, " or ".join(name or "nothing" for name in known), cells[column]
            )
        return cells[column]

    if not cells["stack"]:
        raise _wrong(where, "stack", "the path of a stack", "")
    planes = number("planes", 2, "a number of planes, at least 2")
    focus = number("in_focus_plane", 0, "the index of a plane, from 0")
    if planes != int(planes) or focus > planes - 1:
        raise _wrong(
            where,
            "in_focus_plane",
            f"an index of {planes:g} planes, from 0",
            cells["in_focus_plane"],
        )
    tiny = 1e-6
    return StackLabel(
        stack=cells["stack"],
        experiment=cells["experiment"],
        planes=int(planes),
        in_focus_plane=focus,
        z_step_um=number("z_step_um", tiny, "a distance in um, above 0"),
        pixel_size_um=number("pixel_size_um", tiny, "a size in um, above 0, or nothing")
        if cells["pixel_size_um"]
        else None,
        direction=int(word("direction", ("1", "-1"))),
        method=word("method", METHODS),
        split=word("split", SPLITS),
        further={name: cell for name, cell in cells.items() if name not in COLUMNS},
    )


def _wrong(where: str, column: str, wanted: str, got: str) -> ZfocusError:
    return ZfocusError(
        f"{where}, column {column}: expected {wanted}, got {got or 'nothing'!r}: mend the table"
    )
