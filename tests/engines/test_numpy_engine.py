from __future__ import annotations

import numpy as np
import pytest
from tiny_package import random_network, write_package

from zfocus_model._errors import ModelError, ZfocusError
from zfocus_model.engines import _numpy_layers as layers
from zfocus_model.engines import open_engine
from zfocus_model.packages import open_package


def engine_of(folder, network, arrays):
    package = write_package(folder, network, arrays, with_onnx=False)
    return open_engine(open_package(package), "numpy")


def convolved(x, kernel, stride, padding):
    """Slow and plain: TensorFlow's definition, one output pixel at a time."""
    kh, kw, _, outputs = kernel.shape
    if padding == "same":
        out = [-(-n // stride) for n in x.shape[1:3]]
        pads = [max(0, (o - 1) * stride + k - n) for o, k, n in zip(out, (kh, kw), x.shape[1:3])]
        x = np.pad(x, [(0, 0), *((p // 2, p - p // 2) for p in pads), (0, 0)])
    else:
        out = [(n - k) // stride + 1 for k, n in zip((kh, kw), x.shape[1:3])]
    y = np.zeros((len(x), *out, outputs))
    for i in range(out[0]):
        for j in range(out[1]):
            window = x[:, i * stride : i * stride + kh, j * stride : j * stride + kw]
            y[:, i, j] = np.einsum("nhwc,hwco->no", window.astype(float), kernel)
    return y


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("stride", [1, 2, 4])
@pytest.mark.parametrize("window", [(1, 1), (2, 3), (5, 4)])
def test_conv_is_its_definition(rng, window, stride, padding):
    x = rng.normal(size=(2, 11, 14, 3)).astype(np.float32)
    kernel = rng.normal(size=(*window, 3, 4)).astype(np.float32)
    expected = convolved(x, kernel, stride, padding)
    np.testing.assert_allclose(layers.conv(x, kernel, stride, padding), expected, atol=2e-5)
    own = rng.normal(size=(*window, 3, 1)).astype(np.float32)
    diagonal = own * np.eye(3, dtype=np.float32)
    expected = convolved(x, diagonal, stride, padding)
    np.testing.assert_allclose(layers.depthwise_conv(x, own, stride, padding), expected, atol=2e-5)


def test_max_pool_goldens():
    x = -np.arange(1.0, 10, dtype=np.float32).reshape(1, 3, 3, 1)
    assert layers.max_pool(x, 2, 2, "valid")[0, ..., 0].tolist() == [[-1]]
    # Padding never wins, even over negative values.
    assert layers.max_pool(x, 2, 2, "same")[0, ..., 0].tolist() == [[-1, -3], [-7, -9]]


def test_global_pool_concatenates_in_order():
    x = np.array([[[[1, 5]], [[3, 7]]]], np.float32)
    assert layers.global_pool(x, ("mean", "max")).tolist() == [[2, 6, 3, 7]]
    assert layers.global_pool(x, ("max",)).tolist() == [[3, 7]]


def test_normalise_golden_and_gate():
    state = layers.State(np.array([[0, 2, 4, 2], [7, 7, 7, 7]], np.float32).reshape(2, 2, 2, 1))
    layers.normalise(state)
    root = np.sqrt(2)
    np.testing.assert_allclose(state.values[0].ravel(), [-root, 0, root, 0], rtol=1e-6)
    assert not state.values[1].any()
    state.values = np.full((2, 11), [[1.0], [np.inf]], np.float32)
    layers.gate(state)
    assert state.values.tolist() == [[1] * 11, [0] * 11]


@pytest.mark.parametrize("gain", [1e-30, 1e-3, 1e3, 1e30])
def test_normalise_undoes_any_gain(rng, gain):
    x = rng.random((2, 84, 84, 1), np.float32)
    one, other = layers.State(x), layers.State(x * np.float32(gain))
    layers.normalise(one)
    layers.normalise(other)
    np.testing.assert_allclose(one.values, other.values, atol=2e-6)


def test_probabilities_do_not_depend_on_the_batch(package_folder, rng):
    engine = open_engine(open_package(package_folder), "numpy")
    patches = rng.random((19, 84, 84), np.float32)
    whole = engine.probabilities(patches)
    np.testing.assert_allclose(whole.sum(axis=1), 1, rtol=1e-6)
    for batch in (1, 7, 64):
        engine.batch = batch
        np.testing.assert_allclose(engine.probabilities(patches), whole, atol=1e-6)
    assert engine.probabilities(patches[:0]).shape == (0, 11)


def test_constant_patches_are_exactly_uniform(package_folder):
    engine = open_engine(open_package(package_folder), "numpy")
    for value in (0, 1, -3.5, 65535, 1e30, 1e-40):
        found = engine.probabilities(np.full((2, 84, 84), value, np.float32))
        assert len(np.unique(found)) == 1


@pytest.mark.parametrize(
    ("position", "layer", "match"),
    [
        (1, {"op": "swish"}, r"layer 2 \('swish'\)"),
        (1, {"op": "conv", "kernel": "nowhere", "padding": "same"}, "misses 'nowhere'"),
        (1, {"op": "conv", "kernel": "conv1/kernel", "padding": "full"}, "padding 'full'"),
        (1, {"op": "max_pool", "size": 2}, "misses 'stride'"),
        (1, {"op": "max_pool", "size": 99, "stride": 1, "padding": "valid"}, "window of 99 px"),
        (1, {"op": "dense", "kernel": "dense1/kernel"}, "layer 2"),
        (3, {"op": "conv", "kernel": "conv1/kernel", "padding": "same"}, "layer 4"),
        (0, {"op": "gate"}, "gate before normalise"),
        (4, {"op": "dense", "kernel": "dense1/kernel", "activation": "tanh"}, "'tanh'"),
        (4, {"op": "softmax"}, r"gives shape|layer 6"),
    ],
)
def test_networks_that_cannot_run_are_refused_when_opened(tmp_path, rng, position, layer, match):
    network, arrays = random_network(rng)
    network.insert(position, layer)
    if layer["op"] == "softmax":
        network = [*network[:4], layer]
    with pytest.raises(ModelError, match=match) as caught:
        engine_of(tmp_path / "odd", network, arrays)
    assert "\n" not in str(caught.value)


def test_a_package_without_network_is_refused(tmp_path, rng):
    with pytest.raises(ModelError, match="list its network"):
        engine_of(tmp_path / "none", [], random_network(rng)[1])


def test_weights_that_are_not_finite_are_named(tmp_path, rng):
    network, arrays = random_network(rng)
    arrays["conv2/bias"][0] = np.nan
    engine = engine_of(tmp_path / "nan", network, arrays)
    with pytest.raises(ModelError, match="finite probabilities"):
        engine.probabilities(rng.random((3, 84, 84), np.float32))


def test_other_patch_shapes_and_engines_are_refused(package_folder):
    package = open_package(package_folder)
    engine = open_engine(package, "numpy")
    with pytest.raises(ZfocusError, match=r"\(n, 84, 84\), got \(84, 84\)"):
        engine.probabilities(np.zeros((84, 84), np.float32))
    with pytest.raises(ZfocusError, match="'gpu'"):
        open_engine(package, "gpu")
    with pytest.raises(ZfocusError, match="at least 1 thread"):
        open_engine(package, threads=0)


def test_auto_falls_back_to_numpy(package_folder, monkeypatch):
    monkeypatch.setattr("zfocus_model.engines.onnxruntime_engine.importable", lambda: False)
    package = open_package(package_folder)
    assert open_engine(package).name == "numpy"
    with pytest.raises(ModelError, match="install it, or use the engine 'numpy'"):
        open_engine(package, "onnxruntime")
