"""From intensity to counts: uneven light, dust, photons, 8 bits."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Exposure:
    """How an experiment's pictures are lit and recorded; the same for all planes of a stack."""

    background: float = 120.0
    """Counts where nothing is in the light's way and the light is even."""
    photoelectrons: float = 8000.0
    """Behind the background, for each pixel of the grid (all camera pixels in it together)."""
    slope: tuple[float, float] = (0.0, 0.0)
    """Change of the light from one edge to the other (y, x), relative."""
    vignette: float = 0.0
    """How much less light there is in the corners, relative."""
    dust: tuple[tuple[float, float, float, float], ...] = ()
    """Specks on camera or lamp: y, x and radius as shares of the side, and depth."""

    def light(self, height: int, width: int) -> NDArray[np.float32]:
        """Relative light that falls on each pixel, specks included.

        Parameters
        ----------
        height, width
            Of the picture, px.

        Returns
        -------
        (height, width) float32
            1 on average, nearly.
        """
        y = (np.arange(height)[:, None] + 0.5) / height - 0.5
        x = (np.arange(width)[None, :] + 0.5) / width - 0.5
        light = 1 + self.slope[0] * y + self.slope[1] * x
        light = light - self.vignette * (2 * (y * y + x * x) - 1 / 3)
        for at_y, at_x, radius, depth in self.dust:
            far = np.hypot(y - at_y + 0.5, x - at_x + 0.5) / radius
            # Out of focus, a speck is a faint disc with a soft edge.
            light = light * (1 - depth / (1 + np.exp(np.minimum(12 * (far - 1), 50))))
        return light.astype(np.float32)

    def record(
        self, intensity: NDArray[np.float32], light: NDArray[np.float32], rng: np.random.Generator
    ) -> NDArray[np.uint8]:
        """Take a picture.

        Parameters
        ----------
        intensity
            Any shape that ends with that of the light; 1 where nothing is in its way.
        light
            From :meth:`light`.
        rng
            A seeded generator.

        Returns
        -------
        uint8 array
            Counts, of the intensity's shape.
        """
        mean = np.maximum(intensity * light, 0)
        # So many photons that their Poisson distribution is a normal one.
        noise = rng.standard_normal(mean.shape, dtype=np.float32)
        noise *= np.sqrt(mean * np.float32(1 / self.photoelectrons))
        counts = (mean + noise) * np.float32(self.background)
        return np.clip(np.rint(counts), 0, 255).astype(np.uint8)


def some_dust(
    rng: np.random.Generator, count: int
) -> tuple[tuple[float, float, float, float], ...]:
    """Draw specks for an :class:`Exposure`.

    Parameters
    ----------
    rng
        A seeded generator.
    count
        How many.

    Returns
    -------
    tuple
        Of y, x, radius and depth.
    """
    return tuple(
        (
            float(rng.random()),
            float(rng.random()),
            float(math.exp(rng.uniform(math.log(0.008), math.log(0.04)))),
            float(rng.uniform(0.02, 0.12)),
        )
        for _ in range(count)
    )
