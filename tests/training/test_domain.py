"""The domain network: trained, its limit set, and exported with a focus model."""

from __future__ import annotations

import functools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.training import domain, domain_limit, networks
from zfocus_model.training.data import Augmentation
from zfocus_model.training.domain import DomainOptions, fit_domain, split_domain
from zfocus_model.training.domain_data import DomainMaker
from zfocus_model.training.domain_limit import FALSE_ALARMS, calibrate_domain, choose_limit
from zfocus_model.training.sources import SourceImage

OPTIONS = DomainOptions(patches=640, epochs=4, batch_size=32, scenes=1)


def test_the_limit_allows_the_false_alarms_that_it_may():
    rng = np.random.default_rng(0)
    scores = {name: rng.uniform(0, 0.9, 2000) for name in FALSE_ALARMS}
    limit = choose_limit(scores)
    for name, share in FALSE_ALARMS.items():
        assert (scores[name] > limit).mean() <= share
    below = {name: found - 0.002 for name, found in scores.items()}
    assert choose_limit(below) < limit
    assert choose_limit({"blank": np.full(10, 0.2)}) == 0.5


def test_the_network_is_small():
    assert networks.multiply_adds("domain") <= 350_000


def test_options_that_make_no_sense_are_refused(tmp_path):
    empty = domain.DomainImages([], [])
    for options in (DomainOptions(patches=10), DomainOptions(epochs=0)):
        with pytest.raises(ZfocusError, match="give larger numbers"):
            fit_domain(empty, empty, tmp_path, options)
    with pytest.raises(ZfocusError, match="got 'x-rays'"):
        fit_domain(empty, empty, tmp_path, DomainOptions(without=("x-rays",)))


def blobs(rng):
    """Bright dots on black, as of fluorescence."""
    y, x = np.mgrid[:100, :100]
    image = np.zeros((100, 100))
    for cy, cx in rng.uniform(0, 100, (12, 2)):
        image += np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / 20)
    return np.clip(image, 0, 1).astype(np.float32)


def images(name, draw, count=5):
    rng = np.random.default_rng(7)
    return [SourceImage(Path(f"{name}{i}.png"), name, "CC0", draw(rng)) for i in range(count)]


@pytest.fixture(scope="module")
def few():
    """A maker with few kernels: the bank takes longest."""
    return functools.partial(DomainMaker, augmentation=Augmentation(kernels_per_level=1))


@pytest.fixture(scope="module")
def parts():
    fluorescence = images("cells", blobs)
    others = images("sections", lambda rng: 1 - blobs(rng))
    others[0] = replace(others[0], licence="MIT")
    return split_domain(fluorescence, others, OPTIONS)


@pytest.fixture(scope="module")
def run_folder(parts, few, tmp_path_factory):
    pytest.importorskip("tensorflow")
    folder = tmp_path_factory.mktemp("runs") / "domain"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(domain, "DomainMaker", few)
        patch.setattr(domain_limit, "DomainMaker", few)
        patch.setattr(domain_limit, "_BLANK", 5)
        patch.setattr(domain_limit, "_SINGLE", 64)
        fit_domain(*parts, folder, OPTIONS)
        calibrate_domain(folder, parts[1])
    return folder


def test_parts_share_no_image(parts):
    training, held_out = parts
    for name in ("fluorescence", "others"):
        one, other = getattr(training, name), getattr(held_out, name)
        assert one and other
        for image in one:
            assert not any(np.array_equal(image.pixels, held.pixels) for held in other)


def test_a_kind_that_is_left_out_is_held_out_all_the_same():
    pictures = images("text", blobs) + images("sections", blobs)
    options = DomainOptions(scenes=1, without=("text",))
    training, held_out = split_domain(images("cells", blobs), pictures, options)
    assert not any("text" in image.source for image in training.others)
    assert any(image.source == "simulated text" for image in held_out.others)


def test_a_run_says_what_it_is_and_what_it_found(run_folder):
    about = json.loads((run_folder / "run.json").read_text())
    assert about["task"] == "domain"
    assert about["data"][2]["sources"]["sections"] == {"images": 4, "licence": "CC0; MIT"}
    found = json.loads((run_folder / "calibration.json").read_text())
    assert 0.5 <= found["out_of_domain_max"] <= 1
    assert set(found["in_domain"]) == set(FALSE_ALARMS)
    assert {"compression", "sections", "simulated text"} <= set(found["out_of_domain"])
    losses = np.loadtxt(run_folder / "log.csv", delimiter=",", skiprows=1)[:, 1]
    assert losses[-1] < losses[0] < 1


