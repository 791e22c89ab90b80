from __future__ import annotations

import numpy as np
import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.zposition.simulator.optics import (
    Grid,
    Optics,
    axial_frequency,
    pupil,
    source_points,
)

GRID = Grid(32, 0.24)


def test_points_fill_the_condenser_aperture_evenly() -> None:
    optics = Optics(condenser_na=0.4, condenser_shift_na=(0.05, 0), points=200)
    y, x = (
        np.array([getattr(point, axis) * point.wavelength_um for point in source_points(optics)])
        for axis in ("fy", "fx")
    )
    assert (y.mean(), x.mean()) == pytest.approx((0.05, 0), abs=0.005)
    assert np.hypot(y - 0.05, x).max() < 0.4
    # A quarter of a disc's points lies within half its radius.
    assert (np.hypot(y - 0.05, x) < 0.2).mean() == pytest.approx(0.25, abs=0.01)


def test_points_of_a_ring_lie_on_it() -> None:
    optics = Optics(na=0.3, condenser_inner_na=0.1, condenser_na=0.12, points=24)
    far = [np.hypot(p.fy, p.fx) * p.wavelength_um for p in source_points(optics)]
    assert 0.1 < min(far) < max(far) < 0.12


def test_colours_spread_over_the_band_whatever_the_radius() -> None:
    optics = Optics(bandwidth_um=0.1, points=60)
    colours = np.array([point.wavelength_um for point in source_points(optics)])
    assert 0.5 <= colours.min() < 0.51 < 0.59 < colours.max() <= 0.6
    assert abs(np.corrcoef(colours, np.arange(60))[0, 1]) < 0.2


def test_the_pupil_is_the_aperture_seen_from_the_oblique_wave() -> None:
    optics = Optics(na=0.5, condenser_na=0.3, points=4)
    point = source_points(optics)[3]
    fy, fx = GRID.frequencies()
    na = np.hypot(fy + point.fy, fx + point.fx) * 0.55
    assert np.array_equal(np.abs(pupil(optics, GRID, point)) > 0, na <= 0.5)


def test_no_wave_passes_that_the_medium_cannot_carry() -> None:
    point = source_points(Optics(points=1))[0]
    fine = Grid(64, 0.1)
    through = np.abs(pupil(Optics(na=1.5, points=1), fine, point)) > 0
    fy, fx = fine.frequencies()
    assert (np.hypot(fy, fx)[through] * 0.55).max() < 1.335


def test_the_undisturbed_wave_has_no_axial_frequency() -> None:
    for point in source_points(Optics(points=3)):
        along = axial_frequency(Optics(points=3), GRID, point)
        assert along[0, 0] == pytest.approx(0)
    straight = source_points(Optics(points=1))[0]
    assert axial_frequency(Optics(points=1), GRID, straight).max() == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"na": 0.3, "condenser_na": 0.35}, "condenser NA < objective NA"),
        ({"condenser_inner_na": 0.4}, "inner condenser NA"),
        ({"wavelength_um": 550}, "wavelength of 0.2 to 2 um"),
        ({"points": 0}, "at least 1 point"),
    ],
)
def test_impossible_microscopes_are_refused(change: dict[str, float], said: str) -> None:
    with pytest.raises(ZfocusError, match=said):
        Optics(**change)  # pyright: ignore[reportArgumentType]


def test_a_grid_needs_pixels() -> None:
    with pytest.raises(ZfocusError, match="at least 16 px"):
        Grid(8, 0.24)
