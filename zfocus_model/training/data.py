"""Training patches, made on the fly from in-focus images.

Each patch is cut from a sharp image, perhaps resampled to another pixel size, turned and
mirrored, defocused to a level that is drawn uniformly, and photographed by a random camera. A
sharp image is level 0 at every sampling, so oversampled sharp images are level 0 too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from zfocus_model.levels import LEVELS, PATCH_PX
from zfocus_model.training.cameras import photograph
from zfocus_model.training.kernels import SPOT_FWHM_PX, kernel_bank, log_uniform, padded_px
from zfocus_model.training.simulated import SOURCE as SIMULATED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from zfocus_model.training.kernels import Spectrum
    from zfocus_model.training.sources import SourceImage

_LARGEST_ZOOM = 4.4  # beyond it, what a real image holds is too coarse to be called sharp


@dataclass(frozen=True)
class Augmentation:
    """How patches vary. Shares are probabilities."""

    oversampled_share: float = 0.18
    """Patches magnified 1 to 4.4 times (an objective that oversamples)."""
    undersampled_share: float = 0.15
    """Patches reduced 1 to 2 times (a lower magnification)."""
    peak_photons: tuple[float, float] = (40.0, 40_000.0)
    """Photons at the brightest pixels, log-uniform."""
    background: float = 0.5
    """Largest background, as a share of the peak."""
    uneven_share: float = 0.4
    """Patches whose illumination falls off to one side, by up to 60 %."""
    empty_share: float = 0.05
    """Patches that show nothing but background, light that changes slowly, or dust, fringes and
    edges of wells; their level cannot be known, and is drawn."""
    hot_pixel_share: float = 0.04
    """Patches with one to four pixels that shine by themselves; four times as many empty ones."""
    sensor_fault_share: float = 0.0
    """Patches with a seam between halves of the sensor, or with columns or rows that have offsets
    of their own; four times as many empty ones."""
    aberrated_share: float = 0.0
    """Kernels with spherical aberration of up to one wavelength, as a wrong coverslip causes."""
    scattered_share: float = 0.0
    """Kernels with a wide halo of up to 60 % of the light."""
    haze_share: float = 0.0
    """Patches with other cells, far out of focus, above or below."""
    resampled_share: float = 0.0
    """Patches whose noise is correlated, since the file was once turned or scaled."""
    exported_share: float = 0.0
    """Patches with the history of an 8-bit export: stretched, a gamma, a JPEG."""
    read_noise: float = 6.0
    """Largest read noise, electrons."""
    brightness: tuple[float, float] = (0.2, 5.0)
    """Gain applied before the camera's range clips and rounds, log-uniform."""
    saturated_share: float = 0.06
    """Patches whose brightest parts are clipped."""
    kernels_per_level: int = 40
    """Kernels in the bank for each level and sampling."""


RICH = Augmentation(
    oversampled_share=0.2,
    empty_share=0.12,
    sensor_fault_share=0.08,
    aberrated_share=0.2,
    scattered_share=0.1,
    haze_share=0.05,
    resampled_share=0.08,
    exported_share=0.06,
)
"""All that can be simulated: for the domain network, fine-tuning and the studies.

A focus model that is trained on all of it finds the level less exactly (docs/benchmarks.md,
trainings beside the shipped one).
"""


