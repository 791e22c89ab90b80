"""The one colour code of every door: hue tells the level, brightness tells the certainty.

Level 0 is blue, level 5 pale green, level 10 orange. The old tools ran once round the colour
wheel, where levels 0 and 10 look alike and red and green neighbours cannot be told apart by one
man in twelve. People without red or green cones see a single line from blue through white to
yellow, so along this ramp the share of blue falls at every step, also as they see it
(a test simulates both kinds of sight); to everybody else neighbours differ by steps of even size.
The largest channel is 255 throughout, so that brightness is left free to tell the certainty.

Numpy only and free of Python 3.9 syntax: the CellProfiler and Fiji doors use it too.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

RAMP: tuple[tuple[int, int, int], ...] = (
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
"""Red, green, blue (0..255) of levels 0 to 10 at certainty 1."""

UNRATED: tuple[int, int, int] = (128, 128, 128)
"""Grey of what has no level: unrated patches, undecided images."""


def level_colour(level: ArrayLike, certainty: ArrayLike = 1.0) -> np.ndarray[Any, Any]:
    """Colour of a level at a certainty: the ramp's hue, with the certainty as brightness.

    Parameters
    ----------
    level
        Level or expected level, any shape; fractions lie between their neighbours' colours,
        values outside 0..10 take the nearest end. NaN (no level) is grey.
    certainty
        0..1, broadcast against ``level``; clipped. NaN (unrated) is grey too.

    Returns
    -------
    numpy.ndarray
        Red, green, blue, uint8, shape of the broadcast arguments + (3,).

    Examples
    --------
    >>> level_colour(0).tolist(), level_colour(10, 0.5).tolist()
    ([80, 125, 255], [128, 56, 12])
    >>> level_colour([0, float("nan")], 1.0).tolist()
    [[80, 125, 255], [128, 128, 128]]
    """
    levels, brightness = np.broadcast_arrays(
        np.asarray(level, np.float64), np.asarray(certainty, np.float64)
    )
    unrated = np.isnan(levels) | np.isnan(brightness)
    ramp = np.asarray(RAMP, np.float64)
    places = np.arange(len(RAMP))
    filled = np.where(unrated, 0.0, levels)
    channels = [np.interp(filled, places, ramp[:, channel]) for channel in range(3)]
    colour = np.stack(channels, axis=-1) * np.clip(brightness, 0.0, 1.0)[..., np.newaxis]
    colour = np.where(unrated[..., np.newaxis], np.asarray(UNRATED, np.float64), colour)
    return np.floor(colour + 0.5).astype(np.uint8)


def hex_colour(level: float, certainty: float = 1.0) -> str:
    """The same colour as ``#rrggbb``, for web pages.

    Examples
    --------
    >>> hex_colour(0)
    '#507dff'
    """
    red, green, blue = (int(part) for part in level_colour(level, certainty))
    return f"#{red:02x}{green:02x}{blue:02x}"
