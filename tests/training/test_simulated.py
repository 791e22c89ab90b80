from __future__ import annotations

import numpy as np

from zfocus_model.training.simulated import SOURCE, simulated_images, smooth_objects


def test_fields_are_repeatable_sharp_and_hold_cells():
    images = simulated_images(10, seed=0)
    again = simulated_images(10, seed=0)
    assert 5 <= len(images) <= 10
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(images, again))
    assert {image.source for image in images} == {SOURCE}
    for image in images:
        assert image.pixels.shape == (420, 420)
        assert np.median(image.pixels) < 0.6 < image.pixels.max()


def test_other_seeds_draw_other_fields():
    first, second = (simulated_images(1, seed=seed)[0].pixels for seed in (0, 1))
    assert not np.array_equal(first, second)


def test_smooth_objects_have_an_outline_of_a_pixel_and_nothing_inside():
    image = smooth_objects(np.random.default_rng(2), 40.0)
    steps = np.abs(np.diff(image, axis=1))
    assert steps.max() > 0.1  # an outline
    assert np.mean(steps > 0.02) < 0.06  # and nearly all the rest is smooth
