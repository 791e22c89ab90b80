"""A picture of a whole lock: error of z, the stage, and what was out of the ordinary."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from zfocus_model._files import write_whole
from zfocus_model.evaluation.drawing import (
    BLUE,
    DIM,
    GREY,
    ORANGE,
    TEAL,
    Axes,
    Picture,
    ticks,
)
from zfocus_model.zposition.lock.log import Event

WIDTH, HEIGHT = 1100, 640
MOST_POINTS = 3000
"""Frames that are drawn at most; of more, every so-manieth."""
TROUBLE = {
    "blind": ORANGE, "testing": TEAL, "suspended": ORANGE, "stopped": ORANGE, "paused": GREY,
    "no_camera": ORANGE, "no_stage": ORANGE, "hardware_focus": GREY, "searching": GREY,
}  # fmt: skip
"""Modes that get a coloured bar, and its colour."""


def draw(
    events: Sequence[Event], *, tolerance_um: float = 1.0,
    truth: Sequence[tuple[float, float]] = (),
) -> str:  # fmt: skip
    """Draw a log as SVG.

    Parameters
    ----------
    events
        The log.
    tolerance_um
        Half the width of the band.
    truth
        Time in s and true z in um, where a simulation knows it.
    """
    frames = [event for event in events if event.action != "none"]
    start = min((event.time_s for event in events), default=0.0)
    end = max(max((event.time_s for event in events), default=1.0), start + 1e-3)
    unit, divisor = ("h", 3600.0) if end - start > 7200 else ("min", 60.0)
    hours = (0.0, (end - start) / divisor)

    def at(time_s: float) -> float:
        return (time_s - start) / divisor

    picture = Picture(WIDTH, HEIGHT, "Focus lock: error of z, stage, and events")
    target = frames[-1].target_um if frames else 0.0
    reach = max(3 * tolerance_um, 2.0)
    top = Axes(picture, 80, 50, WIDTH - 110, 230, hours, (-reach, reach))
    picture.rect(top.left, top.y(tolerance_um), top.width,
                 top.y(-tolerance_um) - top.y(tolerance_um), TEAL, 0.12)  # fmt: skip
    top.scale_y(ticks(-reach, reach, 7), "z minus target, um")
    top.scale_x(ticks(*hours, 9), "")
    step = max(1, math.ceil(len(frames) / MOST_POINTS))
    for event in frames[::step]:
        value = event.z_expected_um - event.target_um
        if event.status == "decided" and math.isfinite(value):
            y = top.y(min(max(value, -reach), reach))
            picture.rect(top.x(at(event.time_s)) - 1, y - 1, 2, 2, BLUE, 0.35)
    every = max(1, math.ceil(len(truth) / MOST_POINTS))
    if truth:
        line = [
            (top.x(at(t)), top.y(min(max(z - target, -reach), reach)))
            for t, z in truth[::every]
            if start <= t <= end
        ]
        picture.path(line, ORANGE, 1.2)
    words = "dots: readings"
    words += "; line: the truth, which only a simulation knows" if truth else ""
    picture.text(top.left, 36, f"Error of z; {words}", anchor="start", bold=True)
    points = [(at(one.time_s), one.stage_um) for one in frames if math.isfinite(one.stage_um)]
    _stage(picture, points[::step], hours)
    spans = [(at(begin), at(until), mode) for begin, until, mode in _spans(events, end)]
    _bars(picture, spans, hours)
    picture.text(80 + (WIDTH - 110) / 2, HEIGHT - 12, f"time, {unit}", colour=DIM)
    return picture.svg()


def write_plot(path: Path, svg: str) -> None:
    """Write the picture, whole or not at all."""
    write_whole(path, svg.encode("utf-8"))


def _stage(
    picture: Picture, points: Sequence[tuple[float, float]], hours: tuple[float, float]
) -> None:
    """Draw where the stage was."""
    values = [stage for _, stage in points] or [0.0]
    low, high = min(values), max(values)
    margin = max(0.05 * (high - low), 0.5)
    axes = Axes(picture, 80, 345, WIDTH - 110, 180, hours, (low - margin, high + margin))
    axes.scale_y(ticks(low - margin, high + margin, 6), "stage, um")
    axes.scale_x(ticks(*hours, 9), "")
    if points:
        picture.path([(axes.x(time), axes.y(stage)) for time, stage in points], BLUE)
    picture.text(80, 331, "Stage", anchor="start", bold=True)


def _bars(
    picture: Picture, spans: Sequence[tuple[float, float, str]], hours: tuple[float, float]
) -> None:
    """Draw when the lock was not simply locked, with the names of what was the case."""
    axes = Axes(picture, 80, 575, WIDTH - 110, 14, hours, (0, 1))
    picture.rect(axes.left, axes.top, axes.width, 14, GREY, 0.12)
    said = -math.inf
    for begin, end, mode in spans:
        left, right = axes.x(begin), axes.x(end)
        picture.rect(left, axes.top, max(right - left, 2), 14, TROUBLE[mode], 0.9)
        if left - said > 80:
            words = mode.replace("_", " ")
            picture.text(left, axes.top + 28, words, anchor="start", size=11, colour=DIM)
            said = left


def _spans(events: Sequence[Event], end_s: float) -> list[tuple[float, float, str]]:
    """Stretches of a mode that is worth a bar: begin, end, mode; s."""
    spans: list[tuple[float, float, str]] = []
    for number, event in enumerate(events):
        if event.mode not in TROUBLE:
            continue
        until = events[number + 1].time_s if number + 1 < len(events) else end_s
        if spans and spans[-1][2] == event.mode and spans[-1][1] >= event.time_s:
            spans[-1] = (spans[-1][0], until, event.mode)
        else:
            spans.append((event.time_s, until, event.mode))
    return spans
