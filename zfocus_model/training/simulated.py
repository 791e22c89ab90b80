"""Simulated sharp fields to train on beside real ones.

Real collections hold few images from high magnifications, few smooth objects and few spots. These
fields are diffraction-limited by construction, with objects from a few to some hundred px.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zfocus_model.scenes import field
from zfocus_model.training.kernels import log_uniform
from zfocus_model.training.sources import SourceImage, scaled

if TYPE_CHECKING:
    from numpy.typing import NDArray

SOURCE = "simulated"
"""Name of the source of these images; the optics alone decide how sharp they are."""

_SHAPE = (420, 420)
_SIZES_PX = {
    "nuclei": (5.0, 100.0),
    "cytoplasm": (14.0, 150.0),
    "filaments": (20.0, 150.0),
    "spots": (12.0, 120.0),
    "smooth": (4.0, 110.0),
}


def simulated_images(count: int, seed: int) -> list[SourceImage]:
    """Draw sharp fields of many kinds and sizes of objects.

    Parameters
    ----------
    count : int
        How many to draw; fields without a cell are left out.
    seed : int
        The same seed draws the same fields.

    Returns
    -------
    list of SourceImage
        420 x 420 px, scaled as real images are.
    """
    rng = np.random.default_rng([seed, 5])
    kinds = list(_SIZES_PX)
    images: list[SourceImage] = []
    for number in range(count):
        kind = kinds[number % len(kinds)]
        size_px = log_uniform(rng, *_SIZES_PX[kind])
        if kind == "smooth":
            pixels = smooth_objects(rng, size_px)
        else:
            density = float(rng.uniform(0.08, 0.6))
            pixels = field(rng, _SHAPE, kind, density=density, size_px=size_px)  # type: ignore[arg-type]
        light = scaled(pixels)
        if light is not None and np.median(light) < 0.6:  # else no cell fell into the field
            images.append(SourceImage(Path(f"{SOURCE}/{kind}{number}"), SOURCE, "CC0", light))
    return images


def smooth_objects(rng: np.random.Generator, size_px: float) -> NDArray[np.float32]:
    """Objects with a sharp outline and nothing inside: round cells, droplets, beads, thick tubes.

    A sharpness measure finds little here; only the outline tells that they are in focus.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the objects.
    size_px : float
        Mean radius.

    Returns
    -------
    ndarray
        Shape (420, 420), float32, 0 ... 1.
    """
    image = np.zeros(_SHAPE)
    y, x = np.mgrid[: _SHAPE[0], : _SHAPE[1]]
    count = max(2, int(rng.uniform(0.1, 0.6) * image.size / (np.pi * size_px**2)))
    longest = float(rng.choice((1.4, 1.4, 2.2)))
    bulge = float(rng.choice((0.0, 0.25, 0.5)))  # flat, or thinner towards the border
    # Many borders slope over some pixels, and are in focus all the same.
    border_px = float(rng.choice((1.0, log_uniform(rng, 1.0, min(4.0, size_px)))))
    for _ in range(min(count, 400)):
        radius = size_px * rng.lognormal(0, 0.25)
        row, column = rng.uniform(0, _SHAPE[0]), rng.uniform(0, _SHAPE[1])
        reach = int(1.5 * radius) + 3
        window = (
            slice(max(0, int(row) - reach), int(row) + reach),
            slice(max(0, int(column) - reach), int(column) + reach),
        )
        dy, dx = y[window] - row, x[window] - column
        turn, stretch = rng.uniform(0, np.pi), rng.uniform(1, longest)
        along = (dx * np.cos(turn) + dy * np.sin(turn)) / stretch
        across = (dy * np.cos(turn) - dx * np.sin(turn)) * stretch
        distance = np.hypot(along, across) / radius
        thickness = np.maximum(0.05, 1 - np.minimum(distance, 1) ** 2) ** bulge
        outline = np.clip(0.5 + (1 - distance) * radius / border_px, 0, 1)
        image[window] += rng.lognormal(0, 0.4) * thickness * outline
    return (image / max(float(image.max()), 1e-6)).astype(np.float32)
