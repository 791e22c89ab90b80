from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.camera import poisson
from zfocus_model.optics import Optics, blur, defocus, kernel, psf

FULL = 65535.0


def read(root: Path, name: str) -> np.ndarray:
    """One 100 x 100 picture of the reference program, as it reads them: float32, 0 to 1."""
    path = root / "degrade" / name
    if path.suffix == ".tiff":
        tifffile = pytest.importorskip("tifffile")
        pixels = tifffile.imread(path)
    else:
        pixels = pytest.importorskip("imageio.v3").imread(path)
    return pixels.astype(np.float32) / 65535


def by_definition(optics: Optics, z_um: float, size_px: int, nodes: int) -> np.ndarray:
    """The textbook integral, J0 as its own integral, on Gauss-Legendre nodes."""
    node, weight = np.polynomial.legendre.leggauss(nodes)
    rho, weight = (node + 1) / 2, weight / 2
    wave = 2 * np.pi * optics.refractive_index / optics.wavelength_nm * 1000
    sine = optics.numerical_aperture / optics.refractive_index
    pupil = np.exp(-0.5j * wave * rho**2 * z_um * sine**2) * rho * weight
    turn = np.cos((np.arange(nodes) + 0.5) * np.pi / nodes)
    axis = (np.arange(size_px) - (size_px - 1) / 2) * optics.pixel_size_um
    radius, where = np.unique(np.hypot(axis[:, None], axis).round(12), return_inverse=True)
    bessel = [np.cos(wave * sine * r * np.outer(rho, turn)).mean(axis=1) for r in radius]
    return (np.abs(np.array(bessel) @ pupil) ** 2)[where].reshape(size_px, size_px)


