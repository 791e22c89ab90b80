from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from zfocus_model.zposition.simulator.objects import Canvas, Ellipsoid, Pillar
from zfocus_model.zposition.simulator.optics import Grid

GRID = Grid(64, 0.25)
EGG = Ellipsoid(8, 8, 3, 3, 2, 1.5, 0.04, angle=0.7)


def path(canvas: Canvas) -> np.ndarray:
    """Index times length along the light, um."""
    made = canvas.slices()
    return made.index.sum(0) * made.thickness_um


@pytest.mark.parametrize("slices", [1, 4, 7])
def test_an_ellipsoid_has_its_volume_however_it_is_cut(slices: int) -> None:
    canvas = Canvas(GRID, 6, slices)
    canvas.add([EGG])
    volume = path(canvas).sum() * 0.25**2 / 0.04
    assert volume == pytest.approx(4 / 3 * math.pi * 3 * 2 * 1.5, rel=0.005)
    assert path(canvas)[32, 32] == pytest.approx(2 * 1.5 * 0.04, rel=0.02)


def test_a_body_is_in_the_slices_that_it_is_in() -> None:
    canvas = Canvas(GRID, 6, 6)
    canvas.add([replace(EGG, height_um=1.2, depth_um=1.0)])
    filled = canvas.slices().index.sum((1, 2)) > 0
    assert filled.tolist() == [True, True, True, False, False, False]


def test_what_leaves_at_one_edge_enters_at_the_other() -> None:
    middle, corner = Canvas(GRID, 6, 3), Canvas(GRID, 6, 3)
    middle.add([EGG])
    corner.add([replace(EGG, y_um=0, x_um=16)])
    moved = np.roll(middle.slices().index, (-32, -32), (1, 2))
    assert np.allclose(corner.slices().index, moved, atol=1e-6)


def test_a_stained_body_takes_light() -> None:
    canvas = Canvas(GRID, 6, 2)
    assert canvas.slices().absorbance is None
    canvas.add([replace(EGG, absorbance=0.1)])
    absorbance = canvas.slices().absorbance
    assert absorbance is not None
    assert absorbance.sum(0)[32, 32] == pytest.approx(0.3, rel=0.02)


def test_a_pillar_goes_from_floor_to_ceiling() -> None:
    canvas = Canvas(GRID, 6, 3)
    canvas.add([Pillar(8, 8, 3, 2, 0.07)])
    index = canvas.slices().index
    assert np.ptp(index, axis=0).max() == 0
    assert index[0, 32, 32] == pytest.approx(0.07)
    assert index[0].sum() * 0.25**2 / 0.07 == pytest.approx(math.pi * 6, rel=0.02)


def test_a_pillar_with_a_high_power_is_nearly_a_rectangle() -> None:
    canvas = Canvas(GRID, 6, 1)
    canvas.add([Pillar(8, 8, 3, 2, 0.07, power=12)])
    assert canvas.slices().index.sum() * 0.25**2 / 0.07 == pytest.approx(24, rel=0.05)
