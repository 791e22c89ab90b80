from __future__ import annotations

import numpy as np

from zfocus_model.training.domain_empty import empty_field


def fields(count: int = 40) -> list[np.ndarray]:
    return [empty_field(np.random.default_rng(seed), 168) for seed in range(count)]


def test_the_light_of_an_empty_field_changes_slowly() -> None:
    """Averaged over 12 x 12 px, neighbours are alike: what is left has no cells."""
    likeness = []
    for image in fields():
        means = image.reshape(14, 12, 14, 12).mean(axis=(1, 3))
        likeness.append(np.corrcoef(means[:, 1:].ravel(), means[:, :-1].ravel())[0, 1])
    assert np.median(likeness) > 0.8


def test_it_tells_more_than_noise() -> None:
    for image in fields():
        means = image.reshape(14, 12, 14, 12).mean(axis=(1, 3))
        fine = np.diff(image, axis=1).std() / np.sqrt(2)
        assert means.std() > 2 * fine / 12  # what an average of 144 pixels of noise would spread


def test_some_have_faults_of_a_sensor() -> None:
    """Columns or rows with offsets of their own stay when the other axis is averaged away."""
    striped = 0
    for image in fields():
        for axis in (0, 1):
            profile = np.diff(image.mean(axis=axis))
            white = np.diff(image, axis=1 - axis).std() / np.sqrt(len(image))
            striped += profile.std() > 3 * white > 0
    assert 5 < striped < 70


def test_the_same_seed_draws_the_same_field() -> None:
    one, again = (empty_field(np.random.default_rng(3), 100) for _ in range(2))
    assert np.array_equal(one, again)
