"""The one colour code of zfocus: hue tells the level, brightness tells the certainty.

The ramp is that of zfocus_model.report.colours; a test holds both equal.
"""

from __future__ import division

import math

RAMP = (
    (80, 125, 255),
    (50, 155, 255),
    (40, 187, 255),
    (60, 217, 255),
    (95, 240, 255),
    (140, 255, 205),
    (185, 255, 160),
    (225, 255, 110),
    (255, 225, 80),
    (255, 170, 50),
    (255, 112, 24),
)
UNRATED = (128, 128, 128)


def level_colour(level, certainty=1.0):
    """(red, green, blue), 0 to 255, of a level (or expected level); grey where either is None."""
    if level is None or certainty is None:
        return UNRATED
    place = min(max(float(level), 0.0), len(RAMP) - 1.0)
    low = min(int(place), len(RAMP) - 2)
    share = place - low
    bright = min(max(float(certainty), 0.0), 1.0)
    return tuple(
        int(math.floor((a + (b - a) * share) * bright + 0.5))
        for a, b in zip(RAMP[low], RAMP[low + 1])
    )
