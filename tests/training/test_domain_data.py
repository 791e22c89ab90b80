from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from zfocus_model.training.data import Augmentation
from zfocus_model.training.domain_data import (
    SPOILERS,
    DomainMaker,
    kind_of,
    simulated,
)
from zfocus_model.training.domain_scenes import FLUORESCENCE, SCENES, SIDE_PX
from zfocus_model.training.sources import SourceImage

FEW = Augmentation(kernels_per_level=1)
ALL_SCENES = {**SCENES, **FLUORESCENCE}


def source(name, value):
    """Stripes of 7 px: nothing that the other sources have."""
    stripes = np.sin(np.arange(120, dtype=np.float32) * np.float32(value))
    return SourceImage(Path(f"{name}.png"), name, "", np.tile(stripes, (130, 1)))


@pytest.fixture(scope="module")
def maker():
    return DomainMaker(
        [source("cells", 0.3)],
        [source("photographs", 1.1), source("text", 1.3)],
        seed=1,
        spoilers=list(SPOILERS),
        augmentation=FEW,
    )


def test_a_batch_is_half_in_half_out_and_depends_on_its_number_alone(maker):
    patches, labels = maker.batch(3, 40)
    assert (patches.shape, patches.dtype) == ((40, 84, 84, 1), np.float32)
    assert labels.tolist() == [0] * 20 + [1] * 20
    assert np.isfinite(patches).all()
    maker.batch(0, 40)
    assert np.array_equal(maker.batch(3, 40)[0], patches)
    assert not np.array_equal(maker.batch(4, 40)[0], patches)


@pytest.mark.parametrize("kind", ALL_SCENES)
def test_scenes_are_scaled_images_that_differ(kind):
    one, other = (ALL_SCENES[kind](np.random.default_rng(seed)) for seed in (1, 2))
    assert (one.shape, one.dtype) == ((SIDE_PX, SIDE_PX), np.float32)
    assert np.percentile(one, 1) == pytest.approx(0, abs=1e-3)
    assert np.percentile(one, 99.9) == pytest.approx(1, abs=1e-3)
    assert not np.allclose(one, other)
    assert np.array_equal(one, ALL_SCENES[kind](np.random.default_rng(1)))


def test_simulated_sources_name_their_kind():
    (image,) = simulated(1, 0, {"text": SCENES["text"]})
    assert (image.source, kind_of(image.source)) == ("simulated text", "text")
    assert kind_of("histology") == "histology"


@pytest.fixture
def patch(rng):
    y, x = np.mgrid[:84, :84]
    spot = 100 * np.exp(-((y - 40) ** 2 + (x - 30) ** 2) / 200)
    return (spot + rng.normal(0, 5, (84, 84))).astype(np.float32)


def neighbours(image):
    """How alike neighbouring pixels are: correlation along a row."""
    return np.corrcoef(image[:, 1:].ravel(), image[:, :-1].ravel())[0, 1]


def test_inversion_turns_bright_into_dark(patch, rng):
    found = SPOILERS["inversion"](patch, rng)
    np.testing.assert_array_equal(found, -patch)


def test_compression_leaves_blocks_of_eight(rng):
    noise = rng.normal(0, 1, (84, 84)).astype(np.float32)
    found = SPOILERS["compression"](noise, np.random.default_rng(0))
    jumps = np.abs(np.diff(found, axis=1)).mean(0)
    by_column = [jumps[first::8].mean() for first in range(8)]
    # The jumps at the borders of the blocks stand out, at one place of eight.
    assert max(by_column) > 1.5 * np.median(by_column)
    assert neighbours(found) > neighbours(noise) + 0.3


@pytest.mark.parametrize("seed", range(4))
def test_enlargement_makes_neighbours_alike(patch, seed):
    found = SPOILERS["enlargement"](patch, np.random.default_rng(seed))
    assert found.shape == (84, 84)
    assert neighbours(found - found.mean()) > 0.75
    # An enlarged image has few values of its own: about one for every 9 px or more.
    assert neighbours(np.diff(found, axis=0)) > neighbours(np.diff(patch, axis=0)) + 0.3
