"""Flat or thick fields of objects, through a microscope, onto camera pixels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from zfocus_model._convolution import blur
from zfocus_model.simulation.microscope import Microscope, spread
from zfocus_model.simulation.objects import draw

if TYPE_CHECKING:
    from numpy.typing import NDArray


def field(
    rng: np.random.Generator,
    kind: str,
    microscope: Microscope,
    *,
    pixel_um: float,
    side_px: int = 420,
    z_um: float = 0.0,
    thickness_um: float = 0.0,
    layers: int = 1,
) -> NDArray[np.float64]:
    """Photons of a field whose middle is at a distance from best focus, without noise.

    Parameters
    ----------
    rng
        A seeded generator.
    kind
        What to draw, see `zfocus_model.simulation.objects.draw`.
    microscope
        Objective and sample.
    pixel_um
        Side of a camera pixel (of a binned one, if binned) in the sample.
    side_px
        Side of the picture.
    z_um
        Movement of the objective away from best focus.
    thickness_um
        Height over which the objects are spread, in `layers` layers drawn independently and centred
        on `z_um`; 0 is a flat specimen.
    layers
        Layers that are imaged each at its own distance.

    Returns
    -------
    numpy.ndarray
        (side_px, side_px), float64, >= 0, any scale.
    """
    fine = max(1, math.ceil(pixel_um / (0.7 * microscope.resolution_um)))
    step_um = pixel_um / fine
    total = np.zeros((side_px * fine, side_px * fine))
    heights = (np.arange(layers) - (layers - 1) / 2) * (thickness_um / max(1, layers))
    for height in heights:
        distance = z_um + float(height)
        total += blur(
            draw(rng, kind, side_px * fine, step_um),
            spread(
                microscope,
                distance,
                pixel_um=step_um,
                side_px=kernel_side(microscope, distance, step_um),
            ),
        )
    return total.reshape(side_px, fine, side_px, fine).mean(axis=(1, 3))


def kernel_side(microscope: Microscope, z_um: float, step_um: float) -> int:
    """Odd side of a kernel that holds the cone of light and its diffraction rings."""
    sine = min(microscope.numerical_aperture / microscope.immersion_index, 0.95)
    cone = abs(z_um) * sine / math.sqrt(1 - sine**2)
    reach = 1.1 * cone + 8 * microscope.resolution_um * 2
    return 2 * math.ceil(reach / step_um) + 1
