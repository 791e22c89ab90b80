"""Start a training from an exported model instead of random weights.

An exported model carries its batch normalisation folded into its convolutions. Training needs the
normalisation back: its statistics are measured on a few patches, and its scale and shift are set so
that the network computes what the exported one does.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zfocus_model._errors import ZfocusError
from zfocus_model.training._keras import load_keras

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zfocus_model.packages import Package


def exported_model(package: Package) -> Any:
    """Load the Keras model of a package.

    Raises
    ------
    ZfocusError
        If the package holds none.
    """
    if "model.keras" not in package.files:
        raise ZfocusError(
            f"expected model.keras in the package {package.name}, found none: start from a package "
            "that zfocus export wrote"
        )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        path.write_bytes(package.read("model.keras"))
        return load_keras().models.load_model(path, compile=False)


def start_from(model: Any, exported: Any, patches: NDArray[np.float32]) -> None:
    """Give an untrained model the weights of an exported one, in place.

    Parameters
    ----------
    model : keras.Model
        Made by `zfocus_model.training.networks.build_network`.
    exported : keras.Model
        The ``model.keras`` of a package. Its last convolution may have more filters than
        ``model``'s: those are kept that the following layer listens to most.
    patches : ndarray
        Training patches, shape (patches, 84, 84, 1), some hundred or more.

    Raises
    ------
    ZfocusError
        If the two are not the same kind of network.
    """
    source, target = exported.get_layer("backbone"), model.get_layer("backbone")
    weights = {layer.name: layer.get_weights() for layer in source.layers if layer.weights}
    wanted = [
        layer for layer in target.layers if layer.weights and not layer.name.endswith("_norm")
    ]
    if [layer.name for layer in wanted] != list(weights):
        raise ZfocusError(
            f"expected a model with the layers {', '.join(layer.name for layer in wanted)}, got "
            f"{', '.join(weights)}: start from a package of the same network"
        )
    _keep_filters(weights, wanted)
    for layer in wanted:
        kernel, bias = weights[layer.name]
        if kernel.shape != tuple(layer.kernel.shape):
            raise ZfocusError(
                f"expected {layer.name} of shape {tuple(layer.kernel.shape)}, got "
                f"{kernel.shape}: start from a package of the same network"
            )
        if layer.use_bias:
            layer.set_weights([kernel, bias])
            continue
        layer.set_weights([kernel])
        # Layers before this one are done, so what arrives here is what the exported model sees.
        probe = load_keras().Model(target.input, layer.output)
        outputs = np.asarray(probe(_normalised(patches), training=False), np.float64)
        mean, variance = outputs.mean((0, 1, 2)), outputs.var((0, 1, 2))
        norm = target.get_layer(f"{layer.name}_norm")
        deviation = np.sqrt(variance + norm.epsilon)
        norm.set_weights([deviation, mean + bias, mean, variance])


def _keep_filters(weights: dict[str, list[NDArray[np.float32]]], wanted: list[Any]) -> None:
    """Drop the filters of the last convolution that the first dense layer listens to least."""
    convolution = [layer for layer in wanted if len(layer.kernel.shape) == 4][-1]
    dense = next(layer for layer in wanted if len(layer.kernel.shape) == 2)
    kernel, bias = weights[convolution.name]
    had, keep = kernel.shape[-1], int(convolution.kernel.shape[-1])
    listening, dense_bias = weights[dense.name]
    if keep >= had or len(listening) % had:
        return
    pools = listening.reshape(-1, had, listening.shape[-1])  # mean and max of every filter
    # A filter with small outgoing weights can still matter if its values are large.
    size = np.linalg.norm(kernel.reshape(-1, had), axis=0)
    chosen = np.sort(np.argsort(-np.linalg.norm(pools, axis=(0, 2)) * size)[:keep])
    weights[convolution.name] = [kernel[..., chosen], bias[chosen]]
    weights[dense.name] = [
        pools[:, chosen].reshape(-1, listening.shape[-1]),
        dense_bias,
    ]


def _normalised(patches: NDArray[np.float32]) -> NDArray[np.float32]:
    centred = patches - patches.mean((1, 2, 3), keepdims=True)
    deviation = centred.std((1, 2, 3), keepdims=True)
    return centred / np.where(deviation > 0, deviation, 1)
