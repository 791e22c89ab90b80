"""Point-spread functions beyond the paraxial one, by the package ``psfmodels``.

Gibson and Lanni 1992 (doi 10.1364/JOSAA.9.000154) and the vectorial model of Aguet et al. 2009
(doi 10.1364/OE.17.006829), both without aberrations: sample, immersion and coverslip as designed.
"""

from __future__ import annotations

import math
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from zfocus_model._errors import ZfocusError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zfocus_model.optics import Optics

_NAMES = {"gibson-lanni": "scalar", "vectorial": "vectorial"}
_MAXIMUM_SIDE = 8191


def sample(
    model: str, optics: Optics, z_um: float, side: int, pixel_um: float
) -> NDArray[np.float64]:
    """Intensity at the points of a square grid, (side, side), float64, not normalised."""
    try:
        psfmodels: Any = import_module("psfmodels")
    except ImportError:
        raise ZfocusError(
            f"expected the package psfmodels for the {model} PSF, found none: "
            f"install it with zfocus[train], or use the scalar PSF"
        ) from None
    # psfmodels interpolates linearly between radii one grid step apart, and centres odd grids
    # only. A finer grid cures the first, an even number of steps a pixel the second.
    airy_um = optics.wavelength_nm / 1000 / optics.numerical_aperture
    steps = 2 * max(1, math.ceil(5 * pixel_um / airy_um))
    fine = steps * (side - 1) + 1
    if fine > _MAXIMUM_SIDE:
        raise ZfocusError(
            f"expected a smaller PSF of the {model} model, got {side} px of {pixel_um:g} um: "
            f"ask for fewer px, or use the scalar PSF"
        )
    index = optics.refractive_index
    planes = psfmodels.make_psf(
        [z_um],
        fine,
        dxy=pixel_um / steps,
        NA=optics.numerical_aperture,
        wvl=optics.wavelength_nm / 1000,
        ns=index,
        ni=index,
        ni0=index,
        oversample_factor=1,
        normalize=False,
        model=_NAMES[model],
    )
    result: NDArray[np.float64] = np.array(planes[0, ::steps, ::steps], dtype=np.float64)
    return result
