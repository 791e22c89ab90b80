"""Batches of random crops of labelled planes, turned, and disturbed as real recordings are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zfocus_model._errors import ZfocusError
from zfocus_model.zposition.training.targets import labels_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zfocus_model.zposition.training.stackset import StackSet


_OTHER_SCALE = 0.2
"""Share of the crops that are scaled: it is the slowest of the changes."""


@dataclass(frozen=True)
class ZAugmentation:
    """How training images are varied. Gain and offset are not: the network cannot see them."""

    noise: float = 0.15
    """Largest standard deviation of added noise, as a share of that of the image's stack."""
    slope: float = 0.10
    """Largest change of the light from the middle to the edge of a crop, relative."""
    scale: float = 0.02
    """Largest change of the pixel size, relative. Rings around cells grow with z, so that more
    than the few percent by which pixel sizes are wrong would blur z itself."""
    mixed: float = 0.06
    """Share of crops that show one plane on one side and another of the same stack on the other,
    labelled with both z: what two populations at different depths look like."""
    blank: float = 0.02
    """Share of crops without cells, uneven light and noise only, labelled as nothing known."""


class CropMaker:
    """Makes batches by number: what a batch holds depends on its number and the seed alone.

    Parameters
    ----------
    stacks
        Images to cut from.
    centres
        (bins,), centres of the z bins in um.
    sides_px
        Sides of the crops, taken in turns; a small network that pools over the image learns to
        do so at any size. Sides larger than the images are left out; if all are, crops are as
        large as the images allow.
    batch_px
        Pixels in a batch: smaller crops come in larger numbers.
    loss
        For its labels.
    seed
        Of everything random.
    augmentation
        How images are varied; None: not at all.
    """

    def __init__(
        self,
        stacks: StackSet,
        centres: NDArray[np.float64],
        *,
        sides_px: tuple[int, ...],
        batch_px: int,
        loss: str = "crossentropy",
        seed: int = 0,
        augmentation: ZAugmentation | None = None,
    ) -> None:
        sides = tuple(side for side in sides_px if side <= stacks.side_px) or (stacks.side_px,)
        if batch_px < 1:
            raise ZfocusError(f"expected at least one pixel in a batch, got {batch_px}: give more")
        self._sides = sides
        self._batch_px = batch_px
        self._stacks = stacks
        self._seed = seed
        self._augmentation = augmentation
        self._labels = labels_for(loss, stacks.z_um, centres)
        self._firsts = np.cumsum([0, *(len(planes) for planes in stacks.pixels)])
        store = np.random.default_rng([seed, 7])
        self._store = store.standard_normal(4 * max(sides) ** 2, np.float32)
        self._spreads = [float(planes[::3].std(axis=(1, 2)).mean()) for planes in stacks.pixels]

    def size(self, number: int) -> tuple[int, int]:
        """Count and side of the crops of a batch."""
        side = self._sides[number % len(self._sides)]
        return max(1, self._batch_px // side**2), side

    def batch(self, number: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Crops (n, side, side, 1) and labels (n, bins) of a batch."""
        rng = np.random.default_rng([self._seed, number])
        count, side = self.size(number)
        images = np.empty((count, side, side, 1), np.float32)
        labels = np.empty((count, self._labels.shape[1]), np.float32)
        for place in range(count):
            images[place, :, :, 0], labels[place] = self._example(rng, side)
        return images, labels

    def _example(
        self, rng: np.random.Generator, side: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        how = self._augmentation
        kind = rng.random()
        stack = int(rng.integers(len(self._stacks.pixels)))
        planes = self._stacks.pixels[stack]
        plane = int(rng.integers(len(planes)))
        label = self._labels[self._firsts[stack] + plane]
        if how is None:
            place = _corner(rng, planes.shape[1:], side)
            return _turned(rng, _cut(planes[plane], place, side)), label
        if kind < how.blank:
            light = float(planes[plane].mean())
            crop = np.full((side, side), light, np.float32)
            crop += (
                self._spreads[stack] * rng.random() * rng.standard_normal(crop.shape, np.float32)
            )
            crop += _slope(rng, side, how.slope) * np.float32(light)
            return crop, np.full_like(label, 1 / len(label))
        if kind < how.blank + how.mixed:
            other = int(rng.integers(len(planes)))
            place = _corner(rng, planes.shape[1:], side)
            mask = border(rng, side)
            crop = mask * _cut(planes[plane], place, side)
            crop += (1 - mask) * _cut(planes[other], place, side)
            share = float(mask.mean())
            second = self._labels[self._firsts[stack] + other]
            label = np.asarray(share * label + (1 - share) * second, np.float32)
        elif rng.random() < _OTHER_SCALE:
            crop = _scaled(rng, planes[plane], side, how.scale)
        else:
            crop = _cut(planes[plane], _corner(rng, planes.shape[1:], side), side)
        crop = _turned(rng, crop)
        if rng.random() < 0.5:
            crop += _slope(rng, side, how.slope) * np.float32(crop.mean())
        if rng.random() < 0.5:
            sd = np.float32(rng.random() * how.noise * self._spreads[stack])
            crop += sd * self._noise(rng, side)
        return crop, label

    def _noise(self, rng: np.random.Generator, side: int) -> NDArray[np.float32]:
        """Normal noise, cut from a store that is larger than any crop: ten times as fast."""
        start = int(rng.integers(len(self._store) - side * side + 1))
        return self._store[start : start + side * side].reshape(side, side)


def border(rng: np.random.Generator, side: int) -> NDArray[np.float32]:
    """A mask, 1 on one side of a soft straight border through the middle part, 0 on the other."""
    angle, off = rng.uniform(0, 2 * np.pi), rng.uniform(-0.3, 0.3)
    line = np.linspace(-1, 1, side, dtype=np.float32)
    across = np.cos(angle) * line[None] + np.sin(angle) * line[:, None]
    # About ten pixels from one to the other.
    return np.asarray(np.clip(0.5 + (across - off) * side / 20, 0, 1), np.float32)


def _corner(rng: np.random.Generator, shape: tuple[Any, ...], side: int) -> tuple[int, int]:
    y, x = (int(rng.integers(int(length) - side + 1)) for length in shape)
    return y, x


def _cut(pixels: NDArray[Any], corner: tuple[int, int], side: int) -> NDArray[np.float32]:
    y, x = corner
    return np.asarray(pixels[y : y + side, x : x + side], np.float32)


def _turned(rng: np.random.Generator, crop: NDArray[np.float32]) -> NDArray[np.float32]:
    """One of the eight ways to lay a square, as a copy."""
    turned = np.rot90(crop, int(rng.integers(4)))
    return np.array(turned.T if rng.random() < 0.5 else turned, np.float32)


def _scaled(
    rng: np.random.Generator, pixels: NDArray[Any], side: int, most: float
) -> NDArray[np.float32]:
    """A crop at a slightly other pixel size, between the pixels: linear in both directions."""
    height, width = int(pixels.shape[0]), int(pixels.shape[1])
    step = float(min(1 + rng.uniform(-most, most), (min(height, width) - 1.001) / (side - 1)))
    reach = step * (side - 1)
    along = step * np.arange(side, dtype=np.float64)
    rows = rng.uniform(0, height - 1 - reach) + along
    columns = rng.uniform(0, width - 1 - reach) + along
    top, left = int(rows[0]), int(columns[0])
    part = np.asarray(
        pixels[top : int(rows[-1]) + 2, left : int(columns[-1]) + 2], dtype=np.float32
    )
    y, x = rows - top, columns - left
    i, j = y.astype(np.intp), x.astype(np.intp)
    v, u = (y - i).astype(np.float32)[:, None], (x - j).astype(np.float32)[None]
    lines = part[i] * (1 - v) + part[np.minimum(i + 1, len(part) - 1)] * v
    right = np.minimum(j + 1, part.shape[1] - 1)
    return np.asarray(lines[:, j] * (1 - u) + lines[:, right] * u, np.float32)


def _slope(rng: np.random.Generator, side: int, most: float) -> NDArray[np.float32]:
    """Light that rises across a crop: -1 to 1 times its strength, (side, side)."""
    angle, strength = rng.uniform(0, 2 * np.pi), rng.uniform(0, most)
    line = np.linspace(-1, 1, side, dtype=np.float32)
    across = np.cos(angle) * line[None] + np.sin(angle) * line[:, None]
    return np.asarray(strength * across, np.float32)
