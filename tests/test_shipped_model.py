"""The model that is shipped, held to what the README promises, with no option given."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from zfocus_model import load_model
from zfocus_model.camera import photograph
from zfocus_model.optics import defocus
from zfocus_model.scenes import field

PACKAGE = Path(__file__).resolve().parent.parent / "model_zoo" / "focus-fluorescence"


@pytest.fixture(scope="module", params=["onnxruntime", "numpy"])
def model(request):
    if request.param == "onnxruntime":
        pytest.importorskip("onnxruntime")
    return load_model(engine=request.param)


@pytest.fixture(scope="module")
def counts():
    """A field of nuclei, sharp and at level 6, as a camera gives them."""
    rng = np.random.default_rng(4)
    sharp = field(rng, (300, 400))
    return {
        level: photograph(defocus(sharp, level=level), rng=rng).astype(np.uint16)
        for level in (0, 6)
    }


def test_sharp_and_blurred_are_told_apart(model, counts):
    assert model.rate(counts[0]).status == "in_focus"
    assert model.rate(counts[6]).status == "out_of_focus"
    assert abs(model.rate(counts[6]).level - 6) <= 1


@pytest.mark.parametrize("gain", [1e-3, 0.2, 5, 1e3])
def test_gain_does_not_matter(model, counts, gain):
    for image in counts.values():
        wanted = model.rate(image).patches.probabilities
        found = model.rate((image * np.float64(gain)).astype(np.float32)).patches.probabilities
        assert np.abs(found - wanted).max() < 1e-4


@pytest.mark.parametrize("offset", [100, 40_000])
def test_offset_does_not_matter(model, counts, offset):
    for image in counts.values():
        wanted = model.rate(image).patches.probabilities
        assert (
            np.abs(model.rate(image + np.uint32(offset)).patches.probabilities - wanted).max()
            < 1e-4
        )


def test_nothing_is_known_of_constant_images(model):
    for value in (0, 117, 65535):
        rating = model.rate(np.full((168, 168), value, np.uint16))
        assert (rating.status, rating.reason) == ("undecided", "blank")
        assert rating.certainty.max == 0


def test_noise_alone_is_undecided(model, rng):
    assert model.rate(rng.poisson(300, (520, 696)).astype(np.uint16)).status == "undecided"


def test_more_blur_never_rates_sharper():
    model = load_model()
    rng = np.random.default_rng(1)
    sharp = field(rng, (336, 420), "filaments")
    expected = [
        model.rate(
            photograph(defocus(sharp, level=level), rng=rng, peak_photons=5000)
        ).expected_level
        for level in (0, 2, 4, 6, 8, 10)
    ]
    assert all(a < b for a, b in zip(expected, expected[1:]))


def test_both_engines_agree(counts):
    pytest.importorskip("onnxruntime")
    first, second = (load_model(engine=engine) for engine in ("onnxruntime", "numpy"))
    for image in counts.values():
        a, b = first.rate(image), second.rate(image)
        assert np.abs(a.patches.probabilities - b.patches.probabilities).max() < 1e-4
        assert (a.level, a.status) == (b.level, b.status)


def test_the_package_keeps_the_size_limits():
    description = json.loads((PACKAGE / "zfocus.json").read_text())
    with np.load(PACKAGE / "weights.npz", allow_pickle=False) as weights:
        assert sum(weights[name].size for name in weights.files) <= 100_000
    assert set(description["files"]) >= {"model.onnx", "model.keras", "rdf.yaml", "README.md"}


@pytest.mark.parametrize(
    ("source", "status"), [("bbbc006_zaligned10", "in_focus"), ("bbbc006_z00", "out_of_focus")]
)
def test_real_fields_with_cells_are_rated_right(data_root, source, status):
    iio = pytest.importorskip("imageio.v3")
    model = load_model()
    paths = sorted((data_root / "dev" / source).glob("*.png"))
    assert paths
    for path in paths:
        assert model.rate(iio.imread(path)).status == status, path.name
