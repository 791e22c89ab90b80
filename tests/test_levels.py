"""Levels, discs and micrometres agree with the reference optics: NA 0.5, air, 0.65 um pixels."""

from __future__ import annotations

import pytest

from zfocus_model.levels import (
    DISC_PX_PER_LEVEL,
    disc_px_from_level,
    disc_px_from_z_um,
    level_from_disc_px,
    z_um_from_disc_px,
)

REFERENCE = {"numerical_aperture": 0.5, "refractive_index": 1.0, "pixel_size_um": 0.65}


@pytest.mark.parametrize("level", range(11))
def test_level_k_is_2k_um_for_the_reference_optics(level):
    assert z_um_from_disc_px(disc_px_from_level(level), **REFERENCE) == pytest.approx(2 * level)
    assert level_from_disc_px(disc_px_from_z_um(2 * level, **REFERENCE)) == level


def test_the_disc_of_level_10_is_30_8_px():
    assert disc_px_from_level(10) == pytest.approx(30.769, abs=1e-3)


def test_half_a_level_rounds_up():
    edge = 2.5 * DISC_PX_PER_LEVEL
    assert [level_from_disc_px(edge - 1e-9), level_from_disc_px(edge + 1e-9)] == [2, 3]


def test_beyond_level_10_is_level_10():
    assert level_from_disc_px(1000.0) == 10


def test_side_of_focus_does_not_matter():
    assert disc_px_from_z_um(-7, **REFERENCE) == disc_px_from_z_um(7, **REFERENCE)


@pytest.mark.parametrize(
    ("change", "factor"),
    [
        ({"numerical_aperture": 1.0}, 2.0),
        ({"refractive_index": 1.5}, 1 / 1.5),
        ({"pixel_size_um": 1.3}, 0.5),
    ],
)
def test_the_disc_follows_the_optics(change, factor):
    before, after = (
        disc_px_from_z_um(5, **REFERENCE),
        disc_px_from_z_um(5, **{**REFERENCE, **change}),
    )
    assert after / before == pytest.approx(factor)
