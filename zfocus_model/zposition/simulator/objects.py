"""Cells and pillars in um, drawn into slices of refractive index.

Lengths along the axis inside a slice are exact for ellipsoids; across, a pixel is the mean of
points in it, so that a thin wall shows no steps.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zfocus_model.zposition.simulator.optics import Grid
from zfocus_model.zposition.simulator.waves import Slices

_FINER = 3
"""Points a pixel, along y and x, that ellipsoids are drawn with."""


@dataclass(frozen=True)
class Ellipsoid:
    """A body of even refractive index, its third axis upright."""

    y_um: float
    """Middle, from the grid's upper edge; the grid repeats itself."""
    x_um: float
    """Middle, from the left edge."""
    height_um: float
    """Middle, above the floor."""
    length_um: float
    """Half axis along `angle`."""
    width_um: float
    """Half axis across it, in the plane."""
    depth_um: float
    """Half axis along the light."""
    index: float
    """What it adds to the refractive index, also to that of a body that it lies in."""
    angle: float = 0.0
    """From the x axis, rad."""
    taper: float = 0.0
    """How much thinner its far end is, 0 to 0.8: long cells are not the same at both ends."""
    absorbance: float = 0.0
    """Natural logarithm of what the intensity loses over 1 um."""


@dataclass(frozen=True)
class Pillar:
    """An upright post from floor to ceiling, an ellipse or a rounded rectangle in plan."""

    y_um: float
    """Middle, from the upper edge."""
    x_um: float
    """Middle, from the left edge."""
    length_um: float
    """Half axis along `angle`."""
    width_um: float
    """Half axis across it."""
    index: float
    """What it adds to the refractive index of the medium."""
    angle: float = 0.0
    """From the x axis, rad."""
    power: float = 2.0
    """2: an ellipse; larger: nearer to a rectangle."""
    edge_um: float = 0.25
    """Over which the edge goes from nothing to all."""


class Canvas:
    """Slices to draw into.

    Parameters
    ----------
    grid
        Pixels.
    height_um
        Of the chamber, floor to ceiling.
    slices
        How many slices it is cut into.
    """

    def __init__(self, grid: Grid, height_um: float, slices: int) -> None:
        self.grid = grid
        self.height_um = height_um
        self.thickness_um = height_um / slices
        shape = (slices, grid.size_px, grid.size_px)
        self._index = np.zeros(shape, np.float32)
        self._absorbance: NDArray[np.float32] | None = None

    def add(self, bodies: Iterable[Ellipsoid | Pillar]) -> None:
        """Draw bodies; where they overlap, their contributions add up."""
        for body in bodies:
            if isinstance(body, Pillar):
                self._add_pillar(body)
            else:
                self._add_ellipsoid(body)

    def slices(self) -> Slices:
        """What was drawn."""
        return Slices(self._index, self.thickness_um, self._absorbance)

    def _add_ellipsoid(self, body: Ellipsoid) -> None:
        reach = max(body.length_um, body.width_um)
        rows, columns, along, across = self._around(body.y_um, body.x_um, reach, body.angle, _FINER)
        u = along / body.length_um
        v = across / (body.width_um * (1 - body.taper * np.clip((u + 1) / 2, 0, 1)))
        half = body.depth_um * np.sqrt(np.maximum(0, 1 - u * u - v * v))
        low, high = body.height_um - half, body.height_um + half
        first = max(0, int((body.height_um - body.depth_um) / self.thickness_um))
        last = min(len(self._index) - 1, int((body.height_um + body.depth_um) / self.thickness_um))
        for number in range(first, last + 1):
            floor = number * self.thickness_um
            inside = np.minimum(high, floor + self.thickness_um) - np.maximum(low, floor)
            length = _coarse(np.maximum(inside, 0))
            self._index[number][rows, columns] += (
                np.float32(body.index / self.thickness_um) * length
            )
            if body.absorbance:
                if self._absorbance is None:
                    self._absorbance = np.zeros_like(self._index)
                self._absorbance[number][rows, columns] += np.float32(body.absorbance) * length

    def _add_pillar(self, body: Pillar) -> None:
        reach = math.hypot(body.length_um, body.width_um) + body.edge_um
        rows, columns, along, across = self._around(body.y_um, body.x_um, reach, body.angle)
        distance = (
            np.abs(along / body.length_um) ** body.power
            + np.abs(across / body.width_um) ** body.power
        ) ** (1 / body.power)
        outside_um = (distance - 1) * min(body.length_um, body.width_um)
        cover = np.clip(0.5 - outside_um / body.edge_um, 0, 1)
        smooth = cover * cover * (3 - 2 * cover)
        self._index[:, rows, columns] += (body.index * smooth).astype(np.float32)

    def _around(
        self, y_um: float, x_um: float, reach_um: float, angle: float, finer: int = 1
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """Pixels near a point, wrapped around, and their places along and across an angle, um.

        With `finer` above 1 there are so many places a pixel, on both axes.
        """
        size, pixel = self.grid.size_px, self.grid.pixel_size_um
        reach = min(size // 2 - 1, math.ceil(reach_um / pixel) + 1)
        steps = np.arange(-reach, reach + 1)
        row, column = round(y_um / pixel - 0.5), round(x_um / pixel - 0.5)
        fine = (np.arange(len(steps) * finer) + 0.5) / finer - reach
        dy = ((row + fine) * pixel - y_um)[:, None]
        dx = ((column + fine) * pixel - x_um)[None, :]
        along = dx * math.cos(angle) + dy * math.sin(angle)
        across = dy * math.cos(angle) - dx * math.sin(angle)
        return ((row + steps) % size)[:, None], ((column + steps) % size)[None, :], along, across


def _coarse(fine: NDArray[np.float64]) -> NDArray[np.float32]:
    """Mean of the points of each pixel."""
    height, width = fine.shape[0] // _FINER, fine.shape[1] // _FINER
    return fine.reshape(height, _FINER, width, _FINER).mean((1, 3), dtype=np.float32)
