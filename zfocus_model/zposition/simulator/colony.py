"""Yeast that grows, buds and divides in a chamber: where each cell is, in um.

Cells are spheres while they push each other about (ellipsoids are drawn of them later). Floor and
ceiling hold them; most lie on the floor, some stick to the ceiling.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FLOOR, CEILING = 0, 1


@dataclass
class Colony:
    """All cells; arrays of the same length, changed in place as the colony grows."""

    side_um: float
    """Side of the square field, which repeats itself on all sides."""
    height_um: float
    """Of the chamber."""
    places: NDArray[np.float64]
    """(cells, 3): y, x, height of the middle above the floor, um."""
    radii: NDArray[np.float64]
    """(cells,) um, of a sphere of the same volume."""
    adult: NDArray[np.float64]
    """(cells,) um: the radius at which a cell stops growing and buds."""
    mother: NDArray[np.int64]
    """(cells,): whom a bud hangs on; -1: it is free."""
    side: NDArray[np.int64]
    """(cells,): FLOOR or CEILING."""
    direction: NDArray[np.float64]
    """(cells,): angle of the long axis and of the next bud, rad."""
    obstacles: NDArray[np.float64]
    """(obstacles, 3): y, x and radius of what stands in the way, um."""

    def __len__(self) -> int:
        """Number of cells, buds included."""
        return len(self.radii)

    @classmethod
    def found(
        cls,
        founders: int,
        side_um: float,
        height_um: float,
        radius_um: float,
        rng: np.random.Generator,
        *,
        ceiling: float = 0.1,
        spread: float = 0.1,
        obstacles: Sequence[tuple[float, float, float]] = (),
    ) -> Colony:
        """Put a few cells into an empty chamber.

        Parameters
        ----------
        founders
            How many.
        side_um, height_um
            Field and chamber.
        radius_um
            Mean radius of an adult cell.
        rng
            A seeded generator.
        ceiling
            Share of the cells that stick to the ceiling; one at least lies on the floor unless the
            share is 1.
        spread
            Standard deviation of the adult radius, relative.
        obstacles
            y, x and radius of posts, um.

        Returns
        -------
        Colony
            Settled.
        """
        adult = radius_um * np.clip(rng.normal(1, spread, founders), 0.7, 1.4)
        side = np.where(rng.random(founders) < ceiling, CEILING, FLOOR)
        if ceiling < 1:
            side[0] = FLOOR
        places = rng.uniform(0, side_um, (founders, 3))
        places[:, 2] = height_um / 2
        colony = cls(
            side_um=side_um,
            height_um=height_um,
            places=places,
            radii=adult * rng.uniform(0.85, 1, founders),
            adult=adult,
            mother=np.full(founders, -1),
            side=side,
            direction=rng.uniform(0, 2 * math.pi, founders),
            obstacles=np.array(obstacles, np.float64).reshape(-1, 3),
        )
        colony.settle(rounds=30)
        return colony

    def grow(self, cells: int, rng: np.random.Generator, *, loose: float = 0.05) -> None:
        """Let time pass until there are so many cells.

        Parameters
        ----------
        cells
            Stop at this number.
        rng
            A seeded generator.
        loose
            Chance that a daughter floats off and settles elsewhere.
        """
        while len(self) < cells:
            self.radii *= 1 + 0.06 * (self.radii < self.adult)
            self._divide(rng, loose)
            self._bud(cells - len(self), rng)
            self.settle(rounds=4)
        self.settle(rounds=25)

    def settle(self, rounds: int) -> None:
        """Push cells apart, and down to the floor or up to the ceiling."""
        for _ in range(rounds):
            self._hang()
            gap = self.places[:, None] - self.places[None]
            gap[..., :2] -= self.side_um * np.rint(gap[..., :2] / self.side_um)
            far = np.sqrt((gap**2).sum(-1)) + 1e-9
            deep = self.radii[:, None] + self.radii[None] - far
            np.fill_diagonal(deep, 0)
            own = self.mother >= 0
            rows = np.flatnonzero(own)
            deep[rows, self.mother[rows]] = deep[self.mother[rows], rows] = 0
            push = np.maximum(deep, 0) / far * 0.35
            move = (gap * push[..., None]).sum(1)
            self.places += move
            self._avoid()
            self.places[:, 2] += np.where(self.side == FLOOR, -0.25, 0.25)
            self._inside()
        self._hang()
        self._inside()

    def focus_height_um(self) -> float:
        """Mean height of the middle of the grown cells on the floor; of all if there are none.

        Returns
        -------
        float
            Above the floor, um: what z = 0 is focused on.
        """
        chosen = (self.side == FLOOR) & (self.mother < 0)
        if not chosen.any():
            chosen = np.ones(len(self), bool)
        return float(self.places[chosen, 2].mean())

    def _avoid(self) -> None:
        """Cells do not enter posts."""
        for y, x, radius in self.obstacles:
            gap = self.places[:, :2] - (y, x)
            gap -= self.side_um * np.rint(gap / self.side_um)
            far = np.sqrt((gap**2).sum(-1)) + 1e-9
            deep = np.maximum(radius + self.radii - far, 0)
            self.places[:, :2] += gap * (deep / far)[:, None]

    def _inside(self) -> None:
        self.places[:, :2] %= self.side_um
        # A cell that is too large for the chamber is squeezed when it is drawn.
        half = np.minimum(self.radii, self.height_um / 2)
        self.places[:, 2] = np.clip(self.places[:, 2], half, self.height_um - half)

    def _hang(self) -> None:
        """Buds touch their mothers."""
        for bud in np.flatnonzero(self.mother >= 0):
            mother = self.mother[bud]
            angle = self.direction[bud]
            far = 0.8 * (self.radii[mother] + self.radii[bud])
            offset = far * np.array([math.sin(angle), math.cos(angle), 0.0])
            self.places[bud] = self.places[mother] + offset

    def _divide(self, rng: np.random.Generator, loose: float) -> None:
        """Buds that are large enough go their own way."""
        for bud in np.flatnonzero((self.mother >= 0) & (self.radii > 0.75 * self.adult)):
            self.mother[bud] = -1
            self.direction[bud] += rng.normal(0, 1.5)
            if rng.random() < loose:
                self.places[bud, :2] = rng.uniform(0, self.side_um, 2)

    def _bud(self, most: int, rng: np.random.Generator) -> None:
        """Grown cells without a bud start one, now and then."""
        ready = (self.radii >= 0.95 * self.adult) & (self.mother < 0)
        ready[self.mother[self.mother >= 0]] = False
        chosen = np.flatnonzero(ready & (rng.random(len(self)) < 0.3))[:most]
        if not len(chosen):
            return
        angle = self.direction[chosen] + rng.normal(0, 0.9, len(chosen))
        self.places = np.concatenate([self.places, self.places[chosen]])
        self.radii = np.concatenate([self.radii, 0.3 * self.adult[chosen]])
        adult = self.adult[chosen] * np.clip(rng.normal(0.98, 0.06, len(chosen)), 0.8, 1.15)
        self.adult = np.concatenate([self.adult, adult])
        self.mother = np.concatenate([self.mother, chosen])
        self.side = np.concatenate([self.side, self.side[chosen]])
        self.direction = np.concatenate([self.direction, angle])
