"""Random cameras and random file histories: how a blurred signal becomes the pixels of a file."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from zfocus_model.levels import PATCH_PX
from zfocus_model.training.emptiness import add_hot_pixels, add_sensor_faults, nothing
from zfocus_model.training.kernels import log_uniform

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zfocus_model.training.data import Augmentation

    Patch = NDArray[np.float32]


def photograph(signal: Patch, options: Augmentation, rng: np.random.Generator) -> Patch:
    """Photons, read noise, gain, offset, clipping and rounding of a random camera.

    Parameters
    ----------
    signal : ndarray
        Blurred light, shape (84, 84), float32; 1 is the brightest of its image.
    options : Augmentation
        How cameras and files vary.
    rng : numpy.random.Generator
        Draws the camera and the noise.

    Returns
    -------
    ndarray
        Whole counts as a file would hold them, shape (84, 84), float32, 0 to 65,535.
    """
    peak = log_uniform(rng, *options.peak_photons)
    background = options.background * rng.random() ** 3
    # Now and then the brightest pixel of this patch has the peak, not that of its image.
    scale = max(float(signal.max()), 0.05) if rng.random() < 0.3 else 1.0
    empty = rng.random() < options.empty_share
    if empty:
        signal, background = nothing(rng), 0.05 + background
    photons = np.maximum(signal / scale + background, 0) * np.float32(peak)
    if rng.random() < options.uneven_share:
        photons *= _illumination(rng)
    electrons = _shot_noise(photons, peak * background > 30, rng)
    # Faults of the sensor are what is left to see where there are no cells.
    more = 4 if empty else 1
    if rng.random() < more * options.hot_pixel_share:
        add_hot_pixels(electrons, peak, rng)
    read_noise = options.read_noise * rng.random() ** 2
    electrons += read_noise * rng.standard_normal(signal.shape, np.float32)
    if rng.random() < more * options.sensor_fault_share:
        add_sensor_faults(electrons, rng)
    if rng.random() < options.resampled_share:
        # A file that was turned, registered or scaled once: its noise is no longer white. Only the
        # noise is smoothed, so that the level stays what it was.
        noise = electrons - photons
        electrons = photons + _neighbours(noise, np.float32(rng.uniform(0.05, 0.3)))
    full = float(rng.choice((255, 4095, 65535), p=(0.45, 0.15, 0.4)))
    gain = log_uniform(rng, *options.brightness)
    share = 0.4 if full == 255 else 0.15
    counts = electrons * (share * full * min(gain, 1 / share / 1.1) / peak)
    if rng.random() < options.saturated_share:
        counts *= rng.uniform(1.1, 3.0) * full / max(float(counts.max()), 1e-6)
    offset = full * 0.05 * rng.random()
    counts = np.clip(np.rint(counts + offset), 0, full).astype(np.float32)
    if rng.random() < options.exported_share:
        return _exported(counts, rng)
    return counts


def _shot_noise(photons: Patch, many: bool, rng: np.random.Generator) -> Patch:
    if many:  # a normal distribution is close enough, and faster
        return photons + np.sqrt(photons) * rng.standard_normal(photons.shape, np.float32)
    return rng.poisson(photons).astype(np.float32)


def _illumination(rng: np.random.Generator) -> Patch:
    """Light that falls off over the patch, straight or towards a corner of the image."""
    x = np.linspace(-1, 1, PATCH_PX, dtype=np.float32)[None] * np.float32(rng.uniform(-1, 1))
    y = np.linspace(-1, 1, PATCH_PX, dtype=np.float32)[:, None] * np.float32(rng.uniform(-1, 1))
    depth = np.float32(0.3 * rng.random() ** 2)
    shape = x + y if rng.random() < 0.5 else (x + y) + (x + y) ** 2 / 2
    return np.maximum(1 + depth * shape, 0.05)


def _neighbours(noise: Patch, share: np.float32) -> Patch:
    """Mix each pixel with its neighbours, along both axes: (share, 1 - 2 share, share)."""
    for axis in (0, 1):
        around = np.roll(noise, 1, axis) + np.roll(noise, -1, axis)
        noise = ((1 - 2 * share) * noise + share * around).astype(np.float32)
    return noise


def _exported(counts: Patch, rng: np.random.Generator) -> Patch:
    """The picture as somebody's 8-bit export: stretched, a gamma, often a JPEG."""
    from PIL import Image

    low, high = np.percentile(counts, (rng.uniform(0, 2), rng.uniform(99.0, 100)))
    stretched = np.clip((counts - low) / max(float(high - low), 1.0), 0, 1)
    if rng.random() < 0.4:
        stretched = stretched ** np.float32(log_uniform(rng, 0.6, 1.6))
    picture = np.rint(255 * stretched).astype(np.uint8)
    if rng.random() < 0.3:
        return picture.astype(np.float32)
    # JPEG works in blocks of 8 px that a patch does not start with.
    top, left = (int(shift) for shift in rng.integers(0, 8, 2))
    padded = np.pad(picture, ((top, 0), (left, 0)), mode="symmetric")
    file = io.BytesIO()
    Image.fromarray(padded).save(file, "JPEG", quality=int(rng.integers(70, 98)))
    opened = np.asarray(Image.open(file), np.float32)
    return opened[top:, left:]
