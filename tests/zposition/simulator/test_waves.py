"""Physics: what a thin object does through focus, and what linear theory says about it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from zfocus_model.zposition.simulator.optics import Grid, Optics, axial_frequency, source_points
from zfocus_model.zposition.simulator.waves import Slices, exit_fields, picture, pictures

GRID = Grid(64, 0.24)
OPTICS = Optics(na=0.9, condenser_na=0.3, points=12)


def thin(index: np.ndarray | float = 0.0, absorbance: np.ndarray | None = None) -> Slices:
    """One slice of 0.1 um."""
    size = GRID.size_px
    layer = np.broadcast_to(np.float32(index), (1, size, size)).astype(np.float32)
    return Slices(layer, 0.1, None if absorbance is None else absorbance[None].astype(np.float32))


def disc(radius_um: float, softness_um: float = 0.3) -> np.ndarray:
    y = (np.arange(GRID.size_px) - 32) * GRID.pixel_size_um
    far = np.hypot(y[:, None], y[None, :])
    return 1 / (1 + np.exp((far - radius_um) / softness_um))


def dome(radius_um: float) -> np.ndarray:
    """How thick a ball is, 0 to 1."""
    y = (np.arange(GRID.size_px) - 32) * GRID.pixel_size_um
    return np.sqrt(np.maximum(0, 1 - (y[:, None] ** 2 + y[None, :] ** 2) / radius_um**2))


def contrast(image: np.ndarray) -> float:
    return float(image.std() / image.mean())


def test_an_empty_chamber_is_evenly_bright_at_any_z() -> None:
    fields = exit_fields(thin(), OPTICS, GRID)
    for z_um in (-15.0, 0.0, 4.0):
        assert np.allclose(picture(fields, z_um), 1, atol=2e-5)


def test_a_weak_phase_object_fades_at_focus_and_turns_its_sign() -> None:
    fields = exit_fields(thin(0.05 * dome(2.5)), OPTICS, GRID, height_um=0.05)
    below, focus, above = (picture(fields, z_um) for z_um in (-6.0, 0.0, 6.0))
    assert contrast(focus) < 0.1 * contrast(above)
    # What is denser gathers light like a lens: bright where the objective is farther away.
    assert below[32, 32] > 1.01
    assert above[32, 32] < 0.99
    assert np.corrcoef(below.ravel(), above.ravel())[0, 1] < -0.97


def test_an_absorbing_object_is_clearest_at_focus() -> None:
    fields = exit_fields(thin(absorbance=0.1 * disc(1.5)), OPTICS, GRID, height_um=0.05)
    curve = [contrast(picture(fields, z_um)) for z_um in (-6.0, -3.0, 0.0, 3.0, 6.0)]
    assert np.argmax(curve) == 2
    assert curve[0] < 0.8 * curve[2] > curve[4]
    assert picture(fields, 0)[32, 32] == pytest.approx(math.exp(-0.1), abs=0.01)


def test_a_strong_phase_object_is_not_the_same_on_both_sides() -> None:
    # 2.3 rad: a ball of 5 um that is 0.04 denser.
    strong = Slices(np.repeat(thin(0.04 * dome(2.5)).index, 5, axis=0), 1.0)
    fields = exit_fields(strong, OPTICS, GRID, height_um=2.5)
    below, above = picture(fields, -6), picture(fields, 6)
    # A lens concentrates more light than it can take away.
    assert below[32, 32] > 1.5
    assert 0.6 < above[32, 32] < 0.8
    assert np.corrcoef(below.ravel(), above.ravel())[0, 1] > -0.9


def test_the_mean_is_kept_through_focus_where_all_light_passes() -> None:
    fields = exit_fields(thin(0.3 * disc(2, 0.6)), OPTICS, GRID)
    means = [float(image.mean()) for image in pictures(fields, -8, 4, 5)]
    assert np.ptp(means) < 1e-4
    assert means[2] == pytest.approx(1, abs=0.01)


def test_nothing_passes_beyond_the_apertures() -> None:
    rng = np.random.default_rng(0)
    optics = Optics(na=0.5, condenser_na=0.2, points=12)
    fields = exit_fields(thin(0.02 * rng.random((64, 64))), optics, GRID)
    fy, fx = GRID.frequencies()
    far = np.hypot(fy, fx)
    power = np.abs(np.fft.fft2(picture(fields, 1.5))) ** 2
    linear = (0.5 + 0.2) / optics.wavelength_um
    assert power[far > linear + 0.05].sum() < 1e-4 * power[(far > 0) & (far < linear)].sum()


def test_planes_of_a_stack_are_the_pictures_one_by_one() -> None:
    fields = exit_fields(thin(0.2 * disc(2)), OPTICS, GRID)
    stack = pictures(fields, -4, 2, 5)
    for number, plane in enumerate(stack):
        assert np.allclose(plane, picture(fields, -4 + 2 * number), atol=2e-5)


def test_z_counts_from_the_height_that_is_focused_on() -> None:
    index = np.zeros((4, 64, 64), np.float32)
    index[2] = 0.02 * disc(2)
    lower, upper = (exit_fields(Slices(index, 1.0), OPTICS, GRID, height_um=h) for h in (1.0, 2.5))
    assert np.allclose(picture(lower, 1.5), picture(upper, 0), atol=1e-5)
    # The slice from 2 to 3 um is in focus at 2.5.
    assert contrast(picture(upper, 0)) < 0.1 * contrast(picture(upper, 2))


@pytest.mark.parametrize("z_um", [-4.0, 0.0, 1.0, 7.0])
def test_a_weak_object_follows_the_weak_object_transfer_function(z_um: float) -> None:
    rng = np.random.default_rng(1)
    phase = 1e-3 * rng.standard_normal((64, 64))
    loss = 1e-3 * rng.random((64, 64))
    optics = Optics(na=0.8, condenser_na=0.35, condenser_shift_na=(0.05, -0.03), points=9)
    # 1 rad is lambda / (2 pi) of path; the object is so thin that nothing happens inside it.
    index = phase * optics.wavelength_um / (2 * math.pi * 1e-3)
    slices = Slices(index[None].astype(np.float32), 1e-3, loss[None].astype(np.float32))
    fields = exit_fields(slices, optics, GRID)
    seen = np.fft.fft2(picture(fields, z_um).astype(float) - 1)
    # Born and Wolf; Streibl 1985 (doi 10.1364/JOSAA.2.000121): background times scattered wave.
    expected = np.zeros((64, 64), complex)
    fy, fx = GRID.frequencies()
    mirrored = (-np.arange(64)) % 64
    for point in source_points(optics):
        radius = np.hypot(fy + point.fy, fx + point.fx) * point.wavelength_um
        wave = (radius <= 0.8) * np.exp(-2j * np.pi * z_um * axial_frequency(optics, GRID, point))
        # Light that falls at an angle goes a longer way through the object.
        sine = math.hypot(point.fy, point.fx) * point.wavelength_um / optics.medium_index
        longer = 1 / math.sqrt(1 - sine**2)
        other = wave[np.ix_(mirrored, mirrored)].conj()
        expected += longer * 1j * np.fft.fft2(phase) * (wave - other) / optics.points
        expected -= longer * 0.5 * np.fft.fft2(loss) * (wave + other) / optics.points
    spread_um = abs(z_um) * 0.8 * optics.patch_na() / optics.medium_index
    expected *= np.exp(-2 * (np.pi * spread_um) ** 2 * (fy**2 + fx**2))
    expected *= np.sinc(fy * GRID.pixel_size_um) * np.sinc(fx * GRID.pixel_size_um)
    # The mirror image of half a cycle a pixel is itself: linear theory does not tell its sign.
    inner = (np.abs(fy) < 2) & (np.abs(fx) < 2) & (np.hypot(fy, fx) > 0)
    error = np.abs(seen - expected)[inner].std() / np.abs(expected)[inner].std()
    assert error < 0.02


def test_many_slices_of_a_weak_object_are_its_first_born_approximation() -> None:
    rng = np.random.default_rng(2)
    index = (2e-5 * rng.standard_normal((5, 64, 64))).astype(np.float32)
    exact, weak = (
        picture(exit_fields(Slices(index, 1.0), OPTICS, GRID, weak=weak), 2.0) - 1
        for weak in (False, True)
    )
    assert np.abs(exact - weak).max() < 0.02 * np.abs(weak).max()


def test_positive_phase_contrast_shows_what_is_denser_darker() -> None:
    grid = Grid(64, 0.96)
    optics = Optics(
        na=0.3,
        condenser_inner_na=0.1,
        condenser_na=0.12,
        ring_transmission=0.5,
        ring_phase=-math.pi / 2,
        ring_margin_na=0.008,
        points=12,
    )
    fields = exit_fields(Slices(thin(0.1 * disc(1.2, 0.1)).index, 1.0), optics, grid)
    assert picture(fields, 0.0)[32, 32] < 0.9
    assert picture(fields, 0.0)[0, 0] == pytest.approx(1, abs=0.02)


def test_agrees_with_waveorder() -> None:
    """Two independent programs give the same linear transfer function; see `nox -s waveorder`."""
    waveorder = pytest.importorskip(
        "waveorder.optics", reason="waveorder is not installed: run nox -s waveorder"
    )
    optics = Optics(na=0.9, condenser_na=0.4, points=100)
    z_um = 2.0
    fy, fx = GRID.frequencies()
    fyy, fxx = np.broadcast_arrays(fy, fx)
    source = (np.hypot(fy, fx) <= 0.4 / optics.wavelength_um).astype(float)
    aperture = waveorder.gen_Pupil(fxx, fyy, 0.9, optics.wavelength_um)
    inside = optics.wavelength_um / optics.medium_index
    lens = waveorder.gen_Hz_stack(fxx, fyy, aperture, inside, np.array([-z_um]))[..., 0]
    _absorption, transfer = waveorder.WOTF_2D_compute(source, lens)
    phase = 1e-3 * np.random.default_rng(3).standard_normal((64, 64))
    expected = np.fft.ifft2(np.fft.fft2(phase) * transfer).real
    index = phase * optics.wavelength_um / (2 * math.pi * 1e-3)
    fields = exit_fields(Slices(index[None].astype(np.float32), 1e-3), optics, GRID)
    shown = np.sinc(fy * GRID.pixel_size_um) * np.sinc(fx * GRID.pixel_size_um)
    seen = np.fft.ifft2(np.fft.fft2(picture(fields, z_um).astype(float) - 1) / shown).real
    slope = float((seen * expected).sum() / (expected**2).sum())
    assert np.corrcoef(seen.ravel(), expected.ravel())[0, 1] > 0.97
    assert slope == pytest.approx(1, abs=0.05)
