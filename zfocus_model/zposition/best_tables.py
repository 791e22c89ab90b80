"""Rows of the tables about best planes: names, order and notation of the columns."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from zfocus_model.tables import JSON_SCHEMA, Value, notation

if TYPE_CHECKING:
    from zfocus_model.zposition.best_plane import BestPlane
    from zfocus_model.zposition.zstack import ZStack

STACK_COLUMNS = (
    *("stack", "series", "t", "c", "planes", "best_plane", "position", "position_um"),
    *("confidence", "status", "reason", "modality", "direction", "z_step_um", "pixel_size_um"),
    *("extracted", "model", "package_sha256"),
)
"""Columns of best_planes.csv."""

PLANE_COLUMNS = (
    *("stack", "series", "t", "c", "plane", "status", "reason", "share"),
    *("expected_level", "level_sd", "z_expected_um", "z_sd_um", "z_um"),
)
"""Columns of planes.csv."""


def stack_row(name: str, stack: ZStack, best: BestPlane, extracted: str = "") -> dict[str, Value]:
    """Make the row of a stack in best_planes.csv.

    Parameters
    ----------
    name
        What the tables call the stack.
    stack, best
        The stack and its best plane.
    extracted
        Name of the file that the plane was written to, if it was.

    Returns
    -------
    dict
        Value by column.
    """
    info = stack.infos[0]
    known = best.position is not None and best.z_step_um is not None
    return {
        "stack": name,
        "series": info.series,
        "t": info.t,
        "c": info.c,
        "planes": len(stack),
        "best_plane": best.index,
        "position": best.position,
        "position_um": best.position * best.z_step_um if known else None,  # type: ignore[operator]
        "confidence": best.confidence,
        "status": best.status,
        "reason": best.reason,
        "modality": best.modality,
        "direction": best.direction,
        "z_step_um": best.z_step_um,
        "pixel_size_um": stack.pixel_size_um,
        "extracted": extracted,
        "model": best.model,
        "package_sha256": best.package_sha256,
    }


def plane_rows(name: str, stack: ZStack, best: BestPlane) -> list[dict[str, Value]]:
    """Make the rows of a stack's planes in planes.csv.

    Parameters
    ----------
    name
        What the tables call the stack.
    stack, best
        The stack and its best plane.

    Returns
    -------
    list of dict
        Value by column; no rows if there was no model to read the planes.
    """
    info = stack.infos[0]
    rows: list[dict[str, Value]] = []
    for reading in best.readings:
        z_um = None
        if best.position is not None and best.direction and best.z_step_um:
            z_um = best.direction * (reading.plane - best.position) * best.z_step_um
        rows.append(
            {
                "stack": name,
                "series": info.series,
                "t": info.t,
                "c": info.c,
                "plane": reading.plane,
                "status": reading.status,
                "reason": reading.reason,
                "share": reading.share,
                "expected_level": reading.expected_level,
                "level_sd": reading.level_sd,
                "z_expected_um": reading.z_um,
                "z_sd_um": reading.z_sd_um,
                "z_um": z_um,
            }
        )
    return rows


def cells(rows: Iterable[Mapping[str, Value]], columns: Sequence[str]) -> list[list[str]]:
    """Write rows as cells of a table, under their heading."""
    return [[*columns], *([notation(row[column]) for column in columns] for row in rows)]


def json_row(row: Mapping[str, Value], planes: Iterable[Mapping[str, Value]]) -> dict[str, object]:
    """Make the object that ``zfocus best-plane --json`` prints for a stack."""
    return {"schema": JSON_SCHEMA, **_six(row), "curve": [_six(plane) for plane in planes]}


def _six(row: Mapping[str, Value]) -> dict[str, Value]:
    """Floats with six digits, as in the tables; null for NaN and empty text."""
    shown: dict[str, Value] = {}
    for name, value in row.items():
        shown[name] = None if value == "" else value
        if isinstance(value, float):
            text = notation(value)
            shown[name] = float(text) if text else None
    return shown


def names_in_tables(paths: Sequence[str]) -> list[str]:
    """Names of stacks: POSIX paths relative to the folder that all have in common.

    Parameters
    ----------
    paths
        Paths of the stacks.

    Returns
    -------
    list of str
        One a path.

    Examples
    --------
    >>> names_in_tables(["a/day1/s1.tif", "a/day2/s1.tif"])
    ['day1/s1.tif', 'day2/s1.tif']
    """
    whole = [os.path.abspath(path) for path in paths]  # noqa: PTH100
    try:
        root = os.path.commonpath([os.path.dirname(path) for path in whole])  # noqa: PTH120
    except ValueError:  # none, or on several drives
        return [path.replace(os.sep, "/") for path in whole]
    return [os.path.relpath(path, root).replace(os.sep, "/") for path in whole]


def file_name(name: str) -> str:
    """Name of a stack as that of a file: no folder, no sign that some system does not allow.

    Examples
    --------
    >>> file_name("day1/cells_z*.png"), file_name("m.csv#s1"), file_name("a.ome.tif")
    ('day1_cells_z', 'm.csv_s1', 'a')
    """
    for suffix in (".ome.tif", ".ome.tiff", ".tif", ".tiff", ".png"):
        if name.lower().endswith(suffix):
            name = name[: -len(suffix)]
            break
    kept = "".join(sign if sign.isalnum() or sign in "-_." else "_" for sign in name)
    return kept.strip("_.") or "stack"
