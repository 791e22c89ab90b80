from __future__ import annotations

import numpy as np

from zfocus_model.scenes import field
from zfocus_model.training.graded import graded_images, rate_graded


def test_a_graded_set_gets_blurrier_level_by_level(rng):
    sharp = field(rng, (120, 130), "filaments")
    graded = list(graded_images(sharp, np.random.default_rng(0), peak_photons=1e6))
    assert [level for level, _ in graded] == list(range(11))
    roughness = [np.abs(np.diff(image / image.max(), axis=0)).mean() for _, image in graded]
    assert all(a > b for a, b in zip(roughness, roughness[1:]))
    assert min(image.min() for _, image in graded) >= 0


def test_patches_keep_their_image_and_tiny_images_are_left_out():
    def fake(patches):
        rows = np.full((len(patches), 11), 0.01, np.float32)
        rows[:, 3] = 0.9
        return rows

    images = [(2, np.zeros((168, 84))), (5, np.zeros((40, 200))), (7, np.ones((84, 84)))]
    rated = rate_graded(fake, iter(images))
    assert rated.levels.tolist() == [2, 7]
    assert rated.patch_levels.tolist() == [2, 2, 7]
    assert rated.probabilities.argmax(1).tolist() == [3, 3]
