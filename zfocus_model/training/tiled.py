"""A patch model over a whole plane: one set of probabilities for each tile of 84 x 84 px.

The plane is cut into the patches of `zfocus_model.tiling` and the patch model runs on each, so the
map is equal to the patch model tile by tile. No patch model is shift-invariant by 84 px (strides of
2 do not divide 84 three times, and each patch is normalised by itself), so sliding the convolutions
over the plane would give other numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zfocus_model.levels import PATCH_PX
from zfocus_model.training._keras import load_keras

MAP_TASK = "focus-level-map"
"""The task of a map's package; `zfocus rate` refuses it, as it cuts the tiles by itself."""


def map_network(model: Any) -> Any:
    """Let a patch model rate all whole tiles of planes of any size.

    Parameters
    ----------
    model : keras.Model
        Patches (n, 84, 84, 1) -> probabilities (n, 11).

    Returns
    -------
    keras.Model
        Planes (batch, y, x, 1) -> probabilities (batch, 11, y // 84, x // 84). It is made of
        plain Keras operations and loads without custom objects.
    """
    keras = load_keras()
    ops = keras.ops
    image = keras.Input((None, None, 1), name="image")
    plane = image[..., 0]
    # Keras knows no sizes before it runs: they are counted, so that the graph can use them.
    pixels = ops.ones_like(plane, dtype="int32")
    height, width = (ops.max(ops.cumsum(pixels, axis=axis)) for axis in (1, 2))
    last = PATCH_PX - 1
    tiles = ops.ones_like(plane[:, last::PATCH_PX, last::PATCH_PX], dtype="int32")
    which, row, column = (ops.cumsum(tiles, axis=axis) - 1 for axis in range(3))
    corners = (which * height + row * PATCH_PX) * width + column * PATCH_PX
    down, right = (axis.ravel().astype(np.int32) for axis in np.mgrid[:PATCH_PX, :PATCH_PX])
    places = ops.reshape(corners, (-1, 1)) + (width * down + right)
    patches = ops.reshape(ops.take(ops.reshape(image, (-1,)), places), (-1, PATCH_PX, PATCH_PX, 1))
    probabilities = model(patches)
    rows, columns = ops.max(row) + 1, ops.max(column) + 1
    grid = ops.take(probabilities, (which * rows + row) * columns + column, axis=0)
    output = keras.layers.Permute((3, 1, 2), name="probabilities")(grid)
    return keras.Model(image, output, name=f"{model.name}_map")
