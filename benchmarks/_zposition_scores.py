"""What classical scores say about z: where their extrema lie, and their profiles inverted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from _zposition_grading import choice_scores, errors
from numpy.typing import NDArray

from zfocus_model.measures import WITHOUT_EXTRAS, measure
from zfocus_model.zposition.baselines import (
    HIGHEST,
    LOWEST,
    ProfileInversion,
    closeness,
    extreme,
    fit_profile,
    lopsidedness,
)

Floats = NDArray[np.float64]

SHOWN = ("normalised_variance", "tenengrad", "vollath_f4", "laplacian_variance")
"""Those of the figures: of the variance, of gradients, the one that relates best to z, and the one
whose maximum lies most steadily near focus."""


@dataclass(frozen=True)
class Planes:
    """Planes of stacks, in any order of stacks, with their true positions."""

    pixels: NDArray[Any]
    """(planes, height, width)."""
    z_um: Floats
    """(planes,)."""
    stack: NDArray[np.intp]
    """(planes,)."""

    def each(self, values: Floats) -> list[tuple[Floats, Floats]]:
        """(values, z_um) of each stack."""
        return [
            (values[self.stack == number], self.z_um[self.stack == number])
            for number in np.unique(self.stack)
        ]


@dataclass(frozen=True)
class FittedScore:
    """A score whose profile the training stacks gave."""

    name: str
    inversion: ProfileInversion
    function: Callable[[NDArray[Any]], float]

    def values(self, planes: Planes) -> Floats:
        """The score of each plane."""
        return values_of(planes, self.function)


def fit_scores(train: Planes, names: Sequence[str] = WITHOUT_EXTRAS) -> list[FittedScore]:
    """Fit the profiles of all scores that are above 0; the steadier extremum is taken."""
    fitted = []
    for name in names:

        def function(pixels: NDArray[Any], name: str = name) -> float:
            return measure(pixels, name)

        values = values_of(train, function)
        if (values <= 0).any():
            continue  # a ratio to the extremum needs one sign
        stacks = train.each(values)
        spread = {
            extremum: float(np.std([z[extreme(v, extremum)] for v, z in stacks]))
            for extremum in (HIGHEST, LOWEST)
        }
        steadier = min(spread, key=lambda extremum: spread[extremum])
        fitted.append(FittedScore(name, fit_profile(stacks, steadier), function))
    return fitted


def grade_score(score: FittedScore, test: Planes) -> dict[str, Any]:
    """Where the extrema lie in test stacks, and z with the published study's two advantages."""
    values = score.values(test)
    stacks = test.each(values)
    inversion = score.inversion
    found = np.empty_like(test.z_um)
    for number, (v, z) in zip(np.unique(test.stack), stacks):
        found[test.stack == number] = inversion.locate_stack(v, z)
    places = {
        extremum: choice_scores(np.array([z[extreme(v, extremum)] for v, z in stacks]))
        for extremum in (HIGHEST, LOWEST)
    }
    return {
        "extremum": inversion.extremum,
        "offset_um": inversion.offset_um,
        "highest": places[HIGHEST],
        "lowest": places[LOWEST],
        "focus": choice_scores(np.array([inversion.best_z_um(v, z) for v, z in stacks])),
        "single_image": errors(found, test.z_um, test.stack),
        "single_um": found.tolist(),
        "profile": profile(stacks, inversion.extremum),
    }


def grade_lopsidedness(train: Planes, test: Planes) -> dict[str, Any]:
    """How often the skewness of the pixels tells the side of focus, without any oracle."""
    values, tested = (values_of(planes, lopsidedness) for planes in (train, test))
    away = np.abs(train.z_um) >= 1
    above = train.z_um[away] > 0
    limits = np.quantile(values, np.linspace(0.02, 0.98, 97))
    shares = np.array([np.mean((values[away] > limit) == above) for limit in limits])
    best = int(np.argmax(np.abs(shares - 0.5)))
    far = np.abs(test.z_um) >= 1
    same = np.mean((tested[far] > limits[best]) == (test.z_um[far] > 0))
    curve = [
        {"z_um": float(z), "mean": float(v.mean()), "sd": float(v.std())}
        for z in np.unique(np.rint(test.z_um))
        if len(v := tested[np.rint(test.z_um) == z])
    ]
    return {"side_right": float(same if shares[best] > 0.5 else 1 - same), "curve": curve}


def profile(stacks: Sequence[tuple[Floats, Floats]], extremum: str) -> list[dict[str, float]]:
    """Mean and spread, over stacks, of a score against true z, as a share of its extremum."""
    rows: dict[float, list[float]] = {}
    for values, z_um in stacks:
        close = closeness(values, values[extreme(values, extremum)], extremum)
        for z, share in zip(np.rint(z_um), close):
            rows.setdefault(float(z), []).append(float(share))
    return [
        {"z_um": z, "mean": float(np.mean(shares)), "sd": float(np.std(shares))}
        for z, shares in sorted(rows.items())
    ]


def values_of(planes: Planes, function: Callable[[NDArray[Any]], float]) -> Floats:
    """A score of each plane."""
    return np.array([function(pixels) for pixels in planes.pixels], np.float64)
