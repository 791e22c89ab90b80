"""Whether probabilities mean what they say: reliability diagram, expected calibration error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from zfocus_model.evaluation.metrics import share

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

CALIBRATION_BINS = 15
"""Bins of the reliability diagram and of the expected calibration error."""


@dataclass(frozen=True, eq=False)
class Reliability:
    """A reliability diagram: how often the most probable level is right, by its probability."""

    count: NDArray[np.int64]
    """(bins,) forecasts in each bin; equal but for one, and for equal probabilities."""
    confidence: Floats
    """(bins,) their mean largest probability; NaN where empty."""
    accuracy: Floats
    """(bins,) share of them whose most probable level is the true one; NaN where empty."""

    @property
    def error(self) -> float:
        """Expected calibration error: mean of |accuracy - confidence|, weighted by count."""
        gap = np.nan_to_num(np.abs(self.accuracy - self.confidence))
        return float(share((self.count * gap).sum(), self.count.sum()))


def reliability(
    probabilities: ArrayLike, levels: ArrayLike, *, bins: int = CALIBRATION_BINS
) -> Reliability:
    """Group forecasts by their largest probability into bins of equal numbers.

    Top label, equal mass (Nguyen and O'Connor 2015, doi 10.18653/v1/D15-1182).

    Parameters
    ----------
    probabilities
        (n, K).
    levels
        (n,) true levels.
    bins
        Number of bins.

    Returns
    -------
    Reliability
        From the least to the most confident bin.
    """
    top, right = top_label(probabilities, levels)
    place = equal_bins(top, bins)
    count = np.bincount(place, minlength=bins)
    return Reliability(
        count.astype(np.int64),
        share(np.bincount(place, top, bins), count),
        share(np.bincount(place, right, bins), count),
    )


def equal_bins(confidence: Floats, bins: int = CALIBRATION_BINS) -> NDArray[np.intp]:
    """Divide forecasts into bins of equal numbers; those of one probability stay together.

    Cut apart, they would lie in bins by their order, and the error would depend on that.

    Parameters
    ----------
    confidence
        (n,) largest probabilities.
    bins
        Number of bins.

    Returns
    -------
    ndarray of int
        (n,) bin of each, rising with the probability, 0 to ``bins - 1``.

    Examples
    --------
    >>> equal_bins(np.array([0.9, 0.5, 1.0, 0.9]), 2)
    array([0, 0, 1, 0])
    """
    if not len(confidence):
        return np.zeros(0, np.intp)
    limits = np.quantile(confidence, np.arange(1, bins) / bins)
    return np.searchsorted(limits, confidence, "left")


def top_label(probabilities: ArrayLike, levels: ArrayLike) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the largest probability of each forecast, and whether its level is the true one.

    Parameters
    ----------
    probabilities
        (n, K).
    levels
        (n,) true levels.

    Returns
    -------
    confidence
        (n,) float64.
    right
        (n,) bool.
    """
    p = np.asarray(probabilities, np.float64).reshape(-1, np.shape(probabilities)[-1])
    return p.max(axis=1), p.argmax(axis=1) == np.asarray(levels)


def error_by_chance(variance: ArrayLike) -> Floats:
    """Calibration error that perfect probabilities show by chance, in forecasts.

    However right probabilities are, in a bin of few forecasts the share of right ones differs from
    their mean: by ``sqrt(2 / pi)`` standard deviations on average (half-normal, from the central
    limit). The plain error counts that as miscalibration (Bröcker 2012, doi
    10.1007/s00382-011-1191-1; Roelofs et al. 2022, arXiv 2012.08668).

    Parameters
    ----------
    variance
        (..., bins) sums of ``confidence (1 - confidence)`` over the forecasts of each bin, which
        count as independent.

    Returns
    -------
    (...) float64
        Forecasts; divide by their number for a share.

    Examples
    --------
    >>> float(error_by_chance([100 * 0.25]).round(3))
    3.989
    """
    spread = np.sqrt(np.asarray(variance, np.float64))
    return np.asarray(np.sqrt(2 / np.pi) * spread.sum(axis=-1))


def expected_calibration_error(
    probabilities: ArrayLike, levels: ArrayLike, *, bins: int = CALIBRATION_BINS
) -> float:
    """Expected calibration error, top label, bins of equal mass; 0 (perfect) to 1.

    Parameters
    ----------
    probabilities
        (n, K).
    levels
        (n,) true levels.
    bins
        Number of bins.

    Returns
    -------
    float
        NaN if n is 0.

    Examples
    --------
    >>> expected_calibration_error([[0.5, 0.5], [0.5, 0.5]], [0, 1], bins=1)
    0.0
    """
    return reliability(probabilities, levels, bins=bins).error
