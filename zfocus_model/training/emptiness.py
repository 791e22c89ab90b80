"""Places without cells, and what sensors add to any picture: both tell nothing about focus.

Edges of wells, glare, dust and fringes are where a plate is empty; halves of a sensor that are read
out apart, columns with offsets of their own and hot pixels are sharp in every picture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from zfocus_model.levels import PATCH_PX
from zfocus_model.training.kernels import log_uniform

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Patch = NDArray[np.float32]

_Y, _X = (axis.astype(np.float32) for axis in np.mgrid[:PATCH_PX, :PATCH_PX])


def nothing(rng: np.random.Generator) -> Patch:
    """Light of a place without cells: dark, or changing slowly, or with things that are no cells.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the place.

    Returns
    -------
    ndarray
        Shape (84, 84), float32, 0 to about 2.
    """
    draw = rng.random()
    if draw < 0.3:
        return np.zeros((PATCH_PX, PATCH_PX), np.float32)
    light = _slow_light(rng)
    if draw < 0.6:
        return light
    light += np.float32(rng.uniform(0.2, 0.8))
    for _ in range(int(rng.integers(1, 3))):
        # Faint on a bright ground, as such things are; bright lines on a dark one may be cells.
        contrast = np.float32(rng.choice((-1, 1)) * log_uniform(rng, 0.02, 0.3))
        shape = (_band, _shadow, _fringes)[int(rng.integers(3))](rng)
        light *= np.maximum(1 + contrast * shape, 0.05)
    return light


def _slow_light(rng: np.random.Generator) -> Patch:
    """One or two steps of light, wider than half a patch, straight or bent."""
    light = np.zeros((PATCH_PX, PATCH_PX), np.float32)
    y, x = 2 * _Y / (PATCH_PX - 1) - 1, 2 * _X / (PATCH_PX - 1) - 1
    for _ in range(int(rng.integers(1, 3))):
        away, across = _turned(y, x, rng)
        bend = np.float32(rng.uniform(-0.3, 0.3))
        place, width = rng.uniform(-1.2, 1.2), log_uniform(rng, 0.5, 3.0)
        step = 1 / (1 + np.exp(-(away + bend * across**2 - place) / np.float32(width / 2)))
        light += np.float32(rng.uniform(0.05, 0.6)) * step.astype(np.float32)
    return light


def _band(rng: np.random.Generator) -> Patch:
    """A line or an arc, soft or with one hard side: a meniscus, a scratch, the edge of a well."""
    away, across = _turned(_Y - PATCH_PX / 2, _X - PATCH_PX / 2, rng)
    distance = away + across**2 / np.float32(rng.choice((-1, 1)) * log_uniform(rng, 60, 5000))
    distance -= np.float32(rng.uniform(-35, 35))
    one, other = (np.float32(log_uniform(rng, 2.0, 25.0)) for _ in range(2))
    width = np.where(distance < 0, one, other)
    return np.exp(-0.5 * (distance / width) ** 2).astype(np.float32)


def _shadow(rng: np.random.Generator) -> Patch:
    """Discs and rings with soft borders: dust somewhere in the light's path."""
    shape = np.zeros((PATCH_PX, PATCH_PX), np.float32)
    for _ in range(int(rng.integers(1, 4))):
        y, x = rng.uniform(-10, PATCH_PX + 10, 2)
        distance = np.hypot(_Y - np.float32(y), _X - np.float32(x))
        radius, soft = log_uniform(rng, 3.0, 45.0), log_uniform(rng, 1.5, 12.0)
        disc = 1 / (1 + np.exp(np.clip((distance - radius) / soft, -30, 30)))
        hole = np.float32(rng.choice((0.0, rng.random())))
        shape += disc - hole / (1 + np.exp(np.clip((distance - 0.6 * radius) / soft, -30, 30)))
    return shape


def _fringes(rng: np.random.Generator) -> Patch:
    """Interference of stray light: waves, straight or about a point."""
    away, across = _turned(_Y - PATCH_PX / 2, _X - PATCH_PX / 2, rng)
    phase = away + across**2 / np.float32(rng.choice((-1, 1)) * log_uniform(rng, 60, 5000))
    period = np.float32(log_uniform(rng, 7.0, 80.0))
    return np.sin(2 * np.pi * (phase / period + np.float32(rng.random()))).astype(np.float32)


def _turned(y: Patch, x: Patch, rng: np.random.Generator) -> tuple[Patch, Patch]:
    turn = rng.uniform(0, 2 * np.pi)
    cos, sin = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    return (x * cos + y * sin).astype(np.float32), (y * cos - x * sin).astype(np.float32)


def add_sensor_faults(electrons: Patch, rng: np.random.Generator) -> None:
    """Add a seam between halves, or columns or rows with offsets of their own, in place.

    Parameters
    ----------
    electrons : ndarray
        Shape (84, 84), float32; what the sensor counted.
    rng : numpy.random.Generator
        Draws the faults.
    """
    view = electrons if rng.random() < 0.5 else electrons.T
    noise = np.float32(_noise(electrons))
    if rng.random() < 0.5:
        half = view[int(rng.integers(PATCH_PX)) :]
        half *= np.float32(rng.normal(1, 0.06))
        half += np.float32(rng.normal(0, 2)) * noise
    if rng.random() < 0.6:
        step = int(rng.choice((1, 1, 2, 4)))  # columns that share an amplifier
        offsets = rng.normal(0, log_uniform(rng, 0.1, 1.0), -(-PATCH_PX // step))
        view += noise * np.repeat(offsets, step)[:PATCH_PX].astype(np.float32)


def add_hot_pixels(electrons: Patch, peak: float, rng: np.random.Generator) -> None:
    """Add one to four pixels that shine by themselves, now and then with a neighbour, in place.

    Parameters
    ----------
    electrons : ndarray
        Shape (84, 84), float32.
    peak : float
        Electrons at the brightest pixel of the image; hot ones have a tenth to six times that.
    rng : numpy.random.Generator
        Draws the pixels.
    """
    for y, x in rng.integers(PATCH_PX, size=(int(rng.integers(1, 5)), 2)):
        glow = np.float32(peak * log_uniform(rng, 0.1, 6.0))
        electrons[y, x] += glow
        if rng.random() < 0.3:
            electrons[min(y + 1, PATCH_PX - 1), x] += glow * np.float32(rng.uniform(0.1, 0.9))


def _noise(electrons: Patch) -> float:
    """Standard deviation of the noise, from differences of neighbours; at least one electron."""
    return max(1.0, float(np.median(np.abs(np.diff(electrons, axis=0)))) * 1.05)
