"""The networks that zfocus trains, described once.

A network is a list of plain layer descriptions. The same list builds the Keras model that is
trained, the folded model that is exported, and the ``network`` entry of ``zfocus.json`` that the
numpy engine runs. Normalisation and the gate for constant patches live inside the graph and are
made of plain ``keras.ops``, so that a saved model needs no custom objects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from zfocus_model._errors import ZfocusError
from zfocus_model.levels import LEVELS, PATCH_PX
from zfocus_model.training._keras import load_keras

if TYPE_CHECKING:
    from numpy.typing import NDArray

Layer = dict[str, Any]

# Filters are multiples of 16 (the vector width that ONNX Runtime blocks channels by), padding is
# "valid" so that nothing but real pixels enters: 84 -> 40 -> 19 -> 9 -> 7.
_SMALL: list[Layer] = [
    {"op": "conv", "name": "conv1", "filters": 16, "size": 5, "stride": 2, "padding": "valid"},
    {"op": "conv", "name": "conv2", "filters": 32, "size": 3, "stride": 2, "padding": "valid"},
    {"op": "conv", "name": "conv3", "filters": 32, "size": 3, "stride": 2, "padding": "valid"},
    {"op": "conv", "name": "conv4", "filters": 64, "size": 3, "stride": 1, "padding": "valid"},
    {"op": "global_pool", "kinds": ["mean", "max"]},
    {"op": "dense", "name": "dense1", "units": 64, "activation": "relu"},
    {"op": "dropout", "rate": 0.1},
    {"op": "dense", "name": "logits", "units": LEVELS, "activation": "linear"},
]


def _scaled(factor: float) -> list[Layer]:
    """The small network with more or fewer filters, for the study of network size."""
    return [
        {**layer, "filters": int(layer["filters"] * factor)} if layer["op"] == "conv" else layer
        for layer in _SMALL
    ]


# The published network of Yang et al. 2018 (doi 10.1186/s12859-018-2087-4), 28,965,771 parameters.
_REFERENCE: list[Layer] = [
    {"op": "conv", "name": "conv1", "filters": 32, "size": 5, "stride": 1, "padding": "same"},
    {"op": "max_pool", "size": 2, "stride": 2, "padding": "valid"},
    {"op": "conv", "name": "conv2", "filters": 64, "size": 5, "stride": 1, "padding": "same"},
    {"op": "max_pool", "size": 2, "stride": 2, "padding": "valid"},
    {"op": "flatten"},
    {"op": "dense", "name": "dense1", "units": 1024, "activation": "relu"},
    {"op": "dropout", "rate": 0.5},
    {"op": "dense", "name": "logits", "units": LEVELS, "activation": "linear"},
]

# Tells images that a focus model is made for from others, at a tenth of its cost: 84 -> 20 -> 9.
_DOMAIN: list[Layer] = [
    {"op": "conv", "name": "conv1", "filters": 16, "size": 5, "stride": 4, "padding": "valid"},
    {"op": "conv", "name": "conv2", "filters": 16, "size": 3, "stride": 2, "padding": "valid"},
    {"op": "global_pool", "kinds": ["mean", "max"]},
    {"op": "dense", "name": "dense1", "units": 16, "activation": "relu"},
    {"op": "dense", "name": "logits", "units": 2, "activation": "linear"},
]

NETWORKS: dict[str, list[Layer]] = {
    "small": _SMALL,
    "half": _scaled(0.5),
    "double": _scaled(2.0),
    "reference": _REFERENCE,
    "domain": _DOMAIN,
}
"""Layer descriptions by network name."""

# Batch normalisation speeds up the small networks; the reference network had none.
_BATCH_NORMALISED = {"small", "half", "double", "domain"}


def build_network(kind: str = "small") -> Any:
    """Build an untrained Keras model: patches (batch, 84, 84, 1) -> probabilities (batch, 11).

    Parameters
    ----------
    kind : str
        ``small`` (the default, under 100,000 parameters and 4 million multiply-adds a patch),
        ``half`` and ``double`` (its filters halved and doubled) or ``reference`` (Yang et al.
        2018).

    Returns
    -------
    keras.Model
        Input ``image``: pixels as stored, float32. Output: softmax over the 11 levels.

    Raises
    ------
    ZfocusError
        If there is no network of that name.
    """
    return _build(_layers(kind), f"zfocus_{kind}", batch_norm=kind in _BATCH_NORMALISED)


def inference_network(model: Any, temperature: float = 1.0) -> Any:
    """Fold a trained model for export: batch normalisation and temperature go into the weights.

    Parameters
    ----------
    model : keras.Model
        A model made by `build_network`.
    temperature : float
        Logits are divided by it (calibration); > 0.

    Returns
    -------
    keras.Model
        The same function (at ``temperature`` 1) with convolution, pooling and dense layers only.
    """
    if not temperature > 0:
        raise ZfocusError(f"expected a temperature above 0, got {temperature}")
    kind = model.name.removeprefix("zfocus_")
    folded = _build(_layers(kind), model.name, batch_norm=False)
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


def network_layers(model: Any) -> tuple[list[Layer], dict[str, NDArray[np.float32]]]:
    """Describe a folded model for the numpy engine.

    Parameters
    ----------
    model : keras.Model
        The result of `inference_network`.

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
    for layer in _layers(model.name.removeprefix("zfocus_")):
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


def multiply_adds(kind: str) -> int:
    """Multiply-adds that one patch costs in a network's convolutions and dense layers."""
    side, channels, total = PATCH_PX, 1, 0
    for layer in _layers(kind):
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


def _layers(kind: str) -> list[Layer]:
    if kind not in NETWORKS:
        raise ZfocusError(f"expected a network named {' or '.join(NETWORKS)}, got {kind!r}")
    return NETWORKS[kind]


def _build(layers: list[Layer], name: str, *, batch_norm: bool) -> Any:
    keras = load_keras()
    image = keras.Input((PATCH_PX, PATCH_PX, 1), name="image")
    normalised, varies = _normalise(image)
    backbone = _backbone(layers, batch_norm=batch_norm)
    # A constant patch holds no information: its logits become 0, its probabilities 1 / 11.
    logits = backbone(normalised) * varies
    return keras.Model(image, keras.layers.Softmax(name="probabilities")(logits), name=name)


def _normalise(image: Any) -> tuple[Any, Any]:
    """Subtract the mean and divide by the standard deviation of each patch, with no epsilon.

    The patch is first scaled by its own range, which is exact for a constant patch and keeps
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


def _backbone(layers: list[Layer], *, batch_norm: bool) -> Any:
    keras = load_keras()
    kl = keras.layers
    inputs = keras.Input((PATCH_PX, PATCH_PX, 1), name="normalised")
    x: Any = inputs
    for layer in layers:
        op = layer["op"]
        if op == "conv":
            x = kl.Conv2D(
                layer["filters"],
                layer["size"],
                strides=layer["stride"],
                padding=layer["padding"],
                use_bias=not batch_norm,
                name=layer["name"],
            )(x)
            if batch_norm:
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
            x = kl.Dense(layer["units"], activation=layer["activation"], name=layer["name"])(x)
    return keras.Model(inputs, x, name="backbone")
