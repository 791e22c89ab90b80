"""The layers of the numpy engine. Each is built once, then changes the state in place.

Convolutions copy the windows under the kernel into a matrix (im2col) and leave the work to the
matrix library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

Array = npt.NDArray[np.float32]

if TYPE_CHECKING:
    # Python 3.8 cannot subscript these when it runs.
    Arrays = Mapping[str, Array]


class State:
    """What flows through the network: values, and which patches were constant."""

    def __init__(self, values: Array) -> None:
        self.values = values
        self.constant: npt.NDArray[np.bool_] | None = None


if TYPE_CHECKING:
    Step = Callable[[State], None]


def build(layer: Mapping[str, Any], arrays: Arrays) -> Step:
    """Build one layer.

    Parameters
    ----------
    layer
        Its entry in the network of ``zfocus.json``.
    arrays
        The arrays of ``weights.npz``.

    Returns
    -------
    callable
        Changes a state in place.

    Raises
    ------
    KeyError
        If an entry or array is missing.
    ValueError
        If the layer is unknown or an array has the wrong shape.
    """
    op = layer["op"]
    if op == "normalise":
        return normalise
    if op == "gate":
        return gate
    if op == "softmax":
        return _on_values(softmax)
    if op == "flatten":
        return _on_values(lambda x: x.reshape(len(x), -1))
    if op == "scale":
        factor = np.float32(layer["factor"])
        return _on_values(lambda x: x * factor)
    if op == "global_pool":
        kinds = tuple(layer["kinds"])
        if not kinds or not set(kinds) <= {"mean", "max"}:
            raise ValueError(f"global_pool of {kinds}, not of mean and max")
        return _on_values(lambda x: global_pool(x, kinds))
    if op == "max_pool":
        size, stride, padding = int(layer["size"]), int(layer["stride"]), _padding(layer)
        return _on_values(lambda x: max_pool(x, size, stride, padding))
    if op in ("dense", "conv", "depthwise_conv"):
        return _weighted(op, layer, arrays)
    raise ValueError("this version does not know it")


def _weighted(op: str, layer: Mapping[str, Any], arrays: Arrays) -> Step:
    kernel = arrays[layer["kernel"]]
    dimensions = 2 if op == "dense" else 4
    if kernel.ndim != dimensions:
        raise ValueError(f"kernel of shape {kernel.shape}, not of {dimensions} dimensions")
    outputs = kernel.shape[2] if op == "depthwise_conv" else kernel.shape[-1]
    bias = arrays[layer["bias"]] if layer.get("bias") else np.zeros(outputs, np.float32)
    if bias.shape != (outputs,):
        raise ValueError(f"bias of shape {bias.shape}, not ({outputs},)")
    activation = layer.get("activation", "linear")
    if activation not in ("relu", "linear"):
        raise ValueError(f"activation {activation!r}, not relu or linear")

    if op == "dense":
        run: Callable[[Array], Array] = lambda x: x @ kernel  # noqa: E731
    else:
        stride, padding = int(layer.get("stride", 1)), _padding(layer)
        if stride < 1:
            raise ValueError(f"stride {stride}, not 1 or more")
        if op == "conv":
            run = lambda x: conv(x, kernel, stride, padding)  # noqa: E731
        else:
            if kernel.shape[3] != 1:
                raise ValueError(f"kernel of shape {kernel.shape}, not (height, width, c, 1)")
            run = lambda x: depthwise_conv(x, kernel, stride, padding)  # noqa: E731

    def step(state: State) -> None:
        y = run(state.values)
        y += bias
        if activation == "relu":
            np.maximum(y, 0, out=y)
        state.values = y

    return step


def _on_values(function: Callable[[Array], Array]) -> Step:
    def step(state: State) -> None:
        state.values = function(state.values)

    return step


def _padding(layer: Mapping[str, Any]) -> str:
    padding = layer["padding"]
    if padding not in ("valid", "same"):
        raise ValueError(f"padding {padding!r}, not valid or same")
    return str(padding)


def normalise(state: State) -> None:
    """Bring each patch to mean 0 and variance 1, whatever its gain and offset."""
    x = state.values
    flat = x.reshape(len(x), -1)
    low = flat.min(axis=1, keepdims=True)
    spread = flat.max(axis=1, keepdims=True) - low
    state.constant = ~(spread[:, 0] > 0)
    one = np.float32(1)
    # The range goes first, so that no square of stored pixels can overflow or vanish.
    y = (flat - low) / np.where(spread > 0, spread, one)
    y -= y.mean(axis=1, keepdims=True)
    variance = np.einsum("ij,ij->i", y, y)[:, np.newaxis] / np.float32(flat.shape[1])
    y /= np.sqrt(np.where(variance > 0, variance, one))
    state.values = y.reshape(x.shape)


def gate(state: State) -> None:
    """Set the logits of constant patches to 0, so that softmax is exactly uniform."""
    if state.constant is None:
        raise ValueError("gate before normalise")
    state.values = np.where(state.constant[:, np.newaxis], np.float32(0), state.values)


def softmax(x: Array) -> Array:
    """Probabilities (n, k) of logits (n, k)."""
    y = np.exp(x - x.max(axis=-1, keepdims=True))
    return y / y.sum(axis=-1, keepdims=True)


def global_pool(x: Array, kinds: tuple[str, ...]) -> Array:
    """Mean or maximum of each channel, or both: (n, h, w, c) to (n, c times kinds)."""
    if x.ndim != 4:
        raise ValueError(f"values of shape {x.shape}, not (n, height, width, channels)")
    flat = x.reshape(len(x), -1, x.shape[-1])
    return np.concatenate([flat.mean(1) if kind == "mean" else flat.max(1) for kind in kinds], 1)


def max_pool(x: Array, size: int, stride: int, padding: str) -> Array:
    """Maximum under a square window."""
    padded = _pad(x, (size, size), stride, padding, -np.inf)
    rows, columns = ((n - size) // stride + 1 for n in padded.shape[1:3])
    pooled = None
    for dy in range(size):
        for dx in range(size):
            part = _shifted(padded, dy, dx, rows, columns, stride)
            pooled = part.copy() if pooled is None else np.maximum(pooled, part, out=pooled)
    if pooled is None:
        raise ValueError(f"size {size}, not 1 or more")
    return pooled


def conv(x: Array, kernel: Array, stride: int, padding: str) -> Array:
    """Convolve (cross-correlate) images (n, h, w, c) with a kernel (kh, kw, c, c_out)."""
    height, width, inputs, outputs = kernel.shape
    if x.ndim != 4 or x.shape[-1] != inputs:
        raise ValueError(f"values of shape {x.shape}, not (n, height, width, {inputs})")
    padded = _pad(x, (height, width), stride, padding, 0.0)
    windows = sliding_window_view(padded, (height, width), axis=(1, 2))  # type: ignore[call-overload]
    windows = windows[:, ::stride, ::stride].transpose(0, 1, 2, 4, 5, 3)
    matrix = windows.reshape(-1, height * width * inputs)
    return (matrix @ kernel.reshape(-1, outputs)).reshape(*windows.shape[:3], outputs)


def depthwise_conv(x: Array, kernel: Array, stride: int, padding: str) -> Array:
    """Convolve each channel of images (n, h, w, c) with its own kernel (kh, kw, c, 1)."""
    height, width, inputs, _ = kernel.shape
    if x.ndim != 4 or x.shape[-1] != inputs:
        raise ValueError(f"values of shape {x.shape}, not (n, height, width, {inputs})")
    padded = _pad(x, (height, width), stride, padding, 0.0)
    rows = (padded.shape[1] - height) // stride + 1
    columns = (padded.shape[2] - width) // stride + 1
    total = np.zeros((len(x), rows, columns, inputs), np.float32)
    for dy in range(height):
        for dx in range(width):
            total += _shifted(padded, dy, dx, rows, columns, stride) * kernel[dy, dx, :, 0]
    return total


def _shifted(x: Array, dy: int, dx: int, rows: int, columns: int, stride: int) -> Array:
    """View the pixel (dy, dx) of every window: (n, rows, columns, channels)."""
    return x[
        :,
        dy : dy + stride * (rows - 1) + 1 : stride,
        dx : dx + stride * (columns - 1) + 1 : stride,
    ]


def _pad(x: Array, window: tuple[int, int], stride: int, padding: str, value: float) -> Array:
    if x.ndim != 4:
        raise ValueError(f"values of shape {x.shape}, not (n, height, width, channels)")
    widths = [(0, 0)]
    for length, size in zip(x.shape[1:3], window):
        # TensorFlow's "same": as many windows as strides fit, the odd pixel at the end.
        count = -(-length // stride)
        missing = max(0, (count - 1) * stride + size - length) if padding == "same" else 0
        if length + missing < size:
            raise ValueError(f"a window of {size} px on an image of {length} px")
        widths.append((missing // 2, missing - missing // 2))
    widths.append((0, 0))
    if not any(before or after for before, after in widths):
        return x
    return np.pad(x, widths, constant_values=value)
