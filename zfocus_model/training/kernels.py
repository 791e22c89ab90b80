"""A bank of defocus kernels for training, over levels, optics and depth of the specimen.

A defocused image is its in-focus image convolved with the defocus PSF. In pixels, the scalar PSF
depends on two numbers only, the diameter of the defocus disc and the width of the diffraction
spot, so a bank over those two stands for every objective, wavelength and camera.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zfocus_model.levels import DISC_PX_PER_LEVEL, LEVELS, PATCH_PX
from zfocus_model.optics import Optics, kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

RADII_PX = (14, 24, 42)
"""Kernel radii; a kernel uses the smallest that holds it, since the cost grows with it."""

SPOT_FWHM_PX = ((0.6, 1.5), (1.5, 2.5), (2.5, 4.0), (4.0, 5.4))
"""Widths of the diffraction spot: at normal sampling, and oversampled about 2x, 3x and 4.5x."""

EFFECTS = ("light from a little above and below", "spherical aberration", "scattered light")
"""What kernels can hold beside the defocus of a perfect objective, in words."""

_NA = 0.5
_WAVELENGTH_NM = 500.0


@dataclass(frozen=True)
class Spectrum:
    """One kernel, ready to be multiplied in Fourier space."""

    level: int
    """Training label: the nearest level, 0 ... 10."""
    radius_px: int
    """Half of the kernel's side, one of `RADII_PX`."""
    values: NDArray[np.complex64]
    """Real FFT of the kernel on the padded patch, its centre at the origin."""


def kernel_bank(
    per_level: int, seed: int, *, aberrated: float = 0.0, scattered: float = 0.0
) -> dict[tuple[int, int], list[Spectrum]]:
    """Make the kernels of a training run.

    Parameters
    ----------
    per_level : int
        Kernels for each level and each width of the diffraction spot.
    seed : int
        The same seed gives the same bank.
    aberrated, scattered : float
        Shares of kernels with spherical aberration, and with a halo of scattered light.

    Returns
    -------
    dict
        ``(level, index into SPOT_FWHM_PX) -> spectra``.
    """
    rng = np.random.default_rng([seed, 1])
    return {
        (level, spot): [_spectrum(level, spot, rng, aberrated, scattered) for _ in range(per_level)]
        for level in range(LEVELS)
        for spot in range(len(SPOT_FWHM_PX))
    }


def described(*, aberrated: float, scattered: float) -> dict[str, Any]:
    """What such a bank holds, for the record of a run: widths of the spot, effects in words."""
    shares = zip(EFFECTS, (1.0, aberrated, scattered))
    return {
        "spot_fwhm_px": [SPOT_FWHM_PX[0][0], SPOT_FWHM_PX[-1][1]],
        "effects": [effect for effect, share in shares if share > 0],
    }


def padded_px(radius_px: int) -> int:
    """Side of the square that is convolved to get one clean patch, in px."""
    return PATCH_PX + 2 * radius_px


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """Draw from ``low`` ... ``high`` so that every factor is as likely as any other."""
    return math.exp(rng.uniform(math.log(low), math.log(high)))


