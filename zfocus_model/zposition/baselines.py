"""What a score of sharpness can say about z: the best plane of a stack, and a profile inverted.

A network has to beat these. A stack's scores are compared with the largest (or the smallest) of
them, so a score alone says nothing; and a score is alike on both sides of its peak, so somebody
must say on which side an image lies. Wei and Roberts (2018, doi 10.1038/s41598-018-25458-w) gave
their baseline both: the peak of the stack is known, and an oracle tells the side. So does
`ProfileInversion`; where its results are quoted, these two advantages are to be named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from zfocus_model._errors import ZfocusError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

HIGHEST, LOWEST = "highest", "lowest"
"""Which extremum of a score marks a plane: phase objects have the least contrast in focus."""

STEP_UM = 0.25
"""Distance of the points of a profile."""


@dataclass(frozen=True)
class ProfileInversion:
    """A mean profile of a score around its extremum, to be read backwards: score to distance."""

    extremum: str
    """``highest`` or ``lowest``."""
    distance_um: Floats
    """Distance from the extremum, (points,), from a negative value to a positive one."""
    profile: Floats
    """Closeness to the extremum, (points,): 1 there, less elsewhere; falls to both sides."""
    offset_um: float
    """Where the extremum lies on average: z_um of that plane, median over the training stacks."""

    def best_z_um(self, scores: ArrayLike, z_um: ArrayLike) -> float:
        """Find focus in a stack: the extremum, moved by its usual distance from focus.

        Parameters
        ----------
        scores
            A score a plane, (planes,), above 0.
        z_um
            Positions on any scale, (planes,).

        Returns
        -------
        float
            Where focus is, on the scale of ``z_um``.
        """
        values, places = _checked(scores, z_um)
        return float(places[extreme(values, self.extremum)]) - self.offset_um

    def locate(self, score: float, extreme_score: float, side: int) -> float:
        """Say where an image lies, given the two things that a microscope does not know.

        Parameters
        ----------
        score
            Of the image, above 0.
        extreme_score
            The extremum of the image's own stack (first advantage).
        side
            -1 or 1: on which side of the extremum the image lies (second advantage).

        Returns
        -------
        float
            z_um. Scores beyond the profile are taken for its ends.
        """
        if side not in (-1, 1):
            raise ZfocusError(f"expected side -1 or 1, got {side}")
        close = float(closeness(np.array([score]), extreme_score, self.extremum)[0])
        on_side = self.distance_um * side >= 0
        distance, fall = np.abs(self.distance_um[on_side]), self.profile[on_side]
        order = np.argsort(distance)
        distance, fall = distance[order], fall[order]
        # np.interp wants rising values: read the branch from its far end.
        return side * float(np.interp(close, fall[::-1], distance[::-1])) + self.offset_um

    def locate_stack(self, scores: ArrayLike, z_um: ArrayLike) -> Floats:
        """Say where each plane of a stack lies, with both advantages.

        Parameters
        ----------
        scores
            (planes,), above 0.
        z_um
            True positions, (planes,): they tell the sides, and nothing else is taken from them.

        Returns
        -------
        ndarray of float64
            z_um found, (planes,).
        """
        values, places = _checked(scores, z_um)
        best = extreme(values, self.extremum)
        sides = np.where(places >= places[best], 1, -1)
        return np.array([self.locate(v, values[best], int(s)) for v, s in zip(values, sides)])


def fit_profile(stacks: Sequence[tuple[ArrayLike, ArrayLike]], extremum: str) -> ProfileInversion:
    """Average the profiles of many stacks, each scaled by its own extremum and centred on it.

    Parameters
    ----------
    stacks
        (scores, z_um) a stack, each (planes,); scores above 0, z_um with 0 in focus.
    extremum
        ``highest`` or ``lowest``.

    Returns
    -------
    ProfileInversion
        Each side is made to fall steadily: what rises again further out cannot be inverted.

    Raises
    ------
    ZfocusError
        If there is no stack, or a score is not above 0.

    Examples
    --------
    >>> found = fit_profile([([1, 2, 4, 2, 1], [-1, 0, 1, 2, 3])], "highest")
    >>> found.offset_um, found.locate(2, 4, -1), found.locate(1, 4, 1)
    (1.0, 0.0, 3.0)
    """
    if not stacks:
        raise ZfocusError("expected at least one stack to fit a profile to, got none")
    curves: list[tuple[Floats, Floats]] = []
    offsets: list[float] = []
    for scores, z_um in stacks:
        values, places = _checked(scores, z_um)
        best = extreme(values, extremum)
        offsets.append(float(places[best]))
        order = np.argsort(places)
        curves.append(
            (places[order] - places[best], closeness(values, values[best], extremum)[order])
        )
    reach = max(float(np.abs(distance).max()) for distance, _ in curves)
    points = max(1, int(np.ceil(reach / STEP_UM)))
    grid = np.arange(-points, points + 1, dtype=np.float64) * STEP_UM
    total, count = np.zeros(len(grid)), np.zeros(len(grid))
    for distance, close in curves:
        inside = (grid >= distance[0]) & (grid <= distance[-1])
        total[inside] += np.interp(grid[inside], distance, close)
        count[inside] += 1
    known = count > 0
    grid = grid[known]
    mean: Floats = total[known] / count[known]
    middle = int(np.argmin(np.abs(grid)))
    mean[middle:] = np.minimum.accumulate(mean[middle:])
    mean[: middle + 1] = np.minimum.accumulate(mean[: middle + 1][::-1])[::-1]
    return ProfileInversion(extremum, grid, mean, float(np.median(offsets)))


def extreme(scores: ArrayLike, extremum: str) -> int:
    """Return the index of the highest or lowest score; ties go to the first.

    Examples
    --------
    >>> extreme([3, 1, 2, 3], "highest"), extreme([3, 1, 2, 3], "lowest")
    (0, 1)
    """
    values = np.asarray(scores, np.float64)
    if extremum == HIGHEST:
        return int(np.argmax(values))
    if extremum == LOWEST:
        return int(np.argmin(values))
    raise ZfocusError(f"expected extremum {HIGHEST!r} or {LOWEST!r}, got {extremum!r}")


def closeness(scores: ArrayLike, extreme_score: float, extremum: str) -> Floats:
    """Scale scores by the extremum of their stack: 1 there, less the further away.

    Parameters
    ----------
    scores
        (planes,), above 0.
    extreme_score
        Above 0.
    extremum
        ``highest``: score / extremum. ``lowest``: extremum / score.

    Returns
    -------
    ndarray of float64
        (planes,).
    """
    values = np.asarray(scores, np.float64)
    return values / extreme_score if extremum == HIGHEST else extreme_score / values


def lopsidedness(image: ArrayLike) -> float:
    """Third standardised moment of the pixels: has a sign, whatever gain and offset.

    The contrast of a phase object reverses through focus, so bright cells in a dark field turn to
    dark ones in a bright field, and the tail of the histogram changes sides. Symmetric scores
    cannot say that; this one needs no oracle. It is no part of the published study.

    Parameters
    ----------
    image
        (height, width).

    Returns
    -------
    float
        Any sign; 0 for a uniform image.

    Examples
    --------
    >>> lopsidedness([[0, 0, 0, 4]]) > 0 > lopsidedness([[4, 4, 4, 0]])
    True
    """
    pixels = np.asarray(image, np.float64)
    centred = pixels - np.mean(pixels)
    spread = float(np.sqrt(np.mean(centred**2)))
    return float(np.mean((centred / spread) ** 3)) if spread > 0 else 0.0


def _checked(scores: ArrayLike, z_um: ArrayLike) -> tuple[Floats, Floats]:
    values, places = np.asarray(scores, np.float64), np.asarray(z_um, np.float64)
    if values.ndim != 1 or values.shape != places.shape or not len(values):
        raise ZfocusError(
            f"expected a score and a z for each plane, got shapes {values.shape} and {places.shape}"
        )
    if not (values > 0).all():
        raise ZfocusError(
            "expected scores above 0, got 0, a negative number or NaN: take another measure, or "
            "leave planes without detail out"
        )
    return values, places
