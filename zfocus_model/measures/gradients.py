"""Measures of differences between neighbouring pixels. Higher is sharper; so is noisier."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.float64]


def brenner(pixels: Pixels) -> float:
    """Mean squared difference of pixels two apart, higher is sharper, 0 or more.

    Brenner scanned along rows; here rows and columns count alike, so that turning the image by
    90 degrees changes nothing.

    Parameters
    ----------
    pixels : ndarray of float64
        Shape (height, width), at least 3 x 3.

    Returns
    -------
    float
        Squared units of the pixels; 0 for a uniform image.

    References
    ----------
    Brenner et al. 1976, doi 10.1177/24.1.1254907

    Examples
    --------
    >>> brenner(np.array([[0.0, 0, 4], [0, 0, 4], [0, 0, 4]]))  # 16 along rows, 0 along columns
    8.0
    """
    rows, columns = pixels[:, 2:] - pixels[:, :-2], pixels[2:] - pixels[:-2]
    return float((np.mean(rows**2) + np.mean(columns**2)) / 2)


def tenengrad(pixels: Pixels) -> float:
    """Mean squared gradient by Sobel's filters, higher is sharper, 0 or more.

    Without the threshold below which some drop gradients: there is none that suits all images.

    Parameters
    ----------
    pixels : ndarray of float64
        Shape (height, width), at least 3 x 3; pixels at the border have no gradient.

    Returns
    -------
    float
        Squared units of the pixels; 0 for a uniform image.

    References
    ----------
    Krotkov 1988, doi 10.1007/BF00127822

    Examples
    --------
    >>> tenengrad(np.array([[0.0, 0, 1], [0, 0, 1], [0, 0, 1]]))  # (1 + 2 + 1) squared
    16.0
    """
    across = pixels[:, 2:] - pixels[:, :-2]
    down = pixels[2:] - pixels[:-2]
    gradient_x = across[:-2] + 2 * across[1:-1] + across[2:]
    gradient_y = down[:, :-2] + 2 * down[:, 1:-1] + down[:, 2:]
    return float(np.mean(gradient_x**2 + gradient_y**2))


def laplacian_variance(pixels: Pixels) -> float:
    """Variance of the Laplacian (4 neighbours), higher is sharper, 0 or more.

    Parameters
    ----------
    pixels : ndarray of float64
        Shape (height, width), at least 3 x 3; pixels at the border have no Laplacian.

    Returns
    -------
    float
        Squared units of the pixels; 0 for a uniform image.

    References
    ----------
    Pech-Pacheco et al. 2000, doi 10.1109/ICPR.2000.903548

    Examples
    --------
    >>> spot = np.zeros((3, 4))
    >>> spot[1, 1] = 1
    >>> laplacian_variance(spot)  # of -4 and 1
    6.25
    """
    inner = pixels[1:-1, 1:-1]
    around = pixels[:-2, 1:-1] + pixels[2:, 1:-1] + pixels[1:-1, :-2] + pixels[1:-1, 2:]
    return float(np.var(around - 4 * inner))
