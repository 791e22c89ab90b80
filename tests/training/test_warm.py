from __future__ import annotations

import numpy as np
import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.training import networks
from zfocus_model.training.networks import build_network, inference_network
from zfocus_model.training.warm import start_from

pytest.importorskip("keras")


@pytest.fixture(scope="module")
def patches():
    rng = np.random.default_rng(0)
    return rng.poisson(rng.uniform(5, 500, (64, 1, 1, 1)), (64, 84, 84, 1)).astype(np.float32)


def shaken(model):
    """Weights and statistics as training might leave them."""
    rng = np.random.default_rng(1)
    for layer in model.get_layer("backbone").layers:
        if layer.name.endswith("_norm"):
            gamma, beta, mean, variance = layer.get_weights()
            layer.set_weights(
                [
                    gamma * rng.uniform(0.5, 2, gamma.shape),
                    beta + rng.normal(0, 0.3, beta.shape),
                    mean + rng.normal(0, 0.1, mean.shape),
                    variance * rng.uniform(0.3, 1.5, variance.shape),
                ]
            )
    return model


def test_a_warm_start_computes_what_the_exported_model_does(patches):
    exported = inference_network(shaken(build_network()))
    warm = build_network()
    start_from(warm, exported, patches)
    wanted = np.asarray(exported(patches, training=False))
    assert np.allclose(np.asarray(warm(patches, training=False)), wanted, atol=1e-5)
    # The statistics are those of the batch, so training does not begin with a jump either.
    backbone = warm.get_layer("backbone")
    assert np.ptp(backbone.get_layer("conv2_norm").get_weights()[0]) > 0


def test_fewer_filters_keep_those_that_are_listened_to(patches, monkeypatch):
    exported = inference_network(shaken(build_network()))
    dense = exported.get_layer("backbone").get_layer("dense1")
    kernel, bias = dense.get_weights()
    pools = kernel.reshape(2, -1, kernel.shape[-1])
    pools[:, 16:] = 0  # only the first sixteen matter
    dense.set_weights([pools.reshape(kernel.shape), bias])
    narrow = [dict(layer) for layer in networks.NETWORKS["small"]]
    next(layer for layer in narrow if layer.get("name") == "conv4")["filters"] = 16
    monkeypatch.setitem(networks.NETWORKS, "small", narrow)
    warm = build_network()
    start_from(warm, exported, patches)
    wanted = np.asarray(exported(patches, training=False))
    assert np.allclose(np.asarray(warm(patches, training=False)), wanted, atol=1e-5)


def test_another_network_is_refused(patches):
    with pytest.raises(ZfocusError, match="same network"):
        start_from(build_network(), build_network("reference"), patches)
