from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from zfocus_model import optics
from zfocus_model.optics import Optics
from zfocus_model.scenes import field
from zfocus_model.training import data
from zfocus_model.training.data import Augmentation, PatchMaker
from zfocus_model.training.kernels import (
    RADII_PX,
    SPOT_FWHM_PX,
    aberrated_kernel,
    kernel_bank,
    padded_px,
)
from zfocus_model.training.sources import SourceImage

FEW = Augmentation(kernels_per_level=2)


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    return [
        SourceImage(Path(f"{i}.tif"), "drawn", "", field(rng, (200, 220), "filaments"))
        for i in range(3)
    ]


def test_a_batch_depends_on_its_number_and_the_seed_alone(images):
    x, y = PatchMaker(images, seed=1, augmentation=FEW).batch(7, 32)
    again = PatchMaker(images, seed=1, augmentation=FEW)
    again.batch(3, 32)
    assert np.array_equal(again.batch(7, 32)[0], x)
    assert not np.array_equal(again.batch(8, 32)[0], x)
    assert not np.array_equal(PatchMaker(images, seed=2, augmentation=FEW).batch(7, 32)[0], x)
    assert (x.shape, x.dtype, y.dtype) == ((32, 84, 84, 1), np.float32, np.int32)
    assert np.isfinite(x).all()


def test_levels_are_uniform(images):
    maker = PatchMaker(images, seed=0, augmentation=FEW)
    counts = np.bincount(maker.batch(0, 1100)[1], minlength=11)
    assert counts.min() > 60  # 100 expected, standard deviation 9.5
    assert counts.max() < 140


def test_higher_levels_are_blurrier(images, plain):
    x, y = PatchMaker(images, seed=0, augmentation=plain).batch(0, 400)
    shows = x.std((1, 2, 3)) > 0
    x, y = x[shows], y[shows]
    pixels = x[..., 0] / x[..., 0].std((1, 2), keepdims=True)
    steps = np.abs(np.diff(pixels, axis=1)).mean((1, 2))
    by_level = [np.median(steps[y == level]) for level in (0, 2, 4, 6, 8)]
    assert all(sharper > blurrier for sharper, blurrier in zip(by_level, by_level[1:]))
    assert by_level[0] > 3 * by_level[-1]


def test_patches_are_whole_counts_in_the_range_of_a_camera(images):
    x, _ = PatchMaker(images, seed=0, augmentation=FEW).batch(0, 64)
    assert np.array_equal(x, np.rint(x))
    assert x.min() >= 0
    assert x.max() <= 65535


def test_cutting_at_full_size_copies_and_mirrors():
    image = np.arange(12, dtype=np.float32).reshape(3, 4)
    assert data._cut(image, (0, 1), 2, 1.0).tolist() == [[1, 2], [5, 6]]
    assert data._cut(image, (-2, 2), 3, 1.0).tolist() == [[6, 7, 7], [2, 3, 3], [2, 3, 3]]


@pytest.mark.parametrize("zoom", [0.6, 1.7, 4.0])
def test_resampling_keeps_constants_and_slopes(zoom):
    slope = np.tile(np.arange(300, dtype=np.float32), (300, 1))
    region = data._cut(slope, (150, 60), 84, zoom)
    positions = 60 + (np.arange(84) + 0.5) / zoom - 0.5
    assert np.allclose(region, positions, atol=0.1)
    assert np.allclose(data._cut(np.full((90, 90), 5, np.float32), (3, 4), 84, zoom), 5, atol=1e-4)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_kernels_keep_the_light_and_fit_their_box(share):
    bank = kernel_bank(1, seed=0, aberrated=share, scattered=share)
    assert set(bank) == {(level, spot) for level in range(11) for spot in range(len(SPOT_FWHM_PX))}
    for (level, _), (spectrum,) in bank.items():
        assert spectrum.level == level
        assert spectrum.radius_px in RADII_PX
        side = padded_px(spectrum.radius_px)
        assert spectrum.values.shape == (side, side // 2 + 1)
        assert spectrum.values[0, 0] == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(("disc_px", "fwhm_px"), [(0.0, 1.4), (6.0, 1.3), (15.0, 3.0), (20.0, 0.8)])
def test_without_aberration_the_kernel_is_that_of_the_optics(disc_px, fwhm_px):
    kernel = aberrated_kernel(disc_px, fwhm_px, 0.0, 61)
    assert kernel.sum() == pytest.approx(1)
    assert np.allclose(kernel, kernel[::-1], atol=1e-12)
    seen_by = Optics(pixel_size_um=0.51 / fwhm_px)
    wanted = optics.kernel(
        seen_by, disc_px * seen_by.pixel_size_um, size_px=61, samples_per_pixel=4
    )
    assert np.abs(kernel - wanted).sum() < 0.1
    assert _radius(kernel) == pytest.approx(_radius(wanted), abs=0.15)


def test_aberration_widens_the_spot_and_breaks_the_symmetry_of_focus():
    sharp = aberrated_kernel(0.0, 2.0, 0.0, 61)
    aberrated = aberrated_kernel(0.0, 2.0, 0.5, 61)
    # Marechal: the peak falls to 1 - (2 pi W / (6 sqrt 5))^2.
    assert aberrated.max() / sharp.max() == pytest.approx(0.945, abs=0.01)
    above, below = (aberrated_kernel(disc, 2.0, 0.5, 61) for disc in (8.0, -8.0))
    assert np.abs(above - below).sum() > 0.1


def _radius(kernel):
    """Root mean square distance from the centre within 20 px, in px."""
    reach = np.arange(len(kernel)) - len(kernel) // 2
    square = reach[:, None] ** 2 + reach**2
    near = kernel * (square <= 400)
    return float(np.sqrt((near * square).sum() / near.sum()))
