"""What the report says in words: statuses, reasons, and names of planes."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from typing import Any

Row = Mapping[str, Any]
"""One row of images.csv, by column; values as numbers or as the texts of the file."""

INDICES = ("series", "t", "c", "z")
"""Columns that tell the planes of one image apart."""

STATUS_WORDS = {
    "in_focus": "in focus",
    "out_of_focus": "out of focus",
    "undecided": "undecided",
}

REASON_WORDS = {
    "blank": "nothing to judge by: no part of the image shows enough structure",
    "uncertain": "the model is not sure enough: its parts disagree or are unclear",
    "out_of_domain": "unlike the images that the model was trained on",
    "too_small": "smaller than one patch (84 x 84 px)",
    "masked": "no patch could be rated: masked, or holding values that are not finite",
}


def number(row: Row, column: str) -> float:
    """Value of a column; NaN where it is empty, missing or no number."""
    value = row.get(column)
    if value is None or value == "":
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def text(row: Row, column: str) -> str:
    """Value of a column as text; empty where it is undefined."""
    value = row.get(column)
    return "" if value is None else str(value)


def plane_indices(row: Row) -> str:
    """Which plane of its file: ``t 3, z 12``; indices at 0 are left out.

    Examples
    --------
    >>> plane_indices({"image": "a.tif", "series": 0, "t": 0, "c": 1, "z": "12"})
    'c 1, z 12'
    """
    values = ((name, text(row, name)) for name in INDICES)
    return ", ".join(f"{name} {value}" for name, value in values if value not in ("", "0"))


def plane_key(row: Row) -> str:
    """Name of a plane for files: 16 hexadecimal digits, the same in every run."""
    parts = [text(row, "image"), *(text(row, name) or "0" for name in INDICES)]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def montage_name(row: Row) -> str:
    """File name of a plane's montage: readable, safe on every system, and its own.

    Images of one base name in several folders, and names that differ only in letters that are
    replaced or in case, are told apart by the end of the name.

    Examples
    --------
    >>> montage_name({"image": "day 1/A01.tif", "series": 0, "t": 0, "c": 0, "z": 4})
    'day_1-A01_z4_ca9c9322.png'
    """
    stem = text(row, "image")
    stem = re.sub(r"\.(ome\.)?[A-Za-z0-9]{1,5}$", "", stem).replace("/", "-")
    stem = re.sub(r"[^A-Za-z0-9._-]+", "_", stem).strip("._-") or "image"
    planes = "".join(
        f"_{name}{text(row, name)}" for name in INDICES if text(row, name) not in ("", "0")
    )
    return f"{stem[-80:].lstrip('._-')}{planes}_{plane_key(row)[:8]}.png"


def verdict(row: Row) -> str:
    """One line about a plane: status, level and certainty.

    Examples
    --------
    >>> verdict({"status": "in_focus", "level": 0, "certainty_aggregate": 0.82})
    'in focus, level 0, certainty 0.82'
    """
    status = STATUS_WORDS.get(text(row, "status"), text(row, "status"))
    reason = text(row, "reason").replace("_", " ")
    parts = [f"{status} ({reason})" if reason else status]
    level, sure = number(row, "level"), number(row, "certainty_aggregate")
    if not math.isnan(level) and not reason:  # the level of an undecided image is a guess
        parts.append(f"level {level:g}")
    if not math.isnan(sure):
        parts.append(f"certainty {sure:.2f}")
    return ", ".join(parts)
