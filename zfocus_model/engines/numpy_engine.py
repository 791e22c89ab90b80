"""The engine for places where nothing can be installed: plain numpy.

It runs the layers that ``zfocus.json`` lists on the arrays of ``weights.npz``. Images are
(n, height, width, channels), as in TensorFlow, whose "same" padding this is too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from zfocus_model._errors import ModelError
from zfocus_model.engines import _numpy_layers as layers
from zfocus_model.engines.base import Engine
from zfocus_model.packages import Package

_Array = npt.NDArray[np.float32]


class NumpyEngine(Engine):
    """The network of ``zfocus.json``, layer by layer."""

    name = "numpy"
    batch = 24

    def __init__(self, package: Package, *, domain: bool = False) -> None:
        super().__init__(package, domain=domain)
        if not self.layers:
            raise ModelError(
                f"expected {package.source} to list its network, got none: "
                "use the engine 'onnxruntime' or export the model again"
            )
        arrays = package.arrays()
        steps: list[Callable[[layers.State], None]] = []
        for number, layer in enumerate(self.layers, 1):
            try:
                steps.append(layers.build(layer, arrays))
            except (KeyError, TypeError, ValueError) as error:
                what = f"misses {error}" if isinstance(error, KeyError) else str(error)
                raise ModelError(_unusable(package, number, layer, what)) from None
        self._steps = steps
        # A wrong shape or order of layers should stop here, not at the first image.
        side = package.meaning.smallest_px
        self.probabilities(np.zeros((1, side, side), np.float32))

    def _run(self, patches: _Array) -> _Array:
        state = layers.State(patches[..., np.newaxis])
        for number, step in enumerate(self._steps, 1):
            try:
                step(state)
            except (ValueError, IndexError) as error:
                layer = self.layers[number - 1]
                raise ModelError(_unusable(self.package, number, layer, str(error))) from None
        if state.values.ndim != 2 or state.values.shape[1] != self.classes:
            last = self.layers[-1]
            what = f"gives shape {state.values.shape}, not (n, {self.classes})"
            raise ModelError(_unusable(self.package, len(self._steps), last, what))
        return state.values


def _unusable(package: Package, number: int, layer: dict[str, Any], why: str) -> str:
    return (
        f"expected a network of known layers in {package.source}, got layer {number} "
        f"({layer.get('op')!r}) that does not work ({' '.join(why.split())}): "
        "update zfocus, or export the model again"
    )
