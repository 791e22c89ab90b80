from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.camera import Camera, expose, photograph, poisson


def read(root: Path, name: str) -> np.ndarray:
    """One 16-bit picture of the reference program: counts, float64."""
    path = root / "degrade" / name
    if path.suffix == ".tiff":
        return pytest.importorskip("tifffile").imread(path).astype(float)
    return pytest.importorskip("imageio.v3").imread(path).astype(float)


# Conformance with the reference model


@pytest.mark.parametrize(
    ("factor", "offset", "golden"),
    [
        (1.0, 0.0, "cell_image.tiff"),
        (100.0, 0.0, "cell_image_saturated.png"),
        (100.0, 100.0, "cell_image_saturated_with_offset.png"),
    ],
)
def test_exposure_equals_the_published_picture(conformance_root, factor, offset, golden):
    image = read(conformance_root, "cell_image.tiff")
    np.testing.assert_array_equal(
        expose(image, factor, offset=offset), read(conformance_root, golden)
    )


def test_photon_noise_equals_the_published_picture(conformance_root):
    image = read(conformance_root, "cell_image.tiff")
    ours = poisson(image, np.random.RandomState(0)) / 65535
    golden = read(conformance_root, "cell_image_poisson_noise_py.png") / 65535
    assert np.abs(ours - golden).max() < 5e-10


# Exposure


def test_exposure_multiplies_what_lies_over_the_offset_and_saturates():
    image = np.array([[0, 100, 101], [150, 355, 356]], np.uint16)
    expected = [[100, 100, 110], [600, 2650, 2655]]
    assert expose(image, 10, offset=100, maximum=2655).tolist() == expected


def test_exposures_multiply():
    image = np.random.default_rng(0).uniform(100, 400, (9, 9))
    twice = expose(expose(image, 3, offset=100), 5, offset=100)
    np.testing.assert_allclose(twice, expose(image, 15, offset=100), rtol=1e-12)


# Noise


def test_photon_noise_has_the_variance_of_its_mean():
    counts = poisson(np.full((200, 200), 50.0), np.random.default_rng(1))
    assert counts.mean() == pytest.approx(50, abs=0.2)
    assert counts.var() == pytest.approx(50, abs=2)
    assert (counts == np.rint(counts)).all()


def test_same_seed_same_picture():
    image = np.random.default_rng(2).random((30, 30))
    first, again, other = (photograph(image, rng=np.random.default_rng(seed)) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_photograph_spans_offset_to_peak_whatever_the_scale():
    ramp = np.linspace(0, 1, 200 * 200).reshape(200, 200)
    for image in (ramp, 3e4 * ramp + 4e4, 1e-3 * ramp - 7):
        counts = photograph(image, rng=np.random.default_rng(3))
        assert counts.dtype == np.float64
        assert (counts == np.rint(counts)).all()
        assert counts[0].mean() == pytest.approx(100 + 2000 * ramp[0].mean(), abs=1.5)
        assert counts[-1].mean() == pytest.approx(2100, abs=20)


def test_photograph_of_a_constant_is_offset_and_read_noise():
    counts = photograph(np.full((200, 200), 9.0), rng=np.random.default_rng(4))
    assert counts.mean() == pytest.approx(100, abs=0.1)
    assert counts.std() == pytest.approx(np.sqrt(2**2 + 1 / 12), abs=0.05)  # rounding adds 1/12


def test_gain_multiplies_signal_and_noise_but_not_the_offset():
    photons = np.full((200, 200), 400.0)
    counts = Camera(offset=10, read_noise=0, gain=3).record(photons, np.random.default_rng(5))
    assert counts.mean() == pytest.approx(1210, abs=2)
    assert counts.std() == pytest.approx(60, abs=1)


@pytest.mark.parametrize(("bits", "maximum"), [(8, 255), (12, 4095), (16, 65535)])
def test_bit_depth_is_where_counts_end(bits, maximum):
    bright = Camera(bits=bits).record(np.full((5, 5), 1e6), np.random.default_rng(6))
    assert (bright == maximum).all()
    dark = Camera(offset=0, read_noise=5, bits=bits).record(
        np.zeros((50, 50)), np.random.default_rng(6)
    )
    assert dark.min() == 0


def test_camera_may_saturate_below_its_bit_depth():
    counts = photograph(
        np.arange(100.0).reshape(10, 10), rng=np.random.default_rng(7), maximum=1000
    )
    assert counts.max() == 1000


def test_random_state_is_a_generator_too():
    counts = photograph(np.arange(9.0).reshape(3, 3), rng=np.random.RandomState(0))
    assert counts.shape == (3, 3)


# Mistakes


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"offset": -1}, "offset in counts of 0 or more, got -1"),
        ({"read_noise": float("nan")}, "read noise .* got nan"),
        ({"gain": 0}, "gain above 0"),
        ({"bits": 10}, "bit depth of 8, 12 or 16, got 10"),
        ({"bits": 8, "maximum": 256}, "saturation of 1 to 255 counts, got 256"),
    ],
)
def test_impossible_camera(arguments, message):
    with pytest.raises(ZfocusError, match=message):
        Camera(**arguments)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda rng: expose([1.0], -1), "exposure factor of 0 or more, got -1"),
        (lambda rng: poisson([np.nan], rng), "finite numbers"),
        (lambda rng: poisson([1e16], rng), "at most 1e.15 photons a pixel, got 1e.16"),
        (lambda rng: poisson(["dark"], rng), "real numbers"),
        (lambda rng: photograph(np.zeros((0, 3)), rng=rng), r"got shape \(0, 3\)"),
        (lambda rng: photograph([1.0], rng=rng, peak_photons=-5), "peak in photons .* got -5"),
    ],
)
def test_impossible_pictures(call, message):
    with pytest.raises(ZfocusError, match=message):
        call(np.random.default_rng(0))
