"""Patches for the domain network: fluorescence of every focus and quality, and everything else.

Both classes go through the same two mills, so that no trace of the making tells them apart: the
defocus, optics and camera of `zfocus_model.training.data`, and plain crops with a little blur and
noise. What spoils an image after it was taken (compression, enlargement, inversion) comes last.
"""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

import numpy as np

from zfocus_model.levels import PATCH_PX
from zfocus_model.training.data import RICH, Augmentation, PatchMaker
from zfocus_model.training.kernels import log_uniform
from zfocus_model.training.sources import SourceImage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Patch = NDArray[np.float32]

IN_DOMAIN, OUT_OF_DOMAIN = 0, 1

SIMULATED = "simulated "
"""How the source of a simulated image begins; what follows is its kind."""

_MILLED_SHARE = (0.6, 0.35)
"""Shares of both classes that go through the defocus and camera of the focus model's training."""

_SPOILED_SHARE = 0.36
"""Share of the patches out of domain that are spoiled fluorescence."""

_BLANK_SHARE = 0.08
"""Share of the fluorescence crops that hold no cells: noise, and light that it hides."""


def kind_of(source: str) -> str:
    """Kind of a source out of domain: its name, without a word on whether it is simulated."""
    return source[len(SIMULATED) :] if source.startswith(SIMULATED) else source


def simulated(
    count: int, seed: int, scenes: Mapping[str, Callable[[np.random.Generator], Patch]]
) -> list[SourceImage]:
    """Draw ``count`` simulated images of each kind of scenes; the same seed, the same images."""
    return [
        SourceImage(
            Path(f"{SIMULATED}{kind} {number}"),
            SIMULATED + kind,
            "",
            scenes[kind](np.random.default_rng([seed, 11, kinds, number])),
        )
        for kinds, kind in enumerate(scenes)
        for number in range(count)
    ]


