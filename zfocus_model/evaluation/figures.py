"""The figures of an evaluation, as SVG pictures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from zfocus_model.evaluation.drawing import (
    BLUE,
    DIM,
    GREY,
    INK,
    ORANGE,
    PAPER,
    TEAL,
    Axes,
    Picture,
    ticks,
)
from zfocus_model.levels import LEVELS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from zfocus_model.evaluation.reliability import Reliability
    from zfocus_model.evaluation.result import StackRow
    from zfocus_model.evaluation.summary import Group

_STATUSES = (("in_focus", BLUE), ("undecided", GREY), ("out_of_focus", ORANGE))


def confusion_figure(counts: NDArray[np.int64], what: str) -> str:
    """Draw a confusion matrix: percent of each true level (row) found at each level (column).

    Parameters
    ----------
    counts
        (11, 11).
    what
        What is counted, in the plural.

    Returns
    -------
    str
        SVG.
    """
    cell, left, top = 40, 90, 46
    picture = Picture(left + LEVELS * cell + 30, top + LEVELS * cell + 60, f"Levels of {what}")
    picture.text(
        left, 26, f"Found level of {what}, % of each true level", anchor="start", bold=True
    )
    for row in range(LEVELS):
        total = int(counts[row].sum())
        picture.text(left - 10, top + (row + 0.5) * cell + 5, str(row), anchor="end", colour=DIM)
        picture.text(left + (row + 0.5) * cell, top + LEVELS * cell + 20, str(row), colour=DIM)
        for column in range(LEVELS):
            part = int(counts[row, column]) / total if total else 0.0
            x, y = left + column * cell, top + row * cell
            picture.rect(x + 1, y + 1, cell - 2, cell - 2, BLUE, 0.03 + 0.97 * part)
            if part:
                words = f"{100 * part:.0f}" if part >= 0.005 else "<1"
                picture.text(
                    x + cell / 2, y + cell / 2 + 5, words, colour=PAPER if part > 0.55 else INK
                )
    picture.text(left + LEVELS * cell / 2, top + LEVELS * cell + 44, "found level", colour=DIM)
    picture.text(left - 50, top + LEVELS * cell / 2, "true level", colour=DIM, turn=True)
    return picture.svg()


def reliability_figure(
    found: Reliability,
    ece: float,
    *,
    what: str = "patches",
    classes: str = "level",
    where: str = "",
) -> str:
    """Draw the reliability diagram of the patches, or of something else.

    Parameters
    ----------
    found
        Bins of equal numbers.
    ece
        Expected calibration error of all of them.
    what
        What was rated, in the plural.
    classes
        What a probability belongs to.
    where
        Which of them, if not all.

    Returns
    -------
    str
        SVG.
    """
    title = f"Reliability: how often the most probable {classes} is the true one"
    picture = Picture(480, 470, title)
    of = f"{what}, {where}" if where else what
    words = f"{of[0].upper()}{of[1:]}: calibration error {ece:.3f}"
    picture.text(20, 26, words, anchor="start", bold=True)
    axes = Axes(picture, 80, 50, 360, 360, (0, 1), (0, 1))
    marks = [0, 0.2, 0.4, 0.6, 0.8, 1]
    axes.scale_x(marks, f"probability of the most probable {classes}")
    axes.scale_y(marks, f"share of {what} where it is the true {classes}")
    picture.line(axes.x(0), axes.y(0), axes.x(1), axes.y(1), GREY, 1.5, "5 4")
    points = [
        (axes.x(float(p)), axes.y(float(right)))
        for p, right, n in zip(found.confidence, found.accuracy, found.count)
        if n
    ]
    picture.path(points, BLUE)
    for x, y in points:
        picture.dot(x, y, BLUE)
    return picture.svg()


def within_figure(curves: Mapping[str, Sequence[float]]) -> str:
    """Draw the share of images within 0 to 10 levels, a curve a simulator."""
    picture = Picture(560, 380, "Images within so many levels of the true one")
    picture.text(20, 26, "Images within so many levels", anchor="start", bold=True)
    values = [v for curve in curves.values() for v in curve if not math.isnan(v)]
    low = math.floor(10 * min(values, default=0.0)) / 10
    low = min(low, 0.9)
    axes = Axes(picture, 80, 50, 440, 270, (0, 10), (low, 1))
    axes.scale_x(range(LEVELS), "levels away from the true one, at most")
    axes.scale_y(ticks(low, 1), "share of images", percent=True)
    for (name, curve), colour in zip(curves.items(), (BLUE, ORANGE, TEAL, GREY)):
        points = [(axes.x(d), axes.y(v)) for d, v in enumerate(curve) if not math.isnan(v)]
        picture.path(points, colour)
        for x, y in points:
            picture.dot(x, y, colour)
        place = axes.top + axes.height - 14 - 20 * list(curves).index(name)
        picture.dot(axes.left + 300, place - 4, colour)
        picture.text(axes.left + 312, place, name, anchor="start")
    return picture.svg()


def groups_figure(title: str, parts: Mapping[str, Sequence[Group]], metric: str) -> str:
    """Draw a score of groups with its intervals, a row a group; groups lie under headings.

    Parameters
    ----------
    title
        Of the picture.
    parts
        Heading -> groups.
    metric
        Name of a score that is a share.

    Returns
    -------
    str
        SVG. Hollow: sources of which other images were trained on.
    """
    rows = sum(len(groups) + 1 for groups in parts.values())
    picture = Picture(760, 110 + 24 * rows, title)
    picture.text(20, 26, title, anchor="start", bold=True)
    lows = [g.scores[metric].low for groups in parts.values() for g in groups]
    lows += [g.scores[metric].value for groups in parts.values() for g in groups]
    low = min([value for value in lows if not math.isnan(value)], default=0.0)
    low = min(0.9, math.floor(20 * low) / 20)
    axes = Axes(picture, 270, 44, 430, 24 * rows, (low, 1), (0, 1))
    axes.scale_x(ticks(low, 1), "95 % interval by field", percent=True)
    y = 44.0
    for heading, groups in parts.items():
        picture.text(20, y + 17, heading, anchor="start", colour=DIM)
        y += 24
        for group in groups:
            score = group.scores[metric]
            words = f"{group.name} ({group.fields})"
            picture.text(axes.left - 12, y + 17, words, anchor="end")
            if not math.isnan(score.low):
                picture.line(axes.x(score.low), y + 12, axes.x(score.high), y + 12, BLUE, 2)
            if not math.isnan(score.value):
                picture.dot(axes.x(score.value), y + 12, BLUE, hollow=bool(group.in_training))
            y += 24
    return picture.svg()


def levels_figure(levels: Sequence[Mapping[str, Any]]) -> str:
    """Draw the shares of the statuses at each true level."""
    picture = Picture(560, 400, "Status of images of each true level")
    picture.text(20, 26, "Status of images of each true level", anchor="start", bold=True)
    axes = Axes(picture, 80, 60, 440, 260, (-0.5, 10.5), (0, 1))
    axes.scale_y([0, 0.25, 0.5, 0.75, 1], "share of images", percent=True)
    for number, row in enumerate(levels):
        base = 0.0
        for status, colour in _STATUSES:
            part = float(row[status])
            if math.isnan(part):
                continue
            high = axes.y(base) - axes.y(base + part)
            picture.rect(axes.x(number - 0.38), axes.y(base + part), 0.76 * 40, high, colour)
            base += part
        picture.text(axes.x(number), axes.top + axes.height + 18, str(number), colour=DIM)
    picture.text(axes.x(5), axes.top + axes.height + 40, "true level", colour=DIM)
    for place, (status, colour) in enumerate(_STATUSES):
        picture.rect(80 + 140 * place, 38, 12, 12, colour)
        picture.text(98 + 140 * place, 49, status.replace("_", " "), anchor="start", colour=DIM)
    return picture.svg()


def stack_figure(row: StackRow) -> str:
    """Draw the expected level along a stack; hollow dots are undecided planes."""
    score = row.score
    picture = Picture(560, 330, f"Expected level along the stack {row.stack}")
    picture.text(20, 26, f"{row.source}: {row.stack}", anchor="start", bold=True)
    first, last = int(score.place.min()), int(score.place.max())
    span = max(last - first, 1)
    axes = Axes(picture, 80, 46, 440, 220, (first - 0.03 * span, last + 0.03 * span), (0, 10))
    axes.scale_y([0, 2, 4, 6, 8, 10], "expected level")
    axes.scale_x(ticks(first, last, 8), "plane")
    if score.known:
        x1, x2 = axes.x(score.known[0]), axes.x(score.known[-1])
        picture.rect(x1 - 4, axes.top, x2 - x1 + 8, axes.height, TEAL, 0.18)
    points = [
        (axes.x(int(place)), axes.y(float(level)), status)
        for place, level, status in zip(score.place, score.expected_level, score.status)
        if not math.isnan(level)
    ]
    picture.path([(x, y) for x, y, _ in points], BLUE)
    for x, y, status in points:
        picture.dot(x, y, BLUE, hollow=status == "undecided")
    if score.found is not None:
        level = float(score.expected_level[list(score.place).index(score.found)])
        picture.dot(axes.x(score.found), axes.y(level), ORANGE, 6)
    return picture.svg()
