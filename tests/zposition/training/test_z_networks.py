from __future__ import annotations

import numpy as np
import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.engines import _numpy_layers
from zfocus_model.zposition.training import networks

pytest.importorskip("keras")


@pytest.mark.parametrize(
    ("side_px", "parameters"), [(500, 26_465_545), (250, 6_804_745), (100, 1_299_721)]
)
def test_the_published_network_has_the_published_size(side_px, parameters):
    model = networks.build_z_network("published", 41, side_px=side_px)
    assert model.count_params() == parameters
    assert model.output_shape == (None, 41)


def test_the_published_network_costs_what_was_computed():
    # 250² 10² 32, 50² 10² 32·64, 6400·1024, 1024·41
    wanted = 200_000_000 + 512_000_000 + 6_553_600 + 41_984
    assert networks.z_multiply_adds("published", 41, 250) == wanted


def test_the_published_network_starts_as_published():
    model = networks.build_z_network("published", 9, side_px=25)
    for layer in model.get_layer("backbone").layers:
        if layer.weights:
            kernel, bias = (np.asarray(w) for w in layer.get_weights())
            assert np.all(bias == np.float32(0.1))
            assert 0.15 < np.abs(kernel).max() <= 0.2  # cut at two standard deviations


def test_the_small_network_is_20_times_cheaper_at_least():
    # conv1 61² 8² 32, conv2 30² 3² 32·48, conv3 14² 3² 48·64, conv4 7² 3² 64·96,
    # conv5 7² 3² 96·96, two dense layers
    wanted = 7_620_608 + 12_441_600 + 5_419_008 + 2_709_504 + 4_064_256 + 12_288 + 2_624
    assert networks.z_multiply_adds("small", 41, 250) == wanted
    assert networks.z_multiply_adds("published", 41, 250) >= 20 * wanted


@pytest.fixture(scope="module")
def trained():
    """A small network whose batch normalisation is not the identity."""
    model = networks.build_z_network("small", 9)
    rng = np.random.default_rng(0)
    for layer in model.get_layer("backbone").layers:
        if layer.name.endswith("_norm"):
            layer.set_weights([rng.uniform(0.5, 1.5, w.shape) for w in layer.get_weights()])
    return model


def images(rng, height, width, count=2):
    return rng.poisson(100, (count, height, width, 1)).astype(np.float32)


@pytest.mark.parametrize(("height", "width"), [(64, 64), (97, 130)])
def test_any_size_from_64_px_is_the_same_in_numpy(trained, rng, height, width):
    x = images(rng, height, width)
    folded = networks.inference_z_network(trained)
    wanted = np.asarray(trained(x))
    assert wanted.shape == (2, 9)
    assert np.abs(np.asarray(folded(x)) - wanted).max() < 1e-5
    layers, arrays = networks.z_network_layers(folded)
    state = _numpy_layers.State(x)
    for layer in layers:
        _numpy_layers.build(layer, arrays)(state)
    assert np.abs(state.values - wanted).max() < 1e-4


def test_gain_and_offset_do_not_matter_and_constants_are_uniform(trained, rng):
    x = images(rng, 64, 80)
    wanted = np.asarray(trained(x))
    for changed in (x * 1e-3, x * 1e3, x + 40_000, x - 2_000):
        assert np.abs(np.asarray(trained(changed.astype(np.float32))) - wanted).max() < 1e-4
    constant = np.full((1, 70, 70, 1), 7.3, np.float32)
    assert np.asarray(trained(constant)) == pytest.approx(np.full((1, 9), 1 / 9), abs=1e-7)


def test_temperature_divides_the_logits(trained, rng):
    x = images(rng, 64, 64)
    one, two = (np.log(np.asarray(networks.inference_z_network(trained, t)(x))) for t in (1, 2))
    centred = one - one.mean(1, keepdims=True)
    assert np.allclose(two - two.mean(1, keepdims=True), centred / 2, atol=1e-4)


def test_what_no_network_can_be_is_refused():
    with pytest.raises(ZfocusError, match="small or published, got 'huge'"):
        networks.build_z_network("huge", 41)
    with pytest.raises(ZfocusError, match="at least 25 px, got None"):
        networks.build_z_network("published", 41)
    with pytest.raises(ZfocusError, match="at least 3 z bins, got 2"):
        networks.build_z_network("small", 2)
    from zfocus_model.training.networks import build_network

    with pytest.raises(ZfocusError, match="reads z, got 'zfocus_small'"):
        networks.network_kind(build_network("small"))
