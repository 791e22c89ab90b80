"""Objects of fluorescence microscopy, drawn in um on a grid finer than any objective resolves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from zfocus_model._errors import ZfocusError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Image = NDArray[np.float64]

KINDS = (
    "nuclei",
    "round_cells",
    "cytoplasm",
    "reticulum",
    "mitochondria",
    "microtubules",
    "membranes",
    "spots",
    "beads",
)
"""What can be drawn."""


def draw(rng: np.random.Generator, kind: str, side: int, step_um: float) -> Image:
    """Fluorophores per area of a flat field that surely holds something.

    Parameters
    ----------
    rng
        A seeded generator.
    kind
        One of `KINDS`: nuclei 9 to 18 um wide with chromatin and nucleoli; round_cells (mitotic or
        dying, smooth but for their outline); cytoplasm (cells 25 to 50 um wide, granular, dark
        nucleus); reticulum (a mesh in cells); mitochondria (0.5 um tubes); microtubules (25 nm
        lines); membranes (outlines of packed cells); spots (0.2 to 0.6 um vesicles in dim cells);
        beads (0.2, 0.5, 1 or 2.5 um across).
    side
        Points a side.
    step_um
        Distance of the points.

    Returns
    -------
    numpy.ndarray
        (side, side), float64, >= 0, any scale.

    Raises
    ------
    ZfocusError
        If the kind is unknown.
    """
    if kind not in KINDS:
        raise ZfocusError(f"expected a kind of object out of {', '.join(KINDS)}, got {kind!r}")
    canvas = _Canvas(rng, side, step_um)
    if kind in ("nuclei", "round_cells"):
        _nuclei(canvas, rounded=kind == "round_cells")
    elif kind == "membranes":
        _membranes(canvas)
    elif kind == "beads":
        _beads(canvas)
    else:
        _cells(canvas, kind)
    return canvas.image


class _Canvas:
    """The image, its grid in um, and random places and textures on it."""

    def __init__(self, rng: np.random.Generator, side: int, step_um: float) -> None:
        self.rng, self.side, self.step_um = rng, side, step_um
        self.extent_um = side * step_um
        self.image: Image = np.zeros((side, side))

    def places(self, apart_um: float, share: float) -> list[tuple[float, float]]:
        """Centres at least so far apart: one near the middle, then at random until crowded."""
        rng, extent = self.rng, self.extent_um
        near = 0.25 * min(extent, 4 * apart_um)
        found = [tuple(extent / 2 + rng.uniform(-near, near, 2))]
        wanted = 1 + rng.poisson(share * (extent / apart_um) ** 2)
        for place in rng.uniform(-apart_um / 2, extent + apart_um / 2, (8 * wanted, 2)):
            if len(found) >= wanted:
                break
            if all(math.dist(place, other) > apart_um for other in found):
                found.append((float(place[0]), float(place[1])))
        return [(float(y), float(x)) for y, x in found]

    def window(self, place: tuple[float, float], reach_um: float) -> tuple[slice, slice] | None:
        """Part of the grid within a distance of a place; None outside."""
        slices: list[slice] = []
        for centre in place:
            low = max(0, math.floor((centre - reach_um) / self.step_um))
            high = min(self.side, math.ceil((centre + reach_um) / self.step_um) + 1)
            if low >= high:
                return None
            slices.append(slice(low, high))
        return slices[0], slices[1]

    def offsets(self, window: tuple[slice, slice], place: tuple[float, float]) -> list[Image]:
        """Distances (h, 1) and (1, w) in um of a window's points from a place."""
        y: Image = (
            np.arange(window[0].start, window[0].stop, dtype=np.float64) * self.step_um - place[0]
        )
        x: Image = (
            np.arange(window[1].start, window[1].stop, dtype=np.float64) * self.step_um - place[1]
        )
        return [y[:, None], x[None, :]]

    def texture(self, shape: tuple[int, ...], low_um: float, high_um: float, slope: float) -> Image:
        """Noise of standard deviation 1 with structure from `low_um` to `high_um`.

        Its power falls with spatial frequency to the power of `slope`.
        """
        height, width = shape
        spectrum = np.fft.rfft2(self.rng.standard_normal((height, width)))
        fy, fx = np.fft.fftfreq(height, self.step_um), np.fft.rfftfreq(width, self.step_um)
        f = np.hypot(fy[:, None], fx)
        gain = np.maximum(f, 1 / high_um) ** (-slope / 2) * np.exp(-0.5 * (f * low_um) ** 2)
        gain[0, 0] = 0
        noise = np.fft.irfft2(spectrum * gain, (height, width))
        return noise / max(float(noise.std()), 1e-12)

    def lines(self, tracks: Image, light: Image) -> None:
        """Add points (n, 2) in um, each shared by the four grid points around it."""
        rows, columns = tracks[:, 0] / self.step_um, tracks[:, 1] / self.step_um
        top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
        down, right = rows - top, columns - left
        for dy, share_y in ((0, 1 - down), (1, down)):
            for dx, share_x in ((0, 1 - right), (1, right)):
                y, x = top + dy, left + dx
                kept = (y >= 0) & (y < self.side) & (x >= 0) & (x < self.side)
                np.add.at(self.image, (y[kept], x[kept]), (light * share_y * share_x)[kept])


