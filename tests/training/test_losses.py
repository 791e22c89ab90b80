from __future__ import annotations

import numpy as np
import pytest

from zfocus_model import aggregation
from zfocus_model._errors import ZfocusError
from zfocus_model.training import losses

pytest.importorskip("keras")


def test_a_certain_forecast_is_charged_its_distance():
    certain = np.eye(11, dtype=np.float32)[[0, 3, 10]]
    scores = np.asarray(losses.ranked_probability_score(np.array([0, 5, 0]), certain))
    assert scores == pytest.approx([0, 2, 10])


def test_it_equals_the_numpy_score(rng):
    p = rng.dirichlet(np.ones(11), 20).astype(np.float32)
    labels = rng.integers(0, 11, 20)
    ours = np.asarray(losses.ranked_probability_score(labels[:, None], p))
    assert ours == pytest.approx(aggregation.ranked_probability_score(p, labels), abs=1e-5)


def test_within_one_counts_neighbours():
    p = np.eye(11, dtype=np.float32)[[4, 4, 4, 4]]
    assert np.asarray(losses.within_one(np.array([3, 4, 5, 6]), p)).tolist() == [1, 1, 1, 0]


def test_losses_go_by_name():
    assert losses.loss_function("rps") is losses.ranked_probability_score
    assert losses.loss_function("crossentropy") == "sparse_categorical_crossentropy"
    with pytest.raises(ZfocusError, match="crossentropy or rps, got 'mse'"):
        losses.loss_function("mse")
