"""The rating in plain Python is the rating of the Python package."""

from __future__ import annotations

import numpy as np
import pytest
from zfocus_fiji import rating
from zfocus_fiji.rating import Limits

from zfocus_model import rating as reference

LIMITS = Limits(0.17, 0.335, None)
FIELDS = ("level", "expected_level", "level_sd", "defocus_px", "in_focus_probability")
COUNTS = ("status", "reason", "blank_patches", "rated_fraction")


def one(level, sure=0.9):
    """Probabilities with most of the weight on one level."""
    return [sure if k == level else (1 - sure) / 10 for k in range(11)]


def random_patches(seed, rows, columns, unrated):
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.full(11, rng.choice([0.05, 0.3, 5.0])), rows * columns)
    patches = [row.tolist() for row in p.astype(np.float32)]
    return [None if rng.random() < unrated else row for row in patches]


@pytest.mark.parametrize("count", [0, 1, 24, 25, 26, 48, 144, 1001])
def test_the_domain_network_sees_the_same_patches(count):
    assert rating.domain_sample(count) == reference.domain_sample(count).tolist()


@pytest.mark.parametrize("seed", range(12))
def test_every_number_is_that_of_the_package(seed):
    rows, columns = 3, 4
    patches = random_patches(seed, rows, columns, 0.3)
    grid = np.array([row or [np.nan] * 11 for row in patches], np.float32)
    expected = reference.rate_patches(
        grid.reshape(rows, columns, 11),
        reference.StatusLimits(LIMITS.certainty_min, LIMITS.in_focus_min),
        shape_px=(260, 341),
    )
    found = rating.rate_patches(patches, LIMITS, 260, 341)
    assert found.probabilities == pytest.approx(expected.probabilities.tolist(), abs=1e-12)
    for field in FIELDS:
        assert getattr(found, field) == pytest.approx(getattr(expected, field), abs=1e-9)
    for field in COUNTS:
        assert getattr(found, field) == getattr(expected, field)
    assert tuple(found.certainty) == pytest.approx(
        list(vars(expected.certainty).values()), abs=1e-9
    )
    levels = [-1 if patch.level is None else patch.level for patch in found.patches]
    assert levels == expected.patches.level.ravel().tolist()


def test_golden():
    found = rating.rate_patches([one(0), one(4, 0.5), None], LIMITS, 84, 252, origin=(7, 5))
    assert found.level == 0
    assert [patch.level for patch in found.patches] == [0, 4, None]
    assert [(patch.x, patch.y) for patch in found.patches] == [(7, 5), (91, 5), (175, 5)]
    assert found.patches[1].certainty == pytest.approx(
        1 - (0.5 * np.log(2) + 0.5 * np.log(20)) / np.log(11)
    )
    assert (found.status, found.reason, found.rated_fraction) == ("in_focus", "", 2 / 3)


def test_a_uniform_patch_weighs_nothing():
    found = rating.rate_patches([[1 / 11] * 11, one(6)], LIMITS, 84, 168)
    assert found.probabilities == pytest.approx(one(6))
    assert found.certainty.mean == pytest.approx(found.certainty.max / 2)
    assert found.blank_patches == 1


def test_uniform_patches_alone_give_a_plain_mean_and_the_lowest_level():
    found = rating.rate_patches([[1 / 11] * 11] * 2, LIMITS, 84, 168)
    assert found.level == 0
    assert found.certainty == (0, 0, 0, 0)
    assert (found.status, found.reason) == ("undecided", "blank")


@pytest.mark.parametrize(
    ("patches", "score", "expected"),
    [
        ([one(0)], 0.4, ("in_focus", "")),
        ([one(3)], 0.4, ("out_of_focus", "")),
        ([one(0)], 0.6, ("undecided", "out_of_domain")),
        ([[1 / 11] * 11], 0.6, ("undecided", "out_of_domain")),
        ([[1 / 11] * 11], 0.5, ("undecided", "blank")),
        ([one(k) for k in range(11)], None, ("undecided", "uncertain")),
        ([None], 0.6, ("undecided", "masked")),
        ([], None, ("undecided", "too_small")),
    ],
)
def test_status_and_reason(patches, score, expected):
    limits = Limits(0.2, 0.335, 0.5)
    width = 84 * max(1, len(patches)) if patches else 83
    found = rating.rate_patches(patches, limits, 84, width, None, score)
    grid = np.array([row or [np.nan] * 11 for row in patches]).reshape(-1, 11)
    same = reference.rate_patches(
        grid[None] if patches else np.zeros((1, 0, 11)),
        reference.StatusLimits(*limits),
        out_of_domain=score,
    )
    assert (same.status, same.reason) == expected
    assert (found.status, found.reason) == expected
    assert found.out_of_domain == score


def test_out_of_domain_score_counts_patches_by_certainty():
    assert rating.out_of_domain_score([[0.5, 0.5], [0.0, 1.0]]) == 1.0
    assert rating.out_of_domain_score([[0.9, 0.1], [0.1, 0.9]]) == pytest.approx(0.5)
    assert rating.out_of_domain_score([]) is None


def rated(*levels):
    return [
        rating.rate_patches([one(level) if level is not None else None], LIMITS, 84, 84)
        for level in levels
    ]


def test_the_best_plane_leaves_undecided_ones_out():
    assert rating.best_index(rated(5, None, 2, 2, 9)) == 2
    assert rating.best_index(rated(None, None)) is None


def test_the_best_plane_of_several_channels():
    assert rating.best_together([rated(0, 3, 8), rated(9, 2, 0)]) == 1
    assert rating.best_together([rated(0, 3), rated(None, 4)]) == 1  # decided in both
    assert rating.best_together([rated(None, None), rated(5, 4)]) == 1
    assert rating.best_together([rated(None), rated(None)]) is None
