"""The planes of many labelled stacks in memory, on the grid of a network, with their true z."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zfocus_model._errors import ZfocusError
from zfocus_model.zposition.grid import PIXEL_SIZE_UM
from zfocus_model.zposition.labels import StackLabel, split_by_experiment, z_um_of_planes
from zfocus_model.zposition.stacks import open_labelled
from zfocus_model.zposition.training.networks import SMALLEST_PX
from zfocus_model.zposition.training.resampling import average, factor_between

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FULL = 65_535


@dataclass(frozen=True, eq=False)
class StackSet:
    """Labelled stacks in memory."""

    labels: tuple[StackLabel, ...]
    """One a stack."""
    pixels: tuple[NDArray[Any], ...]
    """One a stack: (planes, height, width), 8 or 16 bits, on the network's grid."""
    pixel_size_um: float
    """Pixel size of the grid in um."""

    @property
    def stack_of(self) -> NDArray[np.intp]:
        """(images,), index of the stack that each plane belongs to; planes in order."""
        counts: list[int] = [len(planes) for planes in self.pixels]
        return np.array([i for i, count in enumerate(counts) for _ in range(count)], np.intp)

    @property
    def plane_of(self) -> NDArray[np.intp]:
        """(images,), index of each plane in its stack."""
        counts: list[int] = [len(planes) for planes in self.pixels]
        return np.array([i for count in counts for i in range(count)], np.intp)

    @property
    def z_um(self) -> NDArray[np.float64]:
        """(images,), true z of each plane in um."""
        return np.concatenate([z_um_of_planes(label) for label in self.labels])

    @property
    def side_px(self) -> int:
        """Shortest side of all images in px."""
        return min(min(planes.shape[1:]) for planes in self.pixels)

    def images(self) -> list[NDArray[Any]]:
        """All planes, (height, width) each, in the order of the other columns; not copied."""
        return [plane for planes in self.pixels for plane in planes]

    def take(self, stacks: Sequence[int]) -> StackSet:
        """Some of the stacks, by index; pixels are not copied."""
        return StackSet(
            tuple(self.labels[i] for i in stacks),
            tuple(self.pixels[i] for i in stacks),
            self.pixel_size_um,
        )


@dataclass(frozen=True)
class Parts:
    """A label table, split."""

    train: tuple[StackLabel, ...]
    """To train on."""
    validation: tuple[StackLabel, ...]
    """Of the same experiments: to choose the best weights and to calibrate."""
    test: tuple[StackLabel, ...]
    """Never looked at in training."""
    note: str
    """What is to be said of the split; mostly empty."""


def split_labels(
    labels: Sequence[StackLabel], *, validation_share: float = 0.1, seed: int = 0
) -> Parts:
    """Split a label table: the test as its ``split`` says, else by experiment.

    Parameters
    ----------
    labels
        At least 3 stacks.
    validation_share
        Share of the training stacks that are held out for validation, drawn evenly from all
        experiments.
    seed
        Of the draw.

    Returns
    -------
    Parts
        The three parts, in the order of the table.

    Raises
    ------
    ZfocusError
        If there are too few stacks for that.
    """
    note, known = "", list(labels)
    if len(known) < 3:
        raise ZfocusError(
            f"expected at least 3 labelled stacks, got {len(known)}: record and annotate more "
            "(about 100 are worth having)"
        )
    if not any(label.split == "test" for label in known):
        split, note = split_by_experiment(known, seed=seed)
        known = list(split)
    test = tuple(label for label in known if label.split == "test")
    rest = [label for label in known if label.split != "test"]
    if len(rest) < 2:
        raise ZfocusError(
            f"expected at least 2 stacks to train on, got {len(rest)} beside {len(test)} for the "
            "test: record more, or change the column split of the label table"
        )
    rng = np.random.default_rng([seed, 11])
    # One experiment after the other, each in random order: every k-th stack is then a fair draw.
    order: list[int] = rng.permutation(len(rest)).tolist()
    by_experiment = sorted(order, key=lambda place: rest[place].experiment)
    every = max(2, round(1 / validation_share))
    held = set(by_experiment[every // 2 :: every]) or {by_experiment[0]}
    return Parts(
        tuple(label for i, label in enumerate(rest) if i not in held),
        tuple(label for i, label in enumerate(rest) if i in held),
        test,
        note,
    )


def load_stacks(
    labels: Sequence[StackLabel],
    folder: str | Path,
    *,
    pixel_size_um: float = PIXEL_SIZE_UM,
    progress: Callable[[int, int], None] | None = None,
) -> StackSet:
    """Read stacks into memory, on the grid of a network.

    Parameters
    ----------
    labels
        Which; each needs its pixel size.
    folder
        Folder of the label table.
    pixel_size_um
        Pixel size of the grid in um; images are averaged over its pixels, see
        `zfocus_model.zposition.training.resampling.average`.
    progress
        Called with the numbers of stacks that are read and in all.

    Returns
    -------
    StackSet
        As many bytes as the images have pixels on the grid (8-bit images that need no averaging),
        or two for each.

    Raises
    ------
    ZfocusError
        If a stack cannot be read, has no pixel size, is too small, or is coarser than the grid.
    """
    if not labels:
        raise ZfocusError("expected at least one labelled stack, got none: choose other rows")
    pixels: list[NDArray[Any]] = []
    for done, label in enumerate(labels):
        if label.pixel_size_um is None:
            raise ZfocusError(
                f"{label.stack}: expected a pixel size, got none: fill in the column "
                "pixel_size_um of the label table"
            )
        factor = factor_between(label.pixel_size_um, pixel_size_um)
        with open_labelled(label, folder) as stack:
            planes = [_stored(plane, factor) for plane in stack]
        if min(planes[0].shape) < SMALLEST_PX:
            height, width = planes[0].shape
            raise ZfocusError(
                f"{label.stack}: expected at least {SMALLEST_PX} x {SMALLEST_PX} px of "
                f"{pixel_size_um:g} um, got {height} x {width}: take larger regions"
            )
        pixels.append(np.stack(planes))
        if progress is not None:
            progress(done + 1, len(labels))
    return StackSet(tuple(labels), tuple(pixels), pixel_size_um)


def _stored(plane: NDArray[Any], factor: float) -> NDArray[Any]:
    """A plane on the grid in 8 or 16 bits; stretched over these where they are not its own.

    Networks see the same for any gain and offset, so the stretch changes nothing.
    """
    if factor == 1 and plane.dtype.name in {"uint8", "uint16"}:
        return plane
    values = average(plane, factor)
    low, high = float(values.min()), float(values.max())
    scale = _FULL / (high - low) if high > low else 0.0
    return np.rint((values - np.float32(low)) * np.float32(scale)).astype(np.uint16)
