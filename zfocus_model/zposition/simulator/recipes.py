"""Recipes of whole data sets, and stacks made after them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from zfocus_model._errors import ZfocusError
from zfocus_model.zposition.simulator.colony import Colony
from zfocus_model.zposition.simulator.specimens import euglena, posts, traps, yeast
from zfocus_model.zposition.simulator.systems import (
    ONE,
    SYSTEMS,
    Recipe,
    Variation,
    draw_euglena,
    draw_yeast,
)
from zfocus_model.zposition.simulator.waves import ExitFields, exit_fields, pictures


@dataclass(frozen=True)
class Simulated:
    """A stack and the truth about it."""

    planes: NDArray[np.uint8]
    """(planes, size, size): the objective moves toward the sample as the index grows."""
    focus_height_um: float
    """Height above the floor that z = 0 is focused on: the middle of the cells on the floor."""
    floor_cells: int
    """Cells in the grid on the floor, buds included."""
    ceiling_cells: int
    """On the ceiling."""


def recipe(
    system: str, experiment: int, stack: int, stacks: int, seed: int, vary: Variation = ONE
) -> Recipe:
    """Draw one stack of one experiment.

    Parameters
    ----------
    system
        One of :data:`SYSTEMS`.
    experiment, stack
        Numbers from 0.
    stacks
        Of this experiment: its cells grow from the first to the last.
    seed
        Of the whole data set.
    vary
        How much yeast experiments differ: ``systems.ONE`` microscope or ``systems.MANY``.

    Returns
    -------
    Recipe
        For :func:`make`.

    Raises
    ------
    ZfocusError
        If the system is unknown.
    """
    if system not in SYSTEMS:
        raise ZfocusError(f"expected a system of {' or '.join(SYSTEMS)}, got {system!r}")
    number = SYSTEMS.index(system)
    of_experiment = np.random.default_rng((seed, number, experiment))
    rng = np.random.default_rng((seed, number, experiment, stack))
    age = (stack + float(rng.random())) / max(1, stacks)
    if system == "yeast":
        drawn = draw_yeast(of_experiment, rng, age, vary)
    else:
        drawn = draw_euglena(of_experiment, rng, age)
    return replace(drawn, seed=int(rng.integers(2**31)))


def recipes_of(
    system: str, stacks: int, seed: int, experiments: int = 5, vary: Variation = ONE
) -> list[tuple[str, Recipe]]:
    """Draw a whole data set: equally many stacks of every experiment, as far as that goes.

    Parameters
    ----------
    system
        One of :data:`SYSTEMS`.
    stacks
        In all.
    seed
        Of everything.
    experiments
        How many there are.
    vary
        As for :func:`recipe`.

    Returns
    -------
    list of tuple
        Name of the experiment and recipe of each stack.
    """
    every: list[tuple[str, Recipe]] = []
    for experiment in range(experiments):
        here = stacks // experiments + (experiment < stacks % experiments)
        name = f"experiment{experiment + 1}"
        every += [(name, recipe(system, experiment, k, here, seed, vary)) for k in range(here)]
    return every


def make(drawn: Recipe) -> Simulated:
    """Simulate one stack.

    Parameters
    ----------
    drawn
        From :func:`recipe`, changed at will.

    Returns
    -------
    Simulated
        The same for the same recipe.
    """
    rng = np.random.default_rng(drawn.seed)
    fields, height, floor, ceiling = specimen_fields(drawn, rng)
    first = -drawn.in_focus_plane * drawn.z_step_um
    intensity = pictures(fields, first, drawn.z_step_um, drawn.planes)
    size = drawn.size_px
    light = drawn.exposure.light(size, size)
    planes = drawn.exposure.record(intensity[:, :size, :size], light, rng)
    return Simulated(planes, height, floor, ceiling)


def specimen_fields(drawn: Recipe, rng: np.random.Generator) -> tuple[ExitFields, float, int, int]:
    """Light through the specimen of a recipe.

    Parameters
    ----------
    drawn
        The recipe.
    rng
        A seeded generator.

    Returns
    -------
    tuple
        Fields; height of z = 0 above the floor, um; cells on the floor; cells on the ceiling.
    """
    grid = drawn.grid
    if drawn.system == "euglena":
        slices, height = euglena(drawn.cells, drawn.euglena, grid, rng, height_um=drawn.chamber_um)
        floor, above = drawn.cells, 0
    else:
        founders = max(3, min(drawn.cells, drawn.cells // 6))
        pillars = traps(grid, rng, index=drawn.polymer, pairs=drawn.trap_pairs)
        pillars += posts(grid, rng, index=drawn.polymer, count=drawn.posts)
        colony = Colony.found(
            min(founders, drawn.cells),
            grid.side_um,
            drawn.chamber_um,
            drawn.cell_radius_um,
            rng,
            ceiling=drawn.ceiling,
            obstacles=[(p.y_um, p.x_um, (p.length_um + p.width_um) / 2) for p in pillars],
        )
        colony.grow(drawn.cells, rng)
        slices = yeast(colony, drawn.yeast, grid, seed=drawn.seed, pillars=pillars)
        height = colony.focus_height_um()
        above = int(colony.side.sum())
        floor = len(colony) - above
    turn = float(rng.random())
    fields = exit_fields(slices, drawn.optics, grid, height_um=height, turn=turn)
    return fields, height, floor, above
