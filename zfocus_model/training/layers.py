"""Networks as lists of plain layer descriptions: built, folded for export, described, counted.

The same list builds the Keras model that is trained, the folded model that is exported, and the
``network`` entry of ``zfocus.json`` that the numpy engine runs. Normalisation and the gate for
constant images live inside the graph and are made of plain ``keras.ops``, so that a saved model
needs no custom objects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from zfocus_model._errors import ZfocusError
from zfocus_model.training._keras import load_keras

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Layer = dict[str, Any]


def build(
    layers: Sequence[Layer], name: str, *, side_px: int | None, batch_norm: bool = False
) -> Any:
    """Build a Keras model: images (batch, height, width, 1) -> probabilities (batch, classes).

    Parameters
    ----------
    layers : sequence of dict
        Descriptions: ``op`` and what it needs; ``initial`` (``kernel_sd``, ``bias``) of a conv or
        dense layer sets a truncated normal kernel and a constant bias, else Keras' defaults.
    name : str
        Of the model.
    side_px : int or None
        Sides of the images in px; None for any size that the layers leave something of.
    batch_norm : bool
        Normalise after each convolution, in training, but for those described with ``norm``
        False: it is slow where maps are large.

    Returns
    -------
    keras.Model
        Input ``image``: pixels as stored, float32. Output ``probabilities``: softmax.
    """
    keras = load_keras()
    image = keras.Input((side_px, side_px, 1), name="image")
    normalised, varies = _normalise(image)
    backbone = _backbone(layers, side_px, batch_norm=batch_norm)
    # A constant image holds no information: its logits become 0, its probabilities uniform.
    logits = backbone(normalised) * varies
    return keras.Model(image, keras.layers.Softmax(name="probabilities")(logits), name=name)


def fold(model: Any, layers: Sequence[Layer], temperature: float = 1.0) -> Any:
    """Fold a trained model for export: batch normalisation and temperature go into the weights.

    Parameters
    ----------
    model : keras.Model
        Made by `build` from the same layers.
    layers : sequence of dict
        Their descriptions.
    temperature : float
        Logits are divided by it (calibration); > 0.

    Returns
    -------
    keras.Model
        The same function (at ``temperature`` 1) with convolution, pooling and dense layers only.

    Raises
    ------
    ZfocusError
        If the temperature is not above 0.
    """
    if not temperature > 0:
        raise ZfocusError(f"expected a temperature above 0, got {temperature}")
    folded = build(layers, model.name, side_px=model.input_shape[1])
    backbone = model.get_layer("backbone")
    names = {layer.name for layer in backbone.layers}
    for layer in folded.get_layer("backbone").layers:
        if not layer.weights:
            continue
        source = backbone.get_layer(layer.name)
        kernel = np.asarray(source.kernel, dtype=np.float64)
        bias = np.asarray(source.bias, np.float64) if source.use_bias else np.zeros(1)
        norm_name = f"{layer.name}_norm"
        if norm_name in names:
            norm = backbone.get_layer(norm_name)
            scale = np.asarray(norm.gamma) / np.sqrt(
                np.asarray(norm.moving_variance, np.float64) + norm.epsilon
            )
            bias = np.asarray(norm.beta) + (bias - np.asarray(norm.moving_mean)) * scale
            kernel = kernel * scale
        if layer.name == "logits":
            kernel, bias = kernel / temperature, bias / temperature
        layer.set_weights([kernel.astype(np.float32), bias.astype(np.float32)])
    return folded


def describe(
    model: Any, layers: Sequence[Layer]
) -> tuple[list[Layer], dict[str, NDArray[np.float32]]]:
    """Describe a folded model for the numpy engine.

    Parameters
    ----------
    model : keras.Model
        The result of `fold`.
    layers : sequence of dict
        The same descriptions.

    Returns
    -------
    layers : list of dict
        The ``network`` entry of ``zfocus.json``.
    arrays : dict of ndarray
        The arrays of ``weights.npz``, float32, by the names that the layers refer to.
    """
    backbone = model.get_layer("backbone")
    described: list[Layer] = [{"op": "normalise"}]
    arrays: dict[str, NDArray[np.float32]] = {}
    for layer in layers:
        op = layer["op"]
        if op == "dropout":
            continue
        if op not in {"conv", "dense"}:
            described.append(dict(layer))
            continue
        name = layer["name"]
        kernel, bias = f"{name}/kernel", f"{name}/bias"
        arrays[kernel], arrays[bias] = (
            np.ascontiguousarray(w, np.float32) for w in backbone.get_layer(name).get_weights()
        )
        entry: Layer = {"op": op, "kernel": kernel, "bias": bias}
        if op == "conv":
            entry |= {"stride": layer["stride"], "padding": layer["padding"]}
        entry["activation"] = layer.get("activation", "relu")
        described.append(entry)
    return [*described, {"op": "gate"}, {"op": "softmax"}], arrays


def count_multiply_adds(layers: Sequence[Layer], side_px: int) -> int:
    """Multiply-adds that one square image costs in convolutions and dense layers."""
    side, channels, total = side_px, 1, 0
    for layer in layers:
        op = layer["op"]
        if op in {"conv", "max_pool"}:
            same, stride = layer["padding"] == "same", layer["stride"]
            side = -(-side // stride) if same else (side - layer["size"]) // stride + 1
        if op == "conv":
            total += side**2 * layer["size"] ** 2 * channels * layer["filters"]
            channels = layer["filters"]
        elif op == "global_pool":
            side, channels = 1, channels * len(layer["kinds"])
        elif op == "dense":
            total += side**2 * channels * layer["units"]
            side, channels = 1, layer["units"]
    return total


def _normalise(image: Any) -> tuple[Any, Any]:
    """Subtract the mean and divide by the standard deviation of each image, with no epsilon.

    The image is first scaled by its own range, which is exact for a constant image and keeps
    squares away from the limits of float32.
    """
    ops = load_keras().ops
    axes = (1, 2, 3)
    lowest = ops.min(image, axis=axes, keepdims=True)
    extent = ops.max(image, axis=axes, keepdims=True) - lowest
    varies = ops.cast(ops.greater(extent, 0.0), "float32")
    scaled = (image - lowest) / (extent + (1.0 - varies))
    centred = scaled - ops.mean(scaled, axis=axes, keepdims=True)
    variance = ops.mean(centred * centred, axis=axes, keepdims=True)
    return centred / ops.sqrt(variance + (1.0 - varies)), ops.reshape(varies, (-1, 1))


def _backbone(layers: Sequence[Layer], side_px: int | None, *, batch_norm: bool) -> Any:
    keras = load_keras()
    kl = keras.layers
    inputs = keras.Input((side_px, side_px, 1), name="normalised")
    x: Any = inputs
    for layer in layers:
        op = layer["op"]
        if op == "conv":
            norm = batch_norm and layer.get("norm", True)
            x = kl.Conv2D(
                layer["filters"],
                layer["size"],
                strides=layer["stride"],
                padding=layer["padding"],
                use_bias=not norm,
                name=layer["name"],
                **_initial(layer),
            )(x)
            if norm:
                x = kl.BatchNormalization(momentum=0.98, name=f"{layer['name']}_norm")(x)
            x = kl.ReLU()(x)
        elif op == "max_pool":
            x = kl.MaxPooling2D(layer["size"], layer["stride"], layer["padding"])(x)
        elif op == "global_pool":
            pools = {"mean": kl.GlobalAveragePooling2D, "max": kl.GlobalMaxPooling2D}
            x = kl.Concatenate()([pools[pool]()(x) for pool in layer["kinds"]])
        elif op == "flatten":
            x = kl.Flatten()(x)
        elif op == "dropout":
            x = kl.Dropout(layer["rate"])(x)
        else:
            x = kl.Dense(
                layer["units"],
                activation=layer["activation"],
                name=layer["name"],
                **_initial(layer),
            )(x)
    return keras.Model(inputs, x, name="backbone")


def _initial(layer: Layer) -> dict[str, Any]:
    """Keras' arguments for the weights that a layer starts with, where its description says."""
    if "initial" not in layer:
        return {}
    initializers = load_keras().initializers
    kernel_sd, bias = layer["initial"]["kernel_sd"], layer["initial"]["bias"]
    return {
        "kernel_initializer": initializers.TruncatedNormal(stddev=kernel_sd),
        "bias_initializer": initializers.Constant(bias),
    }
