"""The scalar point-spread function, as a function of the radius.

Paraxial, of a round pupil with defocus: Born and Wolf, Principles of Optics, section 8.8.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zfocus_model.optics import Optics

_PANEL_NODES = 32
_PANEL_PHASE_RAD = 40.0  # 32 Gauss-Legendre nodes resolve this phase to rounding error
_BLOCK = 1 << 20  # elements of the largest temporary matrix (8 MiB)


def scalar_profile(
    optics: Optics, z_um: float, radii_um: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Intensity of the scalar model at radii (increasing), float64.

    The integral over the round pupil is taken along one axis first, v, and then along the other,
    u = cos t: with x = k NA/n r and b = k z (NA/n)^2 / 2 the field is (up to a phase)

        (1 / 2 pi) integral_0^{2 pi} cos(x cos t) sin^2 t f(b sin^2 t) dt,
        f(c) = integral_0^1 exp(i c (1 - s^2)) ds.

    That is the integral of a smooth periodic function, so equidistant points converge faster than
    any power, and the Bessel function J0 is never needed. Harmonics beyond x + b vanish like the
    Airy function with a scale of (x + b)^(1/3): hence the number of points.
    """
    wave_number = 2 * math.pi * optics.refractive_index / (optics.wavelength_nm / 1000)
    sine = optics.numerical_aperture / optics.refractive_index
    x = wave_number * sine * radii_um
    b = 0.5 * wave_number * abs(z_um) * sine**2
    reach = float(x[-1]) + b
    points = math.ceil((reach + 11 * reach ** (1 / 3) + 24) / 4)  # a quarter of the period
    step = math.pi / 2 / points
    angle = np.arange(0.5, points) * step
    weight = np.sin(angle) ** 2
    weight = weight * _fresnel(b, weight) / points
    parts = np.stack([weight.real, weight.imag], axis=1)
    cosine = np.cos(angle)
    intensity = np.empty(len(x))
    rows = max(1, _BLOCK // points)
    for start in range(0, len(x), rows):
        field = np.cos(x[start : start + rows, None] * cosine) @ parts
        intensity[start : start + rows] = (field**2).sum(axis=1)
    return intensity


def _fresnel(b: float, share: NDArray[np.float64]) -> NDArray[np.complex128]:
    """``integral_0^1 exp(i b share (1 - s^2)) ds`` for shares in 0..1, complex128.

    Gauss-Legendre on so many equal panels that the phase turns little within any of them.
    """
    node, node_weight = _panel_rule()
    panels = max(1, math.ceil(2 * b / _PANEL_PHASE_RAD))
    s = ((np.arange(panels)[:, None] + node) / panels).ravel()
    weight = np.tile(node_weight / panels, panels)
    remaining = b * (1 - s**2)
    result = np.empty(len(share), dtype=np.complex128)
    rows = max(1, _BLOCK // len(s))
    for start in range(0, len(share), rows):
        result[start : start + rows] = (
            np.exp(1j * share[start : start + rows, None] * remaining) @ weight
        )
    return result


@lru_cache(maxsize=1)
def _panel_rule() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Gauss-Legendre nodes and weights on 0..1."""
    node, weight = np.polynomial.legendre.leggauss(_PANEL_NODES)
    return (node + 1) / 2, weight / 2
