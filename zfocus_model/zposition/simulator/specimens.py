"""Fields of yeast and of Euglena-like cells, as slices of refractive index."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from zfocus_model.zposition.simulator.colony import Colony
from zfocus_model.zposition.simulator.objects import Canvas, Ellipsoid, Pillar
from zfocus_model.zposition.simulator.optics import Grid
from zfocus_model.zposition.simulator.waves import Slices


@dataclass(frozen=True)
class YeastLook:
    """Refractive index of the parts of a yeast cell, less that of the medium."""

    cytoplasm: float = 0.045
    """Inside the wall."""
    wall: float = 0.075
    """The wall."""
    vacuole: float = 0.02
    """Vacuoles: less than the cytoplasm."""
    droplet: float = 0.09
    """Lipid droplets."""
    granule: float = 0.012
    """Standard deviation of granules, less the cytoplasm."""
    wall_um: float = 0.15
    """Thickness of the wall."""
    elongation: float = 1.12
    """Length of a grown cell over its width, on average."""
    vacuoles: float = 0.7
    """Share of grown cells with a large vacuole."""


@dataclass(frozen=True)
class EuglenaLook:
    """Sizes and refractive index of long, fixed and stained cells."""

    length_um: tuple[float, float] = (30.0, 50.0)
    """Shortest and longest cell."""
    width_um: tuple[float, float] = (7.0, 12.0)
    """Thinnest and widest cell."""
    body: float = 0.014
    """Refractive index of the cell less that of the medium."""
    grain: float = 0.025
    """Of grains and chloroplasts less that of the cell."""
    absorbance: float = 0.02
    """Of the stained body, natural logarithm of the intensity, a um."""


def yeast(
    colony: Colony,
    look: YeastLook,
    grid: Grid,
    *,
    seed: int,
    pillars: Sequence[Pillar] = (),
    slices: int = 7,
) -> Slices:
    """Draw a colony in its chamber.

    Parameters
    ----------
    colony
        Where the cells are.
    look
        What they are made of.
    grid
        Pixels; its side is the colony's.
    seed
        Of what is inside the cells: the same for a colony that has grown since.
    pillars
        Posts in the chamber.
    slices
        How many slices the chamber is cut into.

    Returns
    -------
    Slices
        From the floor up.
    """
    canvas = Canvas(grid, colony.height_um, slices)
    canvas.add(pillars)
    for number in range(len(colony)):
        rng = np.random.default_rng((seed, number))
        canvas.add(_yeast_cell(colony, number, look, rng))
    return canvas.slices()


def _yeast_cell(
    colony: Colony, number: int, look: YeastLook, rng: np.random.Generator
) -> Iterator[Ellipsoid]:
    y, x, height = (float(value) for value in colony.places[number])
    radius = float(colony.radii[number])
    angle = float(colony.direction[number])
    stretch = max(1.0, rng.normal(look.elongation, 0.06)) ** (2 / 3)
    contrast = rng.normal(1, 0.08)
    length, width = radius * stretch, radius / math.sqrt(stretch)
    # Squeezed where the chamber is lower than the cell is thick.
    depth = min(width, colony.height_um / 2 - 1e-3)
    wall = min(look.wall_um, 0.3 * width)

    def body(share: float, index: float, at: Sequence[float] = (0, 0, 0)) -> Ellipsoid:
        """A part, `share` of the inside in size and at a share of its half axes."""
        along, across = at[0] * (length - wall), at[1] * (width - wall)
        return Ellipsoid(
            y + along * math.sin(angle) + across * math.cos(angle),
            x + along * math.cos(angle) - across * math.sin(angle),
            height + at[2] * (depth - wall),
            share * (length - wall),
            share * (width - wall),
            share * (depth - wall),
            index,
            angle,
        )

    yield Ellipsoid(y, x, height, length, width, depth, look.wall * contrast, angle)
    inside = look.cytoplasm * contrast
    yield body(1, inside - look.wall * contrast)
    has_vacuole = rng.random() < look.vacuoles
    share, turn = rng.uniform(0.35, 0.6), rng.uniform(0, 2 * math.pi)
    off = (0.9 - share) * rng.uniform(0.3, 0.9)
    if has_vacuole and radius > 0.7 * colony.adult[number]:
        spot = (off * math.cos(turn), off * math.sin(turn), rng.uniform(-0.1, 0.1))
        yield body(share, look.vacuole - inside, spot)
    droplets, granules = int(rng.poisson(2)), int(rng.integers(3, 9))
    for number in range(droplets + granules):
        where = rng.normal(0, 1, 3)
        where *= rng.uniform(0.3, 0.85) / max(1e-6, float(np.linalg.norm(where)))
        if number < droplets:
            yield body(float(rng.uniform(0.07, 0.14)), look.droplet - inside, where.tolist())
        else:
            index = float(rng.normal(0, look.granule))
            yield body(float(rng.uniform(0.12, 0.25)), index, where.tolist())


def traps(grid: Grid, rng: np.random.Generator, *, index: float, pairs: int) -> tuple[Pillar, ...]:
    """Pairs of oblique posts that hold cells between them, on a jittered lattice.

    Parameters
    ----------
    grid
        Field.
    rng
        A seeded generator.
    index
        Refractive index of the polymer, less that of the medium.
    pairs
        How many.

    Returns
    -------
    tuple of Pillar
        Two for each pair.
    """
    across = max(1, math.ceil(math.sqrt(pairs)))
    cell = grid.side_um / across
    length, width = rng.uniform(2.6, 4.2), rng.uniform(1.8, 2.8)
    gap, slant = rng.uniform(5, 9), rng.uniform(0.2, 0.9)
    turn, power = rng.uniform(0, 2 * math.pi), rng.choice([2.0, 2.0, 3.0])
    found: list[Pillar] = []
    places = rng.permutation(across * across)[:pairs]
    for place in places.tolist():
        y = (place // across + 0.5 + rng.uniform(-0.15, 0.15)) * cell
        x = (place % across + 0.5 + rng.uniform(-0.15, 0.15)) * cell
        for sign in (-1, 1):
            found.append(
                Pillar(
                    y + sign * gap / 2 * math.sin(turn),
                    x + sign * gap / 2 * math.cos(turn),
                    length,
                    width,
                    index,
                    turn + math.pi / 2 + sign * slant,
                    float(power),
                )
            )
    return tuple(found)


def posts(grid: Grid, rng: np.random.Generator, *, index: float, count: int) -> tuple[Pillar, ...]:
    """Round or square posts that hold up the ceiling, anywhere in the field.

    Parameters
    ----------
    grid
        Field.
    rng
        A seeded generator.
    index
        Refractive index of the polymer, less that of the medium.
    count
        How many.

    Returns
    -------
    tuple of Pillar
        All of the same shape.
    """
    radius, power = rng.uniform(3, 6), float(rng.choice([2.0, 6.0]))
    where = rng.uniform(0, grid.side_um, (count, 2)).tolist()
    angle = rng.uniform(0, math.pi / 2)
    return tuple(Pillar(y, x, radius, radius, index, angle, power) for y, x in where)


def euglena(
    count: int,
    look: EuglenaLook,
    grid: Grid,
    rng: np.random.Generator,
    *,
    height_um: float = 60.0,
    slices: int = 6,
    spread_um: float = 4.0,
) -> tuple[Slices, float]:
    """Draw long cells that have settled on a slide.

    Parameters
    ----------
    count
        How many.
    look
        Their sizes and index.
    grid
        Field.
    rng
        A seeded generator.
    height_um
        Of the space between slide and cover glass.
    slices
        How many slices it is cut into.
    spread_um
        Standard deviation of the cells' heights.

    Returns
    -------
    tuple
        Slices from the floor up, and the mean height of the cells' middle above the floor, um.
    """
    canvas = Canvas(grid, height_um, slices)
    heights: list[float] = []
    for _ in range(count):
        length, width = rng.uniform(*look.length_um) / 2, rng.uniform(*look.width_um) / 2
        height = float(np.clip(2 * width + rng.normal(0, spread_um), width, height_um - width))
        heights.append(height)
        y, x, angle = rng.uniform(0, grid.side_um), rng.uniform(0, grid.side_um), rng.uniform(0, 7)
        taper = rng.uniform(0.2, 0.7)
        canvas.add(
            [
                Ellipsoid(
                    y, x, height, length, width, width, look.body, angle, taper, look.absorbance
                )
            ]
        )
        for _ in range(int(rng.integers(4, 12))):
            along, across = rng.uniform(-0.7, 0.6) * length, rng.uniform(-0.45, 0.45) * width
            size = rng.uniform(0.12, 0.3) * width
            canvas.add(
                [
                    Ellipsoid(
                        y + along * math.sin(angle) + across * math.cos(angle),
                        x + along * math.cos(angle) - across * math.sin(angle),
                        height + rng.uniform(-0.4, 0.4) * width,
                        size * rng.uniform(1, 1.8),
                        size,
                        size,
                        look.grain,
                        angle + rng.uniform(-0.5, 0.5),
                        absorbance=look.absorbance,
                    )
                ]
            )
    return canvas.slices(), float(np.mean(heights)) if heights else height_um / 2
