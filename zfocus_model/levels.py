"""What a level is: levels, defocus discs in pixels and defocus in micrometres.

Level k is defocus added to the sharpest image that the optics can make: the simulated defocus
disc has a diameter of 40 k / 13 px. For the reference optics (NA 0.5, air, 0.65 um pixels) that is
z = 2 k um, the spacing that fits the classes of Yang et al. 2018 (doi 10.1186/s12859-018-2087-4).
"""

from __future__ import annotations

import math

PATCH_PX = 84
"""Side of a patch in pixels."""

LEVELS = 11
"""Number of defocus levels, 0 (in focus) to 10."""

DISC_PX_PER_LEVEL = 40 / 13
"""Diameter in pixels by which the defocus disc grows from one level to the next."""


def disc_px_from_level(level: float) -> float:
    """Diameter in px of the defocus disc at a level (any real number >= 0)."""
    return DISC_PX_PER_LEVEL * level


def level_from_disc_px(disc_px: float) -> int:
    """Nearest level (half up, clipped to 0..10) of a defocus disc of a diameter in px.

    Examples
    --------
    >>> [level_from_disc_px(d) for d in (0.0, 1.5, 1.6, 40.0)]
    [0, 0, 1, 10]
    """
    return min(LEVELS - 1, max(0, math.floor(disc_px / DISC_PX_PER_LEVEL + 0.5)))


def disc_px_from_z_um(
    z_um: float, *, numerical_aperture: float, refractive_index: float, pixel_size_um: float
) -> float:
    """Diameter in px of the paraxial defocus disc, ``2 |z| NA / (n p)``.

    Examples
    --------
    >>> disc = disc_px_from_z_um(
    ...     -20.0, numerical_aperture=0.5, refractive_index=1.0, pixel_size_um=0.65
    ... )
    >>> round(disc, 3), level_from_disc_px(disc)
    (30.769, 10)
    """
    return 2 * abs(z_um) * numerical_aperture / (refractive_index * pixel_size_um)


def z_um_from_disc_px(
    disc_px: float, *, numerical_aperture: float, refractive_index: float, pixel_size_um: float
) -> float:
    """Distance from focus in um (>= 0) that spreads a point over a disc of a diameter in px."""
    return refractive_index * pixel_size_um * disc_px / (2 * numerical_aperture)
