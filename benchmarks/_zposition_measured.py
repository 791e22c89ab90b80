"""What is measured of the shipped model: no further training.

It was trained on the train split of the same stacks (`zfocus simulate yeast`, seed 1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
from _zposition_failures import measure_failures
from _zposition_grading import Readings, best_planes, choice_scores, errors, grade
from _zposition_runs import YEAST
from _zposition_scores import SHOWN, Planes, fit_scores, grade_lopsidedness, grade_score
from _zposition_subject import Subject
from _zposition_training import Material, nested
from numpy.typing import NDArray

from zfocus_model.zposition.annotators import ANNOTATORS
from zfocus_model.zposition.best_transmitted import choose_by_z
from zfocus_model.zposition.model import load_z_model
from zfocus_model.zposition.reading import ZLimits, read_z
from zfocus_model.zposition.training.stackset import StackSet

Floats = NDArray[np.float64]

SCORE_STACKS = 50
"""Training stacks that the profiles of the scores are fitted to."""
SHAKEN_STACKS = 20
"""Test stacks of the measurements that read every plane several times."""
SINGLE_IMAGES = 100
PHOTONS = (10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0)


def measure_shipped(name: str, material: Material) -> dict[str, Any] | None:
    """Make one measurement of the shipped model; None if the stacks are not there."""
    if not material.there(YEAST):
        return None
    model = load_z_model("zposition-yeast")
    found = MEASUREMENTS[name](Subject(model), material)
    return {"study": name, "x": name, "package_sha256": model.package_sha256, **found}


def measure_all(subject: Subject, material: Material) -> dict[str, Any]:
    """The whole test split."""
    test = test_planes(material)
    return {"test": grade(subject.readings(test))}


def measure_annotators(subject: Subject, material: Material) -> dict[str, Any]:
    """Best plane of each test stack, and z of 100 single images: the network against choosers."""
    test = test_planes(material)
    readings = subject.readings(test)
    stacks = [z for _, z in test.each(test.z_um)]
    rng = np.random.default_rng(0)
    single = rng.choice(len(test.z_um), min(SINGLE_IMAGES, len(test.z_um)), replace=False)
    true, alone = test.z_um[single], np.arange(len(single))
    people = []
    for number, person in enumerate(ANNOTATORS):
        looks = [np.random.default_rng([number, look]) for look in (0, 1)]
        chosen = [np.array([z[person.choose_plane(z, look)] for z in stacks]) for look in looks]
        judged = [person.judge(true, look) for look in looks]
        people.append(
            {
                "character": asdict(person),
                "best_plane": choice_scores(chosen[0]),
                "best_plane_retest_sd_um": float(np.std(chosen[1] - chosen[0])),
                "single_image": errors(judged[0], true, alone),
                "single_image_retest_sd_um": float(np.std(judged[1] - judged[0])),
            }
        )
    scores = {}
    for score in fit_scores(train_planes(material), SHOWN):
        graded = grade_score(score, test)
        found = np.array(graded["single_um"])[single]
        scores[score.name] = {
            "best_plane": graded["focus"],
            "single_image": errors(found, true, alone),
        }
    voted = voted_planes(readings, subject.limits)
    return {
        "network": {
            "best_plane": choice_scores(voted),
            "best_plane_median": best_planes(readings),
            "best_plane_undecided": len(stacks) - len(voted),
            "single_image": errors(readings.highest_um[single], true, alone),
            "single_image_expected": errors(readings.expected_um[single], true, alone),
        },
        "simulated_annotators": people,
        "scores": scores,
    }


def voted_planes(readings: Readings, limits: ZLimits) -> Floats:
    """True z of the plane that `zfocus best-plane` chooses in each stack; undecided left out."""
    chosen = []
    for number in np.unique(readings.stack):
        here = np.flatnonzero(readings.stack == number)
        z_um = readings.z_um[here]
        positions = [read_z(readings.probabilities[i], readings.bins_um, limits) for i in here]
        choice = choose_by_z(positions, float(np.median(np.diff(z_um))))
        if choice.index is not None:
            chosen.append(float(z_um[choice.index]))
    return np.array(chosen)


def measure_scores(subject: Subject, material: Material) -> dict[str, Any]:
    """All classical scores, and the skewness of the pixels."""
    train, test = train_planes(material), test_planes(material)
    graded = {score.name: grade_score(score, test) for score in fit_scores(train)}
    for entry in graded.values():
        del entry["single_um"]
    return {"shown": SHOWN, "scores": graded, "lopsidedness": grade_lopsidedness(train, test)}


def measure_photons(subject: Subject, material: Material) -> dict[str, Any]:
    """Accuracy with more noise than the stacks have: so many photons a pixel, on average."""
    test = shaken(material)
    rows = [{"photons": None, **both(subject, test.pixels, test)}]
    for photons in PHOTONS:
        noisy = with_noise(test.pixels, photons, np.random.default_rng(0))
        rows.append({"photons": photons, **both(subject, noisy, test)})
    return {"rows": rows}


def measure_retest(subject: Subject, material: Material) -> dict[str, Any]:
    """The same plane read again: mirrored, a pixel over, with noise drawn anew."""
    pixels, bins = shaken(material).pixels, subject.bins_um
    rng = np.random.default_rng(0)
    changes = {
        "mirrored left to right": (pixels, pixels[:, :, ::-1]),
        "turned by 90 degrees": (pixels, np.rot90(pixels, axes=(1, 2))),
        "a pixel over": (pixels[:, 1:, 1:], pixels[:, :-1, :-1]),
        "noise of 1,000 photons, twice": tuple(with_noise(pixels, 1000, rng) for _ in range(2)),
    }
    rows = []
    for name, (one, other) in changes.items():
        first, second = subject.probabilities(one), subject.probabilities(other)
        moved = (second - first) @ bins
        same = first.argmax(1) == second.argmax(1)
        rows.append(
            {
                "change": name,
                "sd_um": float(np.std(moved) / np.sqrt(2)),
                "largest_um": float(np.abs(moved).max()),
                "same_bin": float(same.mean()),
            }
        )
    return {"rows": rows}


MEASUREMENTS: dict[str, Callable[[Subject, Material], dict[str, Any]]] = {
    "shipped": measure_all,
    "scores": measure_scores,
    "annotators": measure_annotators,
    "photons": measure_photons,
    "retest": measure_retest,
    "failures": measure_failures,
}
"""By name, in the order in which they are made."""


def both(subject: Subject, pixels: NDArray[Any], test: Planes) -> dict[str, Any]:
    """Errors of the highest bin and of the mean."""
    found = Readings(subject.probabilities(pixels), subject.bins_um, test.z_um, test.stack)
    return {
        "argmax": errors(found.highest_um, test.z_um, test.stack),
        "expected": errors(found.expected_um, test.z_um, test.stack),
    }


def with_noise(pixels: NDArray[Any], photons: float, rng: np.random.Generator) -> NDArray[Any]:
    """Photograph planes anew: their grey levels are the light, no offset, no read noise."""
    light = pixels.astype(np.float32)
    light *= photons / light.mean(axis=(1, 2), keepdims=True)
    return rng.poisson(light).astype(np.float32)


def train_planes(material: Material) -> Planes:
    """Of the training stacks that scores are fitted to."""
    return as_planes(material.stacks(YEAST, material.train(YEAST)[:SCORE_STACKS]))


def test_planes(material: Material) -> Planes:
    """Of all test stacks."""
    return as_planes(material.test(YEAST))


def shaken(material: Material) -> Planes:
    """Of a few test stacks."""
    return as_planes(material.stacks(YEAST, nested(material.parts(YEAST).test)[:SHAKEN_STACKS]))


def as_planes(stacks: StackSet) -> Planes:
    """The arrays of a stack set."""
    return Planes(np.concatenate(stacks.pixels), stacks.z_um, stacks.stack_of)
