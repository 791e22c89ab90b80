from __future__ import annotations

import numpy as np
import pytest

from zfocus_model.evaluation.strata import STRATA, field_properties, group, groups, run_lengths


def disc(radius, side=200, spacing=100):
    y, x = np.ogrid[:side, :side]
    return ((y % spacing - spacing / 2) ** 2 + (x % spacing - spacing / 2) ** 2 < radius**2) * 1.0


def test_discs_are_as_dense_and_as_large_as_drawn():
    found = field_properties(1000 * disc(20) + 100)
    assert found.density == pytest.approx(4 * np.pi * 20**2 / 200**2, rel=0.1)
    # The length-weighted mean chord of a disc: (16 / 3 / pi) / 2 = 0.85 diameters.
    assert found.object_px == pytest.approx(0.85 * 40, rel=0.05)
    assert found.intensity == pytest.approx(1, abs=0.1)  # a rim of background is taken along


def test_gain_and_offset_change_nothing(rng):
    picture = disc(9) * (1 + rng.random((200, 200)))
    a, b = field_properties(picture), field_properties(3.5 * picture + 500)
    assert (a.density, a.object_px) == pytest.approx((b.density, b.object_px))


def test_one_bright_speck_makes_the_objects_dim():
    picture = disc(20) * 0.4 + 0.0
    picture[10:13, 10:13] = 1.0
    assert field_properties(picture).intensity < 0.5 < field_properties(disc(20)).intensity


def test_a_constant_picture_has_no_properties():
    assert np.isnan(field_properties(np.full((90, 90), 7)).density)
    assert group("density", float("nan")) == ""


@pytest.mark.parametrize("name", STRATA)
def test_every_value_has_a_group(name):
    limits = STRATA[name]
    values = [0.0, *limits]
    assert [group(name, value) for value in values] == groups(name)


def test_runs_end_at_the_edges():
    mask = np.array([[True, True], [True, True], [False, True]])
    assert run_lengths(mask).tolist() == [2, 2, 1]
