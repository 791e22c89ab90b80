"""Fiji's colours are those of the reports."""

from __future__ import annotations

import numpy as np
from zfocus_fiji import colours

from zfocus_model.report import colours as reference


def test_the_ramp_is_the_same():
    assert colours.RAMP == reference.RAMP
    assert colours.UNRATED == reference.UNRATED


def test_every_level_and_certainty_has_the_same_colour():
    levels = np.linspace(-1, 12, 53)
    certainties = np.linspace(-0.2, 1.2, 29)
    expected = reference.level_colour(levels[:, None], certainties[None])
    for i, level in enumerate(levels):
        for j, certainty in enumerate(certainties):
            assert colours.level_colour(level, certainty) == tuple(expected[i, j]), (
                level,
                certainty,
            )


def test_golden():
    assert colours.level_colour(0) == (80, 125, 255)
    assert colours.level_colour(10, 0.5) == (128, 56, 12)
    assert colours.level_colour(None) == colours.level_colour(3, None) == (128, 128, 128)
