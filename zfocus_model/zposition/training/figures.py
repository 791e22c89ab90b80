"""The figures of a z evaluation, as SVG pictures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from zfocus_model.evaluation.drawing import BLUE, DIM, GREY, ORANGE, TEAL, Axes, Picture, ticks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from zfocus_model.zposition.training.evaluate import PlaneChoice
    from zfocus_model.zposition.training.scores import Inferred

    Floats = NDArray[np.float64]


def confusion_figure(counts: NDArray[np.int64], bins_um: Floats) -> str:
    """Draw the probability of each inferred bin (column) given the true one (row).

    Parameters
    ----------
    counts
        (bins, bins), images.
    bins_um
        (bins,), centres in um.

    Returns
    -------
    str
        SVG.
    """
    size, side = len(bins_um), 440.0
    cell = side / size
    picture = Picture(560, 560, "Inferred z for each true z")
    picture.text(20, 26, "Share inferred, of each true bin", anchor="start", bold=True)
    half = (bins_um[1] - bins_um[0]) / 2
    ends = (float(bins_um[0] - half), float(bins_um[-1] + half))
    axes = Axes(picture, 80, 46, side, side, ends, ends)
    axes.scale_x(ticks(*ends, 9), "inferred z, um")
    axes.scale_y(ticks(*ends, 9), "true z, um")
    for row in range(size):
        total = int(counts[row].sum())
        for column in np.flatnonzero(counts[row]).tolist():
            x, y = axes.left + column * cell, axes.top + side - (row + 1) * cell
            share = int(counts[row, column]) / total
            picture.rect(x, y, cell - 0.5, cell - 0.5, BLUE, 0.08 + 0.92 * share)
    return picture.svg()


def error_figure(inferred: Inferred) -> str:
    """Draw median and middle 90 % of the error of both decodings along true z.

    Parameters
    ----------
    inferred
        Of all images.

    Returns
    -------
    str
        SVG.
    """
    picture = Picture(560, 400, "Error along z")
    picture.text(20, 26, "Error along z: median, and middle 90 %", anchor="start", bold=True)
    low, high = math.floor(inferred.z_um.min()), math.ceil(inferred.z_um.max())
    edges = np.linspace(low, high, min(high - low, 40) + 1, dtype=np.float64)
    place = np.digitize(inferred.z_um, edges) - 1
    curves: list[tuple[str, str, Floats]] = [
        ("most probable bin", ORANGE, inferred.argmax_um - inferred.z_um),
        ("expected z", BLUE, inferred.expected_um - inferred.z_um),
    ]
    parts = [
        (words, colour, [(k, np.quantile(off[place == k], [0.05, 0.5, 0.95])) for k in
                         np.unique(place).tolist()])
        for words, colour, off in curves
    ]  # fmt: skip
    most = max(2.0, *(float(np.abs(q).max()) for _, _, points in parts for _, q in points))
    span = (float(edges[0]), float(edges[-1]))
    axes = Axes(picture, 80, 46, 440, 280, span, (-most, most))
    axes.scale_x(ticks(*span, 9), "true z, um")
    axes.scale_y(ticks(-most, most, 7), "error, um")
    for one in (-1.0, 1.0):
        picture.line(*_ends(axes, one), GREY, 1, "4 3")
    for number, (words, colour, points) in enumerate(parts):
        for which, width in ((0, 0.8), (1, 2.0), (2, 0.8)):
            line = [
                (axes.x(float(edges[k] + edges[k + 1]) / 2), axes.y(float(q[which])))
                for k, q in points
                if k + 1 < len(edges)
            ]
            picture.path(line, colour, width)
        picture.dot(330, 60 + 20 * number, colour)
        picture.text(342, 64 + 20 * number, words, anchor="start", colour=DIM)
    return picture.svg()


def planes_figure(planes: Sequence[PlaneChoice]) -> str:
    """Draw how often the best plane of a stack is how far off.

    Parameters
    ----------
    planes
        One a stack.

    Returns
    -------
    str
        SVG; empty if no stack has a best plane.
    """
    off = [choice.error_um for choice in planes if choice.error_um is not None]
    if not off:
        return ""
    picture = Picture(560, 360, "Best planes")
    picture.text(20, 26, "Best plane of a stack: error", anchor="start", bold=True)
    reach = max(1.0, float(np.ceil(2 * np.abs(off).max()) / 2))
    counts, edges = np.histogram(off, bins=20, range=(-reach, reach))
    axes = Axes(picture, 80, 46, 440, 240, (-reach, reach), (0, float(counts.max())))
    axes.scale_x(ticks(-reach, reach, 9), "chosen minus true, um")
    axes.scale_y(ticks(0, float(counts.max()), 5), "stacks")
    for count, left, right in zip(counts.tolist(), edges[:-1].tolist(), edges[1:].tolist()):
        width = axes.x(right) - axes.x(left) - 1
        height = axes.y(0) - axes.y(count)
        picture.rect(axes.x(left), axes.y(count), width, height, TEAL)
    return picture.svg()


def _ends(axes: Axes, value: float) -> tuple[float, float, float, float]:
    return axes.left, axes.y(value), axes.left + axes.width, axes.y(value)
