"""Real z-stacks: whether the expected level grows with the distance from focus, best planes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from zfocus_model._errors import ZfocusError
from zfocus_model.aggregation import least_defocused
from zfocus_model.evaluation.metrics import spearman

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zfocus_model.evaluation.rated import Rated

Best = Mapping[str, "tuple[int, ...]"]
"""Source -> its best planes, as the manifest counts; a thick specimen may have several."""


@dataclass(frozen=True, eq=False)
class StackScore:
    """How a model ranks the planes of one stack. Undecided planes cannot be the best one."""

    place: NDArray[np.int64]
    """(planes,) place of each plane, as the manifest counts, rising."""
    distance: NDArray[np.float64]
    """(planes,) distance from the known focus: um where the manifest says, else planes; NaN where
    focus is not known."""
    expected_level: NDArray[np.float64]
    """(planes,), NaN where not rated."""
    status: NDArray[np.str_]
    """(planes,)."""
    known: tuple[int, ...]
    """Places of the planes that are known to be best; empty if nobody knows."""
    found: int | None
    """Place of the decided plane of the least expected level; None if all are undecided."""
    error_planes: int | None
    """Planes between the found and the nearest known best one."""
    spearman: float
    """Rank correlation of expected level and distance, over decided planes."""
    spearman_all: float
    """The same over all rated planes."""


def score_stack(rated: Rated, best: tuple[int, ...] | None = None) -> StackScore:
    """Score one stack.

    Parameters
    ----------
    rated
        Its planes, in any order.
    best
        The best planes; by default the plane nearest to 0 um, where known.

    Returns
    -------
    StackScore
        Planes in order of their place.

    Raises
    ------
    ZfocusError
        If none of the named best planes is there.
    """
    order = np.argsort(rated.place, kind="stable")
    place, z_um = rated.place[order], np.abs(rated.z_um[order])
    expected, status = rated.expected_level[order], rated.status[order]
    if best is not None:
        known = np.isin(place, best)
        if not known.any():
            raise ZfocusError(
                f"expected one of the best planes {', '.join(map(str, best))}, got planes "
                f"{place[0]} to {place[-1]}: count as the manifest does"
            )
    else:
        least = np.nanmin(z_um) if np.isfinite(z_um).any() else math.nan
        known = z_um == least
    spots = np.flatnonzero(known)
    steps = np.arange(len(place))
    between = np.abs(steps[:, None] - spots[None]).min(axis=1) if len(spots) else None
    if between is None:
        distance = np.full(len(place), math.nan)
    elif best is None:
        distance = z_um
    else:
        distance = between.astype(np.float64)
    decided = (status != "undecided") & np.isfinite(expected)
    found = least_defocused(expected, decided)
    usable = np.isfinite(expected) & np.isfinite(distance)
    return StackScore(
        place=place,
        distance=distance,
        expected_level=expected,
        status=status,
        known=tuple(int(p) for p in place[known]),
        found=None if found is None else int(place[found]),
        error_planes=None if found is None or between is None else int(between[found]),
        spearman=spearman(expected[usable & decided], distance[usable & decided]),
        spearman_all=spearman(expected[usable], distance[usable]),
    )


def parse_best(text: str) -> tuple[str, tuple[int, ...]]:
    """Read ``SOURCE=PLANE``, also with several planes and ranges of them.

    Parameters
    ----------
    text
        As typed.

    Returns
    -------
    tuple
        Source, and its best planes.

    Raises
    ------
    ZfocusError
        If it is something else.

    Examples
    --------
    >>> parse_best("embryo=18,21-23")
    ('embryo', (18, 21, 22, 23))
    """
    source, _, listed = text.rpartition("=")
    planes: list[int] = []
    for part in listed.split(","):
        first, _, last = part.partition("-")
        if not (first.strip().isdecimal() and (last or first).strip().isdecimal()):
            planes.clear()
            break
        planes += range(int(first), int(last or first) + 1)
    if not source or not planes:
        raise ZfocusError(
            f"expected the best plane of a source, such as beads=5 or nucleus=21-22, got {text!r}"
        )
    return source, tuple(planes)
