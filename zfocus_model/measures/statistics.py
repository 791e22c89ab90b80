"""Measures of how pixel values spread, and of how they resemble their neighbours'."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.float64]


def normalised_variance(pixels: Pixels) -> float:
    """Variance divided by the mean, higher is sharper, 0 or more.

    CellProfiler's FocusScore, but for its scaling of pixels.

    Parameters
    ----------
    pixels : ndarray of float64
        Shape (height, width).

    Returns
    -------
    float
        Units of the pixels; 0 for a uniform image, NaN where the mean is not above 0.

    References
    ----------
    Groen et al. 1985, doi 10.1002/cyto.990060202; Sun et al. 2004, doi 10.1002/jemt.20118

    Examples
    --------
    >>> normalised_variance(np.array([[1.0, 1], [3, 3]]))
    0.5
    """
    mean = float(np.mean(pixels))
    return float(np.var(pixels)) / mean if mean > 0 else math.nan


def vollath_f4(pixels: Pixels) -> float:
    """How much less pixels resemble those two apart than those one apart, higher is sharper.

    Noise that differs from pixel to pixel cancels on average. Vollath's sums run along one axis;
    here both axes count alike. The mean is taken off first, which changes no more than what the
    borders add, and makes the camera's offset not matter.

    Parameters
    ----------
    pixels : ndarray of float64
        Shape (height, width), at least 3 x 3.

    Returns
    -------
    float
        Squared units of the pixels, of either sign; 0 for a uniform image.

    References
    ----------
    Vollath 1987, doi 10.1111/j.1365-2818.1987.tb02839.x

    Examples
    --------
    >>> vollath_f4(np.array([[0.0, 0, 6], [0, 0, 6], [0, 0, 6]]))  # -2 + 8 along rows, else 0
    3.0
    """
    z = pixels - np.mean(pixels)
    rows = np.mean(z[:, :-1] * z[:, 1:]) - np.mean(z[:, :-2] * z[:, 2:])
    columns = np.mean(z[:-1] * z[1:]) - np.mean(z[:-2] * z[2:])
    return float((rows + columns) / 2)


def vollath_f5(pixels: Pixels) -> float:
    """Covariance of neighbouring pixels, higher is sharper.

    The variance without the noise; along both axes, the mean taken off first as in `vollath_f4`.

    Parameters
    ----------
    pixels : ndarray of float64
        Shape (height, width), at least 2 x 2.

    Returns
    -------
    float
        Squared units of the pixels, of either sign; 0 for a uniform image.

    References
    ----------
    Vollath 1987, doi 10.1111/j.1365-2818.1987.tb02839.x

    Examples
    --------
    >>> vollath_f5(np.array([[0.0, 2], [0, 2]]))  # -1 along rows, 1 along columns
    0.0
    """
    z = pixels - np.mean(pixels)
    return float((np.mean(z[:, :-1] * z[:, 1:]) + np.mean(z[:-1] * z[1:])) / 2)
