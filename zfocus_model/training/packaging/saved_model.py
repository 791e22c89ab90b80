"""A ``network`` list and its arrays as a TensorFlow SavedModel bundle.

The graph is built operation by operation with frozen weights and a single serving signature. Unlike
a traced Keras export it holds no Python object graph, fingerprint or counters, so the same weights
give the same bytes; and it needs no newer operation than TensorFlow 1.15 knows, for the Java
engines of Fiji.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from zfocus_model._errors import ZfocusError
from zfocus_model.levels import LEVELS, PATCH_PX
from zfocus_model.training.packaging.archives import write_zip
from zfocus_model.training.packaging.onnx_builder import INPUT_NAME, OUTPUT_NAME

SIGNATURE = "serving_default"
"""Name of the bundle's only signature: ``image`` in, ``probabilities`` out."""


class _Builder:
    """Appends TensorFlow operations for layers; holds the gate's condition meanwhile."""

    def __init__(self, tf: Any, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        self.tf = tf
        self.arrays = arrays
        self.varied: Any = None

    def constant(self, name: str, order: tuple[int, ...] | None = None) -> Any:
        """A named array as a constant."""
        if name not in self.arrays:
            raise ZfocusError(
                f"the network names the array {name!r}, which its weights lack; export it again"
            )
        value = np.asarray(self.arrays[name], dtype=np.float32)
        return self.tf.constant(value if order is None else value.transpose(order), name=name)

    def finish(self, x: Any, layer: Mapping[str, Any]) -> Any:
        """Bias and activation."""
        if layer.get("bias"):
            x = self.tf.nn.bias_add(x, self.constant(layer["bias"]))
        activation = layer.get("activation", "linear")
        if activation not in ("relu", "linear"):
            raise ZfocusError(
                f"expected activation 'relu' or 'linear', got {activation!r}; change the network"
            )
        return self.tf.nn.relu(x) if activation == "relu" else x

    def normalise(self, x: Any) -> Any:
        """Zero mean and unit variance of each patch, after scaling by its own range."""
        tf, axes = self.tf, (1, 2, 3)
        low = tf.reduce_min(x, axes, keepdims=True)
        spread = tf.reduce_max(x, axes, keepdims=True) - low
        varied = tf.greater(spread, 0.0)
        unit = (x - low) / tf.where(varied, spread, tf.ones_like(spread))
        centred = unit - tf.reduce_mean(unit, axes, keepdims=True)
        variance = tf.reduce_mean(centred * centred, axes, keepdims=True)
        safe = tf.where(tf.greater(variance, 0.0), variance, tf.ones_like(variance))
        self.varied = tf.reshape(varied, (-1, 1))
        return centred / tf.sqrt(safe)

    def append(self, x: Any, layer: Mapping[str, Any]) -> Any:
        """The tensor after one layer."""
        tf, op = self.tf, str(layer["op"])
        if op == "normalise":
            return self.normalise(x)
        if op == "scale":
            return x * float(layer["factor"])
        if op in ("conv", "depthwise_conv"):
            stride, padding = int(layer.get("stride", 1)), str(layer["padding"]).upper()
            convolve = tf.nn.conv2d if op == "conv" else tf.nn.depthwise_conv2d
            y = convolve(x, self.constant(layer["kernel"]), [1, stride, stride, 1], padding)
            return self.finish(y, layer)
        if op == "max_pool":
            return tf.nn.max_pool2d(
                x, int(layer["size"]), int(layer["stride"]), str(layer["padding"]).upper()
            )
        if op == "global_pool":
            reduce = {"mean": tf.reduce_mean, "max": tf.reduce_max}
            return tf.concat([reduce[kind](x, (1, 2)) for kind in layer["kinds"]], axis=-1)
        if op == "flatten":
            return tf.reshape(x, (-1, math.prod(int(side) for side in x.shape[1:])))
        if op == "dense":
            return self.finish(tf.matmul(x, self.constant(layer["kernel"])), layer)
        if op == "gate":
            # The logits' shape on both sides: the select of old engines does not broadcast.
            return x * tf.cast(self.varied, tf.float32)
        if op == "softmax":
            return tf.nn.softmax(x)
        raise ZfocusError(f"the network holds the unknown layer {op!r}; choose another network")


def _split(tf: Any, image: Any, grid: Any) -> Any:
    """Patches (n, 84, 84, 1) of planes, row by row; what is beyond the last tile is left out."""
    planes, rows, columns = (grid[axis] for axis in range(3))
    used = image[:, : rows * PATCH_PX, : columns * PATCH_PX]
    cut = tf.reshape(used, tf.stack([planes, rows, PATCH_PX, columns, PATCH_PX]))
    return tf.reshape(tf.transpose(cut, (0, 1, 3, 2, 4)), (-1, PATCH_PX, PATCH_PX, 1))


def write_saved_model(
    path: Path,
    network: Sequence[Mapping[str, Any]],
    arrays: Mapping[str, npt.NDArray[Any]],
    *,
    tiled: bool = False,
    side_px: int | None = PATCH_PX,
) -> None:
    """Write a network as a zipped SavedModel with ``saved_model.pb`` at the root.

    Parameters
    ----------
    path : Path
        The ``.zip`` to write.
    network : sequence of mapping
        Layers as ``zfocus.json`` holds them; the last one is ``softmax``.
    arrays : mapping of str to ndarray
        The weights that the layers name, in the TensorFlow layouts of ``weights.npz``.
    tiled : bool
        Run the network on each 84 x 84 tile of planes (batch, y, x, 1).
    side_px
        Side of the images; None: any size.

    Raises
    ------
    ZfocusError
        An unknown layer or a missing array.
    """
    protobuf: Any = import_module("tensorflow.core.protobuf.saved_model_pb2")
    tf: Any = import_module("tensorflow")
    v1 = tf.compat.v1
    logger = tf.get_logger()
    graph = tf.Graph()
    with graph.as_default():
        side = None if tiled else side_px
        image = v1.placeholder(tf.float32, (None, side, side, 1), name=INPUT_NAME)
        builder, x = _Builder(tf, arrays), image
        grid: Any = None
        if tiled:
            grid = tf.shape(image)[:3] // (1, PATCH_PX, PATCH_PX)
            x = _split(tf, image, grid)
        for layer in network:
            x = builder.append(x, layer)
        if tiled:
            shape = tf.concat([grid, [LEVELS]], 0)
            x = tf.transpose(tf.reshape(x, shape), (0, 3, 1, 2))
        output = tf.identity(x, name=OUTPUT_NAME)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "bundle"
        level = logger.level
        logger.setLevel("ERROR")  # "designed for TensorFlow v1" is meant here
        try:
            with v1.Session(graph=graph) as session:
                signature = v1.saved_model.predict_signature_def(
                    {INPUT_NAME: image}, {OUTPUT_NAME: output}
                )
                saver = v1.saved_model.Builder(str(folder))
                saver.add_meta_graph_and_variables(
                    session, ["serve"], {SIGNATURE: signature}, strip_default_attrs=True
                )
                saver.save()
        finally:
            logger.setLevel(level)
        message: Any = protobuf.SavedModel()
        message.ParseFromString((folder / "saved_model.pb").read_bytes())
    write_zip(path, {"saved_model.pb": message.SerializeToString(deterministic=True)})
