"""Probabilities of many images from a Keras model, whatever their sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_BATCH_PX = 16 * 250 * 250


def predict(model: Any, images: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
    """Rate images with a trained or folded model.

    Parameters
    ----------
    model : keras.Model
        Takes images of these sizes.
    images
        Each (height, width), pixels as stored, on the network's grid.

    Returns
    -------
    (images, bins) ndarray of float32
        Probabilities.
    """
    out = np.empty((len(images), int(model.output_shape[-1])), np.float32)
    by_shape: dict[tuple[int, ...], list[int]] = {}
    for number, image in enumerate(images):
        by_shape.setdefault(image.shape, []).append(number)
    for shape, numbers in by_shape.items():
        size = max(1, _BATCH_PX // int(np.prod(shape)))
        for first in range(0, len(numbers), size):
            some = numbers[first : first + size]
            batch = np.stack([images[number] for number in some]).astype(np.float32)[..., None]
            out[some] = model.predict_on_batch(batch)
    return out
