"""Pictures of a z package: simulated images, each above what the network says of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from zfocus_model.report.drawing import DIM_INK, INK, PAPER, encode, font, stretch
from zfocus_model.zposition.packaging.samples import Scene
from zfocus_model.zposition.reading import ZLimits, read_z

MAX_BYTES = 500_000
"""Largest cover that the zoo takes."""

Predict = Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]]
"""Images (n, height, width) -> probabilities (n, bins)."""

_CELL, _GAP, _HEIGHT = 248, 4, 620
"""Width of a column, gap between columns, height of all: five columns make a cover of 2 to 1."""
_TITLE_Y, _IMAGE_Y, _CURVE_Y, _CURVE_BOTTOM = 6, 34, 330, 556
_COLOURS = 32
_BAR, _UNDECIDED_BAR, _TRUTH = (95, 195, 255), (255, 170, 50), (235, 238, 242)


def picture(
    scenes: Sequence[Scene], predict: Predict, bins_um: Sequence[float], limits: ZLimits
) -> bytes:
    """Draw scenes side by side, PNG.

    Parameters
    ----------
    scenes : sequence of Scene
        Simulated images of 250 x 250 px.
    predict : callable
        The network.
    bins_um : sequence of float
        Centres of its bins in um.
    limits : ZLimits
        The package's limits.

    Returns
    -------
    bytes
        One column a scene: the image, the probability of each z as bars (orange where the reading
        is undecided) and ticks where the cells truly are.
    """
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", (len(scenes) * _CELL, _HEIGHT), PAPER)
    draw = ImageDraw.Draw(picture)
    for number, scene in enumerate(scenes):
        left, side = number * _CELL, _CELL - _GAP
        shown = stretch(scene.pixels)[:side, :side]
        picture.paste(Image.fromarray(shown), (left + _GAP // 2, _IMAGE_Y))
        draw.text((left + 6, _TITLE_Y), scene.title, INK, font=font(17))
        (p,) = predict(scene.pixels[np.newaxis].astype(np.float32))
        _curve(draw, left, p, np.asarray(bins_um), scene, limits)
    # Camera noise does not compress; few colours hide none of what matters here.
    few = picture.quantize(_COLOURS, dither=Image.Dither.NONE)
    return encode(few, "PNG", optimize=True)


def _curve(
    draw: Any,
    left: int,
    p: npt.NDArray[np.float32],
    bins_um: npt.NDArray[np.float64],
    scene: Scene,
    limits: ZLimits,
) -> None:
    found = read_z(p, bins_um, limits)
    margin, step = 8, float(bins_um[1] - bins_um[0])
    low, high = float(bins_um[0]) - step / 2, float(bins_um[-1]) + step / 2
    scale = (_CELL - 2 * margin) / (high - low)

    def x(z_um: float) -> float:
        return left + margin + (z_um - low) * scale

    height = _CURVE_BOTTOM - _CURVE_Y
    colour = _BAR if found.decided else _UNDECIDED_BAR
    for centre, share in zip(bins_um.tolist(), p.tolist()):
        top = _CURVE_BOTTOM - share / max(0.25, float(p.max())) * height
        bar = (x(centre - step / 2) + 0.5, top, x(centre + step / 2) - 0.5, _CURVE_BOTTOM)
        draw.rectangle(bar, fill=colour)
    draw.line((x(low), _CURVE_BOTTOM + 1, x(high), _CURVE_BOTTOM + 1), fill=DIM_INK)
    for truth in scene.z_um:
        if low <= truth <= high:
            tip = _CURVE_BOTTOM + 3
            points = ((x(truth), tip), (x(truth) - 5, tip + 9), (x(truth) + 5, tip + 9))
            draw.polygon(points, fill=_TRUTH)
    for centre in (float(bins_um[0]), 0.0, float(bins_um[-1])):
        number, place = (f"{centre:+g}" if centre else "0"), (x(centre), _CURVE_BOTTOM + 13)
        anchor = {bins_um[0]: "la", bins_um[-1]: "ra"}.get(centre, "ma")
        draw.text(place, number, DIM_INK, font=font(14), anchor=anchor)
    read = f"{found.z_um:+g} um" if found.z_um else "0 um"
    words = read if found.decided else f"undecided: {found.reason}"
    draw.text((left + 6, _HEIGHT - 26), words, colour, font=font(17))


def readings(
    scenes: Sequence[Scene], predict: Predict, bins_um: Sequence[float], limits: ZLimits
) -> list[tuple[str, ...]]:
    """Say of each scene in words what the picture shows.

    Returns
    -------
    list of tuple of str
        Title, truth, reading, second mode, standard deviation, status: one tuple a scene.
    """
    rows: list[tuple[str, ...]] = []
    for scene in scenes:
        (p,) = predict(scene.pixels[np.newaxis].astype(np.float32))
        found = read_z(p, bins_um, limits)
        second = "" if found.mode2_um is None else f"{found.mode2_um:+g}"
        status = found.status + (f" ({found.reason})" if found.reason else "")
        truth = " and ".join(f"{z_um:+.1f}" for z_um in scene.z_um)
        rows.append(
            (scene.title, truth, f"{found.z_um:+g}", second, f"{found.z_sd_um:.1f}", status)
        )
    return rows
