from __future__ import annotations

import numpy as np
import pytest
from tiny_package import random_network, write_package, write_z_package

from zfocus_model._errors import ModelError, ZfocusError
from zfocus_model.engines import ENGINES, open_engine
from zfocus_model.engines.onnxruntime_engine import MAX_THREADS, available_threads
from zfocus_model.packages import open_package

pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")


def both(folder, network, arrays):
    package = open_package(write_package(folder, network, arrays))
    return open_engine(package, "onnxruntime", threads=1), open_engine(package, "numpy")


def pixels(rng, n=5):
    return (rng.random((n, 84, 84)) * rng.uniform(10, 60000, (n, 1, 1)) + 100).astype(np.float32)


def network_with(rng, *middle):
    """Normalise, a convolution to 4 channels, the layers, and an end that fits them."""
    arrays, layers, channels, size = {}, [{"op": "normalise"}], 1, 84

    def add(name, value):
        arrays[name] = value.astype(np.float32)
        return name

    flat = False
    conv = {"op": "conv", "window": 3, "stride": 4, "padding": "valid", "outputs": 4}
    for number, layer in enumerate((conv, *middle)):
        layer = dict(layer)
        op, window = layer["op"], layer.pop("window", layer.get("size", 1))
        if op in ("conv", "depthwise_conv"):
            outputs = layer.pop("outputs", 1)
            shape = (window, window, channels, outputs)
            layer["kernel"] = add(f"k{number}", rng.normal(0, 0.3, shape))
            channels = outputs if op == "conv" else channels
            layer["bias"] = add(f"b{number}", rng.normal(0, 0.3, channels))
            layer.setdefault("activation", "relu")
        if op in ("conv", "depthwise_conv", "max_pool"):
            stride = layer["stride"]
            same = layer["padding"] == "same"
            size = -(-size // stride) if same else (size - window) // stride + 1
        if op == "global_pool":
            channels, flat = channels * len(layer["kinds"]), True
        if op == "flatten":
            channels, flat = channels * size * size, True
        layers.append(layer)
    if not flat:
        layers.append({"op": "flatten"})
        channels *= size * size
    kernel = add("kernel", rng.normal(0, 1 / np.sqrt(channels), (channels, 11)))
    layers += [{"op": "dense", "kernel": kernel, "bias": add("bias", rng.normal(0, 0.3, 11))}]
    return [*layers, {"op": "gate"}, {"op": "softmax"}], arrays


OPS = [
    {"op": op, "window": window, "stride": stride, "padding": padding}
    for op in ("conv", "depthwise_conv")
    for window, stride in ((3, 1), (3, 2), (5, 4), (4, 2))
    for padding in ("valid", "same")
] + [
    {"op": "max_pool", "size": 2, "stride": 2, "padding": "valid"},
    {"op": "max_pool", "size": 2, "stride": 2, "padding": "same"},
    {"op": "max_pool", "size": 3, "stride": 1, "padding": "same"},
    {"op": "global_pool", "kinds": ["mean", "max"]},
    {"op": "global_pool", "kinds": ["max"]},
    {"op": "flatten"},
    {"op": "scale", "factor": 0.25},
]


@pytest.mark.parametrize("layer", OPS, ids=lambda layer: "-".join(map(str, layer.values())))
def test_every_layer_is_the_same_in_both_engines(tmp_path, rng, layer):
    if layer["op"] == "conv":
        layer = {**layer, "outputs": 6}
    fast, plain = both(tmp_path / "one", *network_with(rng, layer))
    patches = pixels(rng)
    found = fast.probabilities(patches)
    assert found.std(axis=0).max() > 1e-3  # the patches are told apart
    np.testing.assert_allclose(found, plain.probabilities(patches), atol=1e-5)


def test_numbers_do_not_depend_on_batch_or_threads(package_folder, rng):
    package = open_package(package_folder)
    patches = pixels(rng, 50)
    whole = open_engine(package, "onnxruntime", threads=1).probabilities(patches)
    for threads, batch in ((1, 1), (1, 7), (2, 50), (3, 32)):
        engine = open_engine(package, "onnxruntime", threads=threads)
        engine.batch = batch
        np.testing.assert_allclose(engine.probabilities(patches), whole, atol=1e-5)


def test_constant_patches_are_exactly_uniform(package_folder):
    engine = open_engine(open_package(package_folder), "onnxruntime", threads=1)
    for value in (0, 1, -3.5, 65535, 1e30):
        found = engine.probabilities(np.full((2, 84, 84), value, np.float32))
        assert len(np.unique(found)) == 1


def test_auto_prefers_onnxruntime_and_counts_processors(package_folder):
    engine = open_engine(open_package(package_folder))
    assert engine.name == "onnxruntime"
    assert engine.threads == available_threads()
    assert 1 <= available_threads() <= MAX_THREADS


def test_auto_takes_numpy_for_a_package_without_onnx(own_package):
    assert open_engine(open_package(own_package)).name == "numpy"


def test_a_file_that_is_no_onnx_is_refused_in_one_line(tmp_path, rng):
    network, arrays = random_network(rng)
    folder = write_package(tmp_path / "bad", network, arrays)
    (folder / "model.onnx").write_bytes(b"no model\nat all")
    from tiny_package import describe

    package = open_package(describe(folder, network))
    with pytest.raises(ModelError, match="use the engine 'numpy'") as caught:
        open_engine(package, "onnxruntime")
    assert "\n" not in str(caught.value)


def test_weights_that_are_not_finite_are_named(tmp_path, rng):
    network, arrays = random_network(rng)
    arrays["conv2/bias"][:] = np.nan
    fast, plain = both(tmp_path / "nan", network, arrays)
    for engine in (fast, plain):
        with pytest.raises(ModelError, match="finite probabilities"):
            engine.probabilities(pixels(rng))


@pytest.mark.parametrize("shape", [(64, 64), (65, 70), (131, 64)])
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_any_size_of_image_through_every_layer(tmp_path, rng, padding, shape):
    arrays = {
        "a": rng.normal(0, 0.3, (5, 5, 1, 6)).astype(np.float32),
        "b": rng.normal(0, 0.3, (3, 3, 6, 1)).astype(np.float32),
        "c": rng.normal(0, 0.5, (12, 41)).astype(np.float32),
        "bias": rng.normal(0, 0.1, 6).astype(np.float32),
    }
    window = {"padding": padding, "stride": 2}
    network = [
        {"op": "normalise"},
        {"op": "scale", "factor": 0.7},
        {"op": "conv", "kernel": "a", "bias": "bias", "activation": "relu", **window},
        {"op": "max_pool", "size": 3, **window},
        {"op": "depthwise_conv", "kernel": "b", "bias": "bias", **window},
        {"op": "global_pool", "kinds": ["max", "mean"]},
        {"op": "dense", "kernel": "c"},
        {"op": "gate"},
        {"op": "softmax"},
    ]
    folder = write_z_package(tmp_path / "z", network, arrays)
    package = open_package(folder, task="z-position")
    images = rng.poisson(50, (4, *shape)).astype(np.float32)
    images[3] = 9
    one, other = (open_engine(package, kind).probabilities(images) for kind in ENGINES)
    assert np.abs(one - other).max() < 1e-5
    assert np.ptp(one[3]) == 0
    assert one[:3].std() > 1e-3


def test_any_size_needs_a_network_that_pools(rng):
    from zfocus_model.training.packaging.onnx_graph import onnx_bytes

    network, arrays = network_with(rng)
    with pytest.raises(ZfocusError, match="any size"):
        onnx_bytes(network, arrays, side_px=None)
