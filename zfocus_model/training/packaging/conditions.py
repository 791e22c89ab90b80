"""The optics and cameras that a model learnt from, for its card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from zfocus_model.training.kernels import SPOT_FWHM_PX
from zfocus_model.training.packaging.markdown import mapping, plain

if TYPE_CHECKING:
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


def conditions(run: Run) -> list[str]:
    """Say at which sampling, light and noise the training images were.

    Parameters
    ----------
    run : Run
        The training run.

    Returns
    -------
    list of str
        Lines of Markdown. Ranges of light and noise only where the run states them.
    """
    narrow, wide = SPOT_FWHM_PX[0][0], SPOT_FWHM_PX[-1][1]
    augmentation = mapping(run.about, "augmentation")
    camera = [
        f"| {words} | {_range(augmentation[key])} |"
        for key, words in _CAMERA.items()
        if key in augmentation
    ]
    return [
        "# Optics and cameras that it learnt from",
        "",
        "Simulated on the training images: perfect objectives and such with spherical aberration, "
        "light from a little above and below, scattered light, uneven light, cameras of 8 to 16 "
        "bits, hot pixels, clipped and exported files.",
        "",
        "| what | range |",
        "|---|---|",
        "| diffraction spot (full width at half maximum, 0.51 wavelength / NA) | "
        f"{narrow:g} to {wide:g} px |",
        *camera,
        "",
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
