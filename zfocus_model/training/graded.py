"""Graded images: one sharp image, defocused to every level and photographed anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable

import numpy as np

from zfocus_model.aggregation import aggregate
from zfocus_model.camera import photograph
from zfocus_model.levels import LEVELS
from zfocus_model.optics import Optics, defocus
from zfocus_model.tiling import cut

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

    Probabilities = Callable[[NDArray[np.float32]], NDArray[np.float32]]


@dataclass(frozen=True)
class GradedRatings:
    """What a model says of graded images."""

    levels: NDArray[np.int64]
    """True level of each image, shape (images,)."""
    probabilities: NDArray[np.float64]
    """Aggregated probabilities of each image, shape (images, 11)."""
    patch_images: NDArray[np.int64]
    """Index of the image that each patch is of, shape (patches,)."""
    patch_probabilities: NDArray[np.float32]
    """Probabilities of each patch, shape (patches, 11)."""

    @property
    def patch_levels(self) -> NDArray[np.int64]:
        """True level of each patch, shape (patches,)."""
        return self.levels[self.patch_images]


def graded_images(
    image: ArrayLike,
    rng: np.random.Generator,
    *,
    peak_photons: float = 2000.0,
    offset: float = 100.0,
    read_noise: float = 2.0,
    optics: Optics | None = None,
) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Defocus a sharp image to levels 0 to 10 and photograph each.

    Parameters
    ----------
    image : array_like
        Sharp, shape (height, width), any unit.
    rng : numpy.random.Generator
        Noise.
    peak_photons, offset, read_noise
        The camera, see `zfocus_model.camera.photograph`.
    optics : Optics, optional
        The reference optics by default.

    Yields
    ------
    level : int
    counts : ndarray
        float64 of the image's shape.
    """
    for level in range(LEVELS):
        blurred = defocus(image, level=level, optics=optics or Optics())
        yield (
            level,
            photograph(
                blurred,
                rng=rng,
                peak_photons=peak_photons,
                offset=offset,
                read_noise=read_noise,
            ),
        )


def rate_graded(
    probabilities: Probabilities, images: Iterator[tuple[int, NDArray[np.float64]]]
) -> GradedRatings:
    """Rate (level, image) pairs with a function from patches (n, 84, 84) to (n, 11).

    Images without a single patch are left out.
    """
    image_levels: list[int] = []
    image_rows: list[NDArray[np.float64]] = []
    patch_images: list[int] = []
    patch_rows: list[NDArray[np.float32]] = []
    for level, image in images:
        patches = cut(image).pixels
        if not len(patches):
            continue
        rows = probabilities(patches)
        patch_images += [len(image_levels)] * len(rows)
        image_levels.append(level)
        image_rows.append(aggregate(rows))
        patch_rows.append(rows)
    return GradedRatings(
        np.array(image_levels, np.int64),
        np.array(image_rows).reshape(-1, LEVELS),
        np.array(patch_images, np.int64),
        np.concatenate(patch_rows) if patch_rows else np.empty((0, LEVELS), np.float32),
    )
