"""Where a stack of transmitted-light planes is in focus, without any model: contrast reverses.

The contrast of a weak phase object is odd in defocus: the plane as far above focus as another is
below shows its negative, and in between there is least contrast. (Zernike phase contrast and
fluorescence are even instead, so nothing is found in them.) Sharpness is not asked: rings around
cells far from focus are the sharpest that such a stack has.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from zfocus_model.report.drawing import reduce_plane

SIDE_PX = 128
"""Planes are averaged to about this: fine detail reverses several times within a stack."""

_SMOOTHINGS = (8, 32)
"""Passes of the 1-2-1 filter: standard deviations of 2 and 4 px."""

LEAST_PROMINENCE = 0.05
"""How far the score must rise on both sides of its minimum; it runs from -1 to 1."""

MOST_CONTRAST = 0.9
"""Contrast in focus, as a share of the highest on the poorer side, that still is a minimum."""


@dataclass(frozen=True, eq=False)
class Reversal:
    """Where contrast reverses in a stack, and how clearly."""

    position: float
    """Place of the reversal in planes from 0, between planes as well."""
    score: float
    """-1: planes at the same distance on both sides are negatives of each other; 0: unlike; 1:
    alike."""
    prominence: float
    """How far the score rises on both sides of its minimum, 0 to 2."""
    contrast_share: float
    """Contrast there, as a share of the highest contrast on the poorer side."""
    contrast: npt.NDArray[np.float64]
    """(planes,) root mean square of the smoothed planes, relative to the background."""
    places: npt.NDArray[np.float64]
    """(candidates,) places that were tried, half a plane apart."""
    scores: npt.NDArray[np.float64]
    """(candidates,) the score of each."""

    @property
    def confidence(self) -> float:
        """0 (alike on both sides) to 1 (exact negatives): (1 - score) / 2."""
        return min(1.0, max(0.0, (1 - self.score) / 2))

    @property
    def found(self) -> bool:
        """Whether there is a reversal with a minimum of contrast in the stack."""
        clear = self.prominence >= LEAST_PROMINENCE
        return clear and self.contrast_share <= MOST_CONTRAST


def find_reversal(planes: Iterable[npt.NDArray[Any]]) -> Reversal:
    """Find where contrast reverses in a stack.

    For each place, planes at the same distance on both sides are multiplied with each other: the
    score is the sum of their products, over that of their squares. The least score wins; a
    parabola through its neighbours gives the place between planes.

    Parameters
    ----------
    planes
        (height, width) each, evenly spaced, at least 4; read one at a time.

    Returns
    -------
    Reversal
        The best place, found or not.
    """
    small = [_flat(plane) for plane in planes]
    grams: list[npt.NDArray[np.float64]] = []
    for before, passes in zip((0, *_SMOOTHINGS), _SMOOTHINGS):
        small = [_smooth(plane, passes - before) for plane in small]
        grams.append(_gram(small))
    places = np.arange(2, 2 * len(small) - 3) / 2
    scores = np.mean([[_score(gram, place) for place in places] for gram in grams], axis=0)
    least = int(np.argmin(scores))
    position = float(places[least])
    if 0 < least < len(scores) - 1:
        left, here, right = scores[least - 1 : least + 2].tolist()
        bend = left - 2 * here + right
        position += 0.25 * (left - right) / bend if bend > 0 else 0.0
    sides = min(scores[: least + 1].max(), scores[least:].max())
    contrasts = [np.sqrt(np.diag(gram)) for gram in grams]
    return Reversal(
        position=position,
        score=float(scores[least]),
        prominence=float(sides - scores[least]),
        contrast_share=min(_share(contrast, places[least]) for contrast in contrasts),
        contrast=contrasts[0],
        places=places,
        scores=scores,
    )


def _flat(plane: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """A small copy relative to its background: illumination is no contrast."""
    small = reduce_plane(plane, max(1, min(plane.shape) // SIDE_PX)).astype(np.float64)
    small = np.where(np.isfinite(small), small, np.nanmean(small))
    side = max(5, min(small.shape) // 4 | 1)
    background = _box(_box(small, side, 0), side, 1)
    return small / np.where(background > 0, background, 1.0) - 1.0


def _box(values: npt.NDArray[np.float64], side: int, axis: int) -> npt.NDArray[np.float64]:
    """Mean of ``side`` values along an axis, mirrored at the edges."""
    wide = [(side // 2 + 1, side // 2) if each == axis else (0, 0) for each in (0, 1)]
    sums = np.cumsum(np.pad(values, wide, mode="symmetric"), axis=axis)
    length = values.shape[axis]
    upper = np.take(sums, range(side, side + length), axis=axis)
    return np.asarray((upper - np.take(sums, range(length), axis=axis)) / side, dtype=np.float64)


def _smooth(plane: npt.NDArray[np.float64], passes: int) -> npt.NDArray[np.float64]:
    for _ in range(passes):
        wide = np.pad(plane, 1, mode="edge")
        across = (wide[:, :-2] + 2 * wide[:, 1:-1] + wide[:, 2:]) / 4
        plane = (across[:-2] + 2 * across[1:-1] + across[2:]) / 4
    return plane


def _gram(planes: list[npt.NDArray[np.float64]]) -> npt.NDArray[np.float64]:
    """(planes, planes) mean products of planes, each about its mean."""
    rows = np.stack([(plane - plane.mean()).ravel() for plane in planes])
    return np.asarray(rows @ rows.T / rows.shape[1], dtype=np.float64)


def _score(gram: npt.NDArray[np.float64], place: float) -> float:
    lower = np.arange(int(np.ceil(place)) - 1, -1, -1)
    upper = (2 * place - lower).astype(int)
    lower, upper = lower[upper < len(gram)], upper[upper < len(gram)]
    energy = (gram[lower, lower] + gram[upper, upper]).sum() / 2
    return float(gram[lower, upper].sum() / energy) if energy > 0 else 1.0


def _share(contrast: npt.NDArray[np.float64], place: float) -> float:
    first, last = int(np.floor(place)), int(np.ceil(place))
    sides = min(contrast[: first + 1].max(), contrast[last:].max())
    return float(min(contrast[first], contrast[last]) / sides) if sides > 0 else 1.0
