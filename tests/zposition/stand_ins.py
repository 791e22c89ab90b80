"""Stand-ins for models, which read what the first pixel of a plane carries; a phase object."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from zfocus_model.rating import StatusLimits, rate_patches
from zfocus_model.zposition.bins import bin_centres
from zfocus_model.zposition.reading import ZLimits, read_z

LIMITS = StatusLimits(certainty_min=0.2, in_focus_min=0.5, out_of_domain_max=0.8)


def levels_of(level, spread=0.5):
    p = np.exp(-0.5 * ((np.arange(11) - level) / spread) ** 2)
    return p / p.sum()


def plane(value, side=84):
    pixels = np.zeros((side, side), np.float32)
    pixels[0, 0] = value
    return pixels


def planes(values, side=84):
    return np.stack([plane(value, side) for value in values])


class LevelModel:
    """Level = first pixel; a negative one is blank."""

    name, package_sha256 = "levels", "ab" * 32

    def __init__(self, out_of_domain=0.1, spread=0.5):
        self.package = SimpleNamespace(limits=LIMITS)
        self.out_of_domain, self.spread, self.seen = out_of_domain, spread, 0

    def rate(self, image):
        self.seen += 1
        level = float(image[0, 0])
        p = np.full(11, 1 / 11) if level < 0 else levels_of(level, self.spread)
        return rate_patches(p[None, None], LIMITS, out_of_domain=self.out_of_domain)


def z_reading(z_um, spread_um=0.8, second_um=None):
    bins = bin_centres()
    p = np.exp(-0.5 * ((bins - z_um) / spread_um) ** 2)
    if second_um is not None:
        p += 0.8 * np.exp(-0.5 * ((bins - second_um) / spread_um) ** 2)
    return read_z(p / p.sum(), bins, ZLimits(0.1, 0.3, 4.0))


class ZReader:
    """z in um = first pixel."""

    name, package_sha256 = "z", "cd" * 32

    def __init__(self, spread_um=0.8):
        self.spread_um, self.sizes = spread_um, []

    def locate_stack(self, planes, *, pixel_size_um=None):
        self.sizes.append(pixel_size_um)
        return tuple(z_reading(float(pixels[0, 0]), self.spread_um) for pixels in planes)


def phase_stack(z_um, seed=0, side=96, noise=0.003, even=0.0, tilt=0.0):
    """Weak phase object under partially coherent light: each frequency goes with a sine of z."""
    rng = np.random.default_rng(seed)
    q = np.fft.fftfreq(side, 0.24)
    q2 = q[:, None] ** 2 + q[None] ** 2
    spectrum = np.fft.fft2(rng.normal(size=(side, side))) * np.exp(-q2 / 0.1)
    spectrum[0, 0] = 0
    spectrum /= np.abs(np.fft.ifft2(spectrum)).std()
    static = np.fft.ifft2(spectrum * np.exp(-q2 / 0.05)).real[::-1]
    light = 1 + tilt * np.linspace(-1, 1, side)
    for z in z_um:
        transfer = np.sin(np.pi * 0.55 * z * q2) * np.exp(-q2 * (0.3 * z) ** 2)
        image = 1 + 0.2 * np.fft.ifft2(spectrum * transfer).real + even * static
        yield 1000 * light * (image + noise * rng.normal(size=(side, side)))