def direct(image: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Convolution by its definition, borders mirrored with the border pixel twice."""
    (height, width), (rows, columns) = image.shape, weights.shape

    def mirror(index: int, length: int) -> int:
        index %= 2 * length
        return index if index < length else 2 * length - 1 - index

    result = np.zeros(image.shape)
    for y in range(height):
        for x in range(width):
            for i in range(rows):
                for j in range(columns):
                    row = mirror(y + (rows - 1) // 2 - i, height)
                    column = mirror(x + (columns - 1) // 2 - j, width)
                    result[y, x] += weights[i, j] * image[row, column]
    return result


def diameter_of_energy(spread: np.ndarray, share: float) -> float:
    """Diameter in px of the smallest circle of pixel centres that holds a share of the light."""
    axis = np.arange(len(spread)) - (len(spread) - 1) / 2
    radius = np.hypot(axis[:, None], axis).ravel()
    order = np.argsort(radius)
    held = np.cumsum(spread.ravel()[order]) / spread.sum()
    return 2 * radius[order][np.searchsorted(held, share)]


# Conformance with the reference model: values and pictures of its own tests


@pytest.mark.parametrize(
    ("size_px", "pixel_size_um", "z_um", "at", "expected", "tolerance"),
    [
        (1, 1.0, 0.0, (0, 0), 0.25, 1e-15),
        (1, 1.0, 1.0, (0, 0), 0.2026424, 5e-8),
        (3, 1.0, 0.0, (0, 1), 0.0011425569, 5e-11),
    ],
)
def test_point_values(size_px, pixel_size_um, z_um, at, expected, tolerance):
    optics = Optics(pixel_size_um=pixel_size_um)
    assert abs(psf(optics, z_um, size_px=size_px)[at] - expected) <= tolerance


def test_five_px_over_five_um_in_focus_are_a_delta():
    spread = psf(Optics(pixel_size_um=1.0), size_px=5)
    expected = np.zeros((5, 5))
    expected[2, 2] = 1
    assert np.abs(spread / spread.max() - expected).max() < 0.00465


def test_psf_equals_the_published_picture(conformance_root):
    spread = psf(Optics(pixel_size_um=5 / 21), 4.0, size_px=21)
    assert np.abs(spread / spread.max() - read(conformance_root, "psf.png")).max() < 1.535e-5


def test_blur_equals_the_published_picture(conformance_root):
    image = read(conformance_root, "cell_image.tiff")
    weights = read(conformance_root, "psf.png").astype(float)
    ours = blur(image, weights / weights.sum())
    golden = read(conformance_root, "cell_image_airy_blurred.png")
    assert np.abs(ours - golden).max() < 1.535e-5


def test_defocus_and_photon_noise_equal_the_published_picture(conformance_root):
    image = read(conformance_root, "cell_image.tiff")
    blurred = defocus(image, z_um=20.0, optics=Optics(pixel_size_um=5 / 21), size_px=21)
    ours = poisson(blurred * FULL, np.random.RandomState(0)) / FULL
    golden = read(conformance_root, "cell_image_degraded.png")
    assert np.abs(ours - golden).max() < 5e-10


@pytest.mark.parametrize(
    ("z_um", "expected"), [(0.0, 2.8), (2.0, 4.5), (4.0, 7.2), (10.0, 15.2), (20.0, 28.8)]
)
def test_diameter_that_holds_90_percent(z_um, expected):
    assert round(diameter_of_energy(psf(Optics(), z_um), 0.9), 1) == expected


# The integral


@pytest.mark.parametrize(
    ("optics", "z_um", "size_px"),
    [
        (Optics(), 0.0, 9),
        (Optics(), 20.0, 8),
        (Optics(450.0, 1.4, 1.515, 0.1), 10.0, 9),
        (Optics(700.0, 0.05, 1.0, 20.0), 2000.0, 7),
        (Optics(500.0, 0.9, 1.0, 0.65), 150.0, 5),  # over 700 rad of defocus at the pupil's edge
    ],
)
def test_psf_equals_its_definition_at_any_defocus(optics, z_um, size_px):
    expected = by_definition(optics, z_um, size_px, nodes=400)
    assert np.abs(psf(optics, z_um, size_px=size_px) - expected).max() < 1e-9 * expected.max()


def test_light_is_kept_whatever_the_defocus():
    optics = Optics(pixel_size_um=0.2)  # finer than the Nyquist sampling of 0.25 um
    totals = [psf(optics, z, size_px=601).sum() for z in (0.0, 4.0, 20.0)]
    assert np.ptp(totals) < 0.01 * totals[0]


def test_light_of_the_whole_plane_is_that_of_the_pupil():
    # Parseval: 2 pi integral |U|^2 r dr = (2 pi / a^2) integral rho drho, a = k NA
    optics = Optics(pixel_size_um=0.2)  # finer than the Nyquist sampling of 0.25 um
    wave = 2 * np.pi / 0.5 * 0.5
    total = psf(optics, 3.0, size_px=1001).sum() * 0.2**2
    assert total == pytest.approx(np.pi / wave**2, rel=0.01)


@pytest.mark.parametrize("size_px", [31, 30])
@pytest.mark.parametrize("samples_per_pixel", [1, 2, 3])
def test_kernel_is_symmetric_not_negative_and_sums_to_1(size_px, samples_per_pixel):
    weights = kernel(Optics(), 7.0, size_px=size_px, samples_per_pixel=samples_per_pixel)
    assert weights.shape == (size_px, size_px)
    assert weights.dtype == np.float64
    assert weights.min() >= 0
    assert weights.sum() == pytest.approx(1, abs=1e-12)
    for other in (weights.T, weights[::-1], weights[:, ::-1]):
        np.testing.assert_allclose(other, weights, rtol=1e-9, atol=1e-15)


def test_sign_of_z_does_not_matter_to_the_scalar_model():
    np.testing.assert_array_equal(psf(Optics(), -6.0), psf(Optics(), 6.0))


def test_more_defocus_is_wider_and_lower():
    spreads = [psf(Optics(), z, size_px=101) for z in (0.0, 2.0, 4.0, 8.0, 14.0, 20.0)]
    peaks = [spread.max() for spread in spreads]
    widths = [diameter_of_energy(spread, 0.9) for spread in spreads]
    assert all(a > b for a, b in zip(peaks, peaks[1:]))
    assert all(a < b for a, b in zip(widths, widths[1:]))


def test_only_ratios_of_lengths_matter():
    # In units of wavelength / NA across and wavelength n / NA^2 along, all optics are alike.
    spread = psf(Optics(500.0, 0.5, 1.0, 0.65), 8.0)
    np.testing.assert_allclose(psf(Optics(1000.0, 0.5, 1.0, 1.3), 16.0), spread, atol=1e-13)
    np.testing.assert_allclose(psf(Optics(500.0, 0.25, 1.0, 1.3), 32.0), spread, atol=1e-13)
    np.testing.assert_allclose(psf(Optics(500.0, 0.5, 1.5, 0.65), 12.0), spread, atol=1e-13)


def test_samples_in_a_pixel_are_averaged():
    fine = psf(Optics(pixel_size_um=0.65 / 4), 3.0, size_px=44)
    expected = fine.reshape(11, 4, 11, 4).mean(axis=(1, 3))
    coarse = psf(Optics(), 3.0, size_px=11, samples_per_pixel=4)
    np.testing.assert_allclose(coarse, expected, atol=1e-14)


def test_psf_is_cached_and_safe_from_changes():
    first = psf(Optics(), 3.25)
    assert psf(Optics(), 3.25) is first
    with pytest.raises(ValueError, match="read-only"):
        first[0, 0] = 1


# Levels


def test_levels_of_the_reference_optics_are_2_um_apart():
    assert [Optics().z_um_from_level(level) for level in (0, 1, 10)] == pytest.approx([0, 2, 20])
    assert [Optics().level_from_z_um(z) for z in (0.0, 0.9, 1.1, -20.0, 99.0)] == [0, 0, 1, 10, 10]


@pytest.mark.parametrize("optics", [Optics(), Optics(600.0, 1.2, 1.333, 0.1)])
def test_level_is_a_disc_in_px_for_all_optics(optics):
    assert optics.disc_px(optics.z_um_from_level(6.5)) == pytest.approx(6.5 * 40 / 13)


def test_default_kernel_holds_nearly_all_light():
    for level in (0, 3, 10):
        optics = Optics()
        z_um = optics.z_um_from_level(level)
        held = psf(optics, z_um, size_px=optics.size_px(z_um)).sum()
        assert held > 0.99 * psf(optics, z_um, size_px=301).sum()


# Blur


@pytest.mark.parametrize(
    ("shape", "sides"),
    [
        ((12, 15), (9, 9)),
        ((3, 4), (11, 8)),
        ((9, 8), (4, 3)),
        ((1, 6), (12, 1)),
        ((10, 7), (2, 15)),
    ],
)
def test_blur_is_convolution_with_mirrored_borders(shape, sides):
    rng = np.random.default_rng(0)
    image, weights = 1000 * rng.random(shape) - 200, rng.random(sides)
    expected = direct(image, weights)
    np.testing.assert_allclose(blur(image, weights), expected, atol=1e-9 * np.abs(expected).max())


def test_blur_equals_scipy():
    signal = pytest.importorskip("scipy.signal")
    rng = np.random.default_rng(1)
    image, weights = 65535 * rng.random((40, 61)), rng.random((51, 20))
    expected = signal.convolve2d(image, weights, "same", boundary="symm")
    np.testing.assert_allclose(blur(image, weights), expected, rtol=1e-9)


def test_blur_does_not_flip_the_kernel():
    point = np.zeros((15, 15))
    point[7, 7] = 1
    for side in (3, 11):  # by shifts, and by FFT
        weights = np.arange(side**2, dtype=float).reshape(side, side)
        half = side // 2
        found = blur(point, weights)[7 - half : 8 + half, 7 - half : 8 + half]
        np.testing.assert_allclose(found, weights, atol=1e-9 * weights.max())


def test_blur_of_a_stack_is_that_of_its_planes():
    stack = np.random.default_rng(2).random((2, 3, 20, 17))
    weights = kernel(Optics(), 5.0, size_px=15)
    np.testing.assert_allclose(blur(stack, weights)[1, 2], blur(stack[1, 2], weights), atol=1e-14)


def test_blur_keeps_a_constant_and_is_never_negative():
    weights = kernel(Optics(), 10.0)
    np.testing.assert_allclose(blur(np.full((30, 40), 7, np.uint16), weights), 7.0, rtol=1e-12)
    point = np.zeros((80, 80))
    point[40, 40] = 65535
    assert blur(point, weights).min() >= 0


def test_blur_does_not_change_its_input():
    image = np.random.default_rng(3).random((20, 20))
    before = image.copy()
    blur(image, kernel(Optics(), size_px=11))[:] = 0
    np.testing.assert_array_equal(image, before)


# Defocus


def test_level_and_z_mean_the_same():
    image = np.random.default_rng(4).random((50, 50))
    optics = Optics(pixel_size_um=0.325)
    by_level = defocus(image, level=4, optics=optics)
    np.testing.assert_allclose(by_level, defocus(image, z_um=4.0, optics=optics), atol=1e-12)


def test_defocus_is_blur_with_the_kernel():
    image = np.random.default_rng(5).random((50, 50))
    expected = blur(image, kernel(Optics(), 6.0, size_px=33))
    np.testing.assert_allclose(defocus(image, level=3, size_px=33), expected, atol=1e-13)


def test_each_level_has_less_contrast():
    image = np.random.default_rng(6).random((120, 120))
    contrast = [defocus(image, level=level).std() for level in range(11)]
    assert all(a > b for a, b in zip(contrast, contrast[1:]))


# Other models


@pytest.mark.parametrize("model", ["gibson-lanni", "vectorial"])
@pytest.mark.parametrize("size_px", [41, 40])
@pytest.mark.parametrize("z_um", [0.0, 24.6, -24.6, 60.0])
def test_other_models_agree_at_small_aperture(model, size_px, z_um):
    pytest.importorskip("psfmodels")
    optics = Optics(numerical_aperture=0.15, pixel_size_um=0.8)
    ours = kernel(optics, z_um, size_px=size_px)
    theirs = kernel(optics, z_um, size_px=size_px, model=model)
    assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.999


def test_other_models_see_the_wavelength_in_the_medium_alike():
    pytest.importorskip("psfmodels")
    optics = Optics(525.0, 1.3, 1.515, 0.1)
    ours, theirs = psf(optics), psf(optics, model="gibson-lanni")
    assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.999


def test_missing_psfmodels_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "psfmodels", None)
    with pytest.raises(ZfocusError, match=r"psfmodels.*zfocus\[train\]"):
        psf(Optics(), 1.125, model="vectorial")


def test_psfmodels_is_not_imported_unless_asked_for():
    code = (
        "import sys; from zfocus_model.optics import Optics, psf; psf(Optics(), 2.0);"
        "assert not {'psfmodels', 'scipy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# Mistakes


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"numerical_aperture": 1.4}, "below the refractive index .1., got 1.4"),
        ({"numerical_aperture": 0.0}, "numerical_aperture from 0.001"),
        ({"pixel_size_um": -0.65}, "pixel_size_um from .* um, got -0.65"),
        ({"wavelength_nm": 0.5}, "wavelength_nm from 100 to 10000 nm, got 0.5"),
        ({"refractive_index": float("nan")}, "refractive_index from 1 to 4, got nan"),
        ({"pixel_size_um": "0.65"}, "pixel_size_um from .* got '0.65'"),
    ],
)
def test_unphysical_optics(arguments, message):
    with pytest.raises(ZfocusError, match=message):
        Optics(**arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size_px": 0}, "PSF of 1 to 4095 px, got 0"),
        ({"size_px": 5.5}, "PSF of 1 to 4095 px, got 5.5"),
        ({"z_um": float("inf")}, "finite distance"),
        ({"model": "gaussian"}, "out of scalar, gibson-lanni, vectorial, got 'gaussian'"),
        ({"samples_per_pixel": 0}, "1 to 32 samples"),
    ],
)
def test_impossible_psf(arguments, message):
    with pytest.raises(ZfocusError, match=message):
        psf(Optics(), **arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "either a level or a z in um, got neither"),
        ({"level": 1, "z_um": 2.0}, "either a level or a z in um, got both"),
        ({"level": -1}, "level of 0 or more, got -1"),
        ({"z_um": float("nan")}, "finite distance"),
    ],
)
def test_impossible_defocus(arguments, message):
    with pytest.raises(ZfocusError, match=message):
        defocus(np.zeros((10, 10)), **arguments)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros(10), r"2 axes, got shape \(10,\)"),
        (np.zeros((0, 10)), r"got shape \(0, 10\)"),
        (np.full((9, 9), np.nan), "NaN or infinity"),
        (np.zeros((9, 9), complex), "real numbers"),
    ],
)
def test_images_that_cannot_be_blurred(image, message):
    with pytest.raises(ZfocusError, match=message):
        blur(image, np.ones((3, 3)))


def test_kernel_must_be_two_dimensional():
    with pytest.raises(ZfocusError, match=r"kernel of 2 axes, got shape \(1, 3, 3\)"):
        blur(np.zeros((9, 9)), np.ones((1, 3, 3)))
