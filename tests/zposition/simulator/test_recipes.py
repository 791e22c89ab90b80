from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.zposition.simulator.optics import Grid, Optics
from zfocus_model.zposition.simulator.recipes import Recipe, make, recipe, recipes_of
from zfocus_model.zposition.simulator.systems import MANY, ONE


def small(drawn: Recipe, **changes: object) -> Recipe:
    """A recipe that takes milliseconds."""
    light = replace(drawn.optics, points=3)
    pixel = drawn.grid.pixel_size_um
    return replace(
        drawn,
        **{
            "optics": light,
            "grid": Grid(64, pixel),
            "size_px": 60,
            "planes": 7,
            "in_focus_plane": 3.0,
            "cells": 6,
            "trap_pairs": 0,
            "posts": 0,
            **changes,
        },  # pyright: ignore[reportArgumentType]
    )


def test_a_set_has_five_experiments_that_grow() -> None:
    every = recipes_of("yeast", 431, seed=1)
    assert Counter(name for name, _ in every) == {
        "experiment1": 87,
        **{f"experiment{number}": 86 for number in (2, 3, 4, 5)},
    }
    cells = [drawn.cells for name, drawn in every if name == "experiment2"]
    assert cells[0] < 20
    assert max(cells) > 150
    assert np.corrcoef(cells, np.arange(86))[0, 1] > 0.8
    assert len({drawn.seed for _, drawn in every}) == 431


def test_yeast_is_as_the_paper_has_it() -> None:
    drawn = recipe("yeast", 0, 0, 5, seed=1)
    assert (drawn.planes, drawn.z_step_um, drawn.size_px) == (31, 1.0, 250)
    assert drawn.grid.pixel_size_um == 0.24
    assert drawn.chamber_um == 6


def test_long_cells_are_as_the_paper_has_them() -> None:
    drawn = recipe("euglena", 0, 0, 5, seed=1)
    assert (drawn.planes, drawn.z_step_um, drawn.optics.na) == (51, 12.0, 0.3)
    assert drawn.optics.condenser_inner_na > 0


def test_focus_lies_inside_the_stack_at_no_fixed_plane() -> None:
    planes = [drawn.in_focus_plane for _, drawn in recipes_of("yeast", 100, seed=3)]
    assert min(planes) > 11
    assert max(planes) < 19
    assert np.std(planes) > 0.8


def test_the_same_recipe_gives_the_same_stack() -> None:
    drawn = small(recipe("yeast", 1, 2, 5, seed=7))
    made = make(drawn)
    assert made.planes.shape == (7, 60, 60)
    assert np.array_equal(made.planes, make(drawn).planes)
    assert not np.array_equal(made.planes, make(replace(drawn, seed=5)).planes)
    assert made.floor_cells + made.ceiling_cells == 6


def test_the_labelled_plane_has_the_least_contrast() -> None:
    drawn = small(
        recipe("yeast", 0, 0, 5, seed=7),
        ceiling=0.0,
        z_step_um=2.0,
        optics=Optics(na=1.2, condenser_na=0.3, points=8),
    )
    planes = make(drawn).planes.astype(float)
    contrast = planes.std((1, 2)) / planes.mean((1, 2))
    assert int(np.argmin(contrast[1:-1])) + 1 == 3
    # Bright inside below, dark inside above.
    assert np.corrcoef(planes[2].ravel(), planes[4].ravel())[0, 1] < -0.3


def test_two_populations_can_be_asked_for() -> None:
    drawn = small(recipe("yeast", 0, 0, 5, seed=7), cells=14, chamber_um=12.0, ceiling=0.5)
    made = make(drawn)
    assert made.floor_cells > 2 < made.ceiling_cells
    assert made.focus_height_um < 4


def test_long_cells_are_simulated() -> None:
    made = make(small(recipe("euglena", 0, 0, 5, seed=7)))
    assert made.planes.std() > 3
    assert 5 < made.focus_height_um < 30


def test_an_unknown_system_is_refused() -> None:
    with pytest.raises(ZfocusError, match="yeast or euglena"):
        recipe("moss", 0, 0, 1, 1)


def test_one_microscope_or_many() -> None:
    one, many = (
        [drawn for _, drawn in recipes_of("yeast", 40, seed=1, vary=vary)] for vary in (ONE, MANY)
    )

    def spread(every: list[Recipe]) -> float:
        return float(np.std([drawn.optics.condenser_na for drawn in every]))

    assert spread(one) < 0.03 < 0.05 < spread(many)
    assert [drawn.cells for drawn in one] == [drawn.cells for drawn in many]
