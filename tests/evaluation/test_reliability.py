from __future__ import annotations

import numpy as np
import pytest

from zfocus_model.evaluation.reliability import (
    equal_bins,
    expected_calibration_error,
    reliability,
)


def forecasts(top, count):
    """``count`` forecasts of three levels that give level 0 the probability ``top``."""
    rest = (1 - top) / 2
    return np.tile([top, rest, rest], (count, 1))


def test_hand_computed_error():
    """Four at 0.9 of which three are right, four at 0.6 of which two are: (0.15 + 0.1) / 2."""
    p = np.concatenate([forecasts(0.9, 4), forecasts(0.6, 4)])
    levels = [0, 0, 0, 1, 0, 0, 1, 2]
    found = reliability(p, levels, bins=2)
    assert found.count.tolist() == [4, 4]
    assert found.confidence == pytest.approx([0.6, 0.9])
    assert found.accuracy.tolist() == [0.5, 0.75]
    assert found.error == pytest.approx(0.125)


def test_bins_hold_equal_numbers():
    p = np.stack([np.linspace(0.5, 1, 31), 1 - np.linspace(0.5, 1, 31)], axis=1)
    found = reliability(p, np.zeros(31, int))
    assert found.count.tolist() == [3] + [2] * 14
    assert (np.diff(found.confidence) > 0).all()


def test_answers_that_are_as_right_as_they_say_have_no_error(rng):
    p = rng.dirichlet(np.ones(11) / 2, 60_000)
    levels = (p.cumsum(axis=1) < rng.random((60_000, 1))).sum(axis=1)
    honest = expected_calibration_error(p, levels)
    assert honest < 0.015
    bold = p**2 / (p**2).sum(axis=1, keepdims=True)
    assert expected_calibration_error(bold, levels) > 4 * honest


def test_the_order_of_equal_forecasts_does_not_matter(rng):
    """Forty of one probability, the right ones first: cut into bins, they would seem far off."""
    p = np.concatenate([forecasts(0.6, 30), forecasts(0.75, 40), forecasts(0.9, 30)])
    levels = np.concatenate([np.zeros(18), np.ones(12), np.zeros(30), np.ones(10), np.zeros(30)])
    assert expected_calibration_error(p, levels, bins=5) == pytest.approx(0.3 * 0.1)
    order = rng.permutation(100)
    assert expected_calibration_error(p[order], levels[order], bins=5) == pytest.approx(0.03)
    assert len(np.unique(equal_bins(p[:, 0], 5))) == 3
    assert reliability(p, levels, bins=5).count.tolist().count(0) == 2


def test_no_forecasts_no_error():
    assert np.isnan(expected_calibration_error(np.empty((0, 11)), np.empty(0)))
