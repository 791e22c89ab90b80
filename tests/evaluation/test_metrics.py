from __future__ import annotations

import numpy as np
import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.aggregation import aggregate, certainty, ranked_probability_score
from zfocus_model.evaluation.metrics import (
    auc,
    confusion,
    f_score,
    is_negative,
    is_positive,
    precision_at,
    ranks,
    share,
    spearman,
    within,
)


def test_published_goldens_of_the_score_and_of_aggregation():
    """The reference implementation's own numbers (doi 10.1186/s12859-018-2087-4)."""
    uniform = np.full(11, 1 / 11)
    scores = ranked_probability_score(np.tile(uniform, (11, 1)), np.arange(11))
    assert scores[[0, 5]].round(3).tolist() == [3.182, 0.909]
    assert round(float(scores.mean()), 3) == 1.818
    image = aggregate([[1 / 3, 1 / 3, 1 / 3], [0, 0.2, 0.8]])
    assert image.round(3).tolist() == [0, 0.2, 0.8]
    assert round(float(certainty(image)), 3) == 0.545


def test_the_score_of_a_sure_answer_is_its_distance():
    sure = np.eye(11)
    assert ranked_probability_score(sure, np.full(11, 3)).tolist() == [
        3, 2, 1, 0, 1, 2, 3, 4, 5, 6, 7,
    ]  # fmt: skip


def test_levels_and_their_kinds():
    levels = np.arange(11)
    assert np.flatnonzero(is_positive(levels)).tolist() == [0, 1, 2]
    assert np.flatnonzero(is_negative(levels)).tolist() == [4, 5, 6, 7, 8, 9, 10]
    assert not is_positive(-1)  # of no level


def test_within_counts_the_distance_either_way():
    true, found = [0, 5, 9, 3], [1, 5, 6, 2]
    assert [within(true, found, d) for d in (0, 1, 2, 3)] == [0.25, 0.75, 0.75, 1.0]
    assert np.isnan(within([], []))


def test_confusion_is_true_by_found_and_refuses_the_unrated():
    counts = confusion([0, 0, 10], [0, 3, 9])
    assert counts.shape == (11, 11)
    assert {(0, 0): 1, (0, 3): 1, (10, 9): 1} == {
        (int(r), int(c)): int(counts[r, c]) for r, c in np.argwhere(counts)
    }
    with pytest.raises(ZfocusError, match="levels of 0 to 10, got -1 to 4"):
        confusion([4], [-1])


@pytest.mark.parametrize(
    ("hits", "false", "missed", "expected"),
    [(3, 1, 1, 0.75), (0, 1, 0, 0.0), (5, 0, 0, 1.0), (1, 2, 0, 0.5)],
)
def test_f_is_the_harmonic_mean_of_precision_and_recall(hits, false, missed, expected):
    assert float(f_score(hits, false, missed)) == expected
    if hits:
        precision, recall = hits / (hits + false), hits / (hits + missed)
        assert expected == pytest.approx(2 * precision * recall / (precision + recall))


def test_nothing_to_find_has_no_score():
    assert np.isnan(f_score(0, 0, 0))
    assert np.isnan(share(0, 0))


def test_auc_counts_pairs():
    assert auc([3, 2], [1, 2]) == 0.875  # three of four right, one pair equal
    assert auc([1], [1]) == 0.5
    assert np.isnan(auc([], [1]))


def test_auc_does_not_change_under_a_rising_function_and_turns_round(rng):
    high, low = rng.normal(1, 1, 40), rng.normal(0, 1, 30)
    assert auc(np.exp(high), np.exp(low)) == auc(high, low)
    assert auc(low, high) == pytest.approx(1 - auc(high, low))


def test_a_rare_fault_makes_most_flags_false():
    """One per cent blurred, all found, one per cent of the sharp flagged: every second flag."""
    assert float(precision_at(0.01, 1.0, 0.01)) == pytest.approx(0.01 / (0.01 + 0.0099))
    by_prevalence = [float(precision_at(p, 0.9, 0.02)) for p in (0.005, 0.01, 0.05)]
    assert by_prevalence == sorted(by_prevalence)
    assert float(precision_at(0.01, 0.9, 0.0)) == 1.0


def test_equal_values_share_their_rank():
    assert ranks([10, 30, 30, 20]).tolist() == [1, 3.5, 3.5, 2]


def test_spearman_sees_order_only(rng):
    x = rng.normal(size=30)
    assert spearman(x, x**3) == pytest.approx(1)
    assert spearman(x, -np.exp(x)) == pytest.approx(-1)
    assert spearman([1, 2, 3, 4], [10, 20, 20, 90]) == pytest.approx(0.9486832980505138)
    assert np.isnan(spearman([1, 2, 3], [5, 5, 5]))
