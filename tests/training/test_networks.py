from __future__ import annotations

import json

import numpy as np
import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.training import networks

pytest.importorskip("keras")


def test_the_reference_network_has_the_published_size():
    assert networks.build_network("reference").count_params() == 28_965_771
    assert networks.multiply_adds("reference") == 5_644_800 + 90_316_800 + 28_901_376 + 11_264


def test_the_small_network_keeps_its_limits():
    folded = networks.inference_network(networks.build_network("small"))
    assert folded.count_params() <= 100_000
    # conv1 40² 5² 16, conv2 19² 3² 16·32, conv3 9² 3² 32·32, conv4 7² 3² 32·64, two dense layers
    assert networks.multiply_adds("small") == 640_000 + 1_663_488 + 746_496 + 903_168 + 8_192 + 704
    assert networks.multiply_adds("small") <= 4_000_000


def test_an_unknown_network_is_named():
    with pytest.raises(ZfocusError, match=r"small or .*reference or domain, got 'huge'"):
        networks.build_network("huge")


@pytest.fixture(scope="module")
def trained():
    """A small network whose batch normalisation is not the identity."""
    model = networks.build_network("small")
    rng = np.random.default_rng(0)
    for layer in model.get_layer("backbone").layers:
        if layer.name.endswith("_norm"):
            layer.set_weights([rng.uniform(0.5, 1.5, w.shape) for w in layer.get_weights()])
    return model


def patches(rng, count=4):
    return rng.poisson(300, (count, 84, 84, 1)).astype(np.float32)


def test_folding_changes_no_probability(trained, rng):
    x = patches(rng)
    folded = networks.inference_network(trained)
    assert np.abs(np.asarray(trained(x)) - np.asarray(folded(x))).max() < 1e-5
    assert not any("norm" in layer.name for layer in folded.get_layer("backbone").layers[1:])


def test_temperature_divides_the_logits(trained, rng):
    x = patches(rng)
    one = np.log(np.asarray(networks.inference_network(trained)(x)))
    two = np.log(np.asarray(networks.inference_network(trained, 2.0)(x)))
    centred = one - one.mean(1, keepdims=True)
    assert np.allclose(two - two.mean(1, keepdims=True), centred / 2, atol=1e-4)
    with pytest.raises(ZfocusError, match="above 0, got 0"):
        networks.inference_network(trained, 0)


def test_gain_and_offset_do_not_matter_and_constants_are_uniform(trained, rng):
    x = patches(rng)
    wanted = np.asarray(trained(x))
    for changed in (x * 1e-3, x * 1e3, x + 40_000, x - 2_000):
        assert np.abs(np.asarray(trained(changed.astype(np.float32))) - wanted).max() < 1e-4
    constant = np.full((1, 84, 84, 1), 7.3, np.float32)
    assert np.asarray(trained(constant)) == pytest.approx(np.full((1, 11), 1 / 11), abs=1e-7)


def test_the_description_names_every_array_and_is_json(trained):
    layers, arrays = networks.network_layers(networks.inference_network(trained))
    named = {layer[key] for layer in layers for key in ("kernel", "bias") if key in layer}
    assert named == set(arrays)
    assert [layers[0]["op"], layers[-2]["op"], layers[-1]["op"]] == ["normalise", "gate", "softmax"]
    assert json.loads(json.dumps(layers)) == layers
    assert arrays["conv1/kernel"].shape == (5, 5, 1, 16)
