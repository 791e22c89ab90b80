from __future__ import annotations

import numpy as np
import pytest

from zfocus_model.evaluation.intervals import (
    draws,
    draws_within,
    highest_share,
    interval,
    mean_of_defined,
)


def test_every_sample_draws_as_many_fields_as_there_are(rng):
    counts = draws(7, rng, replicates=500)
    assert (counts.sum(axis=1) == 7).all()
    assert counts.mean(axis=0) == pytest.approx(np.ones(7), abs=0.15)


def test_an_interval_holds_the_middle_95_per_cent():
    assert interval(np.arange(1001)) == pytest.approx((25, 975))
    assert np.isnan(interval([np.nan, np.nan, 1.0])).all()


def test_the_interval_of_a_mean_has_the_width_of_theory(rng):
    """Of n values the mean's standard error is sd / sqrt(n): 95 % lie within 1.96 of them."""
    values = rng.normal(size=400)
    samples = draws(400, rng, replicates=2000) @ values / 400
    low, high = interval(samples)
    assert high - low == pytest.approx(2 * 1.96 / 20, rel=0.12)


def test_other_sources_widen_the_interval(rng):
    samples = [centre + rng.normal(0, 0.01, 1000) for centre in (0.2, 0.5, 0.8)]
    fields = interval(mean_of_defined(samples))
    sources = interval(mean_of_defined(samples, draws(3, rng)))
    assert fields == pytest.approx((0.5, 0.5), abs=0.02)
    assert sources[0] < 0.35 and sources[1] > 0.65


def test_a_mean_counts_what_is_defined_as_often_as_it_was_drawn():
    samples = [[1.0, 1.0, np.nan], [np.nan, 4.0, np.nan]]
    assert mean_of_defined(samples) == pytest.approx([1, 2.5, np.nan], nan_ok=True)
    counts = np.array([[1.0, 1.0], [2.0, 1.0], [1.0, 1.0]])
    assert mean_of_defined(samples, counts) == pytest.approx([1, 2, np.nan], nan_ok=True)


def test_fields_stand_in_for_others_of_their_source_only(rng):
    sources = np.array([0, 1, 0, 2, 1, 1])
    counts = draws_within(sources, rng, replicates=200)
    for source, fields in enumerate((2, 3, 1)):
        assert (counts[:, sources == source].sum(axis=1) == fields).all()
    assert np.ptp(counts[:, 0]) == 2


@pytest.mark.parametrize(
    ("hits", "trials", "limit"),
    [(0, 59, 0.0495), (0, 1, 0.95), (1, 10, 0.3942), (10, 10, 1.0), (0, 0, 1.0)],
)
def test_upper_limits_of_shares(hits, trials, limit):
    """Tabulated limits of Clopper and Pearson, one-sided 95 %."""
    assert round(highest_share(hits, trials), 4) == limit
