"""How far a measured number can be trusted: bootstrap by field, exact limits of a share.

All degraded copies of a field are drawn or left out together: they show the same cells, and so
they err together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from zfocus_model.evaluation.metrics import share

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Statistic = Callable[[Floats], Floats]

REPLICATES = 1000
"""Bootstrap samples."""

CONFIDENCE = 0.95
"""Share of the bootstrap samples that an interval holds."""


def draws(fields: int, rng: np.random.Generator, *, replicates: int = REPLICATES) -> Floats:
    """Draw fields with replacement, again and again.

    Parameters
    ----------
    fields
        How many there are.
    rng
        Generator.
    replicates
        Number of samples.

    Returns
    -------
    ndarray of float64
        (replicates, fields): how often each field is in each sample; rows sum to ``fields``.

    Examples
    --------
    >>> draws(3, np.random.default_rng(0), replicates=4).sum(axis=1)
    array([3., 3., 3., 3.])
    """
    chances = np.full(fields, 1 / max(fields, 1))
    return rng.multinomial(fields, chances, size=replicates).astype(np.float64)


def interval(samples: ArrayLike) -> tuple[float, float]:
    """Percentile interval of bootstrap samples; undefined samples are left out.

    Parameters
    ----------
    samples
        (replicates,).

    Returns
    -------
    tuple of float
        The 2.5th and the 97.5th percentile; NaN if fewer than half of the samples are defined.
    """
    values = np.asarray(samples, np.float64)
    known = values[~np.isnan(values)]
    if 2 * known.size < values.size or not known.size:
        return math.nan, math.nan
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(known, [tail, 1 - tail])
    return float(low), float(high)


def draws_within(
    sources: ArrayLike, rng: np.random.Generator, *, replicates: int = REPLICATES
) -> Floats:
    """Draw fields with replacement within each source, again and again.

    Parameters
    ----------
    sources
        (fields,) number of the source of each field.
    rng
        Generator.
    replicates
        Number of samples.

    Returns
    -------
    ndarray of float64
        (replicates, fields): how often each field is in each sample; of each source, as many are
        drawn as it has.

    Examples
    --------
    >>> draws_within([0, 1, 0], np.random.default_rng(0), replicates=3)[:, 1]
    array([1., 1., 1.])
    """
    owner = np.asarray(sources)
    counts = np.zeros((replicates, len(owner)))
    for source in np.unique(owner):
        chosen = owner == source
        counts[:, chosen] = draws(int(chosen.sum()), rng, replicates=replicates)
    return counts


def mean_of_defined(values: Sequence[ArrayLike], counts: Floats | None = None) -> Floats:
    """Mean over sources (or whatever is averaged), of those for which there is a value.

    Parameters
    ----------
    values
        A value a source, or its bootstrap samples, (replicates,); NaN where undefined.
    counts
        (replicates, sources) how often each source counts; None: each once.

    Returns
    -------
    ndarray of float64
        The mean, or (replicates,) means; NaN where no source has a value.

    Examples
    --------
    >>> float(mean_of_defined([1.0, np.nan, 2.0]))
    1.5
    """
    stack = np.stack([np.asarray(one, np.float64) for one in values], axis=-1)
    weights = np.where(np.isnan(stack), 0.0, 1.0 if counts is None else counts)
    return share((weights * np.nan_to_num(stack)).sum(axis=-1), weights.sum(axis=-1))


def exact_interval(hits: int, trials: int) -> tuple[float, float]:
    """95 % interval of a share of which ``hits`` of ``trials`` were seen, as if all independent.

    Clopper and Pearson 1934 (doi 10.1093/biomet/26.4.404).

    Parameters
    ----------
    hits, trials
        Seen, out of.

    Returns
    -------
    tuple of float
        Lower and upper end; 0 and 1 if there were no trials.

    Examples
    --------
    >>> low, high = exact_interval(4, 4)
    >>> round(low, 3), high
    (0.398, 1.0)
    """
    one_side = (1 + CONFIDENCE) / 2
    low = 1 - highest_share(trials - hits, trials, confidence=one_side)
    return low, highest_share(hits, trials, confidence=one_side)


def highest_share(hits: int, trials: int, *, confidence: float = CONFIDENCE) -> float:
    """Upper limit of a share of which ``hits`` of ``trials`` were seen (Clopper and Pearson 1934).

    One-sided and exact (doi 10.1093/biomet/26.4.404). A bootstrap of no hits at all says 0; this
    says what may still hide there.

    Parameters
    ----------
    hits, trials
        Seen, out of.
    confidence
        Chance that the limit holds.

    Returns
    -------
    float
        0 to 1; 1 if there were no trials.

    Examples
    --------
    >>> round(highest_share(0, 59), 4)
    0.0495
    """
    if hits >= trials:
        return 1.0
    k = np.arange(hits + 1)
    logs = [math.lgamma(trials + 1) - math.lgamma(i + 1) - math.lgamma(trials - i + 1) for i in k]
    choose = np.array(logs)
    low, high = hits / trials, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if middle in (0.0, 1.0):
            break
        seen = np.exp(choose + k * math.log(middle) + (trials - k) * math.log1p(-middle)).sum()
        low, high = (middle, high) if seen > 1 - confidence else (low, middle)
    return high
