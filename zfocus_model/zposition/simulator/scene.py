"""One live frame of a growing chamber at any z, for cameras that are simulated."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from zfocus_model._errors import ZfocusError
from zfocus_model.zposition.simulator.colony import Colony
from zfocus_model.zposition.simulator.objects import Pillar
from zfocus_model.zposition.simulator.recipes import Recipe, recipe
from zfocus_model.zposition.simulator.specimens import posts, traps, yeast
from zfocus_model.zposition.simulator.waves import ExitFields, exit_fields, picture

FINER = 4
"""Camera pixels along a side of the grid's pixel in :meth:`Scene.frame`."""


class Scene:
    """Yeast in a chamber that grows when told to, seen at any z.

    The light through the cells is computed when they have changed and kept until they change again.

    Parameters
    ----------
    seed
        The same seed, the same chamber and cells.
    cells
        At the start.
    drawn
        Microscope, light, chamber and cells in another recipe than that of the seed; its seed and
        number of cells are not used.
    points
        Points of the source: fewer are faster, more are nearer to the truth far from focus.

    Raises
    ------
    ZfocusError
        If there is not one cell at least, or the recipe is not one of yeast.
    """

    def __init__(
        self, seed: int = 0, *, cells: int = 15, drawn: Recipe | None = None, points: int = 8
    ) -> None:
        chosen = recipe("yeast", 0, 0, 1, seed) if drawn is None else drawn
        if cells < 1 or chosen.system != "yeast":
            raise ZfocusError(
                f"expected at least 1 cell of yeast, got {cells} of {chosen.system}: "
                "choose another number or recipe"
            )
        self.recipe = replace(
            chosen, seed=seed, cells=cells, optics=replace(chosen.optics, points=points)
        )
        self._rng = np.random.default_rng((seed, 20181116))
        grid = chosen.grid
        self._pillars: tuple[Pillar, ...] = (
            *traps(grid, self._rng, index=chosen.polymer, pairs=chosen.trap_pairs),
            *posts(grid, self._rng, index=chosen.polymer, count=chosen.posts),
        )
        self._colony = Colony.found(
            max(1, min(cells, 5)),
            grid.side_um,
            chosen.chamber_um,
            chosen.cell_radius_um,
            self._rng,
            ceiling=chosen.ceiling,
            obstacles=[
                (post.y_um, post.x_um, (post.length_um + post.width_um) / 2)
                for post in self._pillars
            ],
        )
        self._colony.grow(cells, self._rng)
        self._turn = float(self._rng.random())
        self._floating: Colony | None = None
        self._fields: ExitFields | None = None
        size = chosen.size_px
        self._light = chosen.exposure.light(size, size)
        self._fine_light: NDArray[np.float32] | None = None
        self._finer: NDArray[np.float32] | None = None
        self._noise: NDArray[np.float32] | None = None

    @property
    def cells(self) -> int:
        """Cells on floor and ceiling, buds included; the grid is larger than the picture."""
        return len(self._colony)

    @property
    def pixel_size_um(self) -> float:
        """Side of a pixel of :meth:`image` in the sample, um."""
        return self.recipe.grid.pixel_size_um

    @property
    def focus_height_um(self) -> float:
        """Where z = 0 is at present: the middle of the cells on the floor, um above the floor."""
        return self._colony.focus_height_um()

    def grow(self, cells: int) -> None:
        """Let the colony grow.

        Parameters
        ----------
        cells
            Until there are so many; fewer than there are change nothing.
        """
        if cells > self.cells:
            self._colony.grow(cells, self._rng)
            self._fields = None

    def drift_in(self, cells: int) -> None:
        """Replace the cells that float through the chamber, at any height.

        Parameters
        ----------
        cells
            How many there are now; 0: all are gone.
        """
        self._floating = None
        if cells > 0:
            grid, chosen = self.recipe.grid, self.recipe
            self._floating = Colony.found(
                cells, grid.side_um, chosen.chamber_um, chosen.cell_radius_um, self._rng
            )
            radii = np.minimum(self._floating.radii, chosen.chamber_um / 2)
            places = self._rng.uniform(radii, chosen.chamber_um - radii)
            self._floating.places[:, 2] = places
        self._fields = None

    def intensity(self, z_um: float) -> NDArray[np.float32]:
        """Light on the camera, without noise.

        Parameters
        ----------
        z_um
            Of the objective, relative to focus; positive: nearer to the sample.

        Returns
        -------
        (grid, grid) float32
            1 where nothing is in the way of even light; repeats itself on all sides.
        """
        if self._fields is None:
            self._fields = self._through()
        return picture(self._fields, z_um)

    def image(self, z_um: float, rng: np.random.Generator) -> NDArray[np.uint8]:
        """Photograph the field on the grid that the z models use.

        Parameters
        ----------
        z_um
            As for :meth:`intensity`.
        rng
            A seeded generator, for the noise.

        Returns
        -------
        (size, size) uint8
            250 x 250 px unless the recipe has another size.
        """
        size = self.recipe.size_px
        return self.recipe.exposure.record(self.intensity(z_um)[:size, :size], self._light, rng)

    def frame(self, z_um: float, rng: np.random.Generator) -> NDArray[np.uint8]:
        """Photograph the field as the camera sees it, 4 pixels where the grid has one.

        The mean of 4 x 4 pixels without their noise is exactly the pixel of the grid: the frame
        holds no more detail than it does.

        Parameters
        ----------
        z_um
            As for :meth:`intensity`.
        rng
            A seeded generator, for the noise.

        Returns
        -------
        (4 size, 4 size) uint8
            1000 x 1000 px unless the recipe has another size.
        """
        chosen = self.recipe
        side = FINER * chosen.size_px
        if self._finer is None or self._fine_light is None or self._noise is None:
            self._finer = _enlarge(chosen.grid.size_px, FINER)[:side]
            self._fine_light = chosen.exposure.light(side, side)
            # Drawing a million normal numbers takes longer than the picture: pieces of a store.
            self._noise = self._rng.standard_normal(side * side * 3 // 2, dtype=np.float32)
        mean = self._finer @ self.intensity(z_um) @ self._finer.T
        mean *= self._fine_light
        np.maximum(mean, 0, out=mean)
        start = int(rng.integers(side * side // 2))
        noise = self._noise[start : start + side * side].reshape(side, side)
        spread = np.sqrt(mean)
        spread *= np.float32(FINER / math.sqrt(chosen.exposure.photoelectrons))
        spread *= noise
        mean += spread
        mean *= np.float32(chosen.exposure.background)
        np.clip(mean, 0, 255, out=mean)
        np.rint(mean, out=mean)
        return mean.astype(np.uint8)

    def _through(self) -> ExitFields:
        chosen = self.recipe
        slices = yeast(
            self._colony, chosen.yeast, chosen.grid, seed=chosen.seed, pillars=self._pillars
        )
        if self._floating is not None:
            more = yeast(self._floating, chosen.yeast, chosen.grid, seed=chosen.seed + 1)
            slices = replace(slices, index=slices.index + more.index)
        return exit_fields(
            slices,
            chosen.optics,
            chosen.grid,
            height_um=self.focus_height_um,
            turn=self._turn,
        )


def _enlarge(size: int, finer: int) -> NDArray[np.float32]:
    """Matrix (finer size, size) of a smooth, periodic enlargement whose means are the original."""
    f = np.fft.rfftfreq(size)
    # What the mean over a pixel's finer ones takes away, and where the first of them lies.
    steps = (np.arange(finer) + 0.5) / finer - 0.5
    mean = np.cos(2 * math.pi * f[:, None] * steps).mean(1)
    spectrum = np.fft.rfft(np.eye(size), axis=0)
    rows = [
        np.fft.irfft(spectrum * (np.exp(2j * math.pi * f * step) / mean)[:, None], n=size, axis=0)
        for step in steps
    ]
    return np.stack(rows, 1).reshape(finer * size, size).astype(np.float32)
