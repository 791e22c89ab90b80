"""A real sharp image, lifted to a thin specimen: each cell at its own height, with a thickness.

The second simulator for graded images. It differs from `zfocus_model.optics.defocus`, which
training uses, in the point-spread function (vectorial, wide-angle, aberrated by a sample of another
index), in the specimen (layers, each at its own distance from focus) and in light from far out of
plane.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from zfocus_model._convolution import blur
from zfocus_model._errors import ZfocusError
from zfocus_model.optics import Optics
from zfocus_model.simulation.fields import kernel_side
from zfocus_model.simulation.microscope import Microscope, spread

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Image = NDArray[np.float64]

SAMPLE_INDEX = 1.36
"""Refractive index around and in cells; a dry or oil objective is made for another."""
DEPTHS_UM = (0.0, 5.0, 10.0, 20.0)
"""Distances of the specimen from the coverslip that are drawn from."""
LAYER_LEVELS = 0.5
"""Distance of a specimen's layers, in distances that change the level by one."""

_SEED_APART_PX = 12
_COARSE = 4


@dataclass(frozen=True)
class Specimen:
    """Layers of light, and the microscope that they lie under."""

    layers: NDArray[np.float64]
    """(layers, height, width): what shines at each height."""
    heights_um: tuple[float, ...]
    """Height of each layer over the plane that counts as the specimen's focus, um."""
    haze: NDArray[np.float64]
    """(height, width): what shines far out of plane."""
    haze_um: float
    """Height of the haze, um."""
    microscope: Microscope
    """Objective and sample."""
    pixel_um: float
    """Side of a pixel, um."""

    def image(self, z_um: float) -> NDArray[np.float64]:
        """Light on the camera when the objective is moved by a distance from the focus, um."""
        total = np.zeros(self.haze.shape)
        for layer, height in zip(self.layers, self.heights_um):
            total += self._blurred(layer, z_um - height)
        if self.haze.any():
            total += self._blurred(self.haze, z_um - self.haze_um)
        return total

    def _blurred(self, light: Image, z_um: float) -> Image:
        # A camera pixel averages over its area: the PSF is sampled finely and binned.
        fine = 2 * math.ceil((self.pixel_um / self.microscope.resolution_um - 1) / 2) + 1
        fine = min(9, max(3, fine))
        side = kernel_side(self.microscope, z_um, self.pixel_um)
        kernel = _binned(self.microscope, round(z_um, 4), self.pixel_um, side, fine)
        return blur(light, kernel)


@lru_cache(maxsize=1024)
def _binned(
    microscope: Microscope, z_um: float, pixel_um: float, side: int, fine: int
) -> NDArray[np.float64]:
    kernel = spread(microscope, z_um, pixel_um=pixel_um / fine, side_px=side * fine)
    return kernel.reshape(side, fine, side, fine).sum(axis=(1, 3))


def lift(
    image: ArrayLike,
    rng: np.random.Generator,
    optics: Optics | None = None,
    *,
    height_sd_levels: float = 0.25,
    thickness_levels: float = 1.0,
    haze_share: float = 0.08,
    depth_um: float | None = None,
) -> Specimen:
    """Make a specimen with depth of a flat, sharp image.

    Parameters
    ----------
    image
        (height, width), sharp, real and finite; its darkest pixel counts as no light.
    rng
        A seeded generator: heights, thickness, haze and depth.
    optics
        Objective and pixel; the reference optics (NA 0.5, air, 0.65 um) by default.
    height_sd_levels
        Standard deviation of the cells' heights, in distances that change the level by one.
    thickness_levels
        Mean thickness of a cell, likewise: 1 is 2 um under the reference optics.
    haze_share
        Largest share of the light that comes from 10 to 20 levels out of plane.
    depth_um
        Of the specimen below the coverslip; drawn from `DEPTHS_UM` by default.

    Returns
    -------
    Specimen
        To be imaged at any distance.

    Raises
    ------
    ZfocusError
        If the image is not one finite plane.
    """
    chosen = optics or Optics()
    pixels = np.asarray(image, dtype=np.float64)
    if pixels.ndim != 2 or pixels.size == 0 or not np.isfinite(pixels).all():
        raise ZfocusError(f"expected one plane of finite numbers, got shape {pixels.shape}")
    light = pixels - pixels.min()
    level_um = chosen.z_um_from_level(1.0)
    heights, thickness = _cells(light, rng, height_sd_levels, thickness_levels)
    # Heights on a grid of half levels, so that specimens and levels share point-spread functions.
    steps = math.floor((1.5 * height_sd_levels + 0.75 * thickness_levels) / LAYER_LEVELS + 0.5)
    centres = LAYER_LEVELS * np.arange(-steps, steps + 1)
    # A cell fills the heights within half its thickness, evenly, softened by one step.
    weights = np.stack(
        [
            1 / (1 + (np.abs(centre - heights) / (thickness / 2 + LAYER_LEVELS / 2)) ** 6)
            for centre in centres
        ]
    )
    weights /= weights.sum(axis=0)
    depth = float(rng.choice(DEPTHS_UM)) if depth_um is None else depth_um
    # Other cells, above or below: the image turned about, which keeps its kind of structure.
    share = haze_share * float(rng.random())
    turned = light[::-1, ::-1] if rng.random() < 0.5 else light[::-1]
    haze_um = float(rng.choice((-1, 1)) * rng.integers(10, 21)) * level_um
    return Specimen(
        (1 - share) * light * weights,
        tuple(float(centre * level_um) for centre in centres),
        share * turned,
        haze_um,
        Microscope.like(chosen, sample_index=_index(chosen), depth_um=depth),
        chosen.pixel_size_um,
    )


