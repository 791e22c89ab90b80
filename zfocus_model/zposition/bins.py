"""The z bins that a network tells apart: centres in um, symmetric around focus.

Positive z means that the objective moved from focus toward the sample.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from zfocus_model._errors import ZfocusError

_SAME = 1e-9
"""Share of a bin by which a reach may miss a whole number of bins through rounding."""


def bin_centres(width_um: float = 1.0, reach_um: float = 20.0) -> npt.NDArray[np.float64]:
    """Centres of the z bins, rising, with one at 0 um.

    The defaults are those of Wei & Roberts 2018 (doi 10.1038/s41598-018-25458-w).

    Parameters
    ----------
    width_um
        Width of a bin in um, > 0.
    reach_um
        Largest distance of a centre from focus in um, at least one width.

    Returns
    -------
    ndarray of float64
        Centres in um: 41 by default.

    Raises
    ------
    ZfocusError
        If there would be fewer than three bins.

    Examples
    --------
    >>> bin_centres(5.0)
    array([-20., -15., -10.,  -5.,   0.,   5.,  10.,  15.,  20.])
    """
    if not (0 < width_um <= reach_um < math.inf):
        raise ZfocusError(
            f"expected bins narrower than their reach, got a width of {width_um} um and a reach "
            f"of {reach_um} um: choose a width above 0 and at most the reach"
        )
    side = math.floor(reach_um / width_um + _SAME)
    return np.arange(-side, side + 1, dtype=np.float64) * width_um


def nearest_bin(z_um: npt.ArrayLike, centres: npt.ArrayLike) -> npt.NDArray[np.intp]:
    """Index of the bin whose centre is nearest, half up; what lies beyond falls into the end bins.

    Parameters
    ----------
    z_um
        (...), z-positions in um.
    centres
        (bins,), rising, evenly spaced, in um.

    Returns
    -------
    (...) ndarray of int
        0 to bins - 1.

    Examples
    --------
    >>> nearest_bin([-99, -0.5, 0.2, 0.5, 20.4], bin_centres())
    array([ 0, 20, 20, 21, 40])
    """
    known = check_bins(centres)
    steps = (np.asarray(z_um, dtype=np.float64) - known[0]) / (known[1] - known[0])
    if not np.isfinite(steps).all():
        raise ZfocusError("expected finite z-positions, got NaN or infinity: leave them out")
    # Rounded first, so that 0.1 um steps that are meant to be halves are halves.
    index = np.floor(_rounded(steps) + 0.5)
    return np.asarray(np.clip(index, 0, len(known) - 1), dtype=np.intp)


def _rounded(values: Any) -> npt.NDArray[np.float64]:
    return np.asarray(values, dtype=np.float64).round(9)


def check_bins(centres: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Check that bins are at least three, finite, rising and evenly spaced.

    Parameters
    ----------
    centres
        (bins,), in um.

    Returns
    -------
    ndarray of float64
        The centres.

    Raises
    ------
    ZfocusError
        If they are not.
    """
    known = np.asarray(centres, dtype=np.float64)
    good = known.ndim == 1 and known.size >= 3 and bool(np.isfinite(known).all())
    if good:
        steps: npt.NDArray[np.float64] = known[1:] - known[:-1]
        good = bool(steps[0] > 0 and np.allclose(steps, steps[0], rtol=1e-6, atol=0))
    if not good:
        raise ZfocusError(
            "expected at least three rising, evenly spaced centres of z bins in um, got "
            f"{np.array2string(known, threshold=8)}: make them with zposition.bins.bin_centres"
        )
    return known
