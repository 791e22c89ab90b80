"""The networks that read z from one image: the published one, and a small one of any size.

`zfocus_model.training.layers` builds, folds and describes them, normalisation to the whole image
included.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zfocus_model._errors import ZfocusError
from zfocus_model.training.layers import Layer, build, count_multiply_adds, describe, fold

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NETWORKS = ("small", "published")
"""Networks by name."""

SMALLEST_PX = 64
"""Shortest side of an image that the small network takes."""

PUBLISHED_PX = 1000
"""Side of the region that the published network was shown, before down-sampling."""

_PREFIX = "zfocus_z_"

# Wei & Roberts 2018 (doi 10.1038/s41598-018-25458-w): weights start as a truncated normal
# distribution, biases at 0.1.
_INITIAL = {"kernel_sd": 0.1, "bias": 0.1}


def z_layers(kind: str, bins: int) -> list[Layer]:
    """Describe a network as a list of plain layers.

    Parameters
    ----------
    kind : str
        ``small`` or ``published``.
    bins : int
        Number of z bins, at least 3.

    Returns
    -------
    list of dict
        As `zfocus_model.training.layers.build` takes them.

    Raises
    ------
    ZfocusError
        If there is no network of that name, or the bins are too few.
    """
    if kind not in NETWORKS:
        raise ZfocusError(f"expected a network named {' or '.join(NETWORKS)}, got {kind!r}")
    if bins < 3:
        raise ZfocusError(f"expected at least 3 z bins, got {bins}: choose narrower ones")
    return _small(bins) if kind == "small" else _published(bins)


def build_z_network(kind: str, bins: int, *, side_px: int | None = None) -> Any:
    """Build an untrained Keras model: images (batch, height, width, 1) -> (batch, bins).

    Parameters
    ----------
    kind : str
        ``small`` takes images of any size from 64 px; ``published`` (Wei & Roberts 2018, doi
        10.1038/s41598-018-25458-w) takes squares of one size.
    bins : int
        Number of z bins.
    side_px : int, optional
        Side of the images in px; the published network needs it (250 at 4x down-sampling).

    Returns
    -------
    keras.Model
        Input ``image``: pixels as stored, on the network's grid, float32. Output: softmax.

    Raises
    ------
    ZfocusError
        If there is no such network, or it cannot take images of that size.
    """
    layers = z_layers(kind, bins)
    if kind == "published" and (side_px is None or side_px < 25):
        raise ZfocusError(
            f"expected the side of the images of the published network, at least 25 px, got "
            f"{side_px}: it takes squares of one size (250 px at 4x down-sampling)"
        )
    side_px = side_px if kind == "published" else None
    return build(layers, f"{_PREFIX}{kind}", side_px=side_px, batch_norm=kind == "small")


def network_kind(model: Any) -> str:
    """Say which network a trained or folded model is: ``small`` or ``published``.

    Raises
    ------
    ZfocusError
        If it is none that reads z.
    """
    kind = str(model.name).removeprefix(_PREFIX)
    if kind not in NETWORKS:
        raise ZfocusError(
            f"expected a network that reads z, got {model.name!r}: choose a run of zfocus train "
            "--task z-position"
        )
    return kind


def inference_z_network(model: Any, temperature: float = 1.0) -> Any:
    """Fold a trained model for export; see `zfocus_model.training.layers.fold`."""
    return fold(model, _layers_of(model), temperature)


def z_network_layers(model: Any) -> tuple[list[Layer], dict[str, NDArray[np.float32]]]:
    """Describe a folded model for the numpy engine; see `zfocus_model.training.layers.describe`."""
    return describe(model, _layers_of(model))


def z_multiply_adds(kind: str, bins: int, side_px: int) -> int:
    """Multiply-adds that one square image costs in convolutions and dense layers."""
    return count_multiply_adds(z_layers(kind, bins), side_px)


def _layers_of(model: Any) -> list[Layer]:
    return z_layers(network_kind(model), int(model.output_shape[-1]))


def _conv(name: str, filters: int, size: int, stride: int, padding: str, **more: Any) -> Layer:
    words = {"op": "conv", "name": name, "filters": filters, "size": size, "stride": stride}
    return {**words, "padding": padding, **more}


def _dense(name: str, units: int, activation: str, **more: Any) -> Layer:
    return {"op": "dense", "name": name, "units": units, "activation": activation, **more}


def _published(bins: int) -> list[Layer]:
    """6,804,745 parameters at 41 bins and 250 px: 250 -> 50 -> 10, then 6400 x 1024."""
    pool: Layer = {"op": "max_pool", "size": 5, "stride": 5, "padding": "same"}
    return [
        _conv("conv1", 32, 10, 1, "same", initial=_INITIAL),
        pool,
        _conv("conv2", 64, 10, 1, "same", initial=_INITIAL),
        pool,
        {"op": "flatten"},
        _dense("dense1", 1024, "relu", initial=_INITIAL),
        {"op": "dropout", "rate": 0.5},
        _dense("logits", bins, "linear", initial=_INITIAL),
    ]


def _small(bins: int) -> list[Layer]:
    """32 million multiply-adds at 250 px; a last feature sees 128 px, 31 um at 0.24 um/px.

    That is what the rings around a cell fill far from focus. Mean and maximum over the image join
    what all cells say, whatever the size of the image. The first step is a coarse one: maps as
    large as the image would take most of the time, batch normalisation of them even more.
    """
    return [
        _conv("conv1", 32, 8, 4, "valid", norm=False),
        _conv("conv2", 48, 3, 2, "valid"),
        _conv("conv3", 64, 3, 2, "valid"),
        _conv("conv4", 96, 3, 2, "same"),
        _conv("conv5", 96, 3, 1, "same"),
        {"op": "global_pool", "kinds": ["mean", "max"]},
        _dense("dense1", 64, "relu"),
        {"op": "dropout", "rate": 0.1},
        _dense("logits", bins, "linear"),
    ]
