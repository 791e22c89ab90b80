"""Objective, condenser and the points of the light source."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zfocus_model._errors import ZfocusError


@dataclass(frozen=True)
class Grid:
    """A square of pixels that repeats itself on all sides, so that nothing is lost at an edge.

    Raises
    ------
    ZfocusError
        If there are fewer than 16 pixels, or the pixel size is not above 0.
    """

    size_px: int = 256
    """Pixels a side; a power of 2 is fastest."""
    pixel_size_um: float = 0.24
    """Side of a pixel in the sample, um."""

    def __post_init__(self) -> None:
        """Check the bounds."""
        if self.size_px < 16 or not 0 < self.pixel_size_um < math.inf:
            raise ZfocusError(
                f"expected a grid of at least 16 px and a pixel size above 0 um, got "
                f"{self.size_px} px and {self.pixel_size_um} um"
            )

    @property
    def side_um(self) -> float:
        """Side of the square, um."""
        return self.size_px * self.pixel_size_um

    def frequencies(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Spatial frequencies along y (n, 1) and x (1, n), cycles/um, in the order of the FFT."""
        f = np.asarray(np.fft.fftfreq(self.size_px, self.pixel_size_um), np.float64)
        return f[:, None], f[None, :]


@dataclass(frozen=True)
class Optics:
    """A microscope for transmitted light: bright field, or phase contrast with a ring.

    Raises
    ------
    ZfocusError
        If a numerical aperture, a wavelength or a number of points is out of range.
    """

    na: float = 1.3
    """Numerical aperture of the objective; beyond 0.98 of the medium's index nothing passes."""
    condenser_na: float = 0.35
    """Numerical aperture of the illumination, its outer radius; below that of the objective."""
    condenser_inner_na: float = 0.0
    """Inner radius of the illumination: above 0 it is a ring."""
    condenser_shift_na: tuple[float, float] = (0.0, 0.0)
    """Where the middle of the illumination lies in the pupil (y, x): 0, 0 if well aligned."""
    wavelength_um: float = 0.55
    """Wavelength in vacuum, um; the middle of the band."""
    bandwidth_um: float = 0.0
    """Full width of the band; every point of the source has its own wavelength in it."""
    medium_index: float = 1.335
    """Refractive index of the medium around the cells."""
    points: int = 18
    """Points of the source that stand for all of it."""
    spherical_waves: float = 0.0
    """Spherical aberration at the edge of the pupil, waves of ``rho ** 4``."""
    ring_transmission: float = 1.0
    """Amplitude transmission of the objective's phase ring."""
    ring_phase: float = 0.0
    """Phase of the objective's ring, rad; -pi/2: what is denser looks darker."""
    ring_margin_na: float = 0.0
    """The phase ring is wider than the illuminating ring by this much on both sides."""

    def __post_init__(self) -> None:
        """Check the bounds."""
        limit = min(self.na, 0.98 * self.medium_index)
        if not 0 < self.na < 1.6 or not 0 <= self.condenser_inner_na <= self.condenser_na < limit:
            raise ZfocusError(
                f"expected 0 <= inner condenser NA <= condenser NA < objective NA < 1.6, got "
                f"{self.condenser_inner_na}, {self.condenser_na} and {self.na}"
            )
        if not 0.2 <= self.wavelength_um <= 2 or not 0 <= self.bandwidth_um < self.wavelength_um:
            raise ZfocusError(
                f"expected a wavelength of 0.2 to 2 um and a narrower band, got "
                f"{self.wavelength_um} and {self.bandwidth_um} um"
            )
        if self.points < 1:
            raise ZfocusError(f"expected at least 1 point of the source, got {self.points}")

    def patch_na(self) -> float:
        """Radius of the patch of the source that one point stands for, in NA."""
        if self.points == 1:
            return 0.0
        area = self.condenser_na**2 - self.condenser_inner_na**2
        # On a thin ring points have neighbours on two sides only, farther away than on a disc.
        around = math.sqrt(math.pi) * (self.condenser_na + self.condenser_inner_na) / self.points
        return max(math.sqrt(area / self.points), around if self.condenser_inner_na else 0.0)


