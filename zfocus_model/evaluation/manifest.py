"""What to evaluate: rows of a CSV manifest, or a folder of in-focus images."""

from __future__ import annotations

import csv
import fnmatch
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from zfocus_model._errors import ZfocusError

if TYPE_CHECKING:
    from collections.abc import Sequence

IN_FOCUS, STACK = "in_focus", "stack"
ROLES = {
    IN_FOCUS: "in_focus",
    "in_focus_approx": "in_focus",
    "out_of_focus": "out_of_focus",
    "synthetic_blur": "out_of_focus",
    "blank": "undecided",
    "out_of_domain": "undecided",
    "saturated": "",
    STACK: "",
}
"""Roles of images, and the status that each should get as it was taken; empty: none is right."""


@dataclass(frozen=True)
class Entry:
    """One image file to evaluate."""

    path: Path
    """The file."""
    name: str
    """As the manifest writes it; noise is seeded by it, so that a moved folder changes nothing."""
    source: str
    """Data set or microscope; results are averaged over it."""
    role: str
    """One of `ROLES`."""
    stack: str = ""
    """Name of the stack that it is a plane of; empty for none."""
    z_index: int | None = None
    """Place in the stack, as the manifest counts."""
    z_um: float | None = None
    """Distance from focus, where known."""
    field: str = ""
    """Name of the field of view within its source; empty: one of its own. Files of one field, such
    as its channels, show the same cells: intervals draw them together."""


def read_rows(manifest: str | Path, where: Sequence[str] = ()) -> list[dict[str, str]]:
    """Read the rows of a manifest for which all conditions hold.

    Parameters
    ----------
    manifest
        CSV file with a column ``path``, relative to it.
    where
        Conditions on columns, all of which must hold: ``split=train``, or
        ``modality!=phase*,bright*``. Values are shell patterns, alternatives go with commas.

    Returns
    -------
    list of dict
        Column -> cell, in the order of the file; missing cells are empty.

    Raises
    ------
    ZfocusError
        If there is no column ``path``, or a condition names a column that is not there.
    """
    path = Path(manifest)
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            rows = [
                {str(k): v or "" for k, v in row.items() if isinstance(v, str) or v is None}
                for row in csv.DictReader(stream)
            ]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ZfocusError(f"expected a CSV file in UTF-8, got {path} ({error}): save it so") from (
            None
        )
    if not rows or "path" not in rows[0]:
        columns = ", ".join(rows[0]) if rows else "no rows"
        raise ZfocusError(
            f"expected rows with a column named path in the manifest {path}, got {columns}: "
            "name an image a row there, relative to the manifest"
        )
    return [row for row in rows if all(holds(row, condition) for condition in where)]


def holds(row: dict[str, str], condition: str) -> bool:
    """Tell whether a row fits a condition.

    Parameters
    ----------
    row
        Column -> cell.
    condition
        ``column=pattern,pattern`` or ``column!=pattern,pattern``.

    Returns
    -------
    bool
        True if it does.

    Raises
    ------
    ZfocusError
        If it is no condition, or on no column.

    Examples
    --------
    >>> holds({"modality": "phase contrast"}, "modality!=phase*,bright*")
    False
    """
    negated = "!=" in condition
    column, sign, patterns = condition.partition("!=" if negated else "=")
    if not sign or column not in row:
        raise ZfocusError(
            f"expected a condition such as split=train on a manifest column, got {condition!r}: "
            f"the columns are {', '.join(map(str, row))}"
        )
    hit = any(fnmatch.fnmatch(row[column] or "", pattern) for pattern in patterns.split(","))
    return hit != negated


def list_entries(place: str | Path, where: Sequence[str] = ()) -> list[Entry]:
    """List what to evaluate.

    Parameters
    ----------
    place
        A CSV manifest with the columns ``path`` and, if known, ``source``, ``role`` (else
        in_focus), ``field``, ``stack_id``, ``z_index`` and ``z_um``; or a folder of in-focus
        images, where each subfolder is a source of its own.
    where
        Conditions on manifest columns, see `read_rows`.

    Returns
    -------
    list of Entry
        Sorted by source, stack, place in the stack, and name.

    Raises
    ------
    ZfocusError
        If nothing is found, a condition does not fit, or a cell says what it cannot.
    """
    root = Path(place)
    if root.is_dir():
        if where:
            raise ZfocusError(
                f"expected a manifest for --where, got the folder {root}: pass a CSV with a "
                "path column, or leave --where out"
            )
        entries = _in_folder(root)
    elif root.is_file() and root.suffix.lower() == ".csv":
        entries = [_entry(root, row) for row in read_rows(root, where)]
    else:
        what = "another kind of file" if root.exists() else "nothing there"
        raise ZfocusError(
            f"expected a CSV manifest or a folder of in-focus images, got {root}, {what}: "
            "check the name"
        )
    if not entries:
        remedy = "loosen --where" if where else "add sharp images (TIFF, PNG, JPEG or BMP)"
        raise ZfocusError(f"expected images in {root}, got none that fit: {remedy}")
    return sorted(entries, key=_order)


def _order(entry: Entry) -> tuple[str, str, str, int, str]:
    place = -1 if entry.z_index is None else entry.z_index
    return entry.source, entry.role, entry.stack, place, entry.name


def _in_folder(root: Path) -> list[Entry]:
    from zfocus_model.images import SUFFIXES

    home = root.resolve().name or "images"
    files = sorted(
        path
        for path in root.rglob("*")
        if path.suffix.lower() in SUFFIXES
        and not any(part.startswith(".") for part in path.relative_to(root).parts)
    )
    return [
        Entry(
            path,
            path.relative_to(root).as_posix(),
            home if path.parent == root else path.parent.relative_to(root).as_posix(),
            IN_FOCUS,
        )
        for path in files
    ]


def _entry(manifest: Path, row: dict[str, str]) -> Entry:
    role = row.get("role") or IN_FOCUS
    if role not in ROLES:
        raise ZfocusError(
            f"expected a role of {', '.join(ROLES)} in {manifest}, got {role!r} for "
            f"{row['path']}: correct it, or leave it out with --where 'role!={role}'"
        )
    # Of other roles, a manifest may say in words which plane it is; it is of no use here.
    index, z_um = (row.get(c) or "" if role == STACK else "" for c in ("z_index", "z_um"))
    try:
        return Entry(
            manifest.parent / row["path"],
            row["path"],
            row.get("source") or manifest.stem,
            role,
            row.get("stack_id") or "",
            int(index) if index else None,
            float(z_um) if z_um else None,
            row.get("field") or "",
        )
    except ValueError:
        raise ZfocusError(
            f"expected a whole number as z_index and a number as z_um of a stack in {manifest}, "
            f"got {index!r} and {z_um!r} for {row['path']}: correct the manifest"
        ) from None
