"""Statistics of level probabilities: certainty, expected level, aggregation, score.

Certainty and aggregation follow Yang et al. 2018 (doi 10.1186/s12859-018-2087-4): patches count by
their certainty. All arithmetic is float64; the number of levels K may be any: the two classes of a
domain network are aggregated alike.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from zfocus_model._errors import ZfocusError

_PRODUCT_FLOOR = 1e-12
"""Probabilities below this count as this in the normalised product, so that none is a veto."""


DOMAIN_PATCHES = 25
"""Most patches of an image that the domain network sees."""


def certainty(probabilities: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Certainty, 0 (uniform, exactly) to 1 (one level): ``1 - entropy / ln K``.

    Parameters
    ----------
    probabilities
        (..., K), at least 0; a row need not sum to one. NaN rows give NaN, all-zero rows 0.

    Returns
    -------
    (...) float64
        One certainty a row.

    Examples
    --------
    >>> certainty([[0.25, 0.25, 0.25, 0.25], [0, 0, 1, 0]])
    array([0., 1.])
    """
    p = np.asarray(probabilities, dtype=np.float64)
    total = p.sum(axis=-1, keepdims=True)
    p = p / np.where(total > 0, total, 1.0)
    entropy = -np.sum(p * np.log(np.where(p > 0, p, 1.0)), axis=-1)
    value = np.clip(1.0 - entropy / math.log(p.shape[-1]), 0.0, 1.0)
    # Rounding must not make a uniform row count for something: it would outvote nothing at all.
    uniform = p.max(axis=-1) == p.min(axis=-1)
    return np.asarray(np.where(uniform, 0.0, value), dtype=np.float64)


def expected_level(probabilities: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Mean level under probabilities (..., K), 0 to K - 1.

    Parameters
    ----------
    probabilities
        (..., K), rows sum to one.

    Returns
    -------
    (...) float64
        One value a row.

    Examples
    --------
    >>> float(expected_level([0.5, 0, 0.5]))
    1.0
    """
    p = np.asarray(probabilities, dtype=np.float64)
    return np.asarray(p @ np.arange(p.shape[-1], dtype=np.float64))


def least_defocused(expected: npt.ArrayLike, decided: npt.ArrayLike) -> int | None:
    """Best plane of a stack: the decided one of the least expected level.

    Noise at the end of a stack may look sharp; the model has to be sure of it.

    Parameters
    ----------
    expected
        (planes,) expected level of each plane, NaN where not rated.
    decided
        (planes,) bool, False where the status is undecided.

    Returns
    -------
    int or None
        Its index, the first of equals; None if no plane is decided.

    Examples
    --------
    >>> least_defocused([0.2, 4.0, 1.5, 3.0], [False, True, True, True])
    2
    """
    levels = np.asarray(expected, dtype=np.float64)
    usable = np.asarray(decided, dtype=bool) & np.isfinite(levels)
    return int(np.argmin(np.where(usable, levels, math.inf))) if usable.any() else None


def level_sd(probabilities: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the standard deviation of the level under probabilities (..., K), at least 0.

    Parameters
    ----------
    probabilities
        (..., K), rows sum to one.

    Returns
    -------
    (...) float64
        One value a row.

    Examples
    --------
    >>> float(level_sd([0.5, 0, 0.5]))
    1.0
    """
    p = np.asarray(probabilities, dtype=np.float64)
    deviation = np.arange(p.shape[-1], dtype=np.float64) - expected_level(p)[..., np.newaxis]
    return np.asarray(np.sqrt(np.sum(p * deviation**2, axis=-1)))


def aggregate(probabilities: npt.ArrayLike, how: str = "average") -> npt.NDArray[np.float64]:
    """Combine the probabilities of rated patches into those of the image.

    Parameters
    ----------
    probabilities
        (n, K), n at least 1, without NaN.
    how
        ``average``: mean weighted by certainty (plain mean if no patch is certain of anything).
        ``product``: normalised product. It treats patches as independent witnesses of one level,
        which they are not, so it is overconfident.

    Returns
    -------
    (K,) float64
        Probabilities that sum to 1.

    Examples
    --------
    >>> aggregate([[0.5, 0.5], [0, 1]])
    array([0., 1.])
    """
    p = np.asarray(probabilities, dtype=np.float64)
    if p.ndim != 2 or p.shape[0] == 0:
        raise ZfocusError(
            f"expected probabilities of at least one patch, shape (n, levels), got {p.shape}: "
            "leave images without a rated patch out"
        )
    if how == "average":
        weights = certainty(p)
        combined = weights @ p if weights.sum() > 0 else p.mean(axis=0)
    elif how == "product":
        logs = np.log(np.maximum(p, _PRODUCT_FLOOR)).sum(axis=0)
        combined = np.exp(logs - logs.max())
    else:
        raise ZfocusError(f'expected how="average" or how="product", got {how!r}: choose one')
    return combined / combined.sum()


def domain_sample(count: int) -> npt.NDArray[np.intp]:
    """Which of the rated patches of an image the domain network sees: at most 25.

    What an image is of shows in few of its patches; the others would cost time only.

    Parameters
    ----------
    count
        Number of rated patches, in reading order.

    Returns
    -------
    ndarray of int
        Indices, rising, evenly spaced; all of them up to 25.

    Examples
    --------
    >>> domain_sample(3), domain_sample(100)[:4]
    (array([0, 1, 2]), array([ 2,  6, 10, 14]))
    """
    most = min(count, DOMAIN_PATCHES)
    return (2 * np.arange(most) + 1) * count // max(1, 2 * most)


def out_of_domain_score(domain_probabilities: npt.ArrayLike) -> float | None:
    """How unlike the images that a model was made for, from what its domain network says.

    Parameters
    ----------
    domain_probabilities
        (n, 2), of each patch of `domain_sample`: in domain, out of domain.

    Returns
    -------
    float or None
        Certainty-weighted mean probability of being out of domain, 0 to 1; 0.5 if no patch tells
        anything, None if there is no patch.

    Examples
    --------
    >>> out_of_domain_score([[0.5, 0.5], [0, 1]])
    1.0
    """
    p = np.asarray(domain_probabilities, dtype=np.float64)
    return float(aggregate(p)[1]) if len(p) else None


def ranked_probability_score(
    probabilities: npt.ArrayLike, levels: npt.ArrayLike
) -> npt.NDArray[np.float64]:
    """Ranked probability score, 0 (certain and right) to K - 1; lower is better.

    Sum over the levels of the squared difference of the cumulative distributions (Epstein 1969,
    doi 10.1175/1520-0450(1969)008<0985:ASSFPF>2.0.CO;2). Of a certain forecast it is the distance
    to the true level.

    Parameters
    ----------
    probabilities
        (..., K).
    levels
        (...), true levels, 0 to K - 1.

    Returns
    -------
    (...) float64
        One score a forecast.

    Examples
    --------
    >>> float(ranked_probability_score([0, 0, 0, 1], 1))
    2.0
    """
    p = np.asarray(probabilities, dtype=np.float64)
    true = np.asarray(levels, dtype=np.float64)[..., np.newaxis]
    reached = np.where(np.arange(p.shape[-1], dtype=np.float64) >= true, 1.0, 0.0)
    return np.asarray(np.square(np.cumsum(p, axis=-1) - reached).sum(axis=-1))
