"""All measures by name: what they take, what they give, where they come from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from zfocus_model._errors import ZfocusError
from zfocus_model.measures import blurring, gradients, spectra, statistics
from zfocus_model.planes import as_plane

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Measure:
    """One measure, and what can be relied on."""

    name: str
    """Its name in Python, on the command line and in tables."""
    title: str
    """Its name for people."""
    function: Callable[[NDArray[np.float64]], float]
    """From finite pixels (height, width) to the value."""
    formula: str
    """What is computed, in a line; I: pixels, z: pixels less their mean."""
    bounds: tuple[float, float]
    """Lowest and highest value there can be."""
    uniform: float
    """Value of an image whose pixels are all equal."""
    gain_power: int
    """Multiplying all pixels by g > 0 multiplies the value by g to this power; 0: no change."""
    offset_matters: bool
    """Whether adding a constant to all pixels changes the value."""
    min_px: int
    """Shortest side of an image."""
    reference: str
    """Authors and year."""
    doi: str
    """Digital object identifier of the reference."""
    higher_is_sharper: bool = True
    """False: the lower, the sharper."""
    extra: str = ""
    """The extra of zfocus that it needs, if any."""


_INF = math.inf

_ALL = (
    Measure(
        "brenner",
        "Brenner",
        gradients.brenner,
        "mean of (I[i + 2] - I[i])^2, rows and columns",
        (0.0, _INF),
        uniform=0.0,
        gain_power=2,
        offset_matters=False,
        min_px=3,
        reference="Brenner et al. 1976",
        doi="10.1177/24.1.1254907",
    ),
    Measure(
        "tenengrad",
        "Tenengrad",
        gradients.tenengrad,
        "mean of Gx^2 + Gy^2, G: Sobel, no threshold",
        (0.0, _INF),
        uniform=0.0,
        gain_power=2,
        offset_matters=False,
        min_px=3,
        reference="Krotkov 1988",
        doi="10.1007/BF00127822",
    ),
    Measure(
        "laplacian_variance",
        "variance of Laplacian",
        gradients.laplacian_variance,
        "variance of the 4-neighbour Laplacian",
        (0.0, _INF),
        uniform=0.0,
        gain_power=2,
        offset_matters=False,
        min_px=3,
        reference="Pech-Pacheco et al. 2000",
        doi="10.1109/ICPR.2000.903548",
    ),
    Measure(
        "normalised_variance",
        "normalised variance",
        statistics.normalised_variance,
        "variance of I / mean of I",
        (0.0, _INF),
        uniform=0.0,
        gain_power=1,
        offset_matters=True,
        min_px=1,
        reference="Groen et al. 1985",
        doi="10.1002/cyto.990060202",
    ),
    Measure(
        "vollath_f4",
        "Vollath F4",
        statistics.vollath_f4,
        "mean of z[i] z[i + 1] - mean of z[i] z[i + 2], rows and columns",
        (-_INF, _INF),
        uniform=0.0,
        gain_power=2,
        offset_matters=False,
        min_px=3,
        reference="Vollath 1987",
        doi="10.1111/j.1365-2818.1987.tb02839.x",
    ),
    Measure(
        "vollath_f5",
        "Vollath F5",
        statistics.vollath_f5,
        "mean of z[i] z[i + 1], rows and columns",
        (-_INF, _INF),
        uniform=0.0,
        gain_power=2,
        offset_matters=False,
        min_px=2,
        reference="Vollath 1987",
        doi="10.1111/j.1365-2818.1987.tb02839.x",
    ),
    Measure(
        "power_slope",
        "power log-log slope",
        spectra.power_slope,
        "slope of log(power summed over a ring) over log(radius), up to 1/8 of the side",
        (-_INF, _INF),
        uniform=0.0,
        gain_power=0,
        offset_matters=False,
        min_px=spectra.MIN_PX,
        reference="Bray et al. 2012",
        doi="10.1177/1087057111420292",
    ),
    Measure(
        "spectral_band",
        "spectral band",
        spectra.spectral_band,
        "power at 1/8 to 1/4 cycles per px / power at all frequencies",
        (0.0, 1.0),
        uniform=0.0,
        gain_power=0,
        offset_matters=False,
        min_px=spectra.MIN_PX,
        reference="Firestone et al. 1991",
        doi="10.1002/cyto.990120302",
    ),
    Measure(
        "blur_effect",
        "blur effect (scikit-image)",
        blurring.blur_effect,
        "share of the edges that a mean of 11 px leaves, the worse axis",
        (0.0, 1.0),
        uniform=1.0,
        gain_power=0,
        offset_matters=False,
        min_px=12,
        reference="Crete et al. 2007",
        doi="10.1117/12.702790",
        higher_is_sharper=False,
        extra="measures",
    ),
)

MEASURES: dict[str, Measure] = {entry.name: entry for entry in _ALL}
"""Every measure by its name."""

WITHOUT_EXTRAS = tuple(entry.name for entry in _ALL if not entry.extra)
"""Names of the measures that need nothing but numpy."""


def measure(image: ArrayLike, name: str) -> float:
    """Measure the sharpness of one plane in a classical way.

    The value orders images of the *same* scene, camera and exposure. It is no verdict:
    `zfocus_model.rate` gives one.

    Parameters
    ----------
    image : array_like
        (height, width) of finite integers, floats or booleans, as stored.
    name : str
        A key of `MEASURES`: brenner, tenengrad, laplacian_variance, normalised_variance,
        vollath_f4, vollath_f5, power_slope, spectral_band or blur_effect.

    Returns
    -------
    float
        In the measure's own units and range; NaN where it is not defined (normalised_variance of a
        plane whose mean is not above 0).

    Raises
    ------
    ZfocusError
        If the name is unknown, the image is no plane of finite numbers or too small, or the
        measure's extra is not installed.

    Examples
    --------
    >>> sharp, soft = [[0, 0, 9, 9]] * 4, [[0, 3, 6, 9]] * 4
    >>> measure(sharp, "vollath_f4") > measure(soft, "vollath_f4")
    True
    """
    found = MEASURES.get(name)
    if found is None:
        raise ZfocusError(f"expected a measure named {', '.join(MEASURES)}, got {name!r}")
    pixels = as_plane(image).astype(np.float64)
    if min(pixels.shape) < found.min_px:
        raise ZfocusError(
            f"expected at least {found.min_px} x {found.min_px} px for {name}, got "
            f"{pixels.shape[0]} x {pixels.shape[1]}: too small to be measured, leave it out"
        )
    if not np.isfinite(pixels).all():
        raise ZfocusError(
            f"expected finite pixels for {name}, got NaN or infinity: replace or crop them"
        )
    # Rounding must not give a uniform image a trace of detail.
    if pixels.min() == pixels.max():
        return found.uniform
    return found.function(pixels)
