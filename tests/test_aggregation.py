from __future__ import annotations

import math

import numpy as np
import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.aggregation import (
    aggregate,
    certainty,
    expected_level,
    least_defocused,
    level_sd,
    ranked_probability_score,
)

THIRD = [1 / 3, 1 / 3, 1 / 3]
UNIFORM = np.full(11, 1 / 11)


@pytest.mark.parametrize(
    ("patches", "level", "image"),
    [
        ([THIRD, [0, 0.2, 0.8]], 2, [0, 0.2, 0.8]),
        ([THIRD, THIRD], 0, THIRD),
        ([THIRD, [0, 0, 1]], 2, [0, 0, 1]),
    ],
)
def test_average_goldens(patches, level, image):
    found = aggregate(patches)
    assert int(np.argmax(found)) == level
    np.testing.assert_allclose(found, image, atol=1e-12)


@pytest.mark.parametrize(
    ("patches", "mean", "largest", "of_image", "weighted"),
    [
        ([THIRD, [0, 0.2, 0.8]], 0.272, 0.545, 0.545, 0.545),
        ([THIRD, THIRD], 0, 0, 0, 0),
        ([THIRD, [0, 0, 1]], 0.5, 1, 1, 1),
    ],
)
def test_certainty_goldens(patches, mean, largest, of_image, weighted):
    each = certainty(patches)
    assert round(float(each.mean()), 3) == mean
    assert round(float(each.max()), 3) == largest
    assert round(float(certainty(aggregate(patches))), 3) == of_image
    total = each.sum()
    assert round(float(each @ each / total) if total else 0.0, 3) == weighted


def test_product_golden():
    rows = [[0.25, 0.25, 0.5], [0.1, 0.2, 0.7], [0.4, 0.3, 0.3]]
    np.testing.assert_allclose(aggregate(rows, "product"), [1 / 13, 1.5 / 13, 10.5 / 13])


def test_product_is_finite_where_patches_contradict_each_other():
    np.testing.assert_allclose(aggregate([[1, 0], [0, 1]], "product"), [0.5, 0.5])
    many = aggregate(np.tile([0.5, 0.25, 0.25], (100_000, 1)), "product")
    np.testing.assert_allclose(many, [1, 0, 0])


def test_uniform_has_certainty_zero_exactly():
    for dtype in (np.float32, np.float64):
        assert certainty(UNIFORM.astype(dtype)) == 0.0
        assert certainty(np.zeros(11, dtype)) == 0.0
    assert certainty(np.full((4, 11), 1 / 11)).tolist() == [0, 0, 0, 0]


def test_a_uniform_patch_changes_nothing(rng):
    p = rng.dirichlet(np.full(11, 0.3), size=5)
    np.testing.assert_array_equal(aggregate(p), aggregate(np.vstack([p, np.float32(UNIFORM)])))


def test_certainty_is_one_for_one_level_and_falls_as_it_spreads():
    values = [certainty([1 - 2 * d, d, d]) for d in (0, 0.05, 0.1, 0.2, 0.3)]
    assert values[0] == 1.0
    assert np.all(np.diff(values) < 0)


def test_certainty_needs_no_normalised_rows():
    np.testing.assert_allclose(certainty([2, 6, 0]), certainty([0.25, 0.75, 0]), atol=1e-15)


def test_nan_rows_stay_nan():
    assert np.isnan(certainty([[np.nan] * 11, UNIFORM])).tolist() == [True, False]


def test_expected_level_and_its_spread():
    p = np.zeros((2, 11))
    p[0, [2, 6]] = 0.5
    p[1, 7] = 1
    assert expected_level(p).tolist() == [4.0, 7.0]
    assert level_sd(p).tolist() == [2.0, 0.0]


def test_ranked_probability_score_goldens():
    scores = ranked_probability_score(np.tile(UNIFORM, (11, 1)), np.arange(11))
    np.testing.assert_allclose(scores[[0, 5]], [3.182, 0.909], atol=5e-4)
    assert round(float(scores.mean()), 3) == 1.818
    certain = np.eye(11)[[3, 3, 3]]
    assert ranked_probability_score(certain, [0, 3, 10]).tolist() == [3, 0, 7]


def test_ranked_probability_score_is_least_for_the_true_distribution(rng):
    truth = rng.dirichlet(np.ones(11))
    levels = np.arange(11)

    def risk(forecast):
        return float(truth @ ranked_probability_score(np.tile(forecast, (11, 1)), levels))

    others = rng.dirichlet(np.ones(11), size=50)
    assert all(risk(truth) < risk(other) for other in others)


def test_mistakes_are_named():
    with pytest.raises(ZfocusError, match="at least one patch"):
        aggregate(np.zeros((0, 11)))
    with pytest.raises(ZfocusError, match="'median'"):
        aggregate([THIRD], "median")


def test_the_best_plane_is_a_decided_one():
    assert least_defocused([3.0, 1.0, 2.0, 1.0], [True] * 4) == 1
    assert least_defocused([0.0, 1.0, math.nan, 0.5], [False, True, True, True]) == 3
    assert least_defocused([0.0, math.nan], [False, True]) is None
    assert least_defocused([], []) is None
