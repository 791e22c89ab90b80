"""Measures of the power spectrum: how much of what is seen is fine detail."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.float64]

MIN_PX = 32
"""Smallest side of an image for which the coarse rings of the spectrum hold enough points."""

BAND = (0.125, 0.25)
"""Frequencies of `spectral_band`, in cycles per px."""


def power_slope(pixels: Pixels) -> float:
    """Slope of log power over log frequency, as CellProfiler computes it; higher is sharper.

    PowerLogLogSlope of CellProfiler's MeasureImageQuality, to the last detail: power summed over
    rings 1 px wide, from the second ring to an eighth of the shorter side; a ring counts as its
    outer radius; negative frequencies lie one ring further inside than positive ones. Blur makes
    the slope steeper, that is lower. Noise makes it flatter, and more so where there is little
    else: on noisy images the order can turn round.

    Parameters
    ----------
    pixels : ndarray of float64
        Shape (height, width), at least 32 x 32.

    Returns
    -------
    float
        Of either sign; 0 for a uniform image.

    References
    ----------
    Bray et al. 2012, doi 10.1177/1087057111420292
    """
    height, width = pixels.shape
    power = np.abs(np.fft.fft2(pixels - np.mean(pixels))) ** 2
    rings = np.floor(np.hypot(_from_corner(height)[:, None], _from_corner(width))).astype(np.intp)
    rings += 1
    used = range(2, min(height, width) // 8)
    sums = np.asarray(np.bincount(rings.ravel(), power.ravel()), dtype=np.float64)
    points = [(math.log(ring), math.log(sums[ring])) for ring in used if sums[ring] > 0]
    if len(points) < 2:
        return 0.0
    radius, log_power = np.array(points).T
    radius = radius - radius.mean()
    return float(np.sum(radius * log_power) / np.sum(radius**2))


def spectral_band(pixels: Pixels) -> float:
    """Share of the power that lies at 1/8 to 1/4 cycles per px, higher is sharper, 0 to 1.

    Detail 4 to 8 px long against all that varies; the mean does not count. The image is faded out
    towards its borders (a Hann window), or else their jump would pass for detail. White noise has
    0.15: noise lifts what is below, and lowers what is above.

    Parameters
    ----------
    pixels : ndarray of float64
        Shape (height, width), at least 32 x 32.

    Returns
    -------
    float
        0 ... 1; 0 for a uniform image.

    References
    ----------
    Firestone et al. 1991, doi 10.1002/cyto.990120302, on measures of the Fourier spectrum; this
    band is ours.
    """
    height, width = pixels.shape
    # The window itself has a coarse spectrum: it must multiply what has no mean under it.
    window = np.outer(_hann(height), _hann(width))
    faded = (pixels - np.sum(pixels * window) / np.sum(window)) * window
    power = np.abs(np.fft.rfft2(faded)) ** 2
    # rfft2 leaves out the mirror image of all columns but the first and, if even, the last.
    power[:, 1 : (width + 1) // 2] *= 2
    y, x = np.fft.fftfreq(height), np.fft.rfftfreq(width)
    radius = np.hypot(y[:, None], x[None])
    total = float(np.sum(power))
    if total == 0:  # a uniform image
        return 0.0
    return float(np.sum(power[(radius >= BAND[0]) & (radius < BAND[1])])) / total


def _from_corner(length: int) -> NDArray[np.intp]:
    """0 1 2 ... 2 1 0, where a spectrum has frequencies 0 1 2 ... -2 -1."""
    return np.minimum(np.arange(length), np.arange(length)[::-1])


def _hann(length: int) -> NDArray[np.float64]:
    return 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(length) + 0.5) / length)
