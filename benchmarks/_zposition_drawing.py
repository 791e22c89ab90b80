"""Three kinds of picture for the study of z-positions: curves, a map of probabilities, bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap

import numpy as np

from zfocus_model.evaluation.drawing import (
    BLUE,
    DIM,
    GREY,
    INK,
    ORANGE,
    TEAL,
    Axes,
    Picture,
    ticks,
)

COLOURS = (BLUE, ORANGE, TEAL, GREY, INK)
LETTERS_A_LINE = 88


@dataclass(frozen=True)
class Point:
    """A value with its interval."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None


def curves(
    title: str,
    series: Mapping[str, Sequence[Point]],
    *,
    x_label: str,
    y_label: str,
    statement: str,
    x_ticks: Sequence[float] | None = None,
    y_range: tuple[float, float] | None = None,
    marks: Mapping[str, float] | None = None,
    logarithmic: bool = False,
) -> str:
    """Draw curves with 95 % intervals; ``marks``: vertical lines; below: what the paper says."""
    lines = wrap(statement, LETTERS_A_LINE)
    picture = Picture(660, 410 + 18 * len(lines), title)
    picture.text(20, 26, title, anchor="start", bold=True)

    def place(x: float) -> float:
        return float(np.log10(x)) if logarithmic else x

    points = [point for members in series.values() for point in members]
    xs = [place(point.x) for point in points] + [place(x) for x in (marks or {}).values()]
    margin = 0.06 * (max(xs) - min(xs) or 1)
    low_y, high_y = y_range or _range(points)
    across = (min(xs) - margin, max(xs) + margin)
    axes = Axes(picture, 80, 70, 540, 270, across, (low_y, high_y))
    shown = x_ticks or sorted({point.x for point in points})
    for x in shown:
        picture.line(axes.x(place(x)), axes.top, axes.x(place(x)), axes.top + axes.height)
        picture.text(axes.x(place(x)), axes.top + axes.height + 18, f"{x:g}", colour=DIM)
    picture.text(axes.left + axes.width / 2, axes.top + axes.height + 40, x_label, colour=DIM)
    axes.scale_y(ticks(low_y, high_y), y_label)
    for words, x in (marks or {}).items():
        picture.line(axes.x(place(x)), axes.top, axes.x(place(x)), axes.y(low_y), INK, 1, "4 4")
        picture.text(axes.x(place(x)) + 6, axes.top + 14, words, anchor="start", colour=DIM)
    left = 80.0
    for (name, members), colour in zip(series.items(), COLOURS):
        drawn = [(axes.x(place(p.x)), axes.y(p.y)) for p in members]
        for point, (x, y) in zip(members, drawn):
            if point.low is not None and point.high is not None:
                ends = (min(max(v, low_y), high_y) for v in (point.low, point.high))
                picture.line(x, axes.y(next(ends)), x, axes.y(next(ends)), colour, 1.6)
            picture.dot(x, y, colour, 3.5 if len(members) < 25 else 2)
        picture.path(drawn, colour)
        picture.dot(left + 5, 50, colour)
        picture.text(left + 14, 54.5, name, anchor="start")
        left += 34 + 7.2 * len(name)
    _below(picture, 402, lines)
    return picture.svg()


def probability_map(
    title: str,
    true_um: Sequence[float],
    bins_um: Sequence[float],
    probability: Sequence[Sequence[float]],
    *,
    statement: str,
) -> str:
    """Draw the mean probability of each inferred bin (up) at each true one (along)."""
    lines = wrap(statement, LETTERS_A_LINE)
    picture = Picture(660, 560 + 18 * len(lines), title)
    picture.text(20, 26, title, anchor="start", bold=True)
    step = bins_um[1] - bins_um[0]
    across = (min(true_um) - step / 2, max(true_um) + step / 2)
    axes = Axes(picture, 80, 46, 520, 440, across, (bins_um[0] - step / 2, bins_um[-1] + step / 2))
    picture.rect(axes.left, axes.top, axes.width, axes.height, GREY, 0.06)
    wide, high = axes.x(step) - axes.x(0), axes.y(0) - axes.y(step)
    for true, row in zip(true_um, probability):
        for z, p in zip(bins_um, row):
            if p >= 0.005:
                # The root: small probabilities are what tells one failure from another.
                picture.rect(
                    axes.x(true) - wide / 2, axes.y(z) - high / 2, wide, high, BLUE, p**0.5
                )
    ends = max(across[0], axes.y_range[0]), min(across[1], axes.y_range[1])
    picture.line(*(f(v) for v in ends for f in (axes.x, axes.y)), ORANGE, 1, "3 5")
    for label in ticks(*across, 9):
        picture.text(axes.x(label), axes.top + axes.height + 18, f"{label:g}", colour=DIM)
    for label in ticks(*axes.y_range, 9):
        picture.text(axes.left - 8, axes.y(label) + 4.5, f"{label:g}", anchor="end", colour=DIM)
    picture.text(axes.left + 260, axes.top + axes.height + 40, "true z, um", colour=DIM)
    picture.text(axes.left - 50, axes.top + 220, "inferred z, um", colour=DIM, turn=True)
    for number, p in enumerate((0.01, 0.05, 0.25, 1.0)):
        picture.rect(axes.left + 300 + 60 * number, 16, 14, 14, BLUE, p**0.5)
        picture.text(axes.left + 318 + 60 * number, 28, f"{p:g}", anchor="start", colour=DIM)
    _below(picture, 548, lines)
    return picture.svg()