def test_a_run_goes_on_from_its_patches(run_folder, parts, monkeypatch, tmp_path):
    keras = pytest.importorskip("keras")

    def no_maker(*_, **__):
        raise AssertionError("patches made again")

    monkeypatch.setattr(domain, "DomainMaker", no_maker)
    before = keras.models.load_model(run_folder / "best.keras", compile=False).get_weights()
    again = tmp_path / "again"
    again.mkdir()
    (again / "patches").symlink_to(run_folder / "patches")
    fit_domain(*parts, again, OPTIONS)
    after = keras.models.load_model(again / "best.keras", compile=False).get_weights()
    for one, other in zip(before, after):
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_another_recipe_in_the_same_folder_is_refused(run_folder, parts):
    with pytest.raises(ZfocusError, match="choose another run folder"):
        fit_domain(*parts, run_folder, DomainOptions(patches=640, batch_size=32, epochs=5))


@pytest.fixture(scope="module")
def package(run_folder, tmp_path_factory):
    pytest.importorskip("bioimageio.spec")
    keras = pytest.importorskip("keras")
    from zfocus_model.training.export import export_run

    focus = tmp_path_factory.mktemp("focus")
    keras.utils.set_random_seed(3)
    networks.build_network("small").save(focus / "best.keras")
    (focus / "run.json").write_text(json.dumps({"task": "focus-level", "data": []}))
    limits = {"temperature": 1.0, "certainty_min": 0.2, "in_focus_min": 0.5}
    (focus / "calibration.json").write_text(json.dumps(limits))
    folder = tmp_path_factory.mktemp("zoo") / "focus-test"
    made = export_run(focus, folder, domain=run_folder)
    assert {"domain onnxruntime", "domain numpy", "domain trained"} <= set(made.differences)
    with pytest.raises(ZfocusError, match="leave --domain or --map out"):
        export_run(focus, folder.parent / "map", domain=run_folder, tiled=True)
    with pytest.raises(ZfocusError, match="got one for 'focus-level'"):
        export_run(focus, folder.parent / "other", domain=focus)
    return folder


def test_a_package_carries_the_network_its_limit_and_its_sources(package, run_folder):
    about = json.loads((package / "zfocus.json").read_text())
    statistics = json.loads((run_folder / "calibration.json").read_text())
    found = about["config"]["zfocus"]["domain"]
    assert found["out_of_domain_max"] == statistics["out_of_domain_max"]
    assert found["training"]["options"]["patches"] == 640
    assert [layer["op"] for layer in about["domain_network"][-2:]] == ["gate", "softmax"]
    with np.load(package / "weights.npz", allow_pickle=False) as weights:
        named = {layer["kernel"] for layer in about["domain_network"] if "kernel" in layer}
        assert named <= set(weights)
        assert all(name.startswith("domain/") for name in named)
    assert "domain.onnx" in about["files"]
    assert "source: domain.onnx" in (package / "rdf.yaml").read_text()
    readme = (package / "README.md").read_text()
    assert "# Images that it was not made for" in readme
    assert "| sections | 5 | CC0; MIT |" in readme
    assert "sections: CC0; MIT" in (package / "LICENSE").read_text()


@pytest.mark.parametrize("engine", ["numpy", "onnxruntime"])
def test_the_package_says_what_the_trained_network_says(package, run_folder, engine):
    keras = pytest.importorskip("keras")
    pytest.importorskip("onnxruntime")
    from zfocus_model.model import load_model
    from zfocus_model.rating import out_of_domain_score

    plane = (1000 * blobs(np.random.default_rng(1))).astype(np.uint16)
    trained = keras.models.load_model(run_folder / "best.keras", compile=False)
    patch = plane[:84, :84].astype(np.float32)[None, ..., None]
    expected = out_of_domain_score(np.asarray(trained(patch, training=False)))
    score = load_model(package, engine=engine).rate(plane).out_of_domain
    assert score == pytest.approx(expected, abs=1e-4)
