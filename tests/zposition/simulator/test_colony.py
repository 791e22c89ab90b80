from __future__ import annotations

import numpy as np
import pytest

from zfocus_model.zposition.simulator.colony import CEILING, FLOOR, Colony


def grown(cells: int, seed: int = 0, **options: float) -> Colony:
    rng = np.random.default_rng(seed)
    colony = Colony.found(3, 30, 6, 2.2, rng, **options)  # pyright: ignore[reportArgumentType]
    colony.grow(cells, rng)
    return colony


def test_it_grows_to_the_number_that_was_asked_for() -> None:
    assert [len(grown(cells)) for cells in (3, 20, 45)] == [3, 20, 45]


def test_the_same_seed_gives_the_same_colony() -> None:
    assert np.array_equal(grown(20, 4).places, grown(20, 4).places)
    assert not np.array_equal(grown(20, 4).places, grown(20, 5).places)


def test_cells_stay_in_the_chamber() -> None:
    colony = grown(45)
    assert ((colony.places[:, :2] >= 0) & (colony.places[:, :2] <= 30)).all()
    heights, radii = colony.places[:, 2], np.minimum(colony.radii, 3)
    assert (heights - radii).min() > -1e-9
    assert (heights + radii).max() < 6 + 1e-9


def test_cells_make_room_for_each_other() -> None:
    colony = grown(25)
    free = colony.mother < 0
    gap = colony.places[free, None] - colony.places[None, free]
    gap[..., :2] -= 30 * np.rint(gap[..., :2] / 30)
    far = np.sqrt((gap**2).sum(-1)) + np.eye(int(free.sum())) * 99
    touching = colony.radii[free, None] + colony.radii[None, free]
    assert (far / touching).min() > 0.7


def test_buds_are_smaller_and_touch_their_mothers() -> None:
    colony = grown(45)
    buds = np.flatnonzero(colony.mother >= 0)
    assert len(buds) > 5
    mothers = colony.mother[buds]
    assert (colony.radii[buds] <= 0.8 * colony.radii[mothers]).all()
    gap = colony.places[buds] - colony.places[mothers]
    gap[:, :2] -= 30 * np.rint(gap[:, :2] / 30)
    assert (np.linalg.norm(gap, axis=1) < colony.radii[buds] + colony.radii[mothers]).all()


def test_floor_and_ceiling_hold_their_cells() -> None:
    floor, ceiling = grown(12, ceiling=0.0), grown(12, ceiling=1.0)
    assert (floor.side == FLOOR).all()
    assert (ceiling.side == CEILING).all()
    # z = 0 is the middle of cells on the floor, about a radius above it.
    assert floor.focus_height_um() == pytest.approx(2.2, abs=0.3)
    assert ceiling.focus_height_um() == pytest.approx(6 - 2.2, abs=0.3)


def test_focus_leaves_cells_on_the_ceiling_out() -> None:
    colony = grown(12, ceiling=0.0)
    before = colony.focus_height_um()
    colony.side[1], colony.places[1, 2] = CEILING, 4
    free_floor = (colony.side == FLOOR) & (colony.mother < 0)
    assert colony.focus_height_um() == pytest.approx(colony.places[free_floor, 2].mean())
    assert colony.focus_height_um() == pytest.approx(before, abs=0.3)


def test_cells_stay_out_of_posts() -> None:
    rng = np.random.default_rng(1)
    colony = Colony.found(3, 30, 6, 2.2, rng, obstacles=[(15, 15, 4)])
    colony.grow(30, rng)
    free = colony.mother < 0
    far = np.hypot(colony.places[free, 0] - 15, colony.places[free, 1] - 15)
    assert (far - colony.radii[free]).min() > 4 - 0.5
