from __future__ import annotations

import math

import numpy as np
import pytest

from zfocus_model.zposition.bins import bin_centres
from zfocus_model.zposition.training.calibrate import choose_z_limits
from zfocus_model.zposition.training.scores import NAMES, Inferred, confusion, scores

BINS = bin_centres(1.0, 2.0)


def inferred(z_um, bins, stack=None, reason=None):
    n = len(z_um)
    return Inferred(
        np.array(z_um, float),
        np.array(stack if stack is not None else range(n), np.intp),
        np.eye(5)[bins],
        BINS,
        np.array(reason or [""] * n),
    )


def test_scores_of_four_images_by_hand():
    # Errors of the bins' centres: 0, +1, -0.5, +3.
    found = scores(inferred([0, 1, 0.5, -1], [2, 4, 2, 4], reason=["", "", "", "broad"]))
    assert set(found) == set(NAMES)
    assert found["within_1um"].value == 0.75
    assert found["right_bin"].value == 0.25  # 0.5 belongs to the bin at 1: half up
    assert found["within_one_bin"].value == 0.75
    assert found["mean_absolute_um"].value == 4.5 / 4
    assert found["bias_um"].value == 3.5 / 4
    assert found["mean_squared_um2"].value == 10.25 / 4
    assert found["error_sd_um"].value == pytest.approx(math.sqrt(10.25 / 4 - (3.5 / 4) ** 2))
    assert found["undecided"].value == 0.25
    assert found["decided_within_1um"].value == 1
    assert found["decided_mean_absolute_um"].value == 0.5


def test_intervals_are_drawn_by_stack():
    z = np.zeros(200)
    bins = [2] * 100 + [4] * 100
    by_image = scores(inferred(z, bins))["within_1um"]
    by_stack = scores(inferred(z, bins, stack=[0] * 100 + [1] * 100))["within_1um"]
    assert by_image.value == by_stack.value == 0.5
    assert (by_stack.low, by_stack.high) == (0, 1)
    assert 0.4 < by_image.low < by_image.high < 0.6


def test_no_decided_image_has_no_error():
    found = scores(inferred([0, 1], [2, 3], reason=["broad", "edge"]))
    assert math.isnan(found["decided_within_1um"].value)
    assert found["undecided"].value == 1


def test_confusion_counts_true_rows_and_inferred_columns():
    counts = confusion(inferred([-2, -2, 1, 9], [0, 1, 3, 4]))
    assert counts.sum() == 4
    assert counts[0].tolist() == [1, 1, 0, 0, 0]
    assert (counts[3, 3], counts[4, 4]) == (1, 1)


def test_limits_leave_nearly_all_single_populations_decided(rng):
    centres = bin_centres()
    z = rng.uniform(-15, 15, 400)
    single = np.exp(-((centres - z[:, None]) ** 2) / 2)
    single /= single.sum(1, keepdims=True)
    blank = np.full((20, 41), 1 / 41)
    limits = choose_z_limits(single, blank, centres)
    assert limits.sd_max_um == pytest.approx(1.0, abs=0.1)
    assert 0 < limits.certainty_min < 0.7
    assert limits.second_mode_max == 0.05