def _spectrum(
    level: int, spot: int, rng: np.random.Generator, aberrated: float, scattered: float
) -> Spectrum:
    low, high = SPOT_FWHM_PX[spot]
    fwhm_px = log_uniform(rng, low, high)
    position = _position(level, rng)
    # Cells are not flat: light from a little above and below is part of most pictures.
    depth = rng.uniform(0.0, 0.8 if level else 0.4) if rng.random() < 0.5 else 0.0
    radius = min(42.0, DISC_PX_PER_LEVEL * (position + depth) / 2 + 2.5 * fwhm_px + 3)
    radius_px = next(r for r in RADII_PX if r >= radius)
    image = np.zeros((2 * radius_px + 1, 2 * radius_px + 1))
    if level == 0 and spot == 0 and rng.random() < 0.5:
        image[radius_px, radius_px] = 1.0  # the image as it was taken
    else:
        spherical = float(rng.uniform(-1.0, 1.0)) if rng.random() < aberrated else 0.0
        for step in (-depth, 0.0, depth) if depth else (0.0,):
            disc_px = DISC_PX_PER_LEVEL * (position + step)
            if spherical:
                image += aberrated_kernel(disc_px, fwhm_px, spherical, len(image))
            else:
                image += _perfect_kernel(disc_px, fwhm_px, len(image))
        image /= image.sum()
    if rng.random() < scattered:
        # Light that was scattered on its way, or glows above and below: a wide, weak halo.
        share, sigma_px = 0.6 * rng.random(), log_uniform(rng, 0.3, 0.6) * radius_px
        from_centre = np.arange(-radius_px, radius_px + 1)
        bell = np.exp(-0.5 * (from_centre / sigma_px) ** 2)
        halo = np.outer(bell, bell)
        image = (1 - share) * image + share * halo / halo.sum()
    side = padded_px(radius_px)
    padded = np.zeros((side, side), np.float32)
    padded[: image.shape[0], : image.shape[1]] = image
    centred = np.roll(padded, (-radius_px, -radius_px), (0, 1))
    return Spectrum(level, radius_px, np.fft.rfft2(centred).astype(np.complex64))


def _perfect_kernel(disc_px: float, fwhm_px: float, size_px: int) -> NDArray[np.float64]:
    # full width at half maximum of the Airy disc: 0.51 wavelength / NA
    optics = Optics(
        wavelength_nm=_WAVELENGTH_NM,
        numerical_aperture=_NA,
        pixel_size_um=0.51 * _WAVELENGTH_NM / 1000 / _NA / fwhm_px,
    )
    z_um = abs(disc_px) * optics.pixel_size_um / (2 * _NA)
    return kernel(optics, z_um, size_px=size_px)


def aberrated_kernel(
    disc_px: float, fwhm_px: float, spherical_waves: float, size_px: int
) -> NDArray[np.float64]:
    """Kernel of an objective with spherical aberration, as a wrong coverslip or medium causes.

    Parameters
    ----------
    disc_px : float
        Diameter of the paraxial defocus disc; its sign matters here.
    fwhm_px : float
        Width of the diffraction spot without aberration.
    spherical_waves : float
        Coefficient of ``rho^4 - rho^2``: primary spherical aberration with the defocus that
        balances it (Born and Wolf, section 9.2), in wavelengths.
    size_px : int
        Odd side of the kernel.

    Returns
    -------
    ndarray
        Shape (size_px, size_px), float64, sum 1.
    """
    fine = 4 if fwhm_px < 1.1 else 2  # samples per px, so that the pupil fits below Nyquist
    side = fine * (size_px + 1)
    frequency = np.fft.fftfreq(side) * fine * fwhm_px / 0.51  # 1 at the edge of the pupil
    square = frequency[:, None] ** 2 + frequency**2
    # A ray at the edge of the pupil moves by 2 W lambda / NA, the radius of the disc.
    defocus_waves = disc_px * 0.51 / (4 * fwhm_px)
    waves = defocus_waves * square + spherical_waves * (square**2 - square)
    pupil = np.where(square <= 1, np.exp(2j * np.pi * waves), 0)
    spread = np.abs(np.fft.fftshift(np.fft.ifft2(pupil))) ** 2
    # Each pixel takes the samples about its centre, half of the outer ones.
    centre, reach = side // 2, size_px // 2
    weights = np.ones(fine + 1)
    weights[[0, -1]] = 0.5
    rows = np.zeros((size_px, side))
    for row in range(size_px):
        start = centre + fine * (row - reach) - fine // 2
        rows[row, start : start + fine + 1] = weights
    image: NDArray[np.float64] = rows @ spread @ rows.T
    return image / image.sum()


def _position(level: int, rng: np.random.Generator) -> float:
    """A defocus in levels whose nearest level is the label; the last level has no end."""
    if level == 0:
        return rng.uniform(0.0, 0.5)
    if level < LEVELS - 1 or rng.random() < 0.6:
        return level + rng.uniform(-0.5, 0.5)
    return rng.uniform(10.5, 20.0)
