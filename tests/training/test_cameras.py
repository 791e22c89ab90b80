from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from zfocus_model.scenes import field
from zfocus_model.training.cameras import photograph
from zfocus_model.training.data import Augmentation


@pytest.fixture(scope="module")
def signal():
    return field(np.random.default_rng(0), (84, 84), "nuclei", size_px=9)


def neighbour_correlation(picture):
    picture = picture - picture.mean()
    return float((picture[:, 1:] * picture[:, :-1]).mean() / picture.var())


def test_a_plain_camera_keeps_the_picture(signal, plain):
    counts = photograph(signal, plain, np.random.default_rng(1))
    assert np.corrcoef(counts.ravel(), signal.ravel())[0, 1] > 0.99


@pytest.mark.parametrize("share", ["resampled_share", "exported_share", "empty_share"])
def test_every_history_gives_whole_counts_of_a_camera(signal, share):
    options = replace(Augmentation(), **{share: 1.0})
    for seed in range(20):
        counts = photograph(signal, options, np.random.default_rng(seed))
        assert (counts.shape, counts.dtype) == ((84, 84), np.float32)
        assert np.array_equal(counts, np.rint(counts))
        assert 0 <= counts.min() <= counts.max() <= 65535


def test_a_resampled_file_has_correlated_noise_and_the_same_mean(plain):
    flat = np.full((84, 84), 0.5, np.float32)
    white = photograph(flat, plain, np.random.default_rng(0))
    smooth = photograph(flat, replace(plain, resampled_share=1.0), np.random.default_rng(0))
    assert abs(neighbour_correlation(white)) < 0.05
    assert neighbour_correlation(smooth) > 0.1


def test_an_exported_picture_has_eight_bits(signal, plain):
    options = replace(plain, exported_share=1.0)
    for seed in range(5):
        picture = photograph(signal, options, np.random.default_rng(seed))
        assert picture.max() <= 255
        assert np.corrcoef(picture.ravel(), signal.ravel())[0, 1] > 0.8
