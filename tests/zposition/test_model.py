import json

import numpy as np
import pytest
from tiny_package import (
    Z_CONFIG,
    constant_z_network,
    describe,
    random_network,
    random_z_network,
    write_package,
    write_z_package,
)

from zfocus_model._errors import ModelError, ZfocusError
from zfocus_model.packages import open_package, package_task
from zfocus_model.zposition.model import load_z_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    network, arrays = random_z_network(np.random.default_rng(7))
    return write_z_package(tmp_path_factory.mktemp("zoo") / "tiny-z", network, arrays)


@pytest.fixture(scope="module")
def model(folder):
    return load_z_model(folder, engine="numpy")


@pytest.fixture
def image(rng):
    return rng.poisson(200 + 50 * np.sin(np.arange(400) / 20), (300, 400)).astype(np.uint16)


def test_what_it_is(model, folder):
    assert (model.name, model.pixel_size_um, model.bins_um.size) == ("tiny-z", 0.24, 41)
    assert repr(model) == "<ZModel tiny-z 0.0.0 in numpy>"
    assert model.package_sha256 == open_package(folder, task="z-position").sha256


@pytest.mark.parametrize("shape", [(64, 64), (64, 97), (250, 250), (251, 66), (512, 80)])
def test_engines_agree_on_any_size(folder, rng, shape):
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    images = rng.poisson(100, (3, *shape)).astype(np.float32)
    one, other = (
        load_z_model(folder, engine=engine).engine.probabilities(images)
        for engine in ("onnxruntime", "numpy")
    )
    assert np.abs(one - other).max() < 1e-5
    assert one.std() > 1e-3


def test_large_images_are_run_one_by_one(model, rng):
    images = rng.poisson(100, (3, 400, 500)).astype(np.float32)
    found = model.engine.probabilities(images)
    np.testing.assert_allclose(found[2:], model.engine.probabilities(images[2:]), atol=1e-6)


def test_none_at_all(model):
    assert model.engine.probabilities(np.zeros((0, 80, 80), np.float32)).shape == (0, 41)


def test_an_image_is_averaged_to_the_models_pixels(model, image):
    small = image.reshape(75, 4, 100, 4).mean((1, 3), dtype=np.float64).astype(np.float32)
    expected = model.locate(small, downsampling=1).probabilities
    for given in ({"pixel_size_um": 0.06}, {"downsampling": 4}):
        np.testing.assert_allclose(model.locate(image, **given).probabilities, expected, atol=1e-6)


def test_gain_and_offset_do_not_matter(model, image):
    expected = model.locate(image, downsampling=2).probabilities
    for changed in (2 * image, image + 1000, 0.25 * image - 7):
        found = model.locate(changed, downsampling=2).probabilities
        assert np.abs(found - expected).max() < 1e-4


def test_a_constant_image_is_blank(model):
    for value in (0, 1234):
        found = model.locate(np.full((80, 90), value, np.uint16), downsampling=1)
        assert (found.status, found.reason) == ("undecided", "blank")
        assert found.probabilities.std() < 1e-9


def test_a_stack_is_its_planes(model, rng):
    stack = rng.poisson(100, (3, 70, 80))
    found = model.locate_stack(iter(stack), downsampling=1)
    assert len(found) == 3
    alone = model.locate(stack[1], downsampling=1)
    np.testing.assert_array_equal(found[1].probabilities, alone.probabilities)


def test_the_packages_limits_decide(tmp_path, image):
    p = np.full(41, 1e-4)
    p[14], p[25] = 0.7, 0.3
    network, arrays = constant_z_network(p / p.sum())
    for share, status in ((0.15, "undecided"), (0.4, "decided")):
        limits = {"certainty_min": 0.2, "second_mode_max": share, "sd_max_um": 10.0}
        where = tmp_path / status
        write_z_package(where, network, arrays, with_onnx=False, config={"status": limits})
        found = load_z_model(where).locate(image, downsampling=1)
        assert (found.status, found.z_um, found.mode2_um) == (status, -6, 5)


def test_images_that_cannot_be_located(model, image):
    with pytest.raises(ZfocusError, match="--pixel-size"):
        model.locate(image)
    with pytest.raises(ZfocusError, match="at least 512 x 512 px"):
        model.locate(image, downsampling=8)
    with pytest.raises(ZfocusError, match="finite"):
        model.locate(np.full((80, 80), np.nan), downsampling=1)
    with pytest.raises(ZfocusError, match="colour"):
        model.locate(np.zeros((80, 80, 3)), downsampling=1)
    with pytest.raises(ZfocusError, match="64 x 64"):
        model.engine.probabilities(np.zeros((1, 63, 80), np.float32))


def test_a_model_for_something_else(tmp_path, folder):
    network, arrays = random_network(np.random.default_rng(0))
    focus = write_package(tmp_path / "focus", network, arrays, with_onnx=False)
    with pytest.raises(ModelError, match="'z-position', got 'focus-level'"):
        load_z_model(focus)
    with pytest.raises(ModelError, match=r"'focus-level', got 'z-position'.*best-plane"):
        open_package(folder)
    with pytest.raises(ModelError, match="'focus-level'"):
        _ = open_package(folder, task="z-position").limits
    assert (package_task(focus), package_task(folder)) == ("focus-level", "z-position")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"bins_um": [0, 1]}, "bins_um"),
        ({"bins_um": [0, 1, 3]}, "bins_um"),
        ({"bins_um": [0, "1", 2]}, "bins_um"),
        ({"bins_um": [2, 1, 0]}, "bins_um"),
        ({"pixel_size_um": 0}, "pixel_size_um"),
        ({"smallest_px": 0}, "smallest_px"),
        ({"status": {"certainty_min": 0.2, "second_mode_max": 0.1}}, "sd_max_um"),
        ({"status": {"certainty_min": 2, "second_mode_max": 0.1, "sd_max_um": 1}}, "certainty_min"),
    ],
)
def test_descriptions_that_say_nothing_clear(tmp_path, change, words):
    network, arrays = random_z_network(np.random.default_rng(0))
    folder = write_z_package(tmp_path / "z", network, arrays, with_onnx=False, config=change)
    with pytest.raises(ModelError, match=words):
        load_z_model(folder)


def test_weights_for_another_number_of_bins(tmp_path):
    network, arrays = random_z_network(np.random.default_rng(0), bins=21)
    folder = write_z_package(tmp_path / "z", network, arrays, with_onnx=False)
    with pytest.raises(ModelError, match=r"not \(n, 41\)"):
        load_z_model(folder)


def test_a_task_is_read_without_trust(tmp_path):
    (tmp_path / "zfocus.json").write_text("{")
    assert package_task(tmp_path) == ""
    describe(tmp_path, [], task=3, config={"zfocus": Z_CONFIG})
    assert package_task(tmp_path) == "3"
    about = json.loads((tmp_path / "zfocus.json").read_text())
    assert about["task"] == 3
