"""Scores of sharpness, read for z: known curves must come back, and what is impossible must not."""

from __future__ import annotations

import numpy as np
import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.zposition.baselines import (
    HIGHEST,
    LOWEST,
    closeness,
    extreme,
    fit_profile,
    lopsidedness,
)

Z_UM = np.arange(-10.0, 11.0)


def bell(z_um: np.ndarray, peak_um: float, gain: float = 1.0) -> np.ndarray:
    return gain * np.exp(-(((z_um - peak_um) / 4) ** 2))


@pytest.mark.parametrize("extremum", [HIGHEST, LOWEST])
def test_a_profile_gives_back_the_distances_it_was_made_of(extremum: str) -> None:
    def score(gain: float) -> np.ndarray:
        curve = bell(Z_UM, 2.0, gain)
        return curve if extremum == HIGHEST else 1 / curve

    found = fit_profile([(score(1.0), Z_UM), (score(7.0), Z_UM)], extremum)

    assert found.offset_um == 2.0
    np.testing.assert_allclose(found.locate_stack(score(0.3), Z_UM), Z_UM, atol=1e-9)
    # The scale of a stack says where focus is, whatever its gain and its origin.
    assert found.best_z_um(score(5.0), Z_UM + 100) == pytest.approx(100.0)


def test_the_side_is_taken_from_the_oracle_only() -> None:
    found = fit_profile([(bell(Z_UM, 0.0), Z_UM)], HIGHEST)
    score = float(bell(np.array([3.0]), 0.0)[0])
    assert found.locate(score, 1.0, 1) == pytest.approx(3.0)
    assert found.locate(score, 1.0, -1) == pytest.approx(-3.0)
    with pytest.raises(ZfocusError, match="side -1 or 1, got 0"):
        found.locate(score, 1.0, 0)


def test_scores_beyond_the_profile_are_its_ends() -> None:
    found = fit_profile([(bell(Z_UM, 0.0), Z_UM)], HIGHEST)
    assert found.locate(1e-9, 1.0, 1) == pytest.approx(10.0)
    assert found.locate(2.0, 1.0, -1) == pytest.approx(0.0)


def test_what_rises_again_is_levelled_so_that_it_can_be_inverted() -> None:
    found = fit_profile([([1.0, 0.5, 4.0, 2.0, 3.0], [-2, -1, 0, 1, 2])], HIGHEST)
    np.testing.assert_allclose(found.profile[[0, 4, 8, 12, 16]], [0.125, 0.125, 1, 0.5, 0.5])
    assert (np.diff(found.profile[:9]) >= 0).all()
    assert (np.diff(found.profile[8:]) <= 0).all()


def test_stacks_of_different_reach_are_averaged_where_they_exist() -> None:
    found = fit_profile([([4.0, 2.0], [0, 1]), ([1.0, 4.0, 4e-9], [-1, 0, 1])], HIGHEST)
    ends = dict(zip(found.distance_um, found.profile))
    assert ends[-1.0] == pytest.approx(0.25)  # the second alone
    assert ends[1.0] == pytest.approx(0.25)  # the mean of 0.5 and nearly 0


def test_extremes_and_closeness_of_a_few_numbers() -> None:
    assert (extreme([2, 5, 1, 5], HIGHEST), extreme([2, 5, 1, 5], LOWEST)) == (1, 2)
    np.testing.assert_array_equal(closeness([2, 4], 4, HIGHEST), [0.5, 1])
    np.testing.assert_array_equal(closeness([2, 4], 2, LOWEST), [1, 0.5])
    with pytest.raises(ZfocusError, match="'highest' or 'lowest', got 'best'"):
        extreme([1], "best")


def test_lopsidedness_turns_with_the_contrast_and_heeds_neither_gain_nor_offset() -> None:
    image = np.zeros((8, 8))
    image[2:4, 2:4] = 1
    assert lopsidedness(image) == pytest.approx(14 / np.sqrt(15))  # p = 1/16: (1 - 2p) / sd
    assert lopsidedness(-image) == pytest.approx(-lopsidedness(image))
    assert lopsidedness(3 * image + 100) == pytest.approx(lopsidedness(image))
    assert lopsidedness(np.full((4, 4), 7)) == 0.0


def test_bad_input_gets_one_line() -> None:
    with pytest.raises(ZfocusError, match="at least one stack"):
        fit_profile([], HIGHEST)
    with pytest.raises(ZfocusError, match="above 0"):
        fit_profile([([1.0, 0.0], [0, 1])], HIGHEST)
    with pytest.raises(ZfocusError, match=r"shapes \(2,\) and \(3,\)"):
        fit_profile([([1.0, 2.0], [0, 1, 2])], HIGHEST)
