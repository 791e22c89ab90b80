"""Calibrate a trained z network on validation stacks: temperature, and what counts as decided."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zfocus_model._errors import ZfocusError
from zfocus_model._files import write_json
from zfocus_model.aggregation import certainty
from zfocus_model.training._keras import load_keras
from zfocus_model.training.temperature import at_temperature, fit_temperature
from zfocus_model.zposition.bins import check_bins, nearest_bin
from zfocus_model.zposition.reading import ZLimits, read_z, second_mode
from zfocus_model.zposition.training.crops import border
from zfocus_model.zposition.training.predict import predict

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zfocus_model.zposition.training.stackset import StackSet

    Floats = NDArray[np.float64]

DECIDED_SHARE = 0.98
"""Share of the validation images, all of one population, that stays decided (but for the ends)."""

APART_UM = 6.0
"""Planes of a mixed image are at least so far apart: nearer ones can pass for one population."""


@dataclass(frozen=True)
class ZCalibration:
    """What calibration found; it travels in the model package."""

    temperature: float
    """Logits are divided by it, so that probabilities are neither bold nor timid."""
    limits: ZLimits
    """What turns a reading into a status."""
    decided: float
    """Share of the validation images that the limits decide, end bins left out."""
    mixed_undecided: float
    """Share of images that show two planes at least 6 um apart that they leave undecided."""
    mixed_bimodal: float
    """Share of those whose reason is ``bimodal``."""
    blank_undecided: float
    """Share of images of noise and uneven light that they leave undecided."""

    def describe(self) -> str:
        """One line for the terminal."""
        flat: dict[str, float] = {**asdict(self), **asdict(self.limits)}
        del flat["limits"]
        return "  ".join(f"{name} {value:.4g}" for name, value in flat.items())


def calibrate_z(run: str | Path, validation: StackSet, *, seed: int = 0) -> ZCalibration:
    """Calibrate ``best.keras`` of a run folder and write ``calibration.json`` beside it.

    Parameters
    ----------
    run
        A folder that `zfocus_model.zposition.training.fit.fit_z` left.
    validation
        Stacks that were not trained on.
    seed
        Of noise and borders.

    Returns
    -------
    ZCalibration
        Temperature and limits.

    Raises
    ------
    ZfocusError
        If the folder holds no trained model.
    """
    folder = Path(run)
    path = folder / "best.keras"
    if not path.exists():
        raise ZfocusError(f"expected best.keras in {folder}, found none: run zfocus train first")
    model: Any = load_keras().models.load_model(path, compile=False)
    centres = bins_of(folder)
    rng = np.random.default_rng([seed, 23])
    raw = predict(model, validation.images())
    temperature = fit_temperature(raw, nearest_bin(validation.z_um, centres))

    def rated(images: Sequence[NDArray[Any]]) -> Floats:
        return at_temperature(predict(model, images), temperature)

    single = at_temperature(raw, temperature)
    blank = rated(_blank_images(validation, rng))
    limits = choose_z_limits(single, blank, centres)
    mixed = rated(_mixed_images(validation, rng))
    inside = single[~np.isin(single.argmax(1), (0, len(centres) - 1))]
    of_mixed = [read_z(row, centres, limits) for row in mixed]
    found = ZCalibration(
        temperature=round(temperature, 4),
        limits=limits,
        decided=_share([read_z(row, centres, limits).decided for row in inside]),
        mixed_undecided=_share([not reading.decided for reading in of_mixed]),
        mixed_bimodal=_share([reading.reason == "bimodal" for reading in of_mixed]),
        blank_undecided=_share([not read_z(row, centres, limits).decided for row in blank]),
    )
    write_json(folder / "calibration.json", asdict(found))
    return found


def choose_z_limits(single: Floats, blank: Floats, centres: Floats) -> ZLimits:
    """Choose the limits so that 98 % of the images of one population stay decided.

    Parameters
    ----------
    single
        (images, bins), calibrated probabilities of images of one population.
    blank
        (images, bins), of images without cells.
    centres
        (bins,), in um.

    Returns
    -------
    ZLimits
        Each lets all but a third of 2 % pass; the certainty also leaves blank images undecided
        where that costs no more.
    """
    third = (1 - DECIDED_SHARE) / 3
    shares = [second_mode(row, centres)[1] for row in single]
    means = single @ centres
    spreads = np.sqrt(np.maximum((single * (centres - means[:, None]) ** 2).sum(1), 0))
    sure = certainty(single)
    lowest = float(np.quantile(sure, third))
    if len(blank):
        lowest = max(min(float(certainty(blank).max()) + 0.01, lowest), lowest / 2)
    return ZLimits(
        certainty_min=round(lowest, 4),
        second_mode_max=round(min(max(float(np.quantile(shares, 1 - third)), 0.05), 0.45), 4),
        sd_max_um=round(float(np.quantile(spreads, 1 - third)), 4),
    )


def bins_of(run: Path) -> Floats:
    """Centres of the bins of a run, in um.

    Raises
    ------
    ZfocusError
        If its ``run.json`` names none.
    """
    try:
        about = json.loads((run / "run.json").read_text(encoding="utf-8"))
        return check_bins(about["bins_um"])
    except (OSError, ValueError, KeyError, TypeError):
        raise ZfocusError(
            f"expected a run of zfocus train --task z-position, got {run}: its run.json names no "
            "z bins"
        ) from None


def _mixed_images(
    stacks: StackSet, rng: np.random.Generator, each: int = 6
) -> list[NDArray[np.float32]]:
    """Images of which one side is one plane, the other another one of the same stack, far off."""
    images: list[NDArray[np.float32]] = []
    for label, planes in zip(stacks.labels, stacks.pixels):
        apart = int(np.ceil(APART_UM / label.z_step_um))
        for _ in range(each if label.planes > apart else 0):
            first = int(rng.integers(label.planes - apart))
            second = int(rng.integers(first + apart, label.planes))
            side = int(min(planes.shape[1:]))
            mask = border(rng, side)
            pair = (np.asarray(planes[i][:side, :side], np.float32) for i in (first, second))
            one, other = pair
            images.append(np.asarray(mask * one + (1 - mask) * other, np.float32))
    return images


def _blank_images(
    stacks: StackSet, rng: np.random.Generator, count: int = 100
) -> list[NDArray[np.float32]]:
    """Noise and a slope of light of the strength that the stacks have, without cells."""
    images: list[NDArray[np.float32]] = []
    for number in range(count):
        planes = stacks.pixels[number % len(stacks.pixels)]
        plane = np.asarray(planes[number % len(planes)], np.float32)
        noise = rng.standard_normal(plane.shape, np.float32) * plane.std() * rng.uniform(0.1, 1)
        slope = np.linspace(-1, 1, plane.shape[1], dtype=np.float32) * rng.uniform(0, 0.1)
        images.append(np.asarray(plane.mean() * (1 + slope) + noise, np.float32))
    return images


def _share(flags: Sequence[bool]) -> float:
    return float(np.mean(flags)) if len(flags) else 0.0