def _outline(
    canvas: _Canvas, offsets: list[Image], radius_um: float, stretch: float, wobble: float
) -> Image:
    """Distance from the centre, 1 at the outline of an irregular ellipse."""
    rng = canvas.rng
    turn = rng.uniform(0, math.pi)
    along = offsets[1] * math.cos(turn) + offsets[0] * math.sin(turn)
    across = offsets[0] * math.cos(turn) - offsets[1] * math.sin(turn)
    along, across = along / math.sqrt(stretch), across * math.sqrt(stretch)
    theta = np.arctan2(across, along)
    outline = np.ones_like(theta)
    for order in range(2, 7):
        phase = rng.uniform(0, 2 * math.pi)
        outline += wobble * rng.normal() / order * np.cos(order * theta + phase)
    return np.hypot(along, across) / (radius_um * np.maximum(outline, 0.3))


def _inside(distance: Image, radius_um: float, edge_um: float) -> Image:
    """1 inside, 0 outside, over an edge of a width."""
    return 0.5 - 0.5 * np.tanh((distance - 1) * radius_um / edge_um)


def _nuclei(canvas: _Canvas, *, rounded: bool) -> None:
    rng = canvas.rng
    typical = rng.uniform(3.5, 6.0) if rounded else rng.uniform(5.0, 8.0)
    for place in canvas.places(2.3 * typical, rng.uniform(0.2, 0.6)):
        radius = typical * rng.lognormal(0, 0.12)
        window = canvas.window(place, 1.8 * radius)
        if window is None:
            continue
        offsets = canvas.offsets(window, place)
        stretch, wobble = (1.0, 0.02) if rounded else (rng.uniform(1, 1.5), 0.08)
        distance = _outline(canvas, offsets, radius, stretch, wobble)
        light = _inside(distance, radius, 0.08 if rounded else 0.12)
        thick = np.sqrt(np.maximum(0.02, 1 - (0.9 if rounded else 0.6) * distance**2))
        grain = 0.08 if rounded else rng.uniform(0.2, 0.4)
        chromatin = np.exp(grain * canvas.texture(distance.shape, 0.12, 2.0, 2.4))
        if not rounded:
            for _ in range(rng.integers(2, 6)):
                away, turn = radius * 0.65 * math.sqrt(rng.random()), rng.uniform(0, 2 * math.pi)
                y, x = offsets[0] - away * math.sin(turn), offsets[1] - away * math.cos(turn)
                size = rng.uniform(0.6, 1.5)
                chromatin *= 1 - rng.uniform(0.3, 0.6) * _inside(np.hypot(y, x) / size, size, 0.12)
        canvas.image[window] += rng.lognormal(0, 0.3) * light * thick * chromatin


def _cells(canvas: _Canvas, kind: str) -> None:
    rng = canvas.rng
    typical = rng.uniform(13.0, 22.0)
    for place in canvas.places(1.5 * typical, rng.uniform(0.5, 1.0)):
        radius, bright = typical * rng.lognormal(0, 0.12), rng.lognormal(0, 0.3)
        window = canvas.window(place, 1.8 * radius)
        if window is None:
            continue
        offsets = canvas.offsets(window, place)
        distance = _outline(canvas, offsets, radius, rng.uniform(1, 1.6), 0.2)
        light = _inside(distance, radius, 0.15)
        thick = 0.15 + np.exp(-1.5 * distance**2)
        size = rng.uniform(5.0, 7.5)
        shift = rng.normal(0, 0.1 * radius, 2)
        hole = _inside(np.hypot(offsets[0] - shift[0], offsets[1] - shift[1]) / size, size, 0.15)
        shape = distance.shape
        if kind == "cytoplasm":
            grain = np.exp(0.3 * canvas.texture(shape, 0.15, 1.5, 1.8))
            canvas.image[window] += bright * light * thick * grain * (1 - 0.7 * hole)
        elif kind == "reticulum":
            ridge = np.abs(canvas.texture(shape, 0.9, 3.0, 0.0))
            mesh = np.exp(-((ridge / 0.25) ** 2)) + 0.12
            canvas.image[window] += bright * light * thick * mesh * (1 - 0.8 * hole)
        else:
            canvas.image[window] += 0.03 * bright * light * thick
            _content(canvas, kind, place, radius, bright, size)


