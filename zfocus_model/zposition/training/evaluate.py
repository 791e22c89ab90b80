"""Judge a z model on labelled stacks: single images, best planes, and the same image again."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zfocus_model.zposition.best_transmitted import choose_by_z
from zfocus_model.zposition.reading import ZPosition, read_z
from zfocus_model.zposition.training.scores import Inferred, Score, confusion, scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zfocus_model.zposition.labels import StackLabel
    from zfocus_model.zposition.training.rater import ZRater
    from zfocus_model.zposition.training.stackset import StackSet

    Floats = NDArray[np.float64]

SHOWN_AGAIN = 5
"""Every so many images are shown again, turned, mirrored and shifted."""


@dataclass(frozen=True)
class Group:
    """Scores of some of the images."""

    name: str
    """Experiment, or range of z."""
    images: int
    """Their number."""
    scores: dict[str, Score]
    """By name."""


@dataclass(frozen=True)
class PlaneChoice:
    """The plane that the model would choose from a whole stack."""

    stack: str
    """Path in the label table."""
    in_focus_plane: float
    """True one, from 0."""
    chosen: float | None
    """Chosen position, from 0; None if undecided."""
    error_um: float | None
    """Chosen minus true, along the objective's motion toward the sample, in um."""
    reason: str
    """Why undecided; else empty."""


@dataclass(frozen=True)
class Again:
    """What the model says when the same image is shown again in another way."""

    change: str
    """Turned, mirrored or shifted."""
    images: int
    """How many were shown again."""
    difference_um: float
    """Root mean square of the difference of both expected z, in um."""
    same_bin: float
    """Share of images with the same most probable bin."""


@dataclass(frozen=True, eq=False)
class ZEvaluation:
    """All that an evaluation found."""

    rater: ZRater
    """The model."""
    stacks: StackSet
    """The images."""
    inferred: Inferred
    """What the model said of each."""
    overall: dict[str, Score]
    """Scores of all images."""
    by_experiment: tuple[Group, ...]
    """Scores of each experiment."""
    by_z: tuple[Group, ...]
    """Scores of ranges of true z."""
    confusion: NDArray[np.int64]
    """(bins, bins), images by true and inferred bin."""
    planes: tuple[PlaneChoice, ...]
    """Best plane of each stack."""
    again: tuple[Again, ...]
    """Test and retest."""
    note: str
    """What is to be known of the split; mostly empty."""


def evaluate_z(
    rater: ZRater,
    stacks: StackSet,
    *,
    note: str = "",
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> ZEvaluation:
    """Judge a z model.

    Parameters
    ----------
    rater
        The model.
    stacks
        Labelled stacks on its grid.
    note
        What is to be known of the split.
    seed
        Of the bootstrap.
    progress
        Called with the numbers of stacks that are done and in all.

    Returns
    -------
    ZEvaluation
        Everything.
    """
    rows: list[Floats] = []
    for done, planes in enumerate(stacks.pixels):
        rows.append(rater.rate(list(planes)))
        if progress is not None:
            progress(done + 1, len(stacks.pixels))
    probabilities = np.concatenate(rows)
    readings = [read_z(row, rater.bins_um, rater.limits) for row in probabilities]
    inferred = Inferred(
        stacks.z_um,
        stacks.stack_of,
        probabilities,
        rater.bins_um,
        np.array([reading.reason for reading in readings], np.str_),
    )
    of: list[int] = stacks.stack_of.tolist()
    experiments = np.array([stacks.labels[i].experiment for i in of], np.str_)
    by_stack = np.split(np.arange(len(readings)), np.flatnonzero(np.diff(stacks.stack_of)) + 1)
    return ZEvaluation(
        rater=rater,
        stacks=stacks,
        inferred=inferred,
        overall=scores(inferred, seed=seed),
        by_experiment=tuple(
            _group(str(name), inferred.of(experiments == name), seed)
            for name in np.unique(experiments)
        ),
        by_z=tuple(_by_z(inferred, seed)),
        confusion=confusion(inferred),
        planes=tuple(
            choose_plane(label, [readings[i] for i in numbers])
            for label, numbers in zip(stacks.labels, by_stack)
        ),
        again=tuple(_show_again(rater, stacks, probabilities)),
        note=note,
    )


def choose_plane(label: StackLabel, readings: list[ZPosition]) -> PlaneChoice:
    """Choose the best plane of a stack from the readings of its planes, and compare."""
    choice = choose_by_z(readings, label.z_step_um, label.direction)
    position = choice.position
    off = None if position is None else position - label.in_focus_plane
    return PlaneChoice(
        stack=label.stack,
        in_focus_plane=label.in_focus_plane,
        chosen=position,
        error_um=None if off is None else off * label.z_step_um * label.direction,
        reason=choice.reason,
    )


def plane_errors_um(planes: tuple[PlaneChoice, ...]) -> Floats:
    """Errors of the best planes that were chosen, in um."""
    return np.array([p.error_um for p in planes if p.error_um is not None], np.float64)


def _group(name: str, inferred: Inferred, seed: int) -> Group:
    return Group(name, len(inferred.z_um), scores(inferred, seed=seed))


def _by_z(inferred: Inferred, seed: int, ranges: int = 10) -> list[Group]:
    """Ranges of true z of round width."""
    low, high = float(inferred.z_um.min()), float(inferred.z_um.max())
    widths = (1.0, 2.0, 3.0, 4.0, 5.0, 10.0, 20.0, 25.0, 50.0, 100.0)
    width = next((w for w in widths if (high - low) / w <= ranges), (high - low) / ranges)
    groups: list[Group] = []
    for number in range(math.floor(low / width), math.floor(high / width) + 1):
        edge = number * width
        inside = np.asarray((inferred.z_um >= edge) & (inferred.z_um < edge + width))
        if inside.any():
            groups.append(_group(f"{edge:g} to {edge + width:g} um", inferred.of(inside), seed))
    return groups


def _show_again(rater: ZRater, stacks: StackSet, before: Floats) -> list[Again]:
    planes = stacks.images()
    numbers = range(0, len(planes), SHOWN_AGAIN)
    images: list[NDArray[Any]] = [planes[number] for number in numbers]
    first = before[list(numbers)]
    changes: dict[str, Callable[[NDArray[Any]], NDArray[Any]]] = {
        "turned by 90 degrees": lambda image: np.rot90(image),
        "mirrored": lambda image: image[:, ::-1],
        # Left out at one edge: half the image's steps of 16 px see other pixels.
        "without 7 px at two edges": lambda image: image[7:, 7:],
    }
    found: list[Again] = []
    for words, change in changes.items():
        second = rater.rate([change(image) for image in images])
        off = (second - first) @ rater.bins_um
        same = second.argmax(1) == first.argmax(1)
        found.append(Again(words, len(images), float(np.sqrt((off**2).mean())), float(same.mean())))
    return found
