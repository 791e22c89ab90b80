from __future__ import annotations

import sys
from dataclasses import fields
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from made_up import random_rated

from zfocus_model.evaluation.rated import Rated, join, load


def same(a, b):
    return all(
        np.array_equal(getattr(a, f.name), getattr(b, f.name), equal_nan=f.type.find("str") < 0)
        for f in fields(Rated)
    )


def test_what_is_saved_is_read_back_and_damage_counts_as_nothing(rng, tmp_path):
    images = random_rated(rng)
    path = tmp_path / "a.npz"
    images.save(path)
    read = load(path)
    assert read is not None and same(read, images)
    path.write_bytes(path.read_bytes()[:500])
    assert load(path) is None
    assert load(tmp_path / "none.npz") is None


def test_taking_parts_and_joining_them_gives_the_whole(rng):
    images = random_rated(rng, fields=4)
    parts = [images.take(images.field == f) for f in range(4)]
    assert [len(part.patch_probabilities) for part in parts] == [44] * 4
    # A part keeps the number of its field; joined ones get new numbers, still apart.
    whole = join(parts)
    assert len(np.unique(whole.field)) == 4
    assert np.array_equal(whole.patch_true, images.patch_true)
    assert np.array_equal(whole.probabilities, images.probabilities)


def test_parts_of_one_name_show_the_same_fields(rng):
    images = random_rated(rng, fields=3)
    parts = [images.take(images.field == 0) for _ in range(4)]
    joined = join(parts, ["a", "", "a", ""])
    assert joined.field.reshape(4, 11)[:, 0].tolist() == [0, 1, 0, 2]
    two = join([images, images], ["well", "well"])  # two channels of three fields
    assert np.array_equal(two.field[:33], two.field[33:])


def test_levels_and_expectations(rng):
    images = random_rated(rng, fields=1)
    assert images.level.tolist() == images.probabilities.argmax(axis=1).tolist()
    assert ((images.expected_level >= 0) & (images.expected_level <= 10)).all()
