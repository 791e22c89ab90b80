"""Objects have their sizes in um, and a microscope shows them as sharp as it can."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

import zfocus_model
from zfocus_model._errors import ZfocusError

pytest.importorskip("psfmodels")

from zfocus_model.simulation.fields import field, kernel_side
from zfocus_model.simulation.microscope import Microscope, best_focus_um, spread
from zfocus_model.simulation.objects import KINDS, draw

OIL = Microscope(1.4, 1.515, 1.515)
OIL_IN_WATER = Microscope(1.4, 1.515, 1.33, 3.0)


def fwhm_um(profile: np.ndarray, step_um: float) -> float:
    """Full width at half maximum of a peak in the middle."""
    right = profile[len(profile) // 2 :]
    after = int(np.argmax(right < right[0] / 2))
    before, at = right[after - 1], right[after]
    return 2 * step_um * (after - 1 + (before - right[0] / 2) / (before - at))


@pytest.mark.parametrize(("aperture", "index"), [(0.3, 1.0), (0.75, 1.0), (1.4, 1.515)])
def test_the_spot_is_as_wide_as_diffraction_says(aperture: float, index: float) -> None:
    microscope = Microscope(aperture, index, index)
    step = microscope.resolution_um / 4
    image = spread(microscope, 0.0, pixel_um=step, side_px=101)
    expected = 0.51 * microscope.wavelength_nm / 1000 / aperture
    assert fwhm_um(image[50], step) == pytest.approx(expected, rel=0.12)
    assert image.sum() == pytest.approx(1)


@pytest.mark.parametrize("microscope", [OIL_IN_WATER, Microscope(0.95, 1.0, 1.36, 20.0), OIL])
def test_best_focus_is_brighter_than_any_other(microscope: Microscope) -> None:
    step = microscope.resolution_um / 2
    peaks = [
        spread(microscope, z, pixel_um=step, side_px=kernel_side(microscope, 3, step)).max()
        for z in np.linspace(-3, 3, 13)
    ]
    assert int(np.argmax(peaks)) == 6


def test_an_index_that_does_not_match_shifts_and_dims_the_focus() -> None:
    assert best_focus_um(OIL) == 0.0
    assert best_focus_um(OIL_IN_WATER) > 3.0
    step = OIL.resolution_um / 2
    bright, dim = (spread(m, 0.0, pixel_um=step, side_px=101).max() for m in (OIL, OIL_IN_WATER))
    assert dim < 0.9 * bright


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_shows_something_at_every_magnification(kind: str) -> None:
    for step_um, side in ((0.4, 200), (0.03, 200)):
        image = draw(np.random.default_rng(1), kind, side, step_um)
        assert image.shape == (side, side) and np.isfinite(image).all() and image.min() >= 0
        assert image.max() > 3 * np.median(image) or image.std() > 0.1 * image.mean()


def test_nuclei_have_the_size_of_nuclei_whatever_the_grid() -> None:
    for step_um in (0.2, 0.4):
        image = draw(np.random.default_rng(2), "round_cells", round(80 / step_um), step_um)
        area = (image > 0.2 * np.percentile(image, 99)).sum() * step_um**2
        middle = image[image.shape[0] // 2]
        assert 30 < area < 0.8 * 80**2
        assert (middle > 0).any()


def test_focus_is_sharper_than_away_and_binning_averages() -> None:
    def seen(**options: float) -> np.ndarray:
        rng = np.random.default_rng(3)
        return field(rng, "nuclei", Microscope(0.75), side_px=100, **options)

    sharp, away = seen(pixel_um=0.325), seen(pixel_um=0.325, z_um=5.0)
    assert sharp.std() > 1.1 * away.std()
    assert sharp.mean() == pytest.approx(away.mean(), rel=0.15)


def test_a_thick_field_is_less_sharp_than_a_flat_one() -> None:
    def contrast(thickness_um: float) -> float:
        rng = np.random.default_rng(4)
        image = field(
            rng, "beads", OIL, pixel_um=0.1, side_px=100, thickness_um=thickness_um, layers=5
        )
        return float(image.max() / image.mean())

    assert contrast(0.0) > contrast(6.0)


def test_wrong_input_is_refused() -> None:
    with pytest.raises(ZfocusError, match="a kind of object out of"):
        draw(np.random.default_rng(0), "unicorns", 50, 0.1)
    with pytest.raises(ZfocusError, match="an odd side"):
        spread(OIL, 0.0, pixel_um=0.1, side_px=10)


def test_training_never_sees_this_simulator() -> None:
    folder = Path(zfocus_model.__file__).parent / "training"
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.Import, ast.ImportFrom, ast.Constant)):
                assert "simulation" not in ast.dump(node).split("."), path
                assert "zfocus_model.simulation" not in ast.dump(node), path
