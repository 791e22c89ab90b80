"""Label stacks with the plane that is in focus: as somebody says, or found in the planes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from zfocus_model._errors import ModelError, ZfocusError
from zfocus_model.zposition.best_plane import best_plane
from zfocus_model.zposition.labels import StackLabel, read_labels
from zfocus_model.zposition.modality import FLUORESCENCE, TRANSMITTED
from zfocus_model.zposition.reversal import find_reversal
from zfocus_model.zposition.zstack import ZStack, uneven

if TYPE_CHECKING:
    from zfocus_model.model import Model
    from zfocus_model.zposition.model import ZModel

MIN_PLANES = 5
"""With fewer planes, nobody can tell a minimum of contrast from its slope."""


@dataclass(frozen=True, eq=False)
class Found:
    """Where focus lies in a stack, and what shows it."""

    plane: float
    """In planes from 0, between planes as well."""
    confidence: float | None
    """0 to 1; None if somebody said it."""
    finder: str
    """``given``, ``contrast reversal``, or the name of the model that found it."""
    curve: npt.NDArray[np.float64]
    """(planes,) what the picture shows below the planes; empty if somebody said it."""
    curve_name: str = ""
    """What the curve is."""


def find_focus(
    stack: ZStack,
    modality: str = TRANSMITTED,
    *,
    model: Model | None = None,
    z_model: ZModel | None = None,
) -> Found:
    """Find the in-focus plane of a stack.

    Transmitted light: where contrast reverses, never where the image is sharpest. Where that is
    not to be seen, the planes' readings decide if a z model is given: labels should not come from
    a model that nobody asked for, least of all to train another. Fluorescence: the least expected
    level.

    Parameters
    ----------
    stack
        Evenly spaced planes.
    modality
        ``transmitted`` or ``fluorescence``.
    model
        Level model for fluorescence; None: the default one.
    z_model
        z model for what contrast does not show; None: that is refused.

    Returns
    -------
    Found
        Where focus lies.

    Raises
    ------
    ZfocusError
        If no focus is found in the stack: one line that says why.
    """
    if not stack.even:
        raise uneven(stack)
    if modality == FLUORESCENCE:
        best = best_plane(stack, modality=FLUORESCENCE, model=model)
        if best.position is None:
            raise ZfocusError(f"expected a stack through focus: {best.message}")
        levels = np.array([reading.expected_level for reading in best.readings])
        return Found(best.position, best.confidence, best.model, levels, "expected level")
    if len(stack) < MIN_PLANES:
        raise ZfocusError(
            f"expected at least {MIN_PLANES} planes to find focus in, got {len(stack)}: say which "
            "one it is with --in-focus"
        )
    reversal = find_reversal(stack)
    if reversal.found:
        contrast, name = reversal.contrast, "contrast"
        return Found(reversal.position, reversal.confidence, "contrast reversal", contrast, name)
    by_model = None if z_model is None else _by_model(stack, z_model)
    if by_model is None:
        raise ZfocusError(
            "expected a stack through focus of transmitted light, got no plane within it at which "
            "contrast is least and reverses: acquire planes on both sides of focus, say which one "
            "it is with --in-focus, or say --modality fluorescence"
        )
    return by_model


def _by_model(stack: ZStack, z_model: ZModel) -> Found | None:
    try:
        best = best_plane(stack, modality=TRANSMITTED, z_model=z_model)
    except ModelError:
        raise
    except ZfocusError:  # another pixel size than the model's: it cannot help
        return None
    if best.position is None:
        return None
    z_um = np.array([reading.z_um for reading in best.readings])
    return Found(best.position, best.confidence, best.model, z_um, "z in um")


def given_focus(stack: ZStack, plane: float) -> Found:
    """Take the in-focus plane from somebody.

    Parameters
    ----------
    stack
        The stack.
    plane
        Index from 0; a fraction lies between planes.

    Returns
    -------
    Found
        As said.

    Raises
    ------
    ZfocusError
        If there is no such plane.
    """
    if not 0 <= plane <= len(stack) - 1:
        raise ZfocusError(
            f"expected an in-focus plane from 0 to {len(stack) - 1}, got {plane:g}: count from 0"
        )
    if not stack.even:
        raise uneven(stack)
    return Found(plane, None, "given", np.empty(0))


def label_of(
    stack: ZStack,
    found: Found,
    table: Path,
    *,
    experiment: str = "",
    direction: int = 1,
    chosen: dict[str, int] | None = None,
) -> StackLabel:
    """Make the label of a stack.

    Parameters
    ----------
    stack
        The stack; its z step must be known.
    found
        Where focus lies.
    table
        Path of the label table: the stack is named relative to its folder.
    experiment
        Name of the experiment; empty: that of the folder the stack lies in.
    direction
        1 if the objective moves toward the sample as the index grows, -1 if away.
    chosen
        Series, t and c where they were chosen.

    Returns
    -------
    StackLabel
        With the further columns ``finder`` and ``confidence``.

    Raises
    ------
    ZfocusError
        If the z step is not known.
    """
    if stack.z_step_um is None:
        raise ZfocusError(
            "expected a known distance between planes, got a stack that does not say: give it in "
            "um with --z-step"
        )
    further = {axis: str(number) for axis, number in (chosen or {}).items()}
    further["finder"] = found.finder
    further["confidence"] = "" if found.confidence is None else f"{found.confidence:.4g}"
    return StackLabel(
        stack=name_in(table, stack.name),
        experiment=experiment or Path(os.path.abspath(stack.name)).parent.name,  # noqa: PTH100
        planes=len(stack),
        in_focus_plane=round(found.plane, 4),
        z_step_um=stack.z_step_um,
        pixel_size_um=stack.pixel_size_um,
        direction=direction,
        method="given" if found.confidence is None else "found",
        further=further,
    )


def name_in(table: Path, stack: str) -> str:
    """Name a stack as a label table does: POSIX path relative to the table's folder.

    Parameters
    ----------
    table
        Path of the table.
    stack
        Path of the stack.

    Returns
    -------
    str
        The name; absolute if the two are on different drives.
    """
    folder = os.path.dirname(os.path.abspath(table))  # noqa: PTH100, PTH120
    try:
        return Path(os.path.relpath(stack, folder)).as_posix()
    except ValueError:
        return Path(os.path.abspath(stack)).as_posix()  # noqa: PTH100


def existing(table: Path) -> dict[str, StackLabel]:
    """Labels that a table has already, by stack; none if there is no table yet.

    Raises
    ------
    ZfocusError
        If there is a file that is no label table: it is not replaced.
    """
    if not table.exists():
        return {}
    return {label.stack: label for label in read_labels(table)}


def read_given(path: Path, names: Sequence[str]) -> dict[str, float]:
    """Read which plane is in focus for each stack, from a CSV with ``stack,in_focus_plane``.

    Parameters
    ----------
    path
        The CSV file; stacks are named as in the label table.
    names
        Stacks that are to be labelled.

    Returns
    -------
    dict
        Plane by stack.

    Raises
    ------
    ZfocusError
        If it cannot be read, a stack is not among the names, or a plane is no number.
    """
    import csv

    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ZfocusError(
            f"expected a plane or a CSV file for --in-focus, got {path}: check the name"
        ) from error
    reader = csv.DictReader(lines)
    if not {"stack", "in_focus_plane"} <= {*(reader.fieldnames or ())}:
        raise ZfocusError(f"expected the columns stack and in_focus_plane, got {path} without them")
    given: dict[str, float] = {}
    for row in reader:
        where = f"{path}, row {reader.line_num}"
        if row["stack"] not in names:
            raise ZfocusError(
                f"{where}: expected the name of a stack such as {names[0]}, got {row['stack']!r}"
            )
        try:
            given[row["stack"]] = float(row["in_focus_plane"])
        except (TypeError, ValueError):
            raise ZfocusError(
                f"{where}, column in_focus_plane: expected the index of a plane, from 0, got "
                f"{row['in_focus_plane']!r}"
            ) from None
    return given
