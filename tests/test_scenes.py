from __future__ import annotations

import numpy as np
import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.optics import defocus
from zfocus_model.scenes import KINDS, field

CELLS = [kind for kind in KINDS if kind != "blank"]


def high_frequencies(image: np.ndarray) -> float:
    """Share of the picture's variation with periods below 4 px."""
    window = np.outer(np.hanning(image.shape[0]), np.hanning(image.shape[1]))
    pixels = (image.astype(float) - image.mean()) * window  # its borders do not meet
    power = np.abs(np.fft.fft2(pixels)) ** 2
    frequency = np.hypot(np.fft.fftfreq(image.shape[0])[:, None], np.fft.fftfreq(image.shape[1]))
    return float(power[frequency > 0.25].sum() / power.sum())


@pytest.mark.parametrize("kind", CELLS)
def test_field_of_cells(kind):
    image = field(np.random.default_rng(0), (150, 200), kind)
    assert image.shape == (150, 200)
    assert image.dtype == np.float32
    assert image.max() == 1
    assert 0 < image.min() < 0.1
    assert image.std() > 0.02


def test_blank_field_is_smooth_and_dim():
    image = field(np.random.default_rng(0), (150, 200), "blank")
    assert image.max() <= 0.04
    assert np.abs(np.diff(image, axis=0)).max() < 1e-3


@pytest.mark.parametrize("kind", KINDS)
def test_same_seed_same_field(kind):
    first, again, other = (field(np.random.default_rng(seed), (60, 70), kind) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize("kind", CELLS)
def test_field_is_in_focus(kind):
    image = field(np.random.default_rng(3), (200, 200), kind)
    assert high_frequencies(image) > 4 * high_frequencies(defocus(image, level=2))


def test_more_density_more_light():
    light = [
        field(np.random.default_rng(4), (300, 300), density=density).mean()
        for density in (0.0, 0.05, 0.2, 0.6)
    ]
    assert all(a < b for a, b in zip(light, light[1:]))


def test_oversampled_field_is_smoother_but_still_at_the_limit_of_the_optics():
    normal, fine = (
        field(np.random.default_rng(5), (200, 200), "filaments", oversampling=scale)
        for scale in (1.0, 4.0)
    )
    assert high_frequencies(fine) < 0.1 * high_frequencies(normal)
    # Seen with the large pixels again it has fine detail.
    binned = fine.reshape(50, 4, 50, 4).mean(axis=(1, 3))
    assert high_frequencies(binned) > 0.1 * high_frequencies(normal)


def test_brightness_spread():
    even, uneven = (
        field(np.random.default_rng(6), (300, 300), brightness_spread=spread)
        for spread in (0.0, 1.0)
    )
    assert even.mean() > 1.2 * uneven.mean()  # relative to the brightest


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "yeast"}, "kind of field out of nuclei, .* got 'yeast'"),
        ({"shape": (4, 90)}, r"8 to 16384 px a side, got shape \(4, 90\)"),
        ({"density": 1.5}, "density of 0 to 1, got 1.5"),
        ({"size_px": 0}, "size in px of 1 to 4096, got 0"),
        ({"oversampling": 0.1}, "oversampling of 0.5 to 16, got 0.1"),
        ({"background": -1}, "background of 0 to 1, got -1"),
    ],
)
def test_impossible_fields(arguments, message):
    with pytest.raises(ZfocusError, match=message):
        field(np.random.default_rng(0), **arguments)