def defocus_specimen(
    image: ArrayLike, level: float, rng: np.random.Generator, optics: Optics | None = None
) -> NDArray[np.float64]:
    """Defocus a sharp image by the second simulator.

    Parameters
    ----------
    image
        (height, width), sharp, real and finite.
    level
        0 (in focus) to 10; the objective moves by the distance whose paraxial disc is the level's,
        to either side.
    rng
        A seeded generator; a copy of it with the same seed gives the same specimen at each level.
    optics
        Objective and pixel; the reference optics by default.

    Returns
    -------
    numpy.ndarray
        Shape of the image, float64, >= 0: expected light, to be photographed by
        `zfocus_model.camera`.

    Raises
    ------
    ZfocusError
        If the image is not one finite plane, the level is below 0 or ``psfmodels`` is missing.

    Examples
    --------
    >>> point = np.zeros((45, 45))
    >>> point[22, 22] = 1
    >>> sharp = defocus_specimen(point, 0, np.random.default_rng(0))  # doctest: +SKIP
    >>> away = defocus_specimen(point, 3, np.random.default_rng(0))  # doctest: +SKIP
    >>> bool(sharp.max() > 2 * away.max())  # doctest: +SKIP
    True
    """
    if not (math.isfinite(level) and level >= 0):
        raise ZfocusError(f"expected a level of 0 or more, got {level}: 0 is in focus")
    specimen = lift(image, rng, optics)
    side = float(rng.choice((-1, 1)))
    return specimen.image(side * (optics or Optics()).z_um_from_level(level))


def _index(optics: Optics) -> float:
    """Sample index, or the immersion's where the aperture could not pass into the sample."""
    return SAMPLE_INDEX if optics.numerical_aperture < SAMPLE_INDEX else optics.refractive_index


def _cells(
    light: Image, rng: np.random.Generator, height_sd: float, thickness: float
) -> tuple[Image, Image]:
    """Height and thickness of each pixel's cell, in levels, smooth from cell to cell."""
    coarse = _reduce(light, _COARSE)
    seeds = _peaks(_smooth(coarse, _SEED_APART_PX / _COARSE / 2), _SEED_APART_PX // _COARSE)
    drawn: Image = np.clip(
        height_sd * rng.standard_normal(len(seeds)), -1.5 * height_sd, 1.5 * height_sd
    )
    thick: Image = thickness * rng.uniform(0.5, 1.5, len(seeds))
    owner: NDArray[np.intp] = np.zeros(coarse.shape, dtype=np.intp)
    nearest = np.full(coarse.shape, np.inf)
    y = np.arange(coarse.shape[0], dtype=np.float64)[:, None]
    x = np.arange(coarse.shape[1], dtype=np.float64)[None, :]
    for number, (row, column) in enumerate(seeds):
        distance: Image = (y - row) ** 2 + (x - column) ** 2
        closer = distance < nearest
        owner[closer], nearest = number, np.minimum(nearest, distance)
    maps = [_smooth(values[owner], 1.0) for values in (drawn, thick)]
    height, width = light.shape
    rows: NDArray[np.intp] = np.minimum(
        np.arange(height, dtype=np.intp) // _COARSE, coarse.shape[0] - 1
    )
    columns: NDArray[np.intp] = np.minimum(
        np.arange(width, dtype=np.intp) // _COARSE, coarse.shape[1] - 1
    )
    # Interpolation by smoothing: a repeated grid, blurred over its own step, has no edges.
    fine = [_smooth(values[np.ix_(rows, columns)], _COARSE / 1.5) for values in maps]
    return fine[0], np.maximum(fine[1], 0.05 * thickness + 1e-9)


def _reduce(image: Image, factor: int) -> Image:
    rows, columns = (max(1, length // factor) for length in image.shape)
    height, width = min(image.shape[0], rows * factor), min(image.shape[1], columns * factor)
    if height < factor or width < factor:
        return image[:1, :1]
    return image[:height, :width].reshape(rows, factor, columns, factor).mean(axis=(1, 3))


def _peaks(image: Image, reach: int) -> list[tuple[int, int]]:
    """Places brighter than all around them within a reach; the middle if there are none."""
    size = 2 * reach + 1
    padded = np.pad(image, reach, mode="symmetric")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size))
    highest = windows.max(axis=(2, 3))
    found = np.argwhere((image == highest) & (image > image.mean()))
    if not len(found):
        return [(image.shape[0] // 2, image.shape[1] // 2)]
    return [(int(row), int(column)) for row, column in found]


def _smooth(image: Image, sigma: float) -> Image:
    side = 2 * math.ceil(3 * sigma) + 1
    x = np.arange(side) - side // 2
    bell = np.exp(-0.5 * (x / sigma) ** 2)
    return blur(image, np.outer(bell, bell) / bell.sum() ** 2)
