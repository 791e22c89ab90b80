"""A ``network`` list and its arrays as an ONNX graph, written node by node.

The list is the one that ``zfocus.json`` carries and the numpy engine runs, so the two runtimes
execute the same folded layers. Writing the graph here, instead of tracing it, keeps it small
(one reshape instead of layout transposes), readable and the same to the byte on every export.
Opset 15 with IR 8 loads in ONNX Runtime 1.10 and later, which Fiji's engines need.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from zfocus_model._errors import ZfocusError
from zfocus_model.levels import LEVELS, PATCH_PX
from zfocus_model.training.packaging.onnx_builder import INPUT_NAME, OUTPUT_NAME, Graph
from zfocus_model.training.packaging.onnx_tiles import join, split

OPSET = 15
"""Operator set of the graph; Fiji's engine chooser knows at most 17."""

IR_VERSION = 8
"""File format version that belongs to opset 15."""


_EPSILON = 1e-12


def _window(graph: Graph, size: tuple[int, int], stride: int, padding: str) -> dict[str, Any]:
    """Pads (top, left, bottom, right) of a sliding window; moves the graph to its output size.

    "same" is TensorFlow's: output ``ceil(n / stride)``, the odd pixel at the bottom and right.
    """
    if padding not in ("same", "valid"):
        raise ZfocusError(
            f"expected padding 'same' or 'valid', got {padding!r}; change the network"
        )
    if graph.size is None:
        return {"auto_pad": "SAME_UPPER"} if padding == "same" else {"pads": [0, 0, 0, 0]}
    pads: list[tuple[int, int]] = []
    out: list[int] = []
    for length, window in zip(graph.size, size):
        if padding == "same":
            count = -(-length // stride)
            total = max(0, (count - 1) * stride + window - length)
        else:
            count, total = (length - window) // stride + 1, 0
        pads.append((total // 2, total - total // 2))
        out.append(count)
    graph.size = (out[0], out[1])
    return {"pads": [pads[0][0], pads[1][0], pads[0][1], pads[1][1]]}


def _normalise(graph: Graph, name: str) -> None:
    axes = [1, 2, 3]
    x = graph.current
    zero, one = graph.constant("zero", 0.0), graph.constant("one", 1.0)
    low = graph.node("ReduceMin", (x,), f"{name}_low", axes=axes)
    high = graph.node("ReduceMax", (x,), f"{name}_high", axes=axes)
    spread = graph.node("Sub", (high, low), f"{name}_range")
    varied = graph.node("Greater", (spread, zero), f"{name}_varied")
    scale = graph.node("Where", (varied, spread, one), f"{name}_scale")
    above = graph.node("Sub", (x, low), f"{name}_above")
    graph.current = graph.node("Div", (above, scale), f"{name}_unit")
    graph.image_layout()
    # Pixels from 0 to 1 have a variance of 1 / (2 n) or more: for float32 this epsilon is none, and
    # a constant patch gives 0. One node is a third of the time that its eight parts take.
    weight, bias = graph.constant("unit_weight", (1.0,)), graph.constant("no_bias", (0.0,))
    graph.current = graph.node(
        "InstanceNormalization", (graph.current, weight, bias), f"{name}_out", epsilon=_EPSILON
    )
    graph.varied = varied


def _scale(graph: Graph, name: str, factor: float) -> None:
    value = graph.constant(f"{name}_factor", factor)
    graph.current = graph.node("Mul", (graph.current, value), name)


def _conv(graph: Graph, name: str, layer: Mapping[str, Any]) -> None:
    graph.image_layout()
    kernel = graph.array(layer["kernel"])
    depthwise = layer["op"] == "depthwise_conv"
    order = (2, 3, 0, 1) if depthwise else (3, 2, 0, 1)
    stride = int(layer.get("stride", 1))
    window = (kernel.shape[0], kernel.shape[1])
    inputs = [graph.current, graph.constant(layer["kernel"], kernel.transpose(order))]
    if layer.get("bias"):
        inputs.append(graph.constant(layer["bias"], graph.array(layer["bias"])))
    graph.current = graph.node(
        "Conv",
        inputs,
        name,
        kernel_shape=list(window),
        strides=[stride, stride],
        **_window(graph, window, stride, layer["padding"]),
        group=graph.channels if depthwise else 1,
    )
    graph.channels = kernel.shape[2] if depthwise else kernel.shape[3]
    graph.activate(layer.get("activation", "linear"), name)


def _max_pool(graph: Graph, name: str, layer: Mapping[str, Any]) -> None:
    graph.image_layout()
    size, stride = int(layer["size"]), int(layer["stride"])
    graph.current = graph.node(
        "MaxPool",
        (graph.current,),
        name,
        kernel_shape=[size, size],
        strides=[stride, stride],
        **_window(graph, (size, size), stride, layer["padding"]),
    )


def _global_pool(graph: Graph, name: str, kinds: Sequence[str]) -> None:
    graph.image_layout()
    reductions = {"mean": "ReduceMean", "max": "ReduceMax"}
    unknown = [kind for kind in kinds if kind not in reductions]
    if unknown or not kinds:
        raise ZfocusError(
            f"expected global_pool kinds 'mean' and 'max', got {list(kinds)}; change the network"
        )
    pooled = [
        graph.node(reductions[kind], (graph.current,), f"{name}_{kind}", axes=[2, 3], keepdims=0)
        for kind in kinds
    ]
    graph.current = graph.node("Concat", pooled, name, axis=1) if len(pooled) > 1 else pooled[0]
    graph.layout = "NC"


def _flatten(graph: Graph, name: str) -> None:
    if graph.size is None:
        raise ZfocusError(
            "expected a network that takes images of any size, got one that flattens them; "
            "choose one that ends in global_pool"
        )
    if graph.layout == "NCHW":
        # Dense weights count (row, column, channel); ONNX convolutions hold channels first.
        graph.current = graph.node("Transpose", (graph.current,), f"{name}_nhwc", perm=[0, 2, 3, 1])
    graph.current = graph.node("Flatten", (graph.current,), name, axis=1)
    graph.layout = "NC"


def _dense(graph: Graph, name: str, layer: Mapping[str, Any]) -> None:
    if graph.layout != "NC":
        raise ZfocusError("expected flatten or global_pool before dense; change the network")
    inputs = [graph.current, graph.constant(layer["kernel"], graph.array(layer["kernel"]))]
    if layer.get("bias"):
        inputs.append(graph.constant(layer["bias"], graph.array(layer["bias"])))
    graph.current = graph.node("Gemm", inputs, name)
    graph.activate(layer.get("activation", "linear"), name)


def _gate(graph: Graph, name: str) -> None:
    if graph.varied is None:
        raise ZfocusError("expected normalise before gate; change the network")
    axes = graph.constant("patch_axes", (2, 3), np.int64)
    flat = graph.node("Squeeze", (graph.varied, axes), f"{name}_varied")
    # Where, not a product: a constant patch is uniform even if its logits are not finite.
    graph.current = graph.node("Where", (flat, graph.current, graph.constant("zero", 0.0)), name)


def _append(graph: Graph, index: int, layer: Mapping[str, Any]) -> None:
    op = str(layer["op"])
    name = f"{op}_{index}"
    if op == "normalise":
        _normalise(graph, name)
    elif op == "scale":
        _scale(graph, name, float(layer["factor"]))
    elif op in ("conv", "depthwise_conv"):
        _conv(graph, name, layer)
    elif op == "max_pool":
        _max_pool(graph, name, layer)
    elif op == "global_pool":
        _global_pool(graph, name, layer["kinds"])
    elif op == "flatten":
        _flatten(graph, name)
    elif op == "dense":
        _dense(graph, name, layer)
    elif op == "gate":
        _gate(graph, name)
    elif op == "softmax":
        graph.current = graph.node("Softmax", (graph.current,), graph.end, axis=-1)
    else:
        raise ZfocusError(f"the network holds the unknown layer {op!r}; choose another network")


def onnx_bytes(
    network: Sequence[Mapping[str, Any]],
    arrays: Mapping[str, npt.NDArray[Any]],
    *,
    tiled: bool = False,
    output: str = OUTPUT_NAME,
    classes: int = LEVELS,
    side_px: int | None = PATCH_PX,
) -> bytes:
    """Serialised ONNX model of a network.

    Parameters
    ----------
    network : sequence of mapping
        Layers as ``zfocus.json`` holds them; the last one is ``softmax``.
    arrays : mapping of str to ndarray
        The weights that the layers name, in the TensorFlow layouts of ``weights.npz``.
    tiled : bool
        Run the network on each 84 x 84 tile of planes.
    output, classes
        Name and size of the output.
    side_px
        Side of the images; None: any size, one image as large as another in a batch.

    Returns
    -------
    bytes
        Model with the input ``image`` (batch, 84, 84, 1) float32 and the output
        ``probabilities`` (batch, 11) float32, or what `output` and `classes` say; tiled,
        ``image`` (batch, y, x, 1) and ``probabilities`` (batch, 11, y // 84, x // 84).

    Raises
    ------
    ZfocusError
        An unknown layer, a missing array, or layers in an impossible order.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    graph = Graph(arrays)
    graph.end = output
    graph.size = None if side_px is None else (side_px, side_px)
    if tiled:
        split(graph)
    for index, layer in enumerate(network):
        _append(graph, index, layer)
    if graph.current != graph.end:
        raise ZfocusError("expected a network that ends with softmax; change the network")
    sides = ["y", "x"] if side_px is None else [side_px, side_px]
    sizes: tuple[list[Any], list[Any]] = (["batch", *sides, 1], ["batch", classes])
    if tiled:
        join(graph)
        sizes = (["batch", "y", "x", 1], ["batch", LEVELS, "rows", "columns"])
    image, answer = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, size)
        for name, size in zip((INPUT_NAME, output), sizes)
    )
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "zfocus",
            [image],
            [answer],
            [numpy_helper.from_array(value, name) for name, value in graph.constants.items()],
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="zfocus",
    )
    check: Any = onnx.checker
    check.check_model(model, full_check=True)
    return model.SerializeToString(deterministic=True)
