"""The second simulator: light is kept, levels are what they say, specimens have depth."""

from __future__ import annotations

import numpy as np
import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.optics import Optics, defocus

pytest.importorskip("psfmodels")

from zfocus_model.simulation.lift import defocus_specimen, lift


def cells(seed: int = 0, side: int = 120) -> np.ndarray:
    """Discs of texture."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side]
    image = np.zeros((side, side))
    for row, column in ((30, 34), (80, 40), (50, 92), (98, 96)):
        image += (np.hypot(y - row, x - column) < 11) * (100 + 30 * rng.random((side, side)))
    return image


def half_energy_px(image: np.ndarray) -> float:
    """Radius about the middle that holds half of the light, between pixels."""
    y, x = np.indices(image.shape) - np.array(image.shape)[:, None, None] // 2
    radius = np.hypot(y, x).ravel()
    order = np.argsort(radius)
    energy = np.cumsum(image.ravel()[order])
    return float(np.interp(energy[-1] / 2, energy, radius[order]))


def test_light_is_kept_and_the_image_has_its_shape() -> None:
    image = cells()[:, :111]
    for level in (0, 4, 10):
        blurred = defocus_specimen(image, level, np.random.default_rng(1))
        assert blurred.shape == image.shape and blurred.min() >= 0
        assert blurred.sum() == pytest.approx(image.sum(), rel=0.02)


def test_the_same_seed_gives_the_same_image_and_another_gives_another() -> None:
    first, again, other = (
        defocus_specimen(cells(), 3, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.allclose(first, other, rtol=1e-3)


def test_contrast_falls_from_level_to_level() -> None:
    contrast = [
        float(defocus_specimen(cells(), level, np.random.default_rng(3)).std())
        for level in (0, 1, 2, 3, 5, 7, 10)
    ]
    assert all(after < before for before, after in zip(contrast, contrast[1:]))


@pytest.mark.parametrize("optics", [Optics(), Optics(numerical_aperture=0.3)])
def test_a_disc_is_as_wide_as_the_first_simulators(optics: Optics) -> None:
    """Without depth, haze and aberration a point spreads as by the paraxial PSF, a little more.

    Rays of the real cone meet the plane at z tan(angle), further out than z sin(angle).
    """
    point = np.zeros((101, 101))
    point[50, 50] = 1
    flat = lift(
        point, np.random.default_rng(0), optics, height_sd_levels=0, thickness_levels=1e-6,
        haze_share=0, depth_um=0,
    )  # fmt: skip
    widths = [
        half_energy_px(image)
        for image in (flat.image(optics.z_um_from_level(8)), defocus(point, level=8, optics=optics))
    ]
    sine = optics.numerical_aperture
    assert 0.97 < widths[0] / widths[1] < 1.06 / np.sqrt(1 - sine**2)


def test_cells_lie_at_different_heights() -> None:
    specimen = lift(cells(), np.random.default_rng(4), haze_share=0, depth_um=0)
    total = specimen.layers.sum(axis=0)
    assert total == pytest.approx(cells())
    heights = np.array(specimen.heights_um)
    centres = [
        float((specimen.layers[:, y, x] * heights).sum() / total[y, x])
        for y, x in ((30, 34), (80, 40), (50, 92), (98, 96))
    ]
    assert max(centres) - min(centres) > 0.2
    assert np.abs(centres).max() < Optics().z_um_from_level(1)


def test_a_foreign_index_makes_the_sides_of_focus_differ() -> None:
    point = np.zeros((61, 61))
    point[30, 30] = 1
    optics = Optics(numerical_aperture=0.95)
    specimen = lift(
        point, np.random.default_rng(0), optics, height_sd_levels=0, thickness_levels=1e-6,
        haze_share=0, depth_um=20,
    )  # fmt: skip
    z_um = optics.z_um_from_level(4)
    above, below = specimen.image(z_um), specimen.image(-z_um)
    assert np.abs(above - below).max() > 0.1 * above.max()
    best = specimen.image(0).max()
    assert best > above.max() and best > below.max()


def test_a_constant_image_stays_dark_and_small_ones_do_not_fail() -> None:
    assert not defocus_specimen(np.full((40, 40), 7.0), 2, np.random.default_rng(0)).any()
    assert defocus_specimen(np.eye(3), 5, np.random.default_rng(0)).shape == (3, 3)


def test_wrong_input_is_refused_in_one_line() -> None:
    with pytest.raises(ZfocusError, match="one plane of finite numbers"):
        defocus_specimen(np.full((5, 5), np.nan), 1, np.random.default_rng(0))
    with pytest.raises(ZfocusError, match="a level of 0 or more"):
        defocus_specimen(np.eye(9), -1, np.random.default_rng(0))
