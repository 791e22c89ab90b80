"""The networks that rate patches, described once as lists of plain layers.

`zfocus_model.training.layers` builds, folds and describes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zfocus_model._errors import ZfocusError
from zfocus_model.levels import LEVELS, PATCH_PX
from zfocus_model.training.layers import Layer, build, count_multiply_adds, describe, fold

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

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
    normalised = kind in _BATCH_NORMALISED
    return build(_layers(kind), f"zfocus_{kind}", side_px=PATCH_PX, batch_norm=normalised)


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
    return fold(model, _layers(_kind(model)), temperature)


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
    return describe(model, _layers(_kind(model)))


def multiply_adds(kind: str) -> int:
    """Multiply-adds that one patch costs in a network's convolutions and dense layers."""
    return count_multiply_adds(_layers(kind), PATCH_PX)


def _layers(kind: str) -> list[Layer]:
    if kind not in NETWORKS:
        raise ZfocusError(f"expected a network named {' or '.join(NETWORKS)}, got {kind!r}")
    return NETWORKS[kind]


def _kind(model: Any) -> str:
    return model.name.removeprefix("zfocus_")