@dataclass(frozen=True)
class SourcePoint:
    """A point of the source: a plane wave that falls on the sample."""

    fy: float
    """Spatial frequency of the wave along y, cycles/um."""
    fx: float
    """Along x."""
    wavelength_um: float
    """Wavelength in vacuum."""


def source_points(optics: Optics, turn: float = 0.0) -> tuple[SourcePoint, ...]:
    """Spread points evenly over the condenser's aperture, on a spiral of golden angles.

    Parameters
    ----------
    optics
        The microscope.
    turn
        By how many turns the spiral is rotated.

    Returns
    -------
    tuple of SourcePoint
        All of the same weight.
    """
    golden = (3 - math.sqrt(5)) / 2
    inner, outer = optics.condenser_inner_na**2, optics.condenser_na**2
    found: list[SourcePoint] = []
    for number in range(optics.points):
        share = (number + 0.5) / optics.points
        radius = 0.0 if optics.points == 1 else math.sqrt(inner + share * (outer - inner))
        angle = 2 * math.pi * (number * golden + turn)
        # Colours in another order than radii, or the middle of the source would be blue.
        colour = (number * 0.618034 + 0.5) % 1 - 0.5
        wavelength = optics.wavelength_um + optics.bandwidth_um * colour
        shift_y, shift_x = optics.condenser_shift_na
        found.append(
            SourcePoint(
                (radius * math.sin(angle) + shift_y) / wavelength,
                (radius * math.cos(angle) + shift_x) / wavelength,
                wavelength,
            )
        )
    return tuple(found)


def axial_frequency(optics: Optics, grid: Grid, point: SourcePoint) -> NDArray[np.float64]:
    """Cycles/um along the axis of each plane wave of the field, less those of the light that falls.

    Parameters
    ----------
    optics, grid
        Microscope and grid.
    point
        The field is described relative to this plane wave.

    Returns
    -------
    (n, n) float64
        ``sqrt((index / wavelength) ** 2 - |f + f_s| ** 2)``, 0 where no wave can go, minus its
        value at f = 0.
    """
    fy, fx = grid.frequencies()
    whole = (optics.medium_index / point.wavelength_um) ** 2
    squared = whole - (fy + point.fy) ** 2 - (fx + point.fx) ** 2
    here = math.sqrt(max(0.0, whole - point.fy**2 - point.fx**2))
    return np.sqrt(np.maximum(squared, 0.0)) - here


def pupil(optics: Optics, grid: Grid, point: SourcePoint) -> NDArray[np.complex64]:
    """What the objective lets through of each plane wave of the field.

    Parameters
    ----------
    optics, grid
        Microscope and grid. Frequencies beyond the grid's own limit, half a cycle a pixel, are
        absent whatever the aperture.
    point
        The field is described relative to this plane wave.

    Returns
    -------
    (n, n) complex64
        0 outside the aperture.
    """
    fy, fx = grid.frequencies()
    na = np.sqrt((fy + point.fy) ** 2 + (fx + point.fx) ** 2) * point.wavelength_um
    limit = min(optics.na, 0.98 * optics.medium_index)
    result = (na <= limit).astype(np.complex64)
    if optics.spherical_waves:
        waves = optics.spherical_waves * np.minimum(na / limit, 1.0) ** 4
        result *= np.exp(2j * math.pi * waves).astype(np.complex64)
    if optics.ring_phase or optics.ring_transmission != 1:
        low = optics.condenser_inner_na - optics.ring_margin_na
        high = optics.condenser_na + optics.ring_margin_na
        ring = optics.ring_transmission * np.exp(1j * optics.ring_phase)
        result *= np.where((na >= low) & (na <= high), ring, 1.0).astype(np.complex64)
    return result
