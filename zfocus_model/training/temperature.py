"""Temperature scaling: probabilities that are neither bold nor timid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def fit_temperature(
    probabilities: NDArray[np.floating[Any]], levels: NDArray[np.integer[Any]]
) -> float:
    """Find the temperature of the least negative log-likelihood.

    As Guo et al. 2017, doi 10.48550/arXiv.1706.04599.

    Parameters
    ----------
    probabilities : ndarray
        Shape (patches, 11), of an uncalibrated model.
    levels : ndarray
        True levels, shape (patches,).

    Returns
    -------
    float
        0.3 ... 4, to 0.5 %.

    Examples
    --------
    >>> bold = np.array([[0.99, 0.01], [0.01, 0.99], [0.99, 0.01]])
    >>> fit_temperature(bold, np.array([0, 1, 1])) > 2
    True
    """
    logits = np.log(np.maximum(probabilities.astype(np.float64), 1e-12))
    rows = np.arange(len(levels))

    def loss(temperature: float) -> float:
        scaled = logits / temperature
        scaled -= scaled.max(1, keepdims=True)
        return float((np.log(np.exp(scaled).sum(1)) - scaled[rows, levels]).mean())

    candidates = np.exp(np.log(0.5) + 0.005 * np.arange(-100, 416))
    return float(min(candidates, key=loss))


def at_temperature(
    probabilities: NDArray[np.floating[Any]], temperature: float
) -> NDArray[np.float64]:
    """Probabilities (..., 11) as they are when the logits are divided by the temperature."""
    powers = np.maximum(probabilities.astype(np.float64), 1e-12) ** (1 / temperature)
    return powers / powers.sum(-1, keepdims=True)
