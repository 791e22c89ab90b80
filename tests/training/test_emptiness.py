from __future__ import annotations

import numpy as np
import pytest

from zfocus_model.training.emptiness import add_hot_pixels, add_sensor_faults, nothing


@pytest.mark.parametrize("seed", range(40))
def test_light_without_cells_is_light_and_has_no_hard_edge(seed):
    light = nothing(np.random.default_rng(seed))
    assert (light.shape, light.dtype) == ((84, 84), np.float32)
    assert light.min() >= 0
    assert np.isfinite(light).all()
    # Fringes of 7 px are the finest, and go from bright to dark in half of that.
    steps = np.abs(np.diff(light, axis=0)).max()
    assert steps <= 0.46 * np.ptp(light)


def test_there_are_dark_places_even_ones_and_others():
    places = [nothing(np.random.default_rng(seed)) for seed in range(40)]
    assert 5 <= sum(np.ptp(place) == 0 for place in places) <= 20
    # What is lit on purpose lies on a ground that is not dark.
    assert any(place.min() > 0.15 for place in places)


def test_faults_of_a_sensor_run_along_rows_or_columns():
    changed = 0
    for seed in range(20):
        picture = np.full((84, 84), 100, np.float32)
        add_sensor_faults(picture, np.random.default_rng(seed))
        changed += bool(np.ptp(picture))
        # A sum of something by row and something by column.
        assert np.abs(np.diff(np.diff(picture, axis=0), axis=1)).max() < 1e-3
    assert changed >= 10


def test_hot_pixels_are_few_and_only_brighter():
    for seed in range(20):
        picture = np.zeros((84, 84), np.float32)
        add_hot_pixels(picture, 100.0, np.random.default_rng(seed))
        assert 1 <= np.count_nonzero(picture) <= 8
        assert 0 <= picture.min() <= 10 <= picture.max() <= 4 * 600
