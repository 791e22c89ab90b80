from __future__ import annotations

import numpy as np
import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.zposition.bins import bin_centres
from zfocus_model.zposition.labels import read_labels
from zfocus_model.zposition.training.crops import CropMaker, ZAugmentation, border
from zfocus_model.zposition.training.stackset import StackSet, load_stacks
from zfocus_model.zposition.training.targets import labels_for, soft_labels

CENTRES = bin_centres(5.0)


@pytest.fixture(scope="module")
def stacks(label_table):
    return load_stacks(read_labels(label_table), label_table.parent)


def maker(stacks, augmentation=None, **changes):
    settings = {"sides_px": (64, 72), "batch_px": 5 * 64**2, "seed": 1, **changes}
    return CropMaker(stacks, CENTRES, augmentation=augmentation, **settings)


def test_sides_take_turns_and_pixels_stay_the_same(stacks):
    crops = maker(stacks)
    assert [crops.size(number) for number in range(3)] == [(5, 64), (3, 72), (5, 64)]
    images, labels = crops.batch(1)
    assert images.shape == (3, 72, 72, 1)
    assert images.dtype == labels.dtype == np.float32
    assert labels.sum(1) == pytest.approx(np.ones(3))


def test_a_batch_depends_on_its_number_and_the_seed_alone(stacks):
    how = ZAugmentation()
    one, again = maker(stacks, how).batch(7), maker(stacks, how).batch(7)
    assert np.array_equal(one[0], again[0])
    assert np.array_equal(one[1], again[1])
    assert not np.array_equal(one[0], maker(stacks, how, seed=2).batch(7)[0])
    assert not np.array_equal(one[0][:3], maker(stacks, how).batch(9)[0][:3])


def test_whole_crops_are_planes_turned_with_their_own_label(stacks):
    images, labels = maker(stacks).batch(1)
    wanted = soft_labels(stacks.z_um, CENTRES)
    planes = [plane.astype(np.float32) for plane in stacks.images()]
    for image, label in zip(images[..., 0], labels):
        ways = [np.rot90(image, k) for k in range(4)]
        ways += [way.T for way in ways]
        found = [n for n, plane in enumerate(planes) if any(np.array_equal(plane, w) for w in ways)]
        assert len(found) == 1
        assert label == pytest.approx(wanted[found[0]])


def test_mixed_crops_carry_both_labels(label_table):
    known = read_labels(label_table)[:1]
    bright = np.stack([np.full((64, 64), 10 * plane, np.uint8) for plane in range(9)])
    stacks = StackSet(known, (bright,), 0.24)
    always = ZAugmentation(noise=0, slope=0, scale=0, mixed=1, blank=0)
    images, labels = maker(stacks, always, sides_px=(64,)).batch(0)
    assert labels.sum(1) == pytest.approx(np.ones(len(labels)))
    for image, label in zip(images, labels):
        ends = {float(image.min()), float(image.max())}
        z = [stacks.z_um[int(end / 10)] for end in ends]
        # The mean of the label lies where the share of the areas puts it.
        share = (image.mean() - min(ends)) / max(1e-9, max(ends) - min(ends))
        if len(ends) == 2:
            assert label @ CENTRES == pytest.approx(min(z) + share * (max(z) - min(z)), abs=1e-3)


def test_blank_crops_say_that_nothing_is_known(stacks):
    _, labels = maker(stacks, ZAugmentation(blank=1)).batch(0)
    assert labels == pytest.approx(np.full((5, 9), 1 / 9))


def test_a_border_has_two_sides(rng):
    mask = border(rng, 128)
    assert (mask.min(), mask.max()) == (0, 1)
    assert 0.2 < mask.mean() < 0.8


def test_crops_are_no_larger_than_the_images(stacks):
    assert maker(stacks, sides_px=(96, 128)).size(0) == (3, 72)
    with pytest.raises(ZfocusError, match="at least one pixel in a batch, got 0"):
        maker(stacks, batch_px=0)


def test_labels_are_shared_between_neighbouring_bins():
    assert soft_labels([-20.0, 1.0, 3.75, 99], CENTRES)[:, 3:].tolist() == [
        [0, 0, 0, 0, 0, 0],
        [0, pytest.approx(0.8), pytest.approx(0.2), 0, 0, 0],
        [0, 0.25, 0.75, 0, 0, 0],
        [0, 0, 0, 0, 0, 1],
    ]
    assert labels_for("hard", [3.75], CENTRES)[0, 5] == 1
    with pytest.raises(ZfocusError, match="the loss crossentropy or rps or hard, got 'mse'"):
        labels_for("mse", [0.0], CENTRES)
