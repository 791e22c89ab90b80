"""What one stack is made of; how yeast and long cells vary."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from zfocus_model.zposition.simulator.optics import Grid, Optics
from zfocus_model.zposition.simulator.record import Exposure, some_dust
from zfocus_model.zposition.simulator.specimens import EuglenaLook, YeastLook

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
    yeast: YeastLook = field(default_factory=YeastLook)
    """What yeast is made of."""
    euglena: EuglenaLook = field(default_factory=EuglenaLook)
    """What long cells are made of."""
    trap_pairs: int = 0
    """Pairs of trap posts."""
    posts: int = 0
    """Posts that hold the ceiling."""
    polymer: float = 0.07
    """Refractive index of posts less that of the medium."""


@dataclass(frozen=True)
class Variation:
    """How much yeast experiments, and the stacks of one, differ: lowest and highest values."""

    na: tuple[float, float] = (1.27, 1.3)
    """Numerical aperture of the objective, of each stack."""
    condenser_na: tuple[float, float] = (0.33, 0.4)
    """Of each experiment."""
    condenser_of_stack: float = 0.02
    """Relative, on top of it."""
    wavelength_um: tuple[float, float] = (0.54, 0.56)
    """Middle of the band, of each experiment."""
    spherical_waves: float = 0.05
    """Largest spherical aberration of an experiment."""
    cell_radius_um: tuple[float, float] = (2.3, 2.7)
    """Of each experiment."""
    radius_of_stack: float = 0.07
    """Relative, on top of it."""
    contrast: tuple[float, float] = (0.93, 1.07)
    """Factor of all differences of refractive index in cells, of each experiment."""
    contrast_of_stack: float = 0.05
    """Relative, on top of it."""


ONE = Variation()
"""Five experiments at one microscope."""

MANY = Variation(
    na=(1.0, 1.3),
    condenser_na=(0.25, 0.5),
    condenser_of_stack=0.1,
    wavelength_um=(0.5, 0.6),
    spherical_waves=0.1,
    cell_radius_um=(2.1, 2.9),
    radius_of_stack=0.1,
    contrast=(0.85, 1.15),
    contrast_of_stack=0.1,
)
"""Another microscope and strain in each experiment: far from focus z is not certain, because a
wider condenser and a larger distance blur alike."""


def _about(rng: np.random.Generator, share: float) -> float:
    return float(rng.uniform(1 - share, 1 + share))


def draw_yeast(
    of_experiment: np.random.Generator, rng: np.random.Generator, age: float, vary: Variation = ONE
) -> Recipe:
    """Bright field, oil immersion, 0.24 um/px, 31 planes 1 um apart.

    Parameters
    ----------
    of_experiment
        A generator that is the same for all stacks of an experiment.
    rng
        That of the stack.
    age
        How far the experiment has gone, 0 to 1.
    vary
        How much microscope and cells differ.

    Returns
    -------
    Recipe
        Without a seed.
    """
    one = of_experiment.uniform
    condenser = float(one(*vary.condenser_na))
    wavelength = float(one(*vary.wavelength_um))
    shift = (float(one(-0.05, 0.05)), float(one(-0.05, 0.05)))
    spherical = float(one(-vary.spherical_waves, vary.spherical_waves))
    light = Exposure(
        background=float(one(105, 125)),
        photoelectrons=float(math.exp(one(math.log(2000), math.log(20000)))),
        slope=(float(one(-0.15, 0.15)), float(one(-0.15, 0.15))),
        vignette=float(one(0, 0.12)),
        dust=some_dust(of_experiment, int(of_experiment.integers(0, 7))),
    )
    radius, middle = float(one(*vary.cell_radius_um)), float(one(14.0, 16.0))
    contrast, elongation = float(one(*vary.contrast)), float(one(1.05, 1.2))
    device = float(of_experiment.random())
    own = _about(rng, vary.contrast_of_stack) * contrast
    optics = Optics(
        na=float(rng.uniform(*vary.na)),
        condenser_na=condenser * _about(rng, vary.condenser_of_stack),
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
        cell_radius_um=radius * _about(rng, vary.radius_of_stack),
        ceiling=float(rng.choice([0.0, 0.05, 0.1, 0.2])),
        yeast=look,
        trap_pairs=int(rng.integers(2, 7)) if device > 0.6 else 0,
        posts=int(rng.integers(0, 3)) if device < 0.4 else 0,
        polymer=float(rng.uniform(0.04, 0.075)),
    )


def draw_euglena(
    of_experiment: np.random.Generator, rng: np.random.Generator, age: float
) -> Recipe:
    """Positive phase contrast, 10x, 0.96 um/px, 51 planes 12 um apart.

    Parameters
    ----------
    of_experiment
        A generator that is the same for all stacks of an experiment.
    rng
        That of the stack.
    age
        How far the experiment has gone, 0 to 1.

    Returns
    -------
    Recipe
        Without a seed.
    """
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
