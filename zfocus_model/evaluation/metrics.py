"""Metrics as plain functions of arrays, float64; docs/evaluate.md states every formula.

Undefined values (nothing to divide by) are NaN, never 0 or 1.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from zfocus_model._errors import ZfocusError
from zfocus_model.levels import LEVELS

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

POSITIVE_MAX, NEGATIVE_MIN = 2, 4
"""Levels 0 to 2 are positives (usable), levels 4 to 10 negatives; level 3 is neither."""

PREVALENCES = (0.005, 0.01, 0.05)
"""Shares of defocused images in a screen for which the precision of the flags is worked out."""


def is_positive(levels: ArrayLike) -> NDArray[np.bool_]:
    """Tell which true levels count as in focus: 0, 1 and 2."""
    values = np.asarray(levels)
    return (values >= 0) & (values <= POSITIVE_MAX)


def is_negative(levels: ArrayLike) -> NDArray[np.bool_]:
    """Tell which true levels count as out of focus: 4 to 10."""
    return np.asarray(levels) >= NEGATIVE_MIN


def share(part: ArrayLike, whole: ArrayLike) -> Floats:
    """Divide, with NaN where there is nothing to divide by.

    Parameters
    ----------
    part, whole
        Numbers or arrays that fit each other.

    Returns
    -------
    ndarray of float64
        ``part / whole``; NaN where ``whole`` is 0.

    Examples
    --------
    >>> share([1, 0], [2, 0])
    array([0.5, nan])
    """
    top, bottom = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(bottom != 0, top / bottom, np.nan)


def within(levels: ArrayLike, found: ArrayLike, distance: int = 0) -> float:
    """Share of levels found within a distance of the true ones, 0 to 1; higher is better.

    Parameters
    ----------
    levels, found
        (n,) true and found levels.
    distance
        0: exact accuracy; 1: within one level.

    Returns
    -------
    float
        NaN if n is 0.

    Examples
    --------
    >>> within([0, 5, 9], [1, 5, 6], 1)
    0.6666666666666666
    """
    miss = np.abs(np.asarray(found) - np.asarray(levels))
    return float(share((miss <= distance).sum(), miss.size))


def confusion(levels: ArrayLike, found: ArrayLike) -> NDArray[np.int64]:
    """Count found levels (columns) for each true level (rows).

    Parameters
    ----------
    levels, found
        (n,) integers, 0 to 10.

    Returns
    -------
    ndarray of int64
        (11, 11).

    Raises
    ------
    ZfocusError
        If a level is not 0 to 10.
    """
    true, answer = np.asarray(levels, np.int64).ravel(), np.asarray(found, np.int64).ravel()
    both = np.concatenate([true, answer])
    if both.size and not (both.min() >= 0 and both.max() < LEVELS):
        raise ZfocusError(
            f"expected levels of 0 to {LEVELS - 1}, got {both.min()} to {both.max()}: "
            "leave unrated images out"
        )
    return np.bincount(true * LEVELS + answer, minlength=LEVELS**2).reshape(LEVELS, LEVELS)


def f_score(hits: ArrayLike, false: ArrayLike, missed: ArrayLike) -> Floats:
    """F1 score, 0 to 1: ``2 hits / (2 hits + false + missed)``; higher is better.

    Parameters
    ----------
    hits, false, missed
        Numbers (or arrays of numbers) of true positives, false positives and false negatives.

    Returns
    -------
    ndarray of float64
        NaN where all three are 0.

    Examples
    --------
    >>> float(f_score(3, 1, 1))
    0.75
    """
    twice = 2 * np.asarray(hits, np.float64)
    return share(twice, twice + np.asarray(false) + np.asarray(missed))


def auc(higher: ArrayLike, lower: ArrayLike) -> float:
    """Area under the ROC curve: the chance that one of ``higher`` exceeds one of ``lower``.

    Equal values count as half (Hanley and McNeil 1982, doi 10.1148/radiology.143.1.7063747).

    Parameters
    ----------
    higher
        (n,) scores of the images that should score higher.
    lower
        (m,) scores of the others.

    Returns
    -------
    float
        0 to 1, 0.5 for chance; NaN if either is empty.

    Examples
    --------
    >>> auc([3, 2], [1, 2])
    0.875
    """
    return float(share(wins(higher, lower).sum(), np.size(higher) * np.size(lower)))


def wins(higher: ArrayLike, lower: ArrayLike) -> Floats:
    """For each of ``higher``: how many of ``lower`` it exceeds, equals counted as half.

    Parameters
    ----------
    higher
        (n,).
    lower
        (m,).

    Returns
    -------
    ndarray of float64
        (n,), 0 to m.
    """
    order = np.sort(np.asarray(lower, np.float64).ravel())
    values = np.asarray(higher, np.float64).ravel()
    below = np.searchsorted(order, values, "left")
    return (below + np.searchsorted(order, values, "right")) / 2


def precision_at(prevalence: float, sensitivity: ArrayLike, false_alarms: ArrayLike) -> Floats:
    """Precision of a flag among images of which a given share deserves it (Bayes).

    Parameters
    ----------
    prevalence
        Share of images that deserve the flag, 0 to 1.
    sensitivity
        Share of them that is flagged, 0 to 1.
    false_alarms
        Share of the others that is flagged, 0 to 1.

    Returns
    -------
    ndarray of float64
        0 to 1; NaN if nothing is flagged at all.

    Examples
    --------
    >>> round(float(precision_at(0.01, 1.0, 0.01)), 4)
    0.5025
    """
    right = prevalence * np.asarray(sensitivity, np.float64)
    return share(right, right + (1 - prevalence) * np.asarray(false_alarms, np.float64))


def spearman(first: ArrayLike, second: ArrayLike) -> float:
    """Spearman's rank correlation, -1 to 1; equal values share their mean rank.

    Parameters
    ----------
    first, second
        (n,) each.

    Returns
    -------
    float
        NaN if n is below 3 or one of them is constant.

    Examples
    --------
    >>> spearman([1, 2, 3, 4], [10, 20, 20, 90])
    0.9486832980505138
    """
    x, y = (ranks(values) for values in (first, second))
    x, y = x - x.mean() if x.size else x, y - y.mean() if y.size else y
    scale = math.sqrt(float(x @ x) * float(y @ y))
    return float(x @ y) / scale if x.size > 2 and scale > 0 else math.nan


def ranks(values: ArrayLike) -> Floats:
    """Rank values from 1 on; equal values share their mean rank, shape (n,)."""
    flat: NDArray[Any] = np.asarray(values).ravel()
    _, place, count = np.unique(flat, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return (last - (count - 1) / 2)[place.ravel()]
