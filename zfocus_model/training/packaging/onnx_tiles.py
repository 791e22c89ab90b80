"""Nodes around a patch network that let it rate every tile of a plane."""

from __future__ import annotations

import numpy as np

from zfocus_model.levels import LEVELS, PATCH_PX
from zfocus_model.training.packaging.onnx_builder import OUTPUT_NAME, Graph

_TILES = "tile_probabilities"


def split(graph: Graph) -> None:
    """Cut planes (batch, y, x, 1) into patches (n, 84, 84, 1), row by row from the upper left.

    Parameters
    ----------
    graph : Graph
        An empty graph; its network must end in a tensor of the name ``graph.end``.
    """
    ints = np.int64
    patch = graph.constant("patch_px", [PATCH_PX], ints)
    sizes = graph.node("Shape", (graph.current,), "plane_shape")
    for index, name in enumerate(("batch", "height", "width")):
        graph.node("Gather", (sizes, graph.constant(f"axis_{index}", [index], ints)), name, axis=0)
    graph.node("Div", ("height", patch), "rows")
    graph.node("Div", ("width", patch), "columns")
    graph.node("Mul", ("rows", patch), "used_height")
    graph.node("Mul", ("columns", patch), "used_width")
    # What lies beyond the last whole tile is not rated.
    ends = graph.node("Concat", ("used_height", "used_width"), "ends", axis=0)
    starts, axes = (
        graph.constant("starts", [0, 0], ints),
        graph.constant("plane_axes", [1, 2], ints),
    )
    used = graph.node("Slice", (graph.current, starts, ends, axes), "used")
    shape = graph.node("Concat", ("batch", "rows", patch, "columns", patch), "tile_shape", axis=0)
    cut = graph.node("Reshape", (used, shape), "cut")
    ordered = graph.node("Transpose", (cut,), "tiles", perm=[0, 1, 3, 2, 4])
    flat = graph.constant("patch_shape", [-1, PATCH_PX, PATCH_PX, 1], ints)
    graph.current = graph.node("Reshape", (ordered, flat), "patches")
    graph.end = _TILES


def join(graph: Graph) -> None:
    """Lay the probabilities of the tiles out as maps (batch, 11, rows, columns).

    Parameters
    ----------
    graph : Graph
        A graph that began with `split` and whose network is complete.
    """
    levels = graph.constant("levels", [LEVELS], np.int64)
    shape = graph.node("Concat", ("batch", "rows", "columns", levels), "map_shape", axis=0)
    grid = graph.node("Reshape", (graph.current, shape), "grid")
    graph.current = graph.node("Transpose", (grid,), OUTPUT_NAME, perm=[0, 3, 1, 2])
