"""Losses for ordered levels."""

from __future__ import annotations

from typing import Any

from zfocus_model._errors import ZfocusError
from zfocus_model.training._keras import load_keras


def ranked_probability_score(labels: Any, probabilities: Any) -> Any:
    """Ranked probability score of each row, 0 (perfect) ... 10.

    The sum over levels of the squared difference between the cumulative probabilities and the
    cumulative one-hot label (Epstein 1969, doi 10.1175/1520-0450(1969)008<0985:ASSFPF>2.0.CO;2).
    Strictly proper, and it charges a miss by its distance.

    Parameters
    ----------
    labels : tensor
        Levels, integers, shape (batch,) or (batch, 1).
    probabilities : tensor
        Softmax over the levels, shape (batch, levels).

    Returns
    -------
    tensor
        Shape (batch,), float32.
    """
    ops = load_keras().ops
    levels = probabilities.shape[-1]
    labels = ops.reshape(ops.cast(labels, "float32"), (-1, 1))
    reached = ops.cast(ops.arange(levels, dtype="float32") >= labels, "float32")
    difference = ops.cumsum(probabilities, axis=-1) - reached
    return ops.sum(difference * difference, axis=-1)


def loss_function(name: str) -> Any:
    """Loss by name: ``crossentropy`` (default of the trainer) or ``rps``.

    Raises
    ------
    ZfocusError
        For another name.
    """
    if name == "rps":
        return ranked_probability_score
    if name == "crossentropy":
        return "sparse_categorical_crossentropy"
    raise ZfocusError(f"expected the loss crossentropy or rps, got {name!r}")


def within_one(labels: Any, probabilities: Any) -> Any:
    """Share of rows whose most probable level is at most one level off (a training metric)."""
    ops = load_keras().ops
    labels = ops.reshape(ops.cast(labels, "int32"), (-1,))
    level = ops.cast(ops.argmax(probabilities, axis=-1), "int32")
    return ops.cast(ops.abs(level - labels) <= 1, "float32")
