from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest

import zfocus_model
from zfocus_model._errors import ZfocusError
from zfocus_model.measures import MEASURES, WITHOUT_EXTRAS, Measure, measure

ROOT = Path(__file__).parents[1]


@pytest.fixture(params=sorted(MEASURES))
def entry(request: pytest.FixtureRequest) -> Measure:
    if request.param == "blur_effect":
        skimage = pytest.importorskip("skimage.measure", reason="needs zfocus[measures]")
        if not hasattr(skimage, "blur_effect"):
            pytest.skip("this scikit-image is older than blur_effect")
    return MEASURES[request.param]


@pytest.fixture
def scene() -> np.ndarray:
    """Spots, edges and a slope: something at every scale, nothing symmetric."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[:96, :120].astype(float)
    picture = 50 + 0.3 * x
    for cy, cx, radius in rng.uniform((5, 5, 2), (90, 110, 12), (14, 3)):
        picture[(y - cy) ** 2 + (x - cx) ** 2 < radius**2] += 100
    return blurred(picture, 1)


def blurred(picture: np.ndarray, times: int) -> np.ndarray:
    """Smooth with 1 2 1 along both axes; the border is mirrored."""
    for _ in range(times):
        wide = np.pad(picture, 1, mode="symmetric")
        wide = (wide[:-2] + 2 * wide[1:-1] + wide[2:]) / 4
        picture = (wide[:, :-2] + 2 * wide[:, 1:-1] + wide[:, 2:]) / 4
    return picture


# Computed by hand, or by CellProfiler 4.2.8.1's own code where it says so.

SMALL = np.array([[1, 1, 5, 1], [1, 1, 5, 1], [1, 1, 1, 1]])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("brenner", (2 * 16 / 6 + 16 / 4) / 2),
        ("tenengrad", (12**2 + 4**2 + 0**2 + 8**2) / 2),
        ("laplacian_variance", ((4 + 12) / 2) ** 2),  # 4 and -12
        ("normalised_variance", 20 / 9 / (5 / 3)),
    ],
)
def test_small_pictures_by_hand(name: str, value: float) -> None:
    assert measure(SMALL, name) == pytest.approx(value, rel=1e-12)


def test_vollath_by_hand() -> None:
    ramp = [[0, 1, 2, 3]] * 3  # less its mean: -1.5 -0.5 0.5 1.5
    along, across = (0.75 - 0.25 + 0.75) / 3, (2.25 + 0.25 + 0.25 + 2.25) / 4
    assert measure(ramp, "vollath_f5") == pytest.approx((along + across) / 2)
    assert measure(ramp, "vollath_f4") == pytest.approx((along - (-0.75) + across - across) / 2)


def test_cellprofilers_own_numbers() -> None:
    y, x = np.mgrid[:40, :50]
    picture = (y * 7 + x * 13 + y * x) % 17
    assert measure(picture, "power_slope") == pytest.approx(3.771101152957697, rel=1e-9)
    assert measure(picture, "normalised_variance") == pytest.approx(2.768771004191726, rel=1e-9)


@pytest.mark.parametrize(
    ("period_px", "share"), [(5, 1), (6, 1), (3, 0), (16, 0)], ids=lambda v: str(v)
)
def test_the_spectral_band_holds_detail_of_4_to_8_px(period_px: int, share: float) -> None:
    waves = np.sin(2 * np.pi * np.arange(240) / period_px) + np.zeros((64, 1))
    for picture in (waves, waves.T):
        assert measure(picture, "spectral_band") == pytest.approx(share, abs=1e-3)


def test_white_noise_has_the_bands_share_of_the_frequencies() -> None:
    noise = np.random.default_rng(0).normal(size=(301, 300))
    assert measure(noise, "spectral_band") == pytest.approx(np.pi * (0.25**2 - 0.125**2), abs=0.005)


# What holds for every measure.


def test_more_blur_is_never_sharper(entry: Measure, scene: np.ndarray) -> None:
    values = [measure(blurred(scene, times), entry.name) for times in (0, 2, 6, 12, 20)]
    steps = np.diff(values) * (1 if entry.higher_is_sharper else -1)
    assert (steps < 0).all(), values


@pytest.mark.parametrize("value", [0, 1, 1000.1, -3])
def test_a_uniform_image_has_the_stated_value(entry: Measure, value: float) -> None:
    assert measure(np.full((61, 47), value), entry.name) == entry.uniform


def test_gain(entry: Measure, scene: np.ndarray) -> None:
    for gain in (0.037, 3.0, 1000.0):
        wanted = measure(scene, entry.name) * gain**entry.gain_power
        assert measure(scene * gain, entry.name) == pytest.approx(wanted, rel=1e-9)


def test_offset(entry: Measure, scene: np.ndarray) -> None:
    same = measure(scene + 137.0, entry.name) == pytest.approx(measure(scene, entry.name), rel=1e-9)
    assert same is not entry.offset_matters


def test_turning_and_mirroring_change_nothing(entry: Measure, scene: np.ndarray) -> None:
    # CellProfiler's rings and scikit-image's borders lie one-sidedly: there it changes little.
    tolerance = 0.05 if entry.name in ("power_slope", "blur_effect") else 1e-9
    for turned in (scene.T, scene[::-1], scene[:, ::-1], np.rot90(scene)):
        assert measure(turned, entry.name) == pytest.approx(
            measure(scene, entry.name), rel=tolerance
        )


@pytest.mark.parametrize("kind", ["uint8", "uint16", "int16", "float32", "bool"])
def test_the_type_of_the_pixels_does_not_matter(kind: str, entry: Measure) -> None:
    picture = np.random.default_rng(3).integers(0, 2 if kind == "bool" else 200, (40, 40))
    assert measure(picture.astype(kind), entry.name) == measure(picture.astype(float), entry.name)


def test_values_are_within_the_stated_bounds(entry: Measure, scene: np.ndarray) -> None:
    noise = np.random.default_rng(1).poisson(40, (64, 64))
    chequers = np.indices((64, 64)).sum(0) % 2
    point = np.zeros((64, 64))
    point[30, 31] = 1
    low, high = entry.bounds
    for picture in (scene, noise, chequers, point, -scene):
        value = measure(picture, entry.name)
        assert low <= value <= high or (entry.name == "normalised_variance" and math.isnan(value))


def test_the_smallest_image(entry: Measure) -> None:
    side = entry.min_px
    picture = np.arange(side * side).reshape(side, side) % 7
    assert math.isfinite(measure(picture, entry.name))
    with pytest.raises(ZfocusError, match=f"at least {side} x {side} px .* got {side - 1} x"):
        measure(picture[1:], entry.name)


def test_without_a_mean_above_0_there_is_no_normalised_variance() -> None:
    assert math.isnan(measure([[-2, 1]], "normalised_variance"))


# What is refused.


@pytest.mark.parametrize(
    ("image", "name", "words"),
    [
        (np.ones((9, 9)), "sharpness", r"expected a measure named brenner, .*got 'sharpness'"),
        (np.ones((9, 9, 3)), "brenner", "one plane of shape .height, width., got shape"),
        ([[0, math.nan, 0]] * 3, "brenner", "expected finite pixels"),
        ([["a"]], "brenner", "expected an image of integers"),
    ],
)
def test_what_is_no_image_is_refused_in_one_line(image: object, name: str, words: str) -> None:
    with pytest.raises(ZfocusError, match=words) as caught:
        measure(image, name)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


# What is said of them.


def test_it_is_a_public_name() -> None:
    assert zfocus_model.measure is measure
    assert "measure" in zfocus_model.__all__


def test_measures_without_extras_need_none() -> None:
    assert set(MEASURES) - set(WITHOUT_EXTRAS) == {"blur_effect"}


def test_the_docstring_cites_the_same_source(entry: Measure) -> None:
    words = entry.function.__doc__ or ""
    assert entry.doi in words
    direction = "higher is sharper" if entry.higher_is_sharper else "more blurred"
    assert direction in words.split("\n\n")[0].replace("*", "")


def test_the_page_says_the_same() -> None:
    page = (ROOT / "docs" / "measures.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \|(.*)\|$", page, re.MULTILINE)
    said = {name: [cell.strip() for cell in cells.split("|")] for name, cells in rows}
    assert list(said) == list(MEASURES)
    for name, found in MEASURES.items():
        formula, bounds, direction, uniform, gain, offset, source = said[name]
        low, high = (f"{b:g}".replace("inf", "∞") for b in found.bounds)
        assert formula == found.formula
        assert bounds == f"{low} to {high}"
        assert direction == ("higher" if found.higher_is_sharper else "**lower**")
        assert float(uniform) == found.uniform
        assert gain == {0: "none", 1: "x g", 2: "x g²"}[found.gain_power]
        assert offset == ("matters" if found.offset_matters else "none")
        assert source == f"{found.reference}, [{found.doi}](https://doi.org/{found.doi})"