class DomainMaker:
    """Make batches of (patches, labels); the same seed, the same batches.

    Parameters
    ----------
    fluorescence
        Sharp fluorescence images.
    others
        Images out of domain; their sources are their kinds.
    seed
        Random patches, kernels, cameras.
    spoilers
        Names of the ways to spoil fluorescence images, out of `SPOILERS`.
    augmentation
        Of the defocus and the camera; by default all that can be simulated. Its share of empty
        patches counts as 0.
    """

    def __init__(
        self,
        fluorescence: Sequence[SourceImage],
        others: Sequence[SourceImage],
        *,
        seed: int,
        spoilers: Sequence[str] = (),
        augmentation: Augmentation | None = None,
    ) -> None:
        self.seed = seed
        images = (list(fluorescence), list(others))
        # Fields without cells are a kind out of the domain; noise alone tells nothing.
        augmentation = replace(augmentation or RICH, empty_share=0.0)
        self._mills = [
            PatchMaker(some, seed=seed + 7 * k, augmentation=augmentation)
            for k, some in enumerate(images)
        ]
        self._groups = [_by_source(some) for some in images]
        self._spoilers = [SPOILERS[name] for name in spoilers]

    def batch(self, index: int, size: int) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Batch number ``index``: half in domain, half out.

        Returns
        -------
        patches
            (size, 84, 84, 1), float32.
        labels
            (size,), int32: 0 in domain, 1 out of domain.
        """
        rng = np.random.default_rng([self.seed, 12, index])
        outside = size // 2
        spoiled = round(outside * _SPOILED_SHARE) if self._spoilers else 0
        inside = size - outside
        fluorescence = self._draw(IN_DOMAIN, 2 * index, inside + spoiled, rng)
        for number in range(inside, inside + spoiled):
            spoil = self._spoilers[int(rng.integers(len(self._spoilers)))]
            fluorescence[number] = spoil(fluorescence[number], rng)
        others = self._draw(OUT_OF_DOMAIN, 2 * index + 1, outside - spoiled, rng)
        patches = np.concatenate([fluorescence, others])
        for number in range(size):
            patches[number] = _stored(patches[number], rng)
        labels = np.repeat(np.array([IN_DOMAIN, OUT_OF_DOMAIN], np.int32), (inside, outside))
        return patches[..., None], labels

    def _draw(self, label: int, index: int, count: int, rng: np.random.Generator) -> Patch:
        """Patches (count, 84, 84) of one class from both mills, in random order."""
        milled = round(count * _MILLED_SHARE[label])
        crops = [self._crop(label, rng) for _ in range(count - milled)]
        patches = np.concatenate([self._mills[label].batch(index, milled)[0][..., 0], crops])
        return patches[rng.permutation(count)].astype(np.float32)

    def _crop(self, label: int, rng: np.random.Generator) -> Patch:
        """A piece of an image as it is: resampled, a little blurred, with a little noise."""
        groups = self._groups[label]
        # Sources count by the square root of their images, as in the other mill.
        weights = np.array([len(group) for group in groups]) ** 0.5
        group = groups[int(rng.choice(len(groups), p=weights / weights.sum()))]
        if label == IN_DOMAIN and rng.random() < _BLANK_SHARE:
            return _blank(rng)
        patch = _resampled(group[int(rng.integers(len(group)))].pixels, rng)
        if rng.random() < 0.5:
            patch = _blurred(patch, log_uniform(rng, 0.4, 5.0))
        patch = patch.T if rng.random() < 0.5 else patch
        patch = patch[:: rng.choice((-1, 1)), :: rng.choice((-1, 1))]
        noise = log_uniform(rng, 0.002, 0.12) if rng.random() < 0.75 else 0.0
        shot = rng.random()  # from read noise, the same everywhere, to photons, more where bright
        size = noise * np.sqrt(1 - shot + shot * np.clip(patch, 0, None))
        noisy = patch + size * rng.standard_normal(patch.shape, np.float32)
        return noisy.astype(np.float32)


def _by_source(images: Sequence[SourceImage]) -> list[list[SourceImage]]:
    names = sorted({image.source for image in images})
    return [[image for image in images if image.source == name] for name in names]


def _blank(rng: np.random.Generator) -> Patch:
    """Noise, and light so even that the noise hides it."""
    slope = np.linspace(-0.5, 0.5, PATCH_PX, dtype=np.float32)
    light = slope * rng.uniform(-0.7, 0.7) + slope[:, None] * rng.uniform(-0.7, 0.7)
    noise = rng.standard_normal((PATCH_PX, PATCH_PX), np.float32)
    return (light + noise).astype(np.float32)


def _resampled(image: Patch, rng: np.random.Generator) -> Patch:
    """A square of an image at 0.5 to 4 times its sampling."""
    from PIL import Image

    zoom = log_uniform(rng, 0.5, 4.0) if rng.random() < 0.6 else 1.0
    zoom = max(zoom, PATCH_PX / min(image.shape))
    height, width = (int(length) for length in image.shape)
    side = float(min(PATCH_PX / zoom, height, width))
    y, x = float(rng.uniform(0, height - side)), float(rng.uniform(0, width - side))
    if zoom == 1.0:
        y, x = round(y), round(x)
        return image[y : y + PATCH_PX, x : x + PATCH_PX]
    box = (x, y, x + side, y + side)
    return _resized(image, box, PATCH_PX, Image.Resampling.LANCZOS)


def _resized(image: Patch, box: tuple[float, float, float, float], side_px: int, how: Any) -> Patch:
    from PIL import Image

    picture = Image.fromarray(np.ascontiguousarray(image))
    return np.asarray(picture.resize((side_px, side_px), how, box=box), np.float32)


def _blurred(patch: Patch, sigma_px: float) -> Patch:
    """Blur with a Gaussian; the border counts what lies inside only."""
    place = np.arange(len(patch), dtype=np.float32)
    weights = np.exp(-((place - place[:, None]) ** 2) / np.float32(2 * sigma_px**2))
    weights /= weights.sum(1, keepdims=True)
    return weights @ patch @ weights.T


def _stored(patch: Patch, rng: np.random.Generator) -> Patch:
    """Round to few grey values, or keep as a mild JPEG: any image may be stored so."""
    draw = rng.random()
    if draw < 0.2:
        return _jpeg(patch, int(rng.integers(60, 96)), rng)
    if draw < 0.4:
        low, high = float(patch.min()), float(patch.max())
        step = max(high - low, 1e-6) / log_uniform(rng, 20, 255)
        return np.rint((patch - low) / step)
    return patch


def _jpeg(patch: Patch, quality: int, rng: np.random.Generator) -> Patch:
    """Compress; the corner of its blocks lies anywhere, the range fills the file or half of it."""
    from PIL import Image

    low, high = float(patch.min()), float(patch.max())
    room = rng.uniform(1.0, 2.0) * max(high - low, 1e-6)
    grey = np.rint((patch - low) / room * 255).astype(np.uint8)
    before = tuple(int(n) for n in rng.integers(0, 8, 2))
    padded = np.pad(grey, [(n, 8) for n in before], mode="reflect")
    stream = io.BytesIO()
    Image.fromarray(padded).save(stream, "JPEG", quality=quality)
    found = np.asarray(Image.open(stream), np.float32)
    y, x = before
    return found[y : y + PATCH_PX, x : x + PATCH_PX]


def _compressed(patch: Patch, rng: np.random.Generator) -> Patch:
    return _jpeg(patch, int(rng.integers(1, 11)), rng)


def _enlarged(patch: Patch, rng: np.random.Generator) -> Patch:
    """Repeat pixels 3 to 12 times, or interpolate 6 to 14 times as many."""
    from PIL import Image

    how: Any = Image.Resampling
    method = rng.choice(4)
    zoom = log_uniform(rng, 3.0, 12.0) if method == 0 else log_uniform(rng, 6.0, 14.0)
    if method == 0 and rng.random() < 0.7:
        zoom = round(zoom)
    side = PATCH_PX / zoom
    y, x = rng.uniform(0, PATCH_PX - side, 2)
    filters = (how.NEAREST, how.BILINEAR, how.BICUBIC, how.LANCZOS)
    return _resized(patch, (x, y, x + side, y + side), PATCH_PX, filters[method])


def _inverted(patch: Patch, rng: np.random.Generator) -> Patch:
    return -patch


SPOILERS: dict[str, Callable[[Any, np.random.Generator], Any]] = {
    "compression": _compressed,
    "enlargement": _enlarged,
    "inversion": _inverted,
}
"""What takes a fluorescence patch (84, 84) out of the domain."""
