"""Simulated optics: point-spread functions with defocus, and blurring an image with one.

The scalar model is the paraxial one of Born and Wolf (Principles of Optics, section 8.8) that
Yang et al. 2018 (doi 10.1186/s12859-018-2087-4) trained with. Lengths are in um (wavelengths in
nm), images are float64, and everything here is deterministic and needs numpy only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from zfocus_model import _psfmodels, levels
from zfocus_model._convolution import blur
from zfocus_model._errors import ZfocusError
from zfocus_model._scalar_psf import scalar_profile

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

PsfModel = Literal["scalar", "gibson-lanni", "vectorial"]
PSF_MODELS = ("scalar", "gibson-lanni", "vectorial")
"""Names of the models of the point-spread function; all but the first need ``psfmodels``."""

MAXIMUM_SIZE_PX = 4095
"""Largest side of a point-spread function; beyond it the request is surely a slip of units."""


@dataclass(frozen=True)
class Optics:
    """What the objective and the camera make of a point: wavelength, aperture, index, sampling.

    Raises
    ------
    ZfocusError
        If a value is not physical: wavelength 100 to 10,000 nm, index 1 to 4,
        0 < numerical aperture < index, 0 < pixel size <= 1,000 um.

    Examples
    --------
    >>> Optics(pixel_size_um=0.325).z_um_from_level(10)
    10.0
    """

    wavelength_nm: float = 500.0
    """Emission wavelength in vacuum."""
    numerical_aperture: float = 0.5
    """Numerical aperture of the objective (on its sample side)."""
    refractive_index: float = 1.0
    """Refractive index of the immersion medium: air 1, water 1.333, oil 1.515."""
    pixel_size_um: float = 0.65
    """Side of a camera pixel, seen in the sample."""

    def __post_init__(self) -> None:
        """Check the bounds."""
        _check("wavelength_nm", self.wavelength_nm, 100.0, 10_000.0, "nm")
        _check("refractive_index", self.refractive_index, 1.0, 4.0, "")
        _check("pixel_size_um", self.pixel_size_um, 1e-4, 1_000.0, "um")
        _check("numerical_aperture", self.numerical_aperture, 1e-3, 4.0, "")
        if self.numerical_aperture >= self.refractive_index:
            raise ZfocusError(
                f"expected a numerical aperture below the refractive index "
                f"({self.refractive_index:g}), got {self.numerical_aperture:g}: give the index of "
                f"the immersion medium (air 1, water 1.333, oil 1.515)"
            )

    @property
    def airy_px(self) -> float:
        """Diameter in px of the first dark ring of the sharp image of a point."""
        return 1.22 * self.wavelength_nm / 1000 / self.numerical_aperture / self.pixel_size_um

    def disc_px(self, z_um: float) -> float:
        """Diameter in px of the paraxial defocus disc at a distance from focus in um."""
        return levels.disc_px_from_z_um(
            z_um,
            numerical_aperture=self.numerical_aperture,
            refractive_index=self.refractive_index,
            pixel_size_um=self.pixel_size_um,
        )

    def z_um_from_disc_px(self, disc_px: float) -> float:
        """Distance from focus in um (>= 0) whose defocus disc has a diameter in px."""
        return levels.z_um_from_disc_px(
            disc_px,
            numerical_aperture=self.numerical_aperture,
            refractive_index=self.refractive_index,
            pixel_size_um=self.pixel_size_um,
        )

    def z_um_from_level(self, level: float) -> float:
        """Distance from focus in um (>= 0) of a level (any real number >= 0)."""
        return self.z_um_from_disc_px(levels.disc_px_from_level(level))

    def level_from_z_um(self, z_um: float) -> int:
        """Nearest level, 0 to 10, of a distance from focus in um."""
        return levels.level_from_disc_px(self.disc_px(z_um))

    def size_px(self, z_um: float = 0.0) -> int:
        """Odd side in px of a kernel that holds the defocus disc and its diffraction fringe."""
        half = math.ceil(0.6 * self.disc_px(z_um) + 4.0 * self.airy_px + 4.0)
        return 2 * min(half, MAXIMUM_SIZE_PX // 2) + 1


def psf(
    optics: Optics,
    z_um: float = 0.0,
    *,
    size_px: int = 51,
    model: PsfModel = "scalar",
    samples_per_pixel: int = 1,
) -> NDArray[np.float64]:
    """Intensity of the image of a point that lies at a distance from focus.

    The scalar model is ``|integral_0^1 J0(k NA/n r rho) exp(-i k rho^2 z (NA/n)^2 / 2) rho
    drho|^2`` with ``k = 2 pi n / wavelength``, so that the centre is 0.25 at the focus.

    Parameters
    ----------
    optics
        Wavelength, aperture, index and pixel size.
    z_um
        Distance from focus; the scalar model does not depend on its sign.
    size_px
        Side of the result. The point is at ``(size_px - 1) / 2``, between pixels if even.
    model
        "scalar", or "gibson-lanni" or "vectorial" (these need the package ``psfmodels``).
    samples_per_pixel
        1 takes the intensity at the centre of each pixel, as the reference model does; more
        average it over a grid of so many by so many points, as a camera pixel does.

    Returns
    -------
    numpy.ndarray
        (size_px, size_px), float64, >= 0, not normalised, read-only (it is kept in a cache).

    Raises
    ------
    ZfocusError
        If an argument is out of range or ``psfmodels`` is asked for and not installed.

    Examples
    --------
    >>> round(float(psf(Optics(), size_px=1)[0, 0]), 9)
    0.25
    """
    z_um = float(z_um)
    if not math.isfinite(z_um):
        raise ZfocusError(f"expected a finite distance from focus in um, got {z_um}")
    if model not in PSF_MODELS:
        raise ZfocusError(f"expected a PSF model out of {', '.join(PSF_MODELS)}, got {model!r}")
    if not 1 <= size_px <= MAXIMUM_SIZE_PX or int(size_px) != size_px:
        raise ZfocusError(f"expected a PSF of 1 to {MAXIMUM_SIZE_PX} px, got {size_px}")
    if not 1 <= samples_per_pixel <= 32 or int(samples_per_pixel) != samples_per_pixel:
        raise ZfocusError(f"expected 1 to 32 samples per pixel, got {samples_per_pixel}")
    return _psf(optics, z_um, int(size_px), model, int(samples_per_pixel))


def kernel(
    optics: Optics,
    z_um: float = 0.0,
    *,
    size_px: int = 51,
    model: PsfModel = "scalar",
    samples_per_pixel: int = 1,
) -> NDArray[np.float64]:
    """`psf`, divided by its sum: what an image is blurred with."""
    spread = psf(optics, z_um, size_px=size_px, model=model, samples_per_pixel=samples_per_pixel)
    return spread / spread.sum()


def defocus(
    image: ArrayLike,
    *,
    level: float | None = None,
    z_um: float | None = None,
    optics: Optics | None = None,
    size_px: int | None = None,
    model: PsfModel = "scalar",
) -> NDArray[np.float64]:
    """Blur in-focus planes as if they were recorded out of focus.

    Parameters
    ----------
    image
        (..., height, width), in focus, real and finite; values keep their scale.
    level, z_um
        One of the two: the focus level (a real number >= 0), or the distance from focus in um.
    optics
        The objective and camera; by default the reference optics (NA 0.5, air, 0.65 um).
    size_px
        Side of the kernel; by default large enough for the defocus disc and its fringe.
    model
        Model of the point-spread function, see `psf`.

    Returns
    -------
    numpy.ndarray
        Shape of the image, float64.

    Raises
    ------
    ZfocusError
        If neither or both of level and z_um are given, or an argument is out of range.

    Examples
    --------
    >>> point = np.zeros((65, 65))
    >>> point[32, 32] = 1
    >>> bool(defocus(point, level=5).max() < defocus(point, level=1).max())
    True
    """
    chosen = Optics() if optics is None else optics
    if (level is None) == (z_um is None):
        got = "neither" if level is None else "both"
        raise ZfocusError(f"expected either a level or a z in um, got {got}: give one of them")
    if level is not None:
        if not (math.isfinite(level) and level >= 0):
            raise ZfocusError(f"expected a level of 0 or more, got {level}: 0 is in focus")
        distance_um = chosen.z_um_from_level(level)
    else:
        distance_um = float(z_um or 0.0)
        if not math.isfinite(distance_um):
            raise ZfocusError(f"expected a finite distance from focus in um, got {distance_um}")
    side = chosen.size_px(distance_um) if size_px is None else size_px
    return blur(image, kernel(chosen, distance_um, size_px=side, model=model))


def _check(name: str, value: Any, low: float, high: float, unit: str) -> None:
    """Raise unless a value is a number in [low, high]."""
    if not isinstance(value, (int, float, np.integer, np.floating)) or not low <= value <= high:
        raise ZfocusError(
            f"expected {name} from {low:g} to {high:g}{' ' * bool(unit)}{unit}, got {value!r}"
        )


@lru_cache(maxsize=64)
def _psf(
    optics: Optics, z_um: float, size_px: int, model: PsfModel, samples_per_pixel: int
) -> NDArray[np.float64]:
    side, pixel_um = size_px * samples_per_pixel, optics.pixel_size_um / samples_per_pixel
    if model == "scalar":
        # Twice the distance from the centre is a whole number of pixels along each axis, so
        # equal radii are found exactly, and only one pixel in about eight is computed.
        twice = np.abs(2 * np.arange(side) - (side - 1))
        quarter = np.unique(twice)
        squares, where = np.unique(quarter[:, None] ** 2 + quarter**2, return_inverse=True)
        values = scalar_profile(optics, z_um, np.sqrt(squares) * (pixel_um / 2))
        fold = np.searchsorted(quarter, twice)
        spread = values[where].reshape(len(quarter), -1)[fold[:, None], fold]
    else:
        spread = _psfmodels.sample(model, optics, z_um, side, pixel_um)
    if samples_per_pixel > 1:
        fine = (size_px, samples_per_pixel, size_px, samples_per_pixel)
        spread = spread.reshape(fine).mean(axis=(1, 3))
    spread.setflags(write=False)
    return spread
