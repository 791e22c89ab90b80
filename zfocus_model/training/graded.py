"""What a network that is not yet a package says of graded images, for its calibration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable

import numpy as np

from zfocus_model.aggregation import aggregate
from zfocus_model.evaluation.grading import graded_images
from zfocus_model.levels import LEVELS
from zfocus_model.tiling import cut
from zfocus_model.training.temperature import at_temperature

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    Probabilities = Callable[[NDArray[np.float32]], NDArray[np.float32]]


__all__ = ["GradedRatings", "cut_images", "graded_images", "rate_graded", "rate_patches"]


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

    def at_temperature(self, temperature: float) -> NDArray[np.float64]:
        """Probabilities of each image, shape (images, 11), at another temperature."""
        tempered = at_temperature(self.patch_probabilities, temperature)
        return np.array(
            [aggregate(tempered[self.patch_images == n]) for n in range(len(self.levels))]
        )


def cut_images(
    images: Iterable[tuple[int, NDArray[np.float64]]],
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Cut (level, image) pairs to (level, patches); images without a single patch are left out."""
    for level, image in images:
        patches = cut(image).pixels
        if len(patches):
            yield level, patches


def rate_graded(
    probabilities: Probabilities, images: Iterable[tuple[int, NDArray[np.float64]]]
) -> GradedRatings:
    """Rate (level, image) pairs with a function from patches (n, 84, 84) to (n, 11).

    Images without a single patch are left out.
    """
    return rate_patches(probabilities, cut_images(images))


def rate_patches(
    probabilities: Probabilities, images: Iterable[tuple[int, NDArray[np.float32]]]
) -> GradedRatings:
    """Rate the (level, patches) pairs of `cut_images`."""
    image_levels: list[int] = []
    image_rows: list[NDArray[np.float64]] = []
    patch_images: list[int] = []
    patch_rows: list[NDArray[np.float32]] = []
    for level, patches in images:
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
