"""Test tensors of a z package, and the scenes of its pictures: all simulated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from zfocus_model.zposition.simulator.recipes import Recipe, make, recipe

_SEED = 20181
_AGES = 40
"""Stacks of the made-up experiment from which scenes are taken: its cells grow along them."""

TEST_SHAPE = (80, 112)
"""Rows and columns of the test input: no square, so that swapped axes show."""

_TEST_Z_UM = 4.0
THROUGH_FOCUS_UM = (-8.0, -4.0, 0.0, 4.0, 8.0)
"""Positions of the cover's images."""

Images = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Scene:
    """A simulated image and the truth about it."""

    title: str
    """What it shows."""
    pixels: npt.NDArray[np.uint8]
    """(height, width), on the grid of the yeast model."""
    z_um: tuple[float, ...]
    """Where it was taken, for each population of cells: floor, then ceiling."""


def check_images() -> list[Images]:
    """Images that all weight formats are compared on, several sizes.

    Returns
    -------
    list of ndarray of float32
        (6, 250, 250) and (4, 64, 97); the last of each is constant.
    """
    planes = [
        _image(_drawn(age), z_um) for age, z_um in ((0, -9.0), (9, -3.0), (18, 0.0), (27, 3.0))
    ]
    whole = np.stack([*planes, 3 * planes[1], np.full_like(planes[0], 137)])
    part = np.stack([plane[90:154, 60:157] for plane in planes[:3]])
    return [whole, np.concatenate([part, np.zeros_like(part[:1])])]


def test_image() -> npt.NDArray[np.uint8]:
    """The package's test input, (80, 112) uint8: yeast, 4 um toward the sample from focus."""
    rows, columns = TEST_SHAPE
    plane = _image(_drawn(30), _TEST_Z_UM)
    return plane[60 : 60 + rows, 45 : 45 + columns].astype(np.uint8)


def through_focus() -> list[Scene]:
    """One scene from 8 um below to 8 um above focus."""
    drawn = _drawn(16)
    return [
        Scene(f"{z_um:+g} um" if z_um else "in focus", _picture(drawn, z_um), (z_um,))
        for z_um in THROUGH_FOCUS_UM
    ]


def hard_cases() -> list[Scene]:
    """Scenes of the kinds that the published network failed on (its supplementary figure 5)."""
    few = replace(_drawn(2), cells=10, ceiling=0.9)
    two = replace(_drawn(20), chamber_um=14.0, ceiling=0.5)
    return [
        Scene("few cells, most on the ceiling", *_both(few, 0.0)),
        Scene(f"two depths, {-_below(two, 0.0):.0f} um apart", *_both(two, 3.0)),
        Scene("18 um from focus", _picture(_drawn(16), 18.0), (18.0,)),
    ]


def _both(drawn: Recipe, z_um: float) -> tuple[npt.NDArray[np.uint8], tuple[float, float]]:
    return _picture(drawn, z_um), (z_um, _below(drawn, z_um))


def _below(drawn: Recipe, z_um: float) -> float:
    """Where an image was taken relative to cells on the ceiling, as seen from those on the floor.

    The ceiling is away from an objective below the floor: it is in focus when the objective is
    nearer to the sample.
    """
    return z_um - (drawn.chamber_um - 2 * drawn.cell_radius_um)


@lru_cache(maxsize=_AGES)
def _drawn(age: int) -> Recipe:
    # An experiment of its own, by the seed; without pillars, so that the pictures show cells.
    return replace(recipe("yeast", 4, age, _AGES, _SEED), trap_pairs=0, posts=0, ceiling=0.0)


def _picture(drawn: Recipe, z_um: float) -> npt.NDArray[np.uint8]:
    one = replace(drawn, planes=1, in_focus_plane=-z_um / drawn.z_step_um)
    return make(one).planes[0]


def _image(drawn: Recipe, z_um: float) -> Images:
    return _picture(drawn, z_um).astype(np.float32)