def ranges(
    title: str,
    rows: Sequence[tuple[str, float, float, bool]],
    *,
    x_label: str,
    statement: str,
) -> str:
    """Draw mean and spread of errors, a row each: (name, mean, standard deviation, ours)."""
    lines = wrap(statement, LETTERS_A_LINE)
    height = 26 * len(rows)
    picture = Picture(660, 120 + height + 18 * len(lines), title)
    picture.text(20, 26, title, anchor="start", bold=True)
    reach = 1.08 * max(abs(mean) + sd for _, mean, sd, _ in rows)
    axes = Axes(picture, 250, 44, 380, height, (-reach, reach), (0, 1))
    axes.scale_x(ticks(-reach, reach, 9), x_label)
    picture.line(axes.x(0), axes.top, axes.x(0), axes.top + height, INK)
    for number, (name, mean, sd, ours) in enumerate(rows):
        y = axes.top + 26 * number + 13
        colour = BLUE if ours else GREY
        picture.text(axes.left - 12, y + 4.5, name, anchor="end", bold=ours)
        picture.line(axes.x(mean - sd), y, axes.x(mean + sd), y, colour, 5)
        picture.dot(axes.x(mean), y, colour, 5)
    _below(picture, 108 + height, lines)
    return picture.svg()


@dataclass(frozen=True)
class Panel:
    """One distribution."""

    words: str
    reading: str
    """What was made of it."""
    probabilities: Sequence[float]
    true_um: float
    second_um: float | None


def distributions(
    title: str, bins_um: Sequence[float], rows: Sequence[Sequence[Panel]], *, statement: str
) -> str:
    """Draw probabilities of z, a row of panels a case; a line where the true z is on the scale."""
    lines = wrap(statement, LETTERS_A_LINE)
    top, high = 66, 86
    picture = Picture(660, top + (high + 46) * len(rows) + 30 + 18 * len(lines), title)
    picture.text(20, 26, title, anchor="start", bold=True)
    picture.line(20, 44, 44, 44, ORANGE, 2, "4 3")
    picture.text(50, 48.5, "true z", anchor="start", colour=DIM)
    picture.dot(110, 44, TEAL)
    picture.text(120, 48.5, "second mode, where one is named", anchor="start", colour=DIM)
    step = bins_um[1] - bins_um[0]
    across = (bins_um[0] - step / 2, bins_um[-1] + step / 2)
    for number, panels in enumerate(rows):
        y = top + (high + 46) * number
        picture.text(20, y + 14, panels[0].words, anchor="start")
        for place, panel in enumerate(panels):
            peak = 1.1 * max(panel.probabilities)
            axes = Axes(picture, 40 + 315 * place, y + 22, 285, high - 22, across, (0, peak))
            picture.rect(axes.left, axes.top, axes.width, axes.height, GREY, 0.06)
            wide = axes.x(step) - axes.x(0)
            for z, p in zip(bins_um, panel.probabilities):
                tall = axes.y(0) - axes.y(p)
                picture.rect(axes.x(z) - wide / 2 + 0.5, axes.y(p), wide - 1, tall, BLUE)
            if across[0] <= panel.true_um <= across[1]:
                x = axes.x(panel.true_um)
                picture.line(x, axes.top, x, axes.y(0), ORANGE, 2, "4 3")
            if panel.second_um is not None:
                picture.dot(axes.x(panel.second_um), axes.top + 6, TEAL)
            words = f"true {panel.true_um:.1f} um: {panel.reading}"
            picture.text(axes.left, axes.y(0) + 15, words, anchor="start", colour=DIM, size=12)
    _below(picture, top + (high + 46) * len(rows) + 16, lines)
    return picture.svg()


def _below(picture: Picture, top: float, lines: Sequence[str]) -> None:
    for number, line in enumerate(lines):
        picture.text(20, top + 18 * number, line, anchor="start", colour=INK, size=12.5)


def _range(points: Sequence[Point]) -> tuple[float, float]:
    lows = [point.y if point.low is None else point.low for point in points]
    highs = [point.y if point.high is None else point.high for point in points]
    low, high = min(lows), max(highs)
    if low >= 0 and low < 0.6 * high:
        return 0.0, 1.08 * high
    margin = 0.08 * (high - low or 1)
    return low - margin, high + margin
