"""The best plane of a fluorescence stack: the decided one of the least expected level."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from zfocus_model.aggregation import least_defocused
from zfocus_model.rating import OUT_OF_FOCUS, UNDECIDED, Rating
from zfocus_model.zposition.best_choice import NO_FOCUS, Choice, vertex

_NODES = 48
"""Nodes of the Gauss-Legendre quadrature: exact for 95 planes that could tie, close beyond."""


def choose_by_level(ratings: Sequence[Rating]) -> Choice:
    """Choose the best plane from the ratings of all planes.

    Parameters
    ----------
    ratings
        One a plane, in order.

    Returns
    -------
    Choice
        Undecided if all planes are, for the reason that most of them have, and if the least
        defocused plane is at an end and out of focus: focus lies beyond.
    """
    decided = np.array([rating.status != UNDECIDED for rating in ratings])
    expected = np.array([rating.expected_level for rating in ratings])
    share = np.zeros(len(ratings))
    best = least_defocused(expected, decided)
    if best is None:
        reasons = Counter(rating.reason for rating in ratings)
        return Choice(None, None, 0.0, share, reasons.most_common(1)[0][0])
    share[decided] = lowest_share(np.stack([r.probabilities for r in ratings])[decided])
    if best in (0, len(ratings) - 1) and ratings[best].status == OUT_OF_FOCUS:
        return Choice(None, None, 0.0, share, NO_FOCUS)
    confidence = float(share[max(0, best - 1) : best + 2].sum())
    curve = np.where(decided, expected, np.nan)
    return Choice(best, best + vertex(curve, best), min(1.0, confidence), share, "")


def lowest_share(probabilities: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Probability that each plane has the lowest level of all; equal ones share it.

    Levels of planes are taken as independent. With a the probability that another plane lies
    higher and b that it ties, the share of k is the sum over levels of p_k times the integral of
    the product of (a + b s) for s from 0 to 1, which is the mean of 1 / (1 + ties).

    Parameters
    ----------
    probabilities
        (planes, levels), rows sum to one.

    Returns
    -------
    (planes,) float64
        Sums to one.

    Examples
    --------
    >>> lowest_share([[1, 0], [1, 0], [0, 1]]).round(6).tolist()
    [0.5, 0.5, 0.0]
    """
    tied = np.asarray(probabilities, dtype=np.float64)
    higher = np.clip(1 - np.cumsum(tied, axis=1), 0, 1)
    points, weights = np.polynomial.legendre.leggauss(_NODES)
    nodes = (points + 1) / 2
    # (nodes, planes, levels); a floor, so that one plane can be divided out of the product.
    factors = np.maximum(higher + tied * nodes[:, None, None], 1e-300)
    logs = np.log(factors)
    others = np.exp(logs.sum(axis=1, keepdims=True) - logs)
    found = np.einsum("n,npl,pl->p", weights / 2, others, tied)
    return np.asarray(found / found.sum(), dtype=np.float64)
