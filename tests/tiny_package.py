"""Write small model packages with random weights (numpy; model.onnx where onnx is at hand)."""

from __future__ import annotations

import hashlib
import json
from importlib.util import find_spec

import numpy as np


def random_network(rng):
    """A network like the shipped one, only smaller: its layers and arrays."""
    arrays = {}

    def weights(name, *shape):
        scale = np.sqrt(2 / np.prod(shape[:-1]))
        arrays[f"{name}/kernel"] = rng.normal(0, scale, shape).astype(np.float32)
        arrays[f"{name}/bias"] = rng.normal(0, 0.1, shape[-1]).astype(np.float32)
        return {"kernel": f"{name}/kernel", "bias": f"{name}/bias"}

    def conv(name, *shape, stride):
        return {
            "op": "conv", **weights(name, *shape), "stride": stride, "padding": "valid",
            "activation": "relu",
        }  # fmt: skip

    network = [
        {"op": "normalise"},
        conv("conv1", 5, 5, 1, 6, stride=2),
        conv("conv2", 3, 3, 6, 8, stride=2),
        {"op": "global_pool", "kinds": ["mean", "max"]},
        {"op": "dense", **weights("dense1", 16, 11), "activation": "linear"},
        {"op": "gate"},
        {"op": "softmax"},
    ]
    return network, arrays


def random_domain_network(rng):
    """A tiny network that tells images in the domain from others: its layers and arrays."""
    arrays = {
        "domain/conv1/kernel": rng.normal(0, 0.3, (5, 5, 1, 4)).astype(np.float32),
        "domain/conv1/bias": rng.normal(0, 0.1, 4).astype(np.float32),
        "domain/logits/kernel": rng.normal(0, 0.5, (8, 2)).astype(np.float32),
        "domain/logits/bias": rng.normal(0, 0.1, 2).astype(np.float32),
    }
    network = [
        {"op": "normalise"},
        {
            "op": "conv", "kernel": "domain/conv1/kernel", "bias": "domain/conv1/bias",
            "stride": 4, "padding": "valid", "activation": "relu",
        },
        {"op": "global_pool", "kinds": ["mean", "max"]},
        {
            "op": "dense", "kernel": "domain/logits/kernel", "bias": "domain/logits/bias",
            "activation": "linear",
        },
        {"op": "gate"},
        {"op": "softmax"},
    ]  # fmt: skip
    return network, arrays


def constant_network(probabilities):
    """A network that gives every patch that is not constant the same probabilities."""
    logits = np.log(np.maximum(probabilities, 1e-12)).astype(np.float32)
    arrays = {"kernel": np.zeros((1, 11), np.float32), "bias": logits}
    network = [
        {"op": "normalise"},
        {"op": "global_pool", "kinds": ["mean"]},
        {"op": "dense", "kernel": "kernel", "bias": "bias", "activation": "linear"},
        {"op": "gate"},
        {"op": "softmax"},
    ]
    return network, arrays


def describe(folder, network, **changes):
    """Write zfocus.json for whatever the folder holds."""
    files = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "zfocus.json"
    }
    about = {
        "schema": 1,
        "name": folder.name,
        "version": "0.0.0",
        "task": "focus-level",
        "config": {
            "zfocus": {
                "levels": 11,
                "patch_px": 84,
                "disc_px_per_level": 40 / 13,
                "status": {"certainty_min": 0.2, "in_focus_min": 0.5},
                "domain": None,
            }
        },
        "network": network,
        "files": files,
        **changes,
    }
    (folder / "zfocus.json").write_text(json.dumps(about), encoding="utf-8")
    return folder


def write_package(
    folder, network, arrays, *, with_onnx=True, domain=None, out_of_domain_max=0.8, **changes
):
    """Write a package, with the layers and arrays of a domain network if given."""
    folder.mkdir(parents=True)
    layers, more = domain or ([], {})
    np.savez(folder / "weights.npz", **arrays, **more)
    if with_onnx and find_spec("onnx") is not None:
        from zfocus_model.training.packaging.onnx_graph import onnx_bytes

        (folder / "model.onnx").write_bytes(onnx_bytes(network, arrays))
        if domain:
            content = onnx_bytes(layers, more, output="domain", classes=2)
            (folder / "domain.onnx").write_bytes(content)
    describe(folder, network, **changes)
    if domain:
        path = folder / "zfocus.json"
        about = json.loads(path.read_text(encoding="utf-8"))
        about["domain_network"] = layers
        about["config"]["zfocus"]["domain"] = {"out_of_domain_max": out_of_domain_max}
        path.write_text(json.dumps(about), encoding="utf-8")
    return folder


def random_z_network(rng, bins=41):
    """A network like the z model's, only smaller, for images of any size from 64 px."""
    arrays = {
        "conv1/kernel": rng.normal(0, 0.3, (5, 5, 1, 6)).astype(np.float32),
        "conv1/bias": rng.normal(0, 0.1, 6).astype(np.float32),
        "conv2/kernel": rng.normal(0, 0.2, (3, 3, 6, 8)).astype(np.float32),
        "conv2/bias": rng.normal(0, 0.1, 8).astype(np.float32),
        "logits/kernel": rng.normal(0, 0.5, (16, bins)).astype(np.float32),
        "logits/bias": rng.normal(0, 0.5, bins).astype(np.float32),
    }
    conv = {"op": "conv", "padding": "valid", "activation": "relu"}
    network = [
        {"op": "normalise"},
        {**conv, "kernel": "conv1/kernel", "bias": "conv1/bias", "stride": 2},
        {**conv, "kernel": "conv2/kernel", "bias": "conv2/bias", "stride": 2},
        {"op": "global_pool", "kinds": ["mean", "max"]},
        {
            "op": "dense", "kernel": "logits/kernel", "bias": "logits/bias",
            "activation": "linear",
        },
        {"op": "gate"},
        {"op": "softmax"},
    ]  # fmt: skip
    return network, arrays


def constant_z_network(probabilities):
    """A network that gives every image that is not constant the same probabilities."""
    logits = np.log(np.maximum(probabilities, 1e-12)).astype(np.float32)
    _, ends = constant_network(np.full(11, 1 / 11))
    arrays = {**ends, "kernel": np.zeros((1, logits.size), np.float32), "bias": logits}
    network, _ = constant_network(np.full(11, 1 / 11))
    return network, arrays


Z_CONFIG = {
    "bins_um": [float(z) for z in range(-20, 21)],
    "pixel_size_um": 0.24,
    "smallest_px": 64,
    "status": {"certainty_min": 0.2, "second_mode_max": 0.15, "sd_max_um": 4.0},
}
"""``config.zfocus`` of a z-position package."""


def write_z_package(folder, network, arrays, *, with_onnx=True, config=None, **changes):
    """Write a package that reads z-positions; ``config`` replaces entries of ``Z_CONFIG``."""
    folder.mkdir(parents=True)
    np.savez(folder / "weights.npz", **arrays)
    known = {**Z_CONFIG, **(config or {})}
    if with_onnx and find_spec("onnx") is not None:
        from zfocus_model.training.packaging.onnx_graph import onnx_bytes

        bins = len(known["bins_um"])
        (folder / "model.onnx").write_bytes(onnx_bytes(network, arrays, classes=bins, side_px=None))
    return describe(
        folder, network, **{"task": "z-position", "config": {"zfocus": known}, **changes}
    )
