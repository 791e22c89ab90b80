from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.rating import StatusLimits, domain_sample, out_of_domain_score, rate_patches

LIMITS = StatusLimits(certainty_min=0.2, in_focus_min=0.5)


def certain(level, mass=1.0):
    p = np.full(11, (1 - mass) / 10, np.float32)
    p[level] = mass
    return p


UNIFORM = np.full(11, 1 / 11, np.float32)
UNRATED = np.full(11, np.nan, np.float32)


def rate(rows, limits=LIMITS, **options):
    return rate_patches(np.array(rows, np.float32), limits, **options)


def test_all_numbers_of_a_small_rating():
    rating = rate([[certain(0), certain(4)], [UNIFORM, UNRATED]], shape_px=(170, 200))
    np.testing.assert_allclose(rating.probabilities, [0.5, 0, 0, 0, 0.5, 0, 0, 0, 0, 0, 0])
    assert rating.level == 0  # a tie: the lowest
    assert rating.expected_level == pytest.approx(2)
    assert rating.level_sd == pytest.approx(2)
    assert rating.defocus_px == pytest.approx(80 / 13)
    assert rating.in_focus_probability == pytest.approx(0.5)
    half = 1 - math.log(2) / math.log(11)
    assert dataclasses.astuple(rating.certainty) == pytest.approx((2 / 3, 1, half, 1))
    assert (rating.rated_patches, rating.blank_patches) == (3, 1)
    assert rating.rated_fraction == pytest.approx(3 * 84**2 / (170 * 200))
    assert (rating.status, rating.reason) == ("in_focus", "")
    assert rating.patches.level.tolist() == [[0, 4], [0, -1]]
    np.testing.assert_allclose(rating.patches.certainty, [[1, 1], [0, np.nan]])
    np.testing.assert_allclose(rating.patches.expected_level, [[0, 4], [5, np.nan]], rtol=1e-6)


@pytest.mark.parametrize(
    ("patches", "status", "reason"),
    [
        ([certain(0), certain(1)], "in_focus", ""),
        ([certain(2), UNIFORM], "in_focus", ""),
        ([certain(3)], "out_of_focus", ""),
        ([certain(10), UNRATED], "out_of_focus", ""),
        ([UNIFORM, UNIFORM], "undecided", "blank"),
        ([certain(0, 0.2), certain(0, 0.3)], "undecided", "blank"),
        ([certain(k) for k in range(11)], "undecided", "uncertain"),
        ([UNRATED, UNRATED], "undecided", "masked"),
    ],
)
def test_status_and_reason(patches, status, reason):
    rating = rate([patches])
    assert (rating.status, rating.reason) == (status, reason)


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (0, 0)])
def test_too_small_has_no_numbers(shape):
    rating = rate(np.zeros((*shape, 11)), shape_px=(83, 500))
    assert (rating.status, rating.reason, rating.level) == ("undecided", "too_small", None)
    assert np.isnan(rating.probabilities).all()
    assert rating.probabilities.shape == (11,)
    numbers = (rating.expected_level, rating.level_sd, rating.defocus_px)
    assert np.isnan([*numbers, rating.in_focus_probability]).all()
    assert np.isnan(dataclasses.astuple(rating.certainty)).all()
    assert (rating.rated_patches, rating.blank_patches, rating.rated_fraction) == (0, 0, 0.0)
    assert rating.patches.level.shape == shape


def test_masked_has_no_numbers():
    rating = rate([[UNRATED]])
    assert rating.level is None
    assert np.isnan(rating.probabilities).all()
    assert rating.rated_fraction == 0.0


def test_limits_are_inclusive_where_the_design_says_so():
    p = np.zeros(11)
    p[[1, 7]] = 0.5
    rating = rate([[p]])
    at = rating.certainty.aggregate
    assert rate([[p]], StatusLimits(at, 0.5)).status == "in_focus"
    assert rate([[p]], StatusLimits(at + 1e-9, 0.5)).status == "undecided"
    share = rating.in_focus_probability
    assert rate([[p]], StatusLimits(0.2, share)).status == "in_focus"
    assert rate([[p]], StatusLimits(0.2, share + 1e-9)).status == "out_of_focus"


def test_out_of_domain_leaves_even_a_certain_rating_undecided():
    limits = StatusLimits(0.2, 0.5, out_of_domain_max=0.9)
    mixed = [[certain(k) for k in range(11)]]
    assert rate(mixed, limits, out_of_domain=0.95).reason == "out_of_domain"
    assert rate(mixed, limits, out_of_domain=0.9).reason == "uncertain"
    assert rate(mixed, LIMITS, out_of_domain=0.95).reason == "uncertain"
    sharp = rate([[certain(0)]], limits, out_of_domain=0.95)
    assert (sharp.status, sharp.reason) == ("undecided", "out_of_domain")
    assert (sharp.level, sharp.out_of_domain) == (0, 0.95)
    assert rate([[certain(0)]], limits, out_of_domain=0.9).status == "in_focus"


def test_out_of_domain_comes_before_blank_and_after_nothing_rated():
    limits = StatusLimits(0.2, 0.5, out_of_domain_max=0.9)
    blank = [[np.full(11, 1 / 11)]]
    assert rate(blank, limits, out_of_domain=0.95).reason == "out_of_domain"
    assert rate(np.empty((0, 0, 11)), limits, out_of_domain=0.95).reason == "too_small"
    masked = np.full((1, 1, 11), np.nan)
    assert rate(masked, limits, out_of_domain=0.95).reason == "masked"


def test_the_domain_is_judged_by_25_patches_at_most():
    assert domain_sample(0).tolist() == []
    assert domain_sample(25).tolist() == list(range(25))
    assert domain_sample(50).tolist() == list(range(1, 50, 2))
    for count in (26, 48, 144, 1001):
        chosen = domain_sample(count)
        assert len(set(chosen)) == 25
        assert 0 <= chosen[0] and chosen[-1] < count
        assert np.ptp(np.diff(chosen)) <= 1


def test_out_of_domain_score_weights_patches_by_certainty():
    assert out_of_domain_score([[0.5, 0.5], [0, 1], [1, 0], [0, 1]]) == pytest.approx(2 / 3)
    assert out_of_domain_score([[0.5, 0.5]]) == 0.5
    assert out_of_domain_score(np.empty((0, 2))) is None


def test_the_order_of_patches_does_not_matter(rng):
    p = rng.dirichlet(np.full(11, 0.3), size=(3, 4)).astype(np.float32)
    one, other = rate(p), rate(p[::-1, ::-1])
    np.testing.assert_allclose(one.probabilities, other.probabilities, atol=1e-15)
    assert one.level == other.level


def test_results_cannot_be_changed_and_do_not_alias_the_input():
    p = np.stack([[certain(0)]])
    rating = rate_patches(p, LIMITS)
    p[:] = 0
    assert rating.patches.probabilities[0, 0, 0] == 1
    for array in (rating.probabilities, rating.patches.probabilities, rating.patches.certainty):
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 0


def test_a_wrong_shape_is_named():
    with pytest.raises(ZfocusError, match=r"\(rows, columns, 11\), got \(3, 11\)"):
        rate(np.zeros((3, 11)))