class PatchMaker:
    """Make batches of (patches, levels) from sharp images; the same seed, the same batches."""

    def __init__(
        self,
        images: Sequence[SourceImage],
        *,
        seed: int,
        augmentation: Augmentation | None = None,
    ) -> None:
        self.arguments = {"images": list(images), "seed": seed, "augmentation": augmentation}
        self.augmentation = augmentation or Augmentation()
        self.seed = seed
        self.bank = kernel_bank(
            self.augmentation.kernels_per_level,
            seed,
            aberrated=self.augmentation.aberrated_share,
            scattered=self.augmentation.scattered_share,
        )
        self._images = list(images)
        # A source counts by the square root of its images: large sets lead, small ones are seen.
        names = [image.source for image in self._images]
        weights = np.array([names.count(name) ** -0.5 for name in names])
        self._weights = np.cumsum(weights / weights.sum())

    def batch(self, index: int, size: int) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Batch number ``index``: patches (size, 84, 84, 1) float32 and levels (size,) int32."""
        rng = np.random.default_rng([self.seed, 2, index])
        plans = [self._plan(rng) for _ in range(size)]
        patches = np.empty((size, PATCH_PX, PATCH_PX), np.float32)
        for radius in sorted({spectrum.radius_px for spectrum, _ in plans}):
            chosen = [i for i, (spectrum, _) in enumerate(plans) if spectrum.radius_px == radius]
            for part in (chosen[i : i + 16] for i in range(0, len(chosen), 16)):
                regions = np.stack([plans[i][1] for i in part])
                spectra = np.stack([plans[i][0].values for i in part])
                blurred = np.fft.irfft2(np.fft.rfft2(regions) * spectra, regions.shape[1:])
                patches[part] = blurred[:, radius : radius + PATCH_PX, radius : radius + PATCH_PX]
        self._add_haze(patches, rng)
        for i in range(size):
            patches[i] = photograph(patches[i], self.augmentation, rng)
        levels = np.array([spectrum.level for spectrum, _ in plans], np.int32)
        return patches[..., None], levels

    def _plan(self, rng: np.random.Generator) -> tuple[Spectrum, NDArray[np.float32]]:
        """A kernel, and the sharp region that it will blur into a patch."""
        options = self.augmentation
        picked = self._images[int(np.searchsorted(self._weights, rng.random()))]
        image = picked.pixels
        zoom, draw = 1.0, rng.random()
        if picked.source == SIMULATED:
            draw = 1.0  # drawn sharp at full size; the kernels alone decide the sampling
        if draw < options.oversampled_share:
            zoom = log_uniform(rng, 1.0, _LARGEST_ZOOM)
        elif draw < options.oversampled_share + options.undersampled_share:
            zoom = max(float(rng.uniform(0.5, 1.0)), PATCH_PX / min(image.shape))
        spot = sum(zoom > high for _, high in SPOT_FWHM_PX[:-1])
        if picked.source == SIMULATED:
            spot = int(rng.integers(len(SPOT_FWHM_PX)))
        choices = self.bank[int(rng.integers(LEVELS)), spot]
        spectrum = choices[int(rng.integers(len(choices)))]
        side = padded_px(spectrum.radius_px)
        corners = [self._corner(image, zoom, rng) for _ in range(2)]
        if rng.random() < 0.6:  # prefer where there is something to see, but not always
            inner = max(1, int(PATCH_PX / zoom))
            spread = [image[y : y + inner, x : x + inner].std() for y, x in corners]
            corners = [corners[int(np.argmax(spread))]]
        y, x = corners[0]
        margin = spectrum.radius_px / zoom
        region = _cut(image, (y - margin, x - margin), side, zoom)
        if rng.random() < 0.5:
            region = region.T
        return spectrum, region[:: rng.choice((-1, 1)), :: rng.choice((-1, 1))]

    def _add_haze(self, patches: NDArray[np.float32], rng: np.random.Generator) -> None:
        """Light of other cells, as far out of focus as it gets, in the same patch."""
        number = round(self.augmentation.haze_share * len(patches))
        for i in rng.choice(len(patches), number, replace=False):
            image = self._images[int(np.searchsorted(self._weights, rng.random()))].pixels
            small = image[:: int(rng.integers(3, 7)), :: int(rng.integers(3, 7))]
            # A coarse picture, magnified smoothly: blurrier than any level, at no cost.
            coarse = _cut(small, (rng.random() * len(small), 0.0), PATCH_PX, 14.0)
            patches[i] += np.float32(rng.uniform(0.1, 0.6)) * np.maximum(coarse, 0)

    def _corner(
        self, image: NDArray[np.float32], zoom: float, rng: np.random.Generator
    ) -> tuple[int, int]:
        reach = int(PATCH_PX / zoom)
        y, x = (int(rng.integers(0, max(1, length - reach + 1))) for length in image.shape)
        return y, x


def _cut(
    image: NDArray[np.float32], corner: tuple[float, float], side: int, zoom: float
) -> NDArray[np.float32]:
    """A square of ``side`` px from ``corner`` on, magnified; the image goes on mirrored."""
    (y, x), (height, width) = corner, image.shape
    if zoom == 1.0:
        rows = _mirror(np.arange(side) + round(y), height)
        columns = _mirror(np.arange(side) + round(x), width)
        return image[np.ix_(rows, columns)]
    rows, row_weights = _taps(y, side, zoom, height)
    columns, column_weights = _taps(x, side, zoom, width)
    region = image[np.ix_(rows, columns)]
    return (row_weights @ region @ column_weights.T).astype(np.float32)


def _taps(
    start: float, side: int, zoom: float, length: int
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Source indices and Lanczos-3 weights (side, indices) that resample one axis."""
    stretch = max(1.0, 1.0 / zoom)  # widen the filter when reducing, against aliasing
    centres = start + (np.arange(side) + 0.5) / zoom - 0.5
    reach = int(np.ceil(3 * stretch))
    taps = np.floor(centres).astype(np.intp)[:, None] + np.arange(1 - reach, reach + 1)
    distance = (taps - centres[:, None]) / stretch
    values = np.sinc(distance) * np.sinc(distance / 3) * (np.abs(distance) < 3)
    first = int(taps.min())
    weights = np.zeros((side, int(taps.max()) - first + 1), np.float32)
    weights[np.arange(side)[:, None], taps - first] = values / values.sum(1, keepdims=True)
    return _mirror(np.arange(first, first + weights.shape[1]), length), weights


def _mirror(indices: NDArray[np.intp], length: int) -> NDArray[np.intp]:
    """Fold indices back into 0 ... length - 1, the edge pixel twice."""
    folded = np.mod(indices, 2 * length)
    return np.where(folded < length, folded, 2 * length - 1 - folded)
