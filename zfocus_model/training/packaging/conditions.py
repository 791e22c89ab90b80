"""The optics and cameras that a model learnt from, for its card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from zfocus_model.training.kernels import EFFECTS
from zfocus_model.training.packaging.markdown import mapping, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zfocus_model.training.packaging.run_folder import Run

WAVELENGTH_NM = 500.0
"""Of the emitted light for which pixel sizes are worked out: green."""

OBJECTIVES = (
    ("4x / 0.1", 0.1),
    ("10x / 0.3", 0.3),
    ("20x / 0.5", 0.5),
    ("20x / 0.75", 0.75),
    ("40x / 0.95", 0.95),
    ("60x / 1.4, 100x / 1.4", 1.4),
)
"""Common objectives, by magnification and numerical aperture."""

_CAMERA = {
    "peak_photons": "photons at the brightest pixel",
    "background": "background, share of the peak",
    "read_noise": "read noise, electrons",
    "brightness": "gain before the range clips",
}
_SHARES = {
    "uneven_share": "uneven light",
    "haze_share": "cells far out of focus above or below",
    "empty_share": "places without cells",
    "hot_pixel_share": "hot pixels",
    "sensor_fault_share": "faults of sensors",
    "saturated_share": "clipped highlights",
    "resampled_share": "files that were turned or scaled",
    "exported_share": "8-bit exports and JPEG files",
}


def conditions(run: Run) -> list[str]:
    """Say at which sampling, light and noise the training images were, as the run recorded it.

    Parameters
    ----------
    run : Run
        The training run.

    Returns
    -------
    list of str
        Lines of Markdown; none if the run recorded neither optics nor cameras.
    """
    optics, camera = mapping(run.about, "optics"), mapping(run.about, "augmentation")
    if not optics and not camera:
        return []
    spot = cast("list[float]", optics.get("spot_fwhm_px") or [])
    effects = cast("list[str]", optics.get("effects") or [])
    present = effects + [words for key, words in _SHARES.items() if camera.get(key)]
    absent = [words for words in EFFECTS if words not in effects] if optics else []
    absent += [words for key, words in _SHARES.items() if not camera.get(key)]
    rows = [
        f"| {words} | {_range(camera[key])} |" for key, words in _CAMERA.items() if key in camera
    ]
    if spot:
        words = "diffraction spot (full width at half maximum, 0.51 wavelength / NA)"
        rows.insert(0, f"| {words} | {spot[0]:g} to {spot[1]:g} px |")
    return [
        "# Optics and cameras that it learnt from",
        "",
        "Simulated on the training images: "
        f"{', '.join(['the defocus of perfect objectives', *present])}. "
        f"Not simulated: {', '.join([*absent, 'motion'])}.",
        "",
        "| what | range |",
        "|---|---|",
        *rows,
        "",
        *(_pixel_sizes(spot) if spot else []),
    ]


def _pixel_sizes(spot_px: Sequence[float]) -> list[str]:
    narrow, wide = spot_px
    return [
        f"In pixel sizes, for light of {WAVELENGTH_NM:g} nm:",
        "",
        "| objective | um per px, in the sample |",
        "|---|---|",
        *[
            f"| {name} | {spot_um(aperture) / wide:.2g} to {spot_um(aperture) / narrow:.2g} |"
            for name, aperture in OBJECTIVES
        ],
        "",
        "Finer sampling than that, coarser, or much less light was not trained.",
        "",
    ]


def spot_um(numerical_aperture: float) -> float:
    """Full width at half maximum of the diffraction spot, in um.

    Examples
    --------
    >>> round(spot_um(0.5), 3)
    0.51
    """
    return 0.51 * WAVELENGTH_NM / 1000 / numerical_aperture


def _range(value: Any) -> str:
    """A range in words; of a single number, from 0 to it."""
    low, high = cast("list[Any]", value) if isinstance(value, list) else (0, value)
    return f"{_number(low)} to {_number(high)}"


def _number(value: Any) -> str:
    return f"{value:,.0f}" if isinstance(value, float) and abs(value) >= 1000 else plain(value)
