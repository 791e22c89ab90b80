"""Simulated fields without cells: what is left of a picture when nothing stained is in it.

Light that changes slowly, walls and menisci of wells, their reflections, scratches; seams and
columns of the sensor, hot pixels. Smooth light looks like cells far from focus, and a seam like
sharp ones: the focus model would rate both, so the domain network learns them as foreign.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from zfocus_model.training.kernels import log_uniform
from zfocus_model.training.sources import scaled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Image = NDArray[np.float32]


def empty_field(rng: np.random.Generator, side_px: int) -> Image:
    """Draw a field without cells.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the field.
    side_px : int
        Its side.

    Returns
    -------
    ndarray
        Shape (side_px, side_px), float32, about 0 to 1.
    """
    light = np.ones((side_px, side_px))
    for _ in range(int(rng.integers(1, 5))):
        shape = (_glow, _wall, _step, _line)[int(rng.choice(4, p=(0.35, 0.25, 0.2, 0.2)))]
        light *= np.maximum(1 + shape(rng, side_px), 0.05)
    contrast = float(np.quantile(light, 0.98) - np.quantile(light, 0.02))
    noise = contrast * log_uniform(rng, 0.03, 0.7)
    draw = rng.random()
    if draw < 0.5:
        light += _faults(rng, side_px, noise)
    if draw < 0.7:
        light += noise * rng.standard_normal(light.shape)
    found = scaled(light)
    return np.zeros(light.shape, np.float32) if found is None else found


def _glow(rng: np.random.Generator, side_px: int) -> NDArray[np.float64]:
    """A wide spot of light, or of shade."""
    distance = np.hypot(*_axes(rng, side_px, longer=log_uniform(rng, 0.5, 2.0)))
    width = side_px * log_uniform(rng, 0.12, 0.9)
    return _contrast(rng, 0.05, 0.7) * np.exp(-0.5 * (distance / width) ** 2)


def _wall(rng: np.random.Generator, side_px: int) -> NDArray[np.float64]:
    """A soft band, straight or bent: a wall far from focus, its reflection, its shade."""
    width = side_px * log_uniform(rng, 0.03, 0.3)
    return _contrast(rng, 0.05, 0.6) * np.exp(-0.5 * (_away(rng, side_px) / width) ** 2)


def _step(rng: np.random.Generator, side_px: int) -> NDArray[np.float64]:
    """Light on one side, shade on the other."""
    width = side_px * log_uniform(rng, 0.02, 0.3)
    position = np.clip(_away(rng, side_px) / width, -30, 30)
    return _contrast(rng, 0.05, 0.7) / (1 + np.exp(-position))


def _line(rng: np.random.Generator, side_px: int) -> NDArray[np.float64]:
    """A faint narrow arc, one side harder than the other: a meniscus, a scratch."""
    away = _away(rng, side_px)
    one, other = log_uniform(rng, 1.0, 6.0), log_uniform(rng, 3.0, 20.0)
    return _contrast(rng, 0.03, 0.25) * np.exp(-0.5 * (away / np.where(away < 0, one, other)) ** 2)


def _faults(rng: np.random.Generator, side_px: int, noise: float) -> NDArray[np.float64]:
    """A seam between halves of the sensor, offsets of columns and rows, hot pixels."""
    found = np.zeros((side_px, side_px))
    if rng.random() < 0.6:
        found[int(rng.integers(side_px)) :] += noise * rng.choice((-1, 1)) * rng.uniform(0.3, 3.0)
    for lines in (found, found.T):
        if rng.random() < 0.5:
            lines += noise * log_uniform(rng, 0.1, 0.8) * rng.standard_normal(side_px)
    for y, x in rng.integers(side_px - 1, size=(int(rng.integers(0, 6)), 2)):
        found[y : y + int(rng.integers(1, 3)), x] += noise * log_uniform(rng, 3, 40)
    return found if rng.random() < 0.5 else found.T


def _away(rng: np.random.Generator, side_px: int) -> NDArray[np.float64]:
    """Distance in px from a line or a wide arc through the field."""
    y, x = _axes(rng, side_px, longer=1.0)
    radius = side_px * log_uniform(rng, 0.5, 20.0)
    return y + rng.choice((-1, 1)) * x**2 / (2 * radius)


def _axes(
    rng: np.random.Generator, side_px: int, longer: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coordinates in px about a place in the field, turned; the second is stretched."""
    y, x = np.mgrid[:side_px, :side_px] - rng.uniform(-0.1, 1.1, (2, 1, 1)) * side_px
    turn = rng.uniform(0, 2 * np.pi)
    return y * np.cos(turn) + x * np.sin(turn), (x * np.cos(turn) - y * np.sin(turn)) / longer


def _contrast(rng: np.random.Generator, low: float, high: float) -> float:
    return float(rng.choice((-1, 1))) * log_uniform(rng, low, high)
