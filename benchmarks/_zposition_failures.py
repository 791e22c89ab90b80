"""Fields that the published network failed on, made anew, and whether a reading says so itself.

Each case changes one thing of the same 20 drawings of five experiments that no training has seen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from _zposition_grading import FAR_UM, Readings, errors
from _zposition_runs import YEAST
from _zposition_subject import Subject
from numpy.typing import NDArray

from zfocus_model.zposition.reading import REASONS, ZPosition, read_z
from zfocus_model.zposition.simulator.recipes import Recipe, make, recipe

Floats = NDArray[np.float64]

EXPERIMENTS, STACKS_EACH = 5, 4
SEED = 20180502
"""Of the drawings; no data set of zfocus has it."""


@dataclass(frozen=True)
class Case:
    """One thing that is changed."""

    name: str
    words: str
    """What the cells do."""
    change: Callable[[Recipe], Recipe]
    reach_um: tuple[float, float] = (-14.0, 14.0)
    """True positions that are read."""
    bins_beyond: bool = False
    """The true positions lie beyond the bins: the right answer is none."""


CASES = (
    Case("as trained", "as in the data set", lambda drawn: drawn),
    Case(
        "few cells",
        "6 cells, 5 of them on the ceiling of a chamber of 11 um",
        lambda drawn: replace(drawn, cells=6, ceiling=0.8, chamber_um=11.0),
    ),
    Case(
        "two populations",
        "half of 60 cells on the ceiling of a chamber of 16 um",
        lambda drawn: replace(drawn, cells=60, ceiling=0.5, chamber_um=16.0),
    ),
    Case(
        "far out, retracted",
        "the objective 21 to 34 um further from the sample than in focus",
        lambda drawn: replace(drawn, in_focus_plane=34.0, planes=14),
        reach_um=(-99.0, 99.0),
        bins_beyond=True,
    ),
    Case(
        "far out, advanced",
        "the objective 21 to 34 um closer to the sample than in focus",
        lambda drawn: replace(drawn, in_focus_plane=-21.0, planes=14),
        reach_um=(-99.0, 99.0),
        bins_beyond=True,
    ),
)


def measure_failures(subject: Subject, material: Any) -> dict[str, Any]:
    """Read all planes of each case, with the limits of the package."""
    limits, bins = subject.limits, subject.bins_um
    drawn = [
        recipe(YEAST, experiment, stack, STACKS_EACH, SEED)
        for experiment in range(EXPERIMENTS)
        for stack in range(STACKS_EACH)
    ]
    rows = []
    for case in CASES:
        pixels, z_um, stack = planes_of(case, drawn)
        probabilities = subject.probabilities(pixels)
        readings = Readings(probabilities, bins, z_um, stack)
        positions = [read_z(p, bins, limits) for p in probabilities]
        rows.append({"case": case.name, "words": case.words, **scores(readings, positions, case)})
    return {"limits": asdict(limits), "bins_um": bins.tolist(), "cases": rows}


def planes_of(
    case: Case, drawn: list[Recipe]
) -> tuple[NDArray[np.uint8], Floats, NDArray[np.intp]]:
    """Pixels, true z and stack of the planes of a case."""
    pixels, places, stack = [], [], []
    for number, each in enumerate(drawn):
        changed = case.change(each)
        z_um = (np.arange(changed.planes) - changed.in_focus_plane) * changed.z_step_um
        keep = (z_um >= case.reach_um[0]) & (z_um <= case.reach_um[1])
        pixels.append(make(changed).planes[keep])
        places.append(z_um[keep])
        stack.append(np.full(int(keep.sum()), number))
    return np.concatenate(pixels), np.concatenate(places), np.concatenate(stack)


def scores(readings: Readings, positions: list[ZPosition], case: Case) -> dict[str, Any]:
    """Errors of all and of the decided planes, and the reasons of the others."""
    decided = np.array([position.decided for position in positions])
    error = np.abs(readings.highest_um - readings.z_um)
    wrong = np.ones_like(decided) if case.bins_beyond else error > FAR_UM
    second = np.array(
        [np.nan if position.mode2_um is None else position.mode2_um for position in positions]
    )
    # Where the highest mode is far off, does the second one name the place?
    rescued = np.abs(second - readings.z_um) <= 2.0
    middle = np.argsort(np.abs(readings.z_um - np.median(readings.z_um)), kind="stable")
    undecided_first = sorted(middle.tolist(), key=lambda i: bool(decided[i]))
    return {
        "planes": len(decided),
        "decided": float(decided.mean()),
        "reasons": {
            reason: float(np.mean([position.reason == reason for position in positions]))
            for reason in REASONS
        },
        "all": errors(readings.highest_um, readings.z_um, readings.stack),
        "wrong": float(wrong.mean()),
        "wrong_and_decided": float((wrong & decided).mean()),
        "within_1um_if_decided": float((error[decided] <= 1).mean()) if decided.any() else None,
        "wrong_with_second_mode": float(rescued[wrong].mean()) if wrong.any() else None,
        "examples": [
            {
                "z_um": float(readings.z_um[i]),
                "reason": positions[i].reason or "decided",
                "mode2_um": positions[i].mode2_um,
                "probabilities": np.round(readings.probabilities[i], 4).tolist(),
            }
            for i in undecided_first[:2]
        ],
    }
