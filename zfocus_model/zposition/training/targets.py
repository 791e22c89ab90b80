"""What a network is asked for: probabilities of ordered z bins, and how a miss is charged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from zfocus_model._errors import ZfocusError
from zfocus_model.training._keras import load_keras
from zfocus_model.zposition.bins import check_bins, nearest_bin

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

LOSSES = ("crossentropy", "rps", "hard")
"""Losses by name."""


def soft_labels(z_um: ArrayLike, centres: ArrayLike) -> NDArray[np.float32]:
    """Share a true z between the two bins around it, so that the mean of the bins is z itself.

    Parameters
    ----------
    z_um
        (n,), in um; what lies beyond the bins falls into the end bins.
    centres
        (bins,), centres of the bins in um.

    Returns
    -------
    (n, bins) ndarray of float32
        Rows sum to 1.

    Examples
    --------
    >>> soft_labels([-0.25, 7.0], [-1.0, 0.0, 1.0]).tolist()
    [[0.25, 0.75, 0.0], [0.0, 0.0, 1.0]]
    """
    known = check_bins(centres)
    place = (np.asarray(z_um, np.float64) - known[0]) / (known[1] - known[0])
    place = np.clip(place, 0, len(known) - 1)
    distance = np.abs(place[:, None] - np.arange(len(known)))
    return np.clip(1 - distance, 0, None).astype(np.float32)


def labels_for(loss: str, z_um: ArrayLike, centres: ArrayLike) -> NDArray[np.float32]:
    """Labels as a loss wants them, (n, bins): soft, or for ``hard`` the nearest bin alone.

    Raises
    ------
    ZfocusError
        If there is no such loss.
    """
    _check(loss)
    if loss != "hard":
        return soft_labels(z_um, centres)
    known = check_bins(centres)
    return np.eye(len(known), dtype=np.float32)[nearest_bin(z_um, known)]


def z_loss(loss: str) -> Any:
    """Loss by name.

    Parameters
    ----------
    loss
        ``crossentropy`` with soft labels; ``rps``, the ranked probability score with soft labels;
        ``hard``, cross-entropy with the nearest bin as Wei & Roberts 2018 have it.

    Returns
    -------
    callable or str
        As Keras' ``compile`` takes it.

    Raises
    ------
    ZfocusError
        If there is no such loss.
    """
    _check(loss)
    return ranked_probability_score if loss == "rps" else "categorical_crossentropy"


def ranked_probability_score(labels: Any, probabilities: Any) -> Any:
    """Sum of the squared differences of cumulative probabilities and cumulative labels.

    Parameters
    ----------
    labels : tensor
        (batch, bins), rows sum to 1.
    probabilities : tensor
        (batch, bins), softmax.

    Returns
    -------
    tensor
        (batch,), float32; see `zfocus_model.training.losses.ranked_probability_score`.
    """
    ops = load_keras().ops
    difference = ops.cumsum(probabilities, axis=-1) - ops.cumsum(labels, axis=-1)
    return ops.sum(difference * difference, axis=-1)


def within_bin(labels: Any, probabilities: Any) -> Any:
    """Share of rows whose most probable bin is at most one off (a training metric)."""
    ops = load_keras().ops
    found = ops.cast(ops.argmax(probabilities, axis=-1), "int32")
    true = ops.cast(ops.argmax(labels, axis=-1), "int32")
    return ops.cast(ops.abs(found - true) <= 1, "float32")


def _check(loss: str) -> None:
    if loss not in LOSSES:
        raise ZfocusError(f"expected the loss {' or '.join(LOSSES)}, got {loss!r}: choose one")
