"""The colour code: values, shapes, and an order that colour-blind people see too."""

from __future__ import annotations

import numpy as np
import pytest

from zfocus_model.levels import LEVELS
from zfocus_model.report.colours import RAMP, UNRATED, hex_colour, level_colour

# Sight without red or green cones, on linear RGB: Vienot, Brettel and Mollon 1999,
# doi 10.1002/(SICI)1520-6378(199908)24:4<243::AID-COL5>3.0.CO;2-3.
_SIGHT = {
    "no red cones": [[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]],
    "no green cones": [[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]],
}


def _linear(rgb: np.ndarray) -> np.ndarray:
    x = rgb / 255
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)


def test_ends_and_middle():
    assert level_colour(0).tolist() == [80, 125, 255]
    assert level_colour(5).tolist() == [140, 255, 205]
    assert level_colour(10).tolist() == [255, 112, 24]
    assert level_colour(99).tolist() == level_colour(10).tolist()
    assert level_colour(-1).tolist() == level_colour(0).tolist()


def test_a_fraction_lies_between_its_neighbours():
    assert level_colour(0.5).tolist() == [65, 140, 255]


def test_brightness_is_certainty():
    full = level_colour(np.arange(LEVELS)).astype(int)
    assert (full.max(axis=-1) == 255).all()
    for certainty in (0.0, 0.25, 0.5, 0.75):
        part = level_colour(np.arange(LEVELS), certainty)
        assert np.abs(part - full * certainty).max() <= 0.5
    assert level_colour(3, 7.0).tolist() == level_colour(3, 1.0).tolist()


def test_unrated_is_grey_and_shapes_broadcast():
    colours = level_colour([[0, np.nan, 2]], [[1.0], [np.nan]])
    assert colours.shape == (2, 3, 3) and colours.dtype == np.uint8
    assert colours[0, 1].tolist() == list(UNRATED)
    assert (colours[1] == UNRATED).all()
    assert colours[0, 2].tolist() == list(RAMP[2])


@pytest.mark.parametrize("sight", sorted(_SIGHT))
def test_colour_blind_people_see_the_levels_in_order(sight: str):
    seen = np.clip(_linear(np.asarray(RAMP, float)) @ np.transpose(_SIGHT[sight]), 0, 1)
    blue_share = seen[:, 2] / (seen[:, 0] + seen[:, 2])
    assert (np.diff(blue_share) < 0).all()
    # The check has teeth: the old colour wheel is not ordered in this sight.
    wheel = np.array([[255, 0, 0], [255, 255, 0], [0, 255, 0], [0, 0, 255], [255, 0, 255]], float)
    seen = np.clip(_linear(wheel) @ np.transpose(_SIGHT[sight]), 0, 1)
    assert not (np.diff(seen[:, 2] / (seen[:, 0] + seen[:, 2])) < 0).all()


def test_hex():
    assert hex_colour(10) == "#ff7018"
    assert hex_colour(float("nan")) == "#808080"
