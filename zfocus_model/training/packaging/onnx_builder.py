"""An ONNX graph under construction: its nodes, its constants and the tensor that is current."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from zfocus_model._errors import ZfocusError
from zfocus_model.levels import PATCH_PX

INPUT_NAME = "image"
OUTPUT_NAME = "probabilities"


class Graph:
    """Nodes and constants of a graph under construction, with the state between two layers."""

    def __init__(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        self.arrays = arrays
        self.nodes: list[Any] = []
        self.constants: dict[str, npt.NDArray[Any]] = {}
        self.current = INPUT_NAME
        self.layout = "NHWC"
        self.size: tuple[int, int] | None = (PATCH_PX, PATCH_PX)  # None: known when it runs
        self.channels = 1
        self.varied: str | None = None
        self.end = OUTPUT_NAME

    def node(self, op: str, inputs: Sequence[str], name: str, **attributes: Any) -> str:
        """Append a node; its only output carries the node's name."""
        from onnx import helper

        self.nodes.append(helper.make_node(op, list(inputs), [name], name=name, **attributes))
        return name

    def constant(self, name: str, value: npt.ArrayLike, dtype: Any = np.float32) -> str:
        """Store a constant once and return its name."""
        self.constants.setdefault(name, np.ascontiguousarray(value, dtype=dtype))
        return name

    def array(self, name: str) -> npt.NDArray[np.float32]:
        """One of the network's own arrays as float32."""
        if name not in self.arrays:
            raise ZfocusError(
                f"the network names the array {name!r}, which its weights lack; export it again"
            )
        return np.asarray(self.arrays[name], dtype=np.float32)

    def image_layout(self) -> None:
        """Bring the current tensor to NCHW: a reshape while it has a single channel."""
        if self.layout == "NHWC":
            if self.size is None:
                order = [0, 3, 1, 2]
                self.current = self.node("Transpose", (self.current,), "image_nchw", perm=order)
            else:
                shape = self.constant("image_shape", (-1, 1, *self.size), np.int64)
                self.current = self.node("Reshape", (self.current, shape), "image_nchw")
            self.layout = "NCHW"

    def activate(self, activation: str, name: str) -> None:
        """Append an activation function."""
        if activation == "relu":
            self.current = self.node("Relu", (self.current,), f"{name}_relu")
        elif activation != "linear":
            raise ZfocusError(
                f"expected activation 'relu' or 'linear', got {activation!r}; change the network"
            )
