from __future__ import annotations

import numpy as np
import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.training.calibrate import (
    blank_images,
    calibrate_run,
    choose_limits,
)
from zfocus_model.training.temperature import at_temperature, fit_temperature


def test_temperature_of_bold_probabilities_is_found(rng):
    logits = rng.normal(0, 2, (4000, 11))
    true = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    levels = np.array([rng.choice(11, p=row) for row in true])
    bold = at_temperature(true, 0.5)  # twice as sure as it should be
    assert fit_temperature(bold, levels) == pytest.approx(2.0, rel=0.06)
    assert fit_temperature(true, levels) == pytest.approx(1.0, rel=0.06)


def test_at_temperature_keeps_uniform_uniform_and_flattens():
    p = np.array([[0.8, 0.2], [0.5, 0.5]])
    assert at_temperature(p, 2.0) == pytest.approx(np.array([[2 / 3, 1 / 3], [0.5, 0.5]]))


def peaked(levels, share):
    p = np.full((len(levels), 11), (1 - share) / 10)
    p[np.arange(len(levels)), levels] = share
    return p


def test_limits_separate_blank_from_cells_and_sharp_from_blurred():
    levels = np.repeat(np.arange(11), 5)
    found = choose_limits(peaked(levels, 0.9), levels, peaked(np.zeros(50, int), 0.2), 1.5)
    assert found.blank_undecided == 1
    assert found.cells_decided == 1
    assert found.f_score == 1
    assert found.temperature == 1.5
    assert 0.2 <= found.in_focus_min <= 0.8


def test_blank_images_are_undecided_even_where_that_costs_cells():
    levels = np.repeat(np.arange(11), 5)
    blank = np.concatenate([peaked(np.zeros(98, int), 0.2), peaked(np.zeros(2, int), 0.95)])
    found = choose_limits(peaked(levels, 0.9), levels, blank, 1.0)
    assert found.blank_undecided >= 0.98
    assert found.cells_decided < 1


def test_blank_images_are_seeded_and_vary():
    first, second = (list(blank_images(1, 3)) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second))
    assert first[0].shape == (9, 84, 84)
    assert first[0].std() > 0
    assert not np.array_equal(first[0], first[1])


def test_a_folder_without_weights_is_named(tmp_path):
    with pytest.raises(ZfocusError, match=r"expected best\.keras"):
        calibrate_run(tmp_path, [])
