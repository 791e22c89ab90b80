"""Scores of the z-positions of many planes of many stacks; intervals by stack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zfocus_model.evaluation.intervals import draws, interval

Floats = NDArray[np.float64]

WITHIN_UM = 1.0
FAR_UM = 5.0
"""Errors above this are failures (the paper's supplement names some)."""


@dataclass(frozen=True)
class Readings:
    """What a model said of each plane."""

    probabilities: Floats
    """(planes, bins)."""
    bins_um: Floats
    """(bins,), centres."""
    z_um: Floats
    """(planes,), true positions."""
    stack: NDArray[np.intp]
    """(planes,), which stack a plane is of: 0, 1, ..."""

    @property
    def highest_um(self) -> Floats:
        """Centre of the most probable bin, (planes,): what the paper reports."""
        return self.bins_um[self.probabilities.argmax(axis=1)]

    @property
    def expected_um(self) -> Floats:
        """Mean of the distribution, (planes,)."""
        return self.probabilities @ self.bins_um

    def kept(self, keep: NDArray[np.bool_]) -> Readings:
        """Those planes alone."""
        return Readings(self.probabilities[keep], self.bins_um, self.z_um[keep], self.stack[keep])


def grade(readings: Readings, *, reach_um: float | None = None) -> dict[str, Any]:
    """Scores of all planes, with intervals, and what the figures are drawn from.

    Planes whose true position lies beyond the bins cannot be read and are left out; ``reach_um``
    leaves out more, so that runs with other bins are graded on the same planes.
    """
    half = (readings.bins_um[1] - readings.bins_um[0]) / 2
    limit = readings.bins_um[-1] + half if reach_um is None else reach_um
    readings = readings.kept(np.abs(readings.z_um) <= limit)
    return {
        "planes": len(readings.z_um),
        "stacks": len(np.unique(readings.stack)),
        "argmax": errors(readings.highest_um, readings.z_um, readings.stack),
        "expected": errors(readings.expected_um, readings.z_um, readings.stack),
        "by_z": by_z(readings),
        "within_a_bin": float(
            np.mean(np.abs(readings.highest_um - readings.z_um) <= 2 * half + 1e-9)
        ),
        "confusion": confusion(readings),
        "best_plane": best_planes(readings),
    }


def errors(found_um: Floats, z_um: Floats, stack: NDArray[np.intp]) -> dict[str, Any]:
    """Bias, spread and shares; ``*_interval``: 95 %, stacks drawn anew."""
    error = found_um - z_um
    scores = {
        "within_1um": np.abs(error) <= WITHIN_UM + 1e-9,
        "mean_absolute_um": np.abs(error),
        "bias_um": error,
        "mean_square_um2": error**2,
        "beyond_5um": np.abs(error) > FAR_UM,
    }
    _, index = np.unique(stack, return_inverse=True)
    counts = draws(int(index.max()) + 1, np.random.default_rng(0))
    size = np.bincount(index)
    found: dict[str, Any] = {"median_absolute_um": float(np.median(np.abs(error)))}
    for name, values in scores.items():
        total = np.bincount(index, weights=values.astype(np.float64))
        found[name] = float(np.mean(values))
        found[f"{name}_interval"] = interval((counts @ total) / (counts @ size))
    found["sd_um"] = float(np.std(error))
    return found


def by_z(readings: Readings) -> list[dict[str, float]]:
    """Error and width of the distribution at each whole bin of the true position."""
    step = readings.bins_um[1] - readings.bins_um[0]
    place = np.rint(readings.z_um / step) * step
    width = np.sqrt(
        np.maximum(readings.probabilities @ readings.bins_um**2 - readings.expected_um**2, 0)
    )
    rows = []
    for z in np.unique(place):
        here = place == z
        error = readings.highest_um[here] - readings.z_um[here]
        rows.append(
            {
                "z_um": float(z),
                "planes": int(here.sum()),
                "mean_um": float(error.mean()),
                "sd_um": float(error.std()),
                "mean_absolute_um": float(np.abs(error).mean()),
                "distribution_sd_um": float(width[here].mean()),
            }
        )
    return rows


def confusion(readings: Readings) -> dict[str, Any]:
    """Mean probability of each bin at each true bin: rows true, columns inferred."""
    bins = readings.bins_um
    true = np.clip(np.rint((readings.z_um - bins[0]) / (bins[1] - bins[0])), 0, len(bins) - 1)
    rows = {
        int(t): np.round(readings.probabilities[true == t].mean(axis=0), 4).tolist()
        for t in np.unique(true)
    }
    return {
        "bins_um": bins.tolist(),
        "true_um": [float(bins[t]) for t in rows],
        "mean_probability": list(rows.values()),
    }


def focus_of(expected_um: Floats, z_um: Floats) -> float:
    """Where a stack is in focus, on the scale of ``z_um``, from the readings of all its planes.

    Each plane says where focus is: its own position less what was read. The median heeds no
    few planes that are far off.
    """
    return float(np.median(z_um - expected_um))


def best_planes(readings: Readings) -> dict[str, Any]:
    """How far from true focus the plane lies that is chosen in each stack, in um."""
    chosen = []
    for number in np.unique(readings.stack):
        here = readings.stack == number
        z_um = readings.z_um[here]
        focus = focus_of(readings.expected_um[here], z_um)
        chosen.append(float(z_um[np.argmin(np.abs(z_um - focus))]))
    return choice_scores(np.array(chosen))


def choice_scores(chosen_um: Floats) -> dict[str, Any]:
    """Scores of the planes chosen in stacks, from their true positions (stacks,)."""
    stacks = np.arange(len(chosen_um))
    found = errors(chosen_um, np.zeros(len(chosen_um)), stacks)
    return {**found, "chosen_um": np.round(chosen_um, 3).tolist()}
