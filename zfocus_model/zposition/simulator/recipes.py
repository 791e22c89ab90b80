"""What varies between experiments, and between the stacks of one."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from zfocus_model._errors import ZfocusError
from zfocus_model.zposition.simulator.colony import Colony
from zfocus_model.zposition.simulator.optics import Grid, Optics
from zfocus_model.zposition.simulator.record import Exposure, some_dust
from zfocus_model.zposition.simulator.specimens import (
    EuglenaLook,
    YeastLook,
    euglena,
    posts,
    traps,
    yeast,
)
from zfocus_model.zposition.simulator.waves import ExitFields, exit_fields, pictures

SYSTEMS = ("yeast", "euglena")
"""Yeast in bright field at 40x to 60x; long cells in phase contrast at 10x."""


@dataclass(frozen=True)
class Recipe:
    """All that one stack is made of."""

    system: str
    """One of :data:`SYSTEMS`."""
    seed: int
    """Of cells and noise."""
    optics: Optics
    """The microscope."""
    exposure: Exposure
    """Light and camera."""
    grid: Grid
    """Pixels, a few more than the picture has."""
    size_px: int
    """Side of the picture."""
    planes: int
    """Of the stack."""
    z_step_um: float
    """Between planes."""
    in_focus_plane: float
    """Where z = 0 lies."""
    cells: int
    """In the whole grid."""
    chamber_um: float = 6.0
    """Floor to ceiling."""
    cell_radius_um: float = 2.5
    """Mean of grown yeast."""
    ceiling: float = 0.1
    """Share of the cells that stick to the ceiling."""
    yeast: YeastLook = YeastLook()
    """What yeast is made of."""
    euglena: EuglenaLook = EuglenaLook()
    """What long cells are made of."""
    trap_pairs: int = 0
    """Pairs of trap posts."""
    posts: int = 0
    """Posts that hold the ceiling."""
    polymer: float = 0.07
    """Refractive index of posts less that of the medium."""


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


def recipe(system: str, experiment: int, stack: int, stacks: int, seed: int) -> Recipe:
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
    drawn = (_yeast if system == "yeast" else _euglena)(of_experiment, rng, age)
    return replace(drawn, seed=int(rng.integers(2**31)))


def recipes_of(
    system: str, stacks: int, seed: int, experiments: int = 5
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

    Returns
    -------
    list of tuple
        Name of the experiment and recipe of each stack.
    """
    every: list[tuple[str, Recipe]] = []
    for experiment in range(experiments):
        here = stacks // experiments + (experiment < stacks % experiments)
        name = f"experiment{experiment + 1}"
        every += [(name, recipe(system, experiment, k, here, seed)) for k in range(here)]
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


def specimen_fields(
    drawn: Recipe, rng: np.random.Generator
) -> tuple[ExitFields, float, int, int]:
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
        slices, height = euglena(
            drawn.cells, drawn.euglena, grid, rng, height_um=drawn.chamber_um
        )
        counts = (drawn.cells, 0)
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
        counts = (len(colony) - above, above)
    turn = float(rng.random())
    fields = exit_fields(slices, drawn.optics, grid, height_um=height, turn=turn)
    return fields, height, *counts


def _yeast(of_experiment: np.random.Generator, rng: np.random.Generator, age: float) -> Recipe:
    """Bright field, oil immersion, 0.24 um/px, 31 planes 1 um apart."""
    one = of_experiment.uniform
    condenser = float(one(0.25, 0.5))
    wavelength = float(one(0.5, 0.6))
    shift = (float(one(-0.05, 0.05)), float(one(-0.05, 0.05)))
    spherical = float(one(-0.1, 0.1))
    light = Exposure(
        background=float(one(105, 125)),
        photoelectrons=float(math.exp(one(math.log(2000), math.log(20000)))),
        slope=(float(one(-0.15, 0.15)), float(one(-0.15, 0.15))),
        vignette=float(one(0, 0.12)),
        dust=some_dust(of_experiment, int(of_experiment.integers(0, 7))),
    )
    radius, middle = float(one(2.1, 2.9)), float(one(14.0, 16.0))
    contrast, elongation = float(one(0.85, 1.15)), float(one(1.05, 1.2))
    device = float(of_experiment.random())
    own = float(rng.uniform(0.9, 1.1)) * contrast
    optics = Optics(
        na=float(rng.uniform(1.0, 1.3)),
        condenser_na=condenser * float(rng.uniform(0.9, 1.1)),
        condenser_shift_na=shift,
        wavelength_um=wavelength,
        bandwidth_um=0.08,
        spherical_waves=spherical + float(rng.normal(0, 0.03)),
    )
    look = YeastLook(
        cytoplasm=0.045 * own,
        wall=0.075 * own,
        wall_um=float(rng.uniform(0.12, 0.2)),
        elongation=elongation,
    )
    cells = round(15 * (240 / 15) ** (age * float(rng.uniform(0.8, 1.05))))
    return Recipe(
        system="yeast",
        seed=0,
        optics=optics,
        exposure=light,
        grid=Grid(256, 0.24),
        size_px=250,
        planes=31,
        z_step_um=1.0,
        in_focus_plane=float(np.clip(middle + rng.normal(0, 1.2), 11.5, 18.5)),
        cells=cells,
        cell_radius_um=radius * float(rng.uniform(0.9, 1.1)),
        ceiling=float(rng.choice([0.0, 0.05, 0.1, 0.2])),
        yeast=look,
        trap_pairs=int(rng.integers(2, 7)) if device > 0.6 else 0,
        posts=int(rng.integers(0, 3)) if device < 0.4 else 0,
        polymer=float(rng.uniform(0.04, 0.075)),
    )


def _euglena(of_experiment: np.random.Generator, rng: np.random.Generator, age: float) -> Recipe:
    """Positive phase contrast, 10x, 0.96 um/px, 51 planes 12 um apart."""
    one = of_experiment.uniform
    ring = float(one(0.1, 0.12))
    optics = Optics(
        na=0.3,
        condenser_inner_na=ring - 0.012,
        condenser_na=ring + 0.012,
        condenser_shift_na=(float(one(-0.004, 0.004)), float(one(-0.004, 0.004))),
        wavelength_um=float(one(0.52, 0.58)),
        bandwidth_um=0.06,
        ring_transmission=math.sqrt(float(one(0.2, 0.35))),
        ring_phase=-math.pi / 2,
        ring_margin_na=0.008,
        points=24,
    )
    light = Exposure(
        background=float(one(85, 105)),
        photoelectrons=float(math.exp(one(math.log(2000), math.log(20000)))),
        slope=(float(one(-0.15, 0.15)), float(one(-0.15, 0.15))),
        vignette=float(one(0, 0.12)),
        dust=some_dust(of_experiment, int(of_experiment.integers(0, 7))),
    )
    contrast, middle = float(one(0.85, 1.15)), float(one(23.5, 26.5))
    own = contrast * float(rng.uniform(0.9, 1.1))
    return Recipe(
        system="euglena",
        seed=0,
        optics=optics,
        exposure=light,
        grid=Grid(256, 0.96),
        size_px=250,
        planes=51,
        z_step_um=12.0,
        in_focus_plane=float(np.clip(middle + rng.normal(0, 1.2), 20, 30)),
        cells=round(6 * 8 ** (age * float(rng.uniform(0.7, 1.1)))),
        chamber_um=60.0,
        euglena=EuglenaLook(body=0.014 * own, grain=0.025 * own),
    )
