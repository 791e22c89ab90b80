"""Vectorial point-spread functions of named microscopes, counted from their best focus.

Aguet et al. 2009 (doi 10.1364/OE.17.006829) with the layers of Gibson and Lanni 1992
(doi 10.1364/JOSAA.9.000154), computed by the package ``psfmodels``. Lengths in um.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from zfocus_model._errors import ZfocusError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zfocus_model.optics import Optics

_SEARCH_STEPS = 81


@dataclass(frozen=True)
class Microscope:
    """An objective, what lies around the sample, and the colour of the light."""

    numerical_aperture: float = 0.5
    """Numerical aperture of the objective."""
    immersion_index: float = 1.0
    """Refractive index that the objective is made for and used with."""
    sample_index: float = 1.0
    """Refractive index around the sample; another than the immersion's aberrates."""
    depth_um: float = 0.0
    """How far above the coverslip the sample lies; matters where the indices differ."""
    wavelength_nm: float = 520.0
    """Emission wavelength in vacuum."""

    @classmethod
    def like(
        cls, optics: Optics, *, sample_index: float | None = None, depth_um: float = 0.0
    ) -> Microscope:
        """The microscope of paraxial optics, perhaps with a sample that does not match."""
        index = optics.refractive_index
        return cls(
            optics.numerical_aperture,
            index,
            index if sample_index is None else sample_index,
            depth_um,
            optics.wavelength_nm,
        )

    @property
    def resolution_um(self) -> float:
        """Half the smallest period that the objective passes, wavelength / 4 NA, in um."""
        return self.wavelength_nm / 4000 / self.numerical_aperture

    @property
    def depth_of_field_um(self) -> float:
        """Full depth over which a thin object stays sharp, n wavelength / NA^2, in um."""
        return self.immersion_index * self.wavelength_nm / 1000 / self.numerical_aperture**2


def spread(
    microscope: Microscope, z_um: float, *, pixel_um: float, side_px: int
) -> NDArray[np.float64]:
    """Image of a point at a distance from best focus, of sum 1.

    Parameters
    ----------
    microscope
        Objective and sample.
    z_um
        Movement of the objective from the focus that makes the point brightest, um; the sign
        matters where the indices differ.
    pixel_um
        Distance of the samples, um; at most about `Microscope.resolution_um`.
    side_px
        Odd side of the result.

    Returns
    -------
    numpy.ndarray
        (side_px, side_px), float64, >= 0, read-only (it is kept in a cache).

    Raises
    ------
    ZfocusError
        If ``psfmodels`` is not installed or the side is even.

    Examples
    --------
    >>> sharp = spread(Microscope(), 0.0, pixel_um=0.2, side_px=31)  # doctest: +SKIP
    >>> away = spread(Microscope(), 4.0, pixel_um=0.2, side_px=31)  # doctest: +SKIP
    >>> bool(sharp.max() > 3 * away.max())  # doctest: +SKIP
    True
    """
    if side_px % 2 == 0 or side_px < 1:
        raise ZfocusError(f"expected an odd side of a PSF in px, got {side_px}")
    return _spread(microscope, round(float(z_um), 4), float(pixel_um), int(side_px))


@lru_cache(maxsize=64)
def _spread(
    microscope: Microscope, z_um: float, pixel_um: float, side_px: int
) -> NDArray[np.float64]:
    position = best_focus_um(microscope) + z_um
    plane = _planes(microscope, [position], pixel_um, side_px)[0]
    plane /= plane.sum()
    plane.setflags(write=False)
    return plane


@lru_cache(maxsize=64)
def best_focus_um(microscope: Microscope) -> float:
    """Position of the objective, um from the coverslip, at which a point is brightest."""
    if microscope.sample_index == microscope.immersion_index:
        return microscope.depth_um  # no aberration: where it is
    # Twice finer around the best of a search that surely holds it: the shift of focus is about
    # depth x (immersion / sample index - 1), the paraxial one, or more for wide cones.
    centre, reach = microscope.depth_um, microscope.depth_um + 2 * microscope.depth_of_field_um
    for _ in range(3):
        found = np.linspace(centre - reach, centre + reach, _SEARCH_STEPS)
        peaks = _planes(microscope, found.tolist(), microscope.resolution_um, 1)[:, 0, 0]
        centre, reach = float(found[int(np.argmax(peaks))]), reach / 16
    return centre


def _planes(
    microscope: Microscope, positions_um: list[float], pixel_um: float, side_px: int
) -> NDArray[np.float64]:
    """Sampled PSF, (positions, side, side), not normalised."""
    try:
        psfmodels: Any = import_module("psfmodels")
    except ImportError:
        raise ZfocusError(
            "expected the package psfmodels for the second simulator, found none: "
            "install it with zfocus[train]"
        ) from None
    # psfmodels interpolates linearly between radii a grid step apart: sample finely enough.
    steps = max(1, math.ceil(pixel_um / (0.5 * microscope.resolution_um)))
    index = microscope.immersion_index
    planes = psfmodels.make_psf(
        positions_um,
        steps * (side_px - 1) + 1,
        dxy=pixel_um / steps,
        pz=microscope.depth_um,
        NA=microscope.numerical_aperture,
        wvl=microscope.wavelength_nm / 1000,
        ns=microscope.sample_index,
        ni=index,
        ni0=index,
        oversample_factor=1,
        normalize=False,
        model="vectorial",
    )
    return np.array(planes[:, ::steps, ::steps], dtype=np.float64)
