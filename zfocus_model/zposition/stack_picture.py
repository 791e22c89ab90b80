"""A picture of a stack for a person to check: its planes, the chosen one framed, and a curve."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from zfocus_model.report.drawing import (
    DIM_INK,
    INK,
    PAPER,
    encode,
    fit_text,
    font,
    reduce_plane,
    stretch,
)

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

    from zfocus_model.zposition.best_plane import BestPlane
    from zfocus_model.zposition.zstack import ZStack

CHOSEN = (255, 170, 50)
LINE = (94, 160, 255)

_TILE, _GAP, _LABEL, _MARGIN, _HEAD, _CURVE, _MOST = 132, 8, 18, 20, 64, 190, 48


def stack_picture(
    stack: ZStack,
    position: float | None,
    curve: npt.NDArray[np.float64],
    *,
    title: str,
    note: str,
    curve_name: str = "",
) -> bytes:
    """Draw a stack.

    All planes share one stretch of grey, so that a minimum of contrast shows. Of long stacks, the
    planes around the chosen one and every so many of the others are shown.

    Parameters
    ----------
    stack
        The stack; read plane by plane.
    position
        The chosen place in planes; None if there is none.
    curve
        (planes,) what is drawn below, NaN where there is nothing; empty for no curve.
    title, note
        First and second line.
    curve_name
        What the curve is.

    Returns
    -------
    bytes
        A PNG file.
    """
    from PIL import Image, ImageDraw

    best = None if position is None else min(len(stack) - 1, max(0, round(position)))
    shown = _shown(len(stack), best)
    tiles = _tiles([stack[index] for index in shown])
    columns = min(len(shown), 8)
    rows = math.ceil(len(shown) / columns)
    width = max(2 * _MARGIN + columns * _TILE + (columns - 1) * _GAP, 700)
    below = _CURVE + 52 if len(curve) else 0
    line = _TILE + _LABEL + _GAP
    picture = Image.new("RGB", (width, _HEAD + rows * line + below + _MARGIN), PAPER)
    draw = ImageDraw.Draw(picture)
    room = width - 2 * _MARGIN
    draw.text((_MARGIN, 14), fit_text(draw, title, font(18), room), INK, font(18))
    draw.text((_MARGIN, 40), fit_text(draw, note, font(13), room), DIM_INK, font(13))
    for place, (index, tile) in enumerate(zip(shown, tiles)):
        x = _MARGIN + place % columns * (_TILE + _GAP)
        y = _HEAD + place // columns * line
        picture.paste(Image.fromarray(tile), (x, y))
        chosen = index == best
        if chosen:
            height, wide = tile.shape
            draw.rectangle((x - 3, y - 3, x + wide + 2, y + height + 2), outline=CHOSEN, width=4)
        draw.text(
            (x, y + tile.shape[0] + 4),
            f"plane {index}",
            CHOSEN if chosen else DIM_INK,
            font(12),
        )
    if len(curve):
        box = (
            _MARGIN + 44,
            _HEAD + rows * line + 24,
            width - _MARGIN,
            _HEAD + rows * line + _CURVE,
        )
        _draw_curve(draw, box, curve, position, curve_name)
    return encode(picture, "PNG")


def _shown(count: int, best: int | None) -> list[int]:
    if count <= _MOST:
        return list(range(count))
    shown: set[int] = {int(place) for place in np.linspace(0, count - 1, _MOST - 4).round()}
    if best is not None:
        shown |= {best + step for step in range(-2, 3) if 0 <= best + step < count}
    return sorted(shown)


def _tiles(planes: list[npt.NDArray[np.generic]]) -> list[npt.NDArray[np.uint8]]:
    """Planes at most a tile wide and high, with one stretch for all; small ones are enlarged."""
    height, width = planes[0].shape
    factor = max(1, math.ceil(max(height, width) / _TILE))
    small = stretch(np.stack([reduce_plane(plane, factor) for plane in planes]))
    larger = max(1, _TILE // max(small.shape[1:]))
    return list(small.repeat(larger, axis=1).repeat(larger, axis=2))


def _draw_curve(
    draw: ImageDraw,
    box: tuple[int, int, int, int],
    curve: npt.NDArray[np.float64],
    position: float | None,
    name: str,
) -> None:
    left, top, right, bottom = box
    known = np.isfinite(curve)
    low, high = (curve[known].min(), curve[known].max()) if known.any() else (0.0, 1.0)
    span = (high - low) or 1.0

    def at(plane: float, value: float) -> tuple[float, float]:
        x = left + 6 + (right - left - 12) * plane / max(1, len(curve) - 1)
        return x, bottom - 6 - (bottom - top - 12) * (value - low) / span

    draw.rectangle(box, outline=(60, 65, 74))
    draw.text((left, top - 18), f"{name} by plane", DIM_INK, font(12))
    draw.text((left - 6, top), f"{high:.3g}", DIM_INK, font(11), anchor="ra")
    draw.text((left - 6, bottom), f"{low:.3g}", DIM_INK, font(11), anchor="rd")
    step = max(1, math.ceil(len(curve) / 16))
    for plane in range(0, len(curve), step):
        draw.text((at(plane, low)[0], bottom + 5), str(plane), DIM_INK, font(11), anchor="ma")
    if position is not None:
        x = at(position, low)[0]
        draw.line((x, top, x, bottom), fill=CHOSEN, width=2)
    points = [at(plane, float(curve[plane])) for plane in np.flatnonzero(known).tolist()]
    if len(points) > 1:
        draw.line(points, fill=LINE, width=2)
    for x, y in points:
        draw.ellipse((x - 3, y - 3, x + 3, y + 3), fill=LINE)


def reading_picture(stack: ZStack, best: BestPlane, title: str) -> bytes:
    """Draw a stack with its best plane and the curve that the model read.

    Parameters
    ----------
    stack
        The stack.
    best
        Its best plane.
    title
        First line.

    Returns
    -------
    bytes
        A PNG file.
    """
    fluorescence = best.modality == "fluorescence"
    curve = [r.expected_level if fluorescence else r.z_um for r in best.readings]
    if best.position is None:
        note = f"undecided: {best.message}"
    else:
        note = (
            f"best plane {best.index}, focus at {best.position:.2f}; probability of this plane or "
            f"one beside it {best.confidence:.2f}; {best.modality}"
        )
    return stack_picture(
        stack,
        best.position,
        np.array(curve),
        title=title,
        note=note,
        curve_name="expected level" if fluorescence else "z in um as read",
    )