def _content(
    canvas: _Canvas,
    kind: str,
    place: tuple[float, float],
    radius: float,
    bright: float,
    nucleus_um: float,
) -> None:
    """Tubes, lines or spots of one cell."""
    rng, step = canvas.rng, canvas.step_um
    if kind == "spots":
        count = int(rng.integers(40, 200))
        away = radius * np.sqrt(rng.random(count))
        turn = rng.uniform(0, 2 * math.pi, count)
        centres = np.array(place) + np.stack([away * np.sin(turn), away * np.cos(turn)], 1)
        width = rng.uniform(0.1, 0.3, count)
        # Each vesicle is a small cloud of points.
        cloud = np.repeat(centres, 60, axis=0)
        cloud += rng.normal(0, 0.5, cloud.shape) * np.repeat(width, 60)[:, None]
        light = np.repeat(bright * rng.lognormal(0, 0.5, count), 60) * 0.01 / step**2
        canvas.lines(cloud, light)
        return
    lines = kind == "microtubules"
    count = int(rng.integers(60, 140)) if lines else int(rng.integers(60, 160))
    length = 1.6 * radius if lines else 5.0
    dots = math.ceil(length / (0.7 * step))
    turn = rng.uniform(0, 2 * math.pi, count)
    away = (
        1.5 * rng.random(count) if lines else nucleus_um + (radius - nucleus_um) * rng.random(count)
    )
    starts = np.array(place) + np.stack([away * np.sin(turn), away * np.cos(turn)], 1)
    bend = rng.normal(0, 1, (dots, count)) * math.sqrt(0.7 * step / (40.0 if lines else 4.0))
    heading = (turn if lines else rng.uniform(0, 2 * math.pi, count)) + np.cumsum(bend, 0)
    track = np.stack([np.cumsum(np.sin(heading), 0), np.cumsum(np.cos(heading), 0)], -1)
    track = (starts + 0.7 * step * track).reshape(-1, 2)
    light = np.full(len(track), 0.7 * bright * (0.05 if lines else 0.2) / step)
    if lines:
        canvas.lines(track, light)
    else:
        for _ in range(6):
            canvas.lines(track + rng.normal(0, 0.14, track.shape), light / 6)


def _membranes(canvas: _Canvas) -> None:
    """Borders of a tissue: the edges of a Voronoi diagram, 0.1 um wide."""
    rng = canvas.rng
    apart = rng.uniform(5.0, 12.0)
    count = int(1.3 * (canvas.extent_um / apart + 4) ** 2)
    seeds = rng.uniform(-2 * apart, canvas.extent_um + 2 * apart, (count, 2))
    shape = (canvas.side, canvas.side)
    warp = [0.35 * canvas.texture(shape, 3.0, 12.0, 3.0) for _ in range(2)]
    first, second = np.full(shape, 3 * apart), np.full(shape, 3 * apart)
    for y, x in seeds:  # a seed matters for no point further away than 3 cells
        window = canvas.window((float(y), float(x)), 3 * apart)
        if window is None:
            continue
        dy, dx = canvas.offsets(window, (float(y), float(x)))
        distance = np.hypot(dy + warp[0][window], dx + warp[1][window])
        second[window] = np.minimum(second[window], np.maximum(first[window], distance))
        first[window] = np.minimum(first[window], distance)
    edge = np.exp(-(((second - first) / 0.2) ** 2))
    patchy = np.exp(0.35 * canvas.texture(edge.shape, 0.3, 4.0, 1.5))
    canvas.image += edge * patchy + 0.02


def _beads(canvas: _Canvas) -> None:
    rng = canvas.rng
    size = float(rng.choice((0.2, 0.5, 1.0, 2.5)))
    count = max(6, int(rng.uniform(0.02, 0.1) * canvas.extent_um**2 / max(size, 0.5)))
    for place in rng.uniform(0, canvas.extent_um, (min(count, 1500), 2)):
        where = (float(place[0]), float(place[1]))
        if size < 4 * canvas.step_um:
            canvas.lines(np.array([where]), np.array([size**3 / canvas.step_um**2]))
            continue
        window = canvas.window(where, size)
        if window is not None:
            y, x = canvas.offsets(window, where)
            canvas.image[window] += np.sqrt(np.maximum(0, size**2 / 4 - y**2 - x**2))
