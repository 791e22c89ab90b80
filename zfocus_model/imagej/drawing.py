"""Ratings as ImageJ's overlay and tables."""

from __future__ import annotations

from typing import Any

import numpy as np

from zfocus_model.imagej.java import java_class
from zfocus_model.levels import PATCH_PX
from zfocus_model.rating import Rating
from zfocus_model.report.colours import level_colour
from zfocus_model.tables import Value

NAME = "zfocus"
"""Names of all that zfocus draws start with it."""


def draw(
    overlay: Any,
    rating: Rating,
    origin: tuple[int, int],
    border_px: float,
    position: tuple[int, ...],
) -> None:
    """Add a box for each patch, inside its border; a thin grey one where it is not rated."""
    roi_class, stroke, colour = map(
        java_class, ("ij.gui.Roi", "java.awt.BasicStroke", "java.awt.Color")
    )
    patches = rating.patches
    levels, certainties = patches.level, patches.certainty
    for row, column in np.ndindex(*levels.shape):
        level = int(levels[row, column])
        red, green, blue = level_colour(
            level if level >= 0 else np.nan, certainties[row, column]
        ).tolist()
        border = float(border_px) if level >= 0 else 1.0
        # A stroke lies half outside its box: half a width further in, it ends at the border.
        x, y = (start + PATCH_PX * n + border / 2 for start, n in zip(origin, (column, row)))
        side = PATCH_PX - border
        roi = roi_class(float(x), float(y), float(side), float(side))
        roi.setStroke(stroke(border))
        roi.setStrokeColor(colour(red, green, blue))
        roi.setName(f"{NAME} {row},{column}")
        if position:
            roi.setPosition(*position)
        overlay.add(roi)


def table_of(columns: tuple[str, ...], rows: list[dict[str, Value]]) -> Any:
    """Rows in an ``ij.measure.ResultsTable``; undefined is empty, not 0."""
    table = java_class("ij.measure.ResultsTable")()
    table.setPrecision(4)
    table.showRowNumbers(False)
    names = {column: _camel(column) for column in columns}
    for row in rows:
        table.incrementCounter()
        for column, name in names.items():
            value = row[column]
            value = "" if value is None else value
            table.addValue(name, value if isinstance(value, str) else float(value))
    return table


def _camel(column: str) -> str:
    """Name of a column in ImageJ's tables: in_focus_probability is InFocusProbability."""
    return "".join(part[:1].upper() + part[1:] for part in column.split("_"))
