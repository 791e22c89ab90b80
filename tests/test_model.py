from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from tiny_package import constant_network, write_package

import zfocus_model
from zfocus_model import model as model_module
from zfocus_model._errors import ZfocusError
from zfocus_model.model import load_model, rate, rate_stack


@pytest.fixture(scope="module", params=["numpy", "onnxruntime"])
def model(request, package_folder):
    if request.param == "onnxruntime":
        pytest.importorskip("onnxruntime")
        pytest.importorskip("onnx")
    return load_model(package_folder, engine=request.param, threads=1)


@pytest.fixture
def field(rng):
    """Smooth blobs and noise, 12 bits, (190, 270): a field of 2 x 3 patches."""
    y, x = np.mgrid[:190, :270]
    image = np.zeros((190, 270))
    for cy, cx, width in zip(*rng.uniform([[0], [0], [3]], [[190], [270], [12]], (3, 40))):
        image += 900 * np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / (2 * width**2))
    return np.clip(rng.poisson(image + 100), 0, 4000).astype(np.uint16)


def closeness(one, other):
    return np.abs(one.patches.probabilities - other.patches.probabilities).max()


def test_a_rating_names_all_patches(model, field):
    rating = model.rate(field)
    assert rating.patches.probabilities.shape == (2, 3, 11)
    assert rating.rated_patches == 6
    assert rating.rated_fraction == pytest.approx(6 * 84**2 / (190 * 270))
    assert rating.saturated_fraction == 0
    assert rating.probabilities.sum() == pytest.approx(1)
    assert model.package_sha256 == model.package.sha256
    assert len(model.package_sha256) == 64


@pytest.mark.parametrize("gain", [1e-3, 0.1, 7, 1e3])
def test_gain_does_not_matter(model, field, gain):
    image = field.astype(np.float32)
    assert closeness(model.rate(image), model.rate(image * np.float32(gain))) < 1e-4


@pytest.mark.parametrize("offset", [-1000, 100, 40_000])
def test_offset_does_not_matter(model, field, offset):
    image = field.astype(np.int32)
    assert closeness(model.rate(image), model.rate(image + offset)) < 1e-4


@pytest.mark.parametrize("dtype", [">u2", "i4", "u4", "i8", "f4", "f8"])
def test_types_do_not_matter(model, field, dtype):
    assert closeness(model.rate(field), model.rate(field.astype(dtype))) == 0


@pytest.mark.parametrize("value", [0, 1, 65535])
def test_constant_images_are_blank_with_certainty_zero(model, value):
    rating = model.rate(np.full((170, 90), value, np.uint16))
    assert (rating.status, rating.reason) == ("undecided", "blank")
    assert rating.certainty.max == 0.0
    assert (rating.level, rating.blank_patches) == (0, 2)
    assert not rating.patches.certainty.any()


def test_a_crop_has_the_patches_of_its_own_origin(model, field):
    crop = model.rate(field[17:, 41:])
    alone = model.rate(field[17 : 17 + 84, 41 : 41 + 84])
    np.testing.assert_allclose(
        crop.patches.probabilities[0, 0], alone.patches.probabilities[0, 0], atol=1e-5
    )


def test_blank_patches_around_do_not_change_the_rating(model, field):
    wider = np.full((252, 420), 100, np.uint16)
    wider[:168, :252] = field[:168, :252]
    inner = model.rate(field[:168, :252])
    np.testing.assert_allclose(model.rate(wider).probabilities, inner.probabilities, atol=1e-6)


def test_pixels_that_are_not_finite_cost_their_patch_only(model, field):
    image = field.astype(np.float64)
    image[100, 100], image[0, 0] = np.inf, np.nan
    rating, whole = model.rate(image), model.rate(field)
    assert rating.patches.rated.tolist() == [[False, True, True], [True, False, True]]
    both = rating.patches.rated
    np.testing.assert_allclose(
        rating.patches.probabilities[both], whole.patches.probabilities[both], atol=1e-5
    )
    nothing = model.rate(np.full((90, 90), np.nan))
    assert (nothing.status, nothing.reason) == ("undecided", "masked")


def test_a_mask_chooses_patches(model, field):
    mask = np.zeros(field.shape, bool)
    assert model.rate(field, mask).reason == "masked"
    mask[:84, :84] = True
    rating = model.rate(field, mask)
    np.testing.assert_allclose(
        rating.probabilities, model.rate(field[:84, :84]).probabilities, atol=1e-5
    )


def test_too_small_is_undecided(model):
    rating = model.rate(np.zeros((83, 500), np.uint8))
    assert (rating.status, rating.reason, rating.level) == ("undecided", "too_small", None)


def test_other_images_are_refused_with_advice(model):
    with pytest.raises(ZfocusError, match=r"\(3, 90, 90\): rate its planes one by one"):
        model.rate(np.zeros((3, 90, 90)))


def test_engines_agree(package_folder, field):
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    fast, plain = (load_model(package_folder, engine=kind) for kind in ("onnxruntime", "numpy"))
    assert closeness(fast.rate(field), plain.rate(field)) < 1e-5


@pytest.mark.parametrize(
    ("levels", "status"), [([0, 1], "in_focus"), ([5], "out_of_focus"), (range(11), "undecided")]
)
def test_the_package_decides_the_status(tmp_path, field, levels, status):
    p = np.zeros(11)
    p[list(levels)] = 1 / len(levels)
    folder = write_package(tmp_path / "fixed", *constant_network(p), with_onnx=False)
    assert load_model(folder).rate(field).status == status


def test_rate_stack_reads_planes_one_at_a_time(model, field):
    stack = np.stack([field, field[::-1]])
    ratings = rate_stack((plane for plane in stack), model=model)
    assert len(ratings) == 2
    assert closeness(ratings[1], model.rate(stack[1])) == 0


def test_the_default_model_is_opened_once(package_folder, field, monkeypatch):
    opened = []

    def load():
        opened.append(1)
        return load_model(package_folder, engine="numpy")

    model_module._default_model.cache_clear()
    monkeypatch.setattr(model_module, "load_model", load)
    try:
        assert rate(field).level == rate(field).level
        assert opened == [1]
    finally:
        model_module._default_model.cache_clear()


def test_public_names_are_few_sorted_and_lazy():
    assert zfocus_model.__all__ == sorted(zfocus_model.__all__)
    assert zfocus_model.rate is rate
    assert set(zfocus_model.__all__) <= set(dir(zfocus_model))
    with pytest.raises(AttributeError, match="no attribute 'rat'"):
        zfocus_model.rat  # noqa: B018
    code = "import sys, zfocus_model; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
