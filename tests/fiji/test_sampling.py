from __future__ import annotations

import pytest
from zfocus_fiji import sampling


def test_numbers_of_the_published_generator():
    draw = sampling.Draw(1234567)
    assert [draw.next() for _ in range(3)] == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
    ]


def test_every_number_below_the_limit_comes_about_as_often():
    draw = sampling.Draw(1)
    counts = [0] * 5
    for _ in range(5000):
        counts[draw.below(5)] += 1
    assert min(counts) > 900
    assert max(counts) < 1100


def test_a_sample_keeps_the_order_and_draws_nothing_twice():
    items = list("abcdefgh")
    seen = set()
    for seed in range(200):
        chosen = sampling.Draw(seed).sample(items, 3)
        assert chosen == sorted(set(chosen))
        assert len(chosen) == 3
        seen.add(tuple(chosen))
    assert len(seen) > 45  # of 56
    assert sampling.Draw(0).sample(items, 8) == items == sampling.Draw(0).sample(items, 99)


def test_seeds_differ_by_well_and_stay():
    seeds = {sampling.seed_for(7, well) for well in ("A01", "A02", "B01", "A10")}
    assert len(seeds) == 4
    assert sampling.seed_for(7, "A01") == sampling.seed_for(7, "A01")
    assert sampling.seed_for(8, "A01") not in seeds


@pytest.mark.parametrize("shape", [(6, 8), (3, 3), (2, 5)])
def test_crops_lie_on_the_grid_of_patches(shape):
    places = {sampling.crop_place(sampling.Draw(seed), shape, 3) for seed in range(300)}
    rows, columns = min(3, shape[0]), min(3, shape[1])
    assert {place[2:] for place in places} == {(rows, columns)}
    # Every place there is, the last row and column of patches included, and none outside.
    assert {place[:2] for place in places} == {
        (row, column)
        for row in range(shape[0] - rows + 1)
        for column in range(shape[1] - columns + 1)
    }
