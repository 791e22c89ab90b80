"""Graded images: one sharp image, defocused to every level and photographed anew."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import lru_cache
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from zfocus_model._errors import ZfocusError
from zfocus_model.camera import photograph
from zfocus_model.levels import LEVELS
from zfocus_model.optics import Optics, defocus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

Simulator = Callable[["NDArray[Any]", int, np.random.Generator], "NDArray[np.float64]"]
"""Defocuses a sharp image (height, width) to a level, without noise: what was trained with, or
another. The generator is for what a simulator makes up, such as the depth of objects: it starts
alike at each level, so that all copies show one specimen."""

PARAXIAL, VECTORIAL = "paraxial", "vectorial"
SIMULATORS = (PARAXIAL, VECTORIAL)
"""Names of the simulators. Training uses the first; the second has other formulas throughout."""

SEED = 20181103
PEAK_PHOTONS, OFFSET, READ_NOISE = 2000.0, 100.0, 2.0
PHOTONS_MIN, PHOTONS_MAX = 10.0, 50_000.0
"""Photons at the peak that show anything: fewer drown in read noise, more saturate 16 bits."""


def paraxial(
    image: NDArray[Any],
    level: int,
    rng: np.random.Generator | None = None,
    *,
    optics: Optics | None = None,
) -> NDArray[np.float64]:
    """Defocus with the scalar, paraxial PSF of the reference optics, see `optics.defocus`.

    Parameters
    ----------
    image
        Sharp, (height, width).
    level
        0 to 10.
    rng
        Not used: there is nothing to make up.
    optics
        Other than the reference optics.

    Returns
    -------
    ndarray of float64
        (height, width), any scale.
    """
    del rng
    return defocus(image, level=level, optics=optics or Optics())


def simulator(name: str) -> Simulator:
    """Find a simulator.

    Parameters
    ----------
    name
        One of `SIMULATORS`.

    Returns
    -------
    callable
        See `Simulator`.

    Raises
    ------
    ZfocusError
        If there is none of that name, or the package that it needs is missing.
    """
    if name == PARAXIAL:
        return paraxial
    if name == VECTORIAL:
        if find_spec("psfmodels") is None:
            raise ZfocusError(
                "expected the package psfmodels for the simulator vectorial, got none: "
                "pip install psfmodels, or choose the simulator paraxial"
            )
        found: Simulator = import_module("zfocus_model.simulation.lift").defocus_specimen
        return found
    raise ZfocusError(f"expected a simulator of {', '.join(SIMULATORS)}, got {name!r}")


def graded_images(
    image: ArrayLike,
    rng: np.random.Generator,
    *,
    simulate: Simulator = paraxial,
    peak_photons: float = PEAK_PHOTONS,
    offset: float = OFFSET,
    read_noise: float = READ_NOISE,
) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Defocus a sharp image to levels 0 to 10 and photograph each.

    Parameters
    ----------
    image
        Sharp, (height, width), any unit.
    rng
        Noise, and what the simulator makes up.
    simulate
        The simulator.
    peak_photons, offset, read_noise
        The camera, see `zfocus_model.camera.photograph`.

    Yields
    ------
    level : int
    counts : ndarray
        float64 of the image's shape.
    """
    pixels = np.asarray(image)
    first = deepcopy(rng)
    for level in range(LEVELS):
        yield (
            level,
            photograph(
                simulate(pixels, level, deepcopy(first)),  # one specimen, seen at each level
                rng=rng,
                peak_photons=peak_photons,
                offset=offset,
                read_noise=read_noise,
            ),
        )


@lru_cache
def fingerprint(simulate: Simulator) -> str:
    """Digest of the graded copies of a small made-up picture.

    It changes with whatever makes copies: the simulator's code, the camera's, the random numbers.

    Parameters
    ----------
    simulate
        The simulator.

    Returns
    -------
    str
        Hexadecimal.
    """
    side = 64
    picture = (np.arange(side**2) * 2654435761 % 251).reshape(side, side)
    digest = sha256()
    for _, counts in graded_images(picture, np.random.default_rng(SEED), simulate=simulate):
        digest.update(counts.astype("<f8").tobytes())
    return digest.hexdigest()
