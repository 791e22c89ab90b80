"""Simulated fluorescence fields, in focus: what a microscope would see of cells that are not real.

For demonstrations, tests and sample tensors, where no real picture may be used. Objects are drawn
sharper than the optics can show and then blurred with the in-focus point-spread function, so a
field is diffraction-limited at every sampling: level 0 by definition. Numpy only.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import numpy as np

from zfocus_model import optics
from zfocus_model._errors import ZfocusError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Image = NDArray[np.float64]

Kind = Literal["nuclei", "cytoplasm", "filaments", "spots", "blank"]
KINDS = ("nuclei", "cytoplasm", "filaments", "spots", "blank")
"""Names of the kinds of fields."""

_RADIUS_PX = {"nuclei": 11.0, "cytoplasm": 30.0, "filaments": 34.0, "spots": 28.0, "blank": 10.0}
_DENSITY = {"nuclei": 0.22, "cytoplasm": 0.5, "filaments": 0.55, "spots": 0.45, "blank": 0.0}


def field(
    rng: np.random.Generator,
    shape: tuple[int, int] = (520, 696),
    kind: Kind = "nuclei",
    *,
    density: float | None = None,
    size_px: float | None = None,
    brightness_spread: float = 0.35,
    background: float = 0.04,
    oversampling: float = 1.0,
) -> NDArray[np.float32]:
    """Draw a fluorescence field in focus, without noise.

    Parameters
    ----------
    rng
        A seeded generator: the same seed gives the same field.
    shape
        Height and width in px, each at least 8.
    kind
        "nuclei" (a DNA stain), "cytoplasm" (a whole-cell stain with dark nuclei), "filaments" (a
        cytoskeleton), "spots" (vesicles or foci in dim cells) or "blank" (no cells at all).
    density
        Share of the area that cells cover, 0 to 1; by default what suits the kind.
    size_px
        Mean radius of a nucleus, or of a cell where whole cells are stained; by default as with a
        20x objective and 0.65 um pixels. Multiplied by `oversampling`.
    brightness_spread
        Standard deviation of the logarithm of the cells' brightness.
    background
        Light between the cells, relative to the brightest pixel; it slopes a little.
    oversampling
        How many times smaller the pixels are than 0.65 um at NA 0.5: cells and the diffraction
        spot alike grow by this factor, 0.5 to 16.

    Returns
    -------
    numpy.ndarray
        Shape (height, width), float32, 0 to 1; the brightest pixel is 1 except in a blank field.

    Raises
    ------
    ZfocusError
        If an argument is out of range or the kind is unknown.

    Examples
    --------
    >>> picture = field(np.random.default_rng(0), (84, 84), "filaments")
    >>> picture.shape, float(picture.max())
    ((84, 84), 1.0)
    """
    if kind not in KINDS:
        raise ZfocusError(f"expected a kind of field out of {', '.join(KINDS)}, got {kind!r}")
    if len(shape) != 2 or min(shape) < 8 or max(shape) > 16384:
        raise ZfocusError(f"expected a field of 8 to 16384 px a side, got shape {shape}")
    cover = _DENSITY[kind] if density is None else density
    radius = _RADIUS_PX[kind] if size_px is None else size_px
    _within("a density", cover, 0.0, 1.0)
    _within("a size in px", radius, 1.0, 4096.0)
    _within("a brightness spread", brightness_spread, 0.0, 3.0)
    _within("a background", background, 0.0, 1.0)
    _within("an oversampling", oversampling, 0.5, 16.0)
    radius *= oversampling
    image = np.zeros(shape)
    # Cells may overlap a little: the number that covers the area is Poisson about its mean.
    count = int(rng.poisson(cover * (shape[0] + radius) * (shape[1] + radius) / 3 / radius**2))
    for row, column in _places(rng, shape, radius, count):
        cell = _Cell(rng, row, column, radius * rng.lognormal(0.0, 0.14), oversampling)
        bright = rng.lognormal(0.0, brightness_spread)
        if kind == "nuclei":
            _nucleus(rng, image, cell, bright)
        elif kind == "cytoplasm":
            _cytoplasm(rng, image, cell, bright)
        elif kind == "filaments":
            _filaments(rng, image, cell, bright)
        else:
            _spots(rng, image, cell, bright)
    image = optics.blur(image, _in_focus(oversampling))
    peak = float(image.max())
    slope = _slope(rng, shape)
    if peak > 0:
        image = (1 - background) * image / peak * (0.75 + 0.25 * slope) + background * slope
        return (image / image.max()).astype(np.float32)
    return (background * slope).astype(np.float32)


class _Cell:
    """An irregular ellipse: where, how large, and polar coordinates of the pixels around it."""

    def __init__(
        self, rng: np.random.Generator, row: float, column: float, radius: float, scale: float
    ) -> None:
        self.row, self.column, self.radius, self.scale = row, column, radius, scale
        self.angle = rng.uniform(0, math.pi)
        self.stretch = rng.uniform(1.0, 1.35)
        self.harmonics = rng.normal(0.0, 1.0, (4, 2)) * np.array([[0.05], [0.035], [0.02], [0.015]])

    def window(self, image: Image, reach: float) -> tuple[slice, slice] | None:
        """Part of the image within so many radii of the cell; None outside."""
        half = reach * self.radius * self.stretch + 2
        rows = slice(max(0, int(self.row - half)), min(image.shape[0], int(self.row + half) + 1))
        columns = slice(
            max(0, int(self.column - half)), min(image.shape[1], int(self.column + half) + 1)
        )
        return (rows, columns) if rows.start < rows.stop and columns.start < columns.stop else None

    def distance(self, window: tuple[slice, slice], wobble: float = 1.0) -> Image:
        """Distance from the centre of the pixels of a window; 1 is the cell's outline."""
        dy, dx = _offsets(window, self.row, self.column)
        along = (dx * math.cos(self.angle) + dy * math.sin(self.angle)) / math.sqrt(self.stretch)
        across = (dy * math.cos(self.angle) - dx * math.sin(self.angle)) * math.sqrt(self.stretch)
        theta = np.arctan2(across, along)
        outline = np.ones_like(theta)
        for order, (even, odd) in enumerate(self.harmonics * wobble, start=2):
            outline += even * np.cos(order * theta) + odd * np.sin(order * theta)
        result: Image = np.hypot(along, across) / (self.radius * np.maximum(outline, 0.2))
        return result

    def inside(self, distance: Image, at: float = 1.0, width_px: float = 0.5) -> Image:
        """1 inside a multiple of the outline, 0 outside, over a border of a width in px."""
        steps = (distance - at) * self.radius / (width_px * self.scale)
        return 0.5 - 0.5 * np.tanh(steps)


def _nucleus(rng: np.random.Generator, image: Image, cell: _Cell, bright: float) -> None:
    window = cell.window(image, 1.4)
    if window is None:
        return
    distance = cell.distance(window)
    dome = np.sqrt(np.maximum(0.0, 1 - 0.75 * distance**2))  # thinner towards the border
    fine = _texture(rng, distance.shape, 1.3 * cell.scale)
    coarse = _texture(rng, distance.shape, 0.22 * cell.radius)
    chromatin = np.maximum(0.1, 1 + 0.16 * fine + 0.16 * coarse)
    for _ in range(rng.integers(1, 5)):  # nucleoli hold little DNA
        away, turn = 0.6 * math.sqrt(rng.random()), rng.uniform(0, 2 * math.pi)
        hole = _blob(cell, window, away, turn, cell.radius * rng.uniform(0.1, 0.2))
        chromatin *= 1 - rng.uniform(0.3, 0.6) * hole
    if rng.random() < 0.06:  # rounded up for division: small, dense, bright
        distance, bright = distance / 0.65, 2.0 * bright
    image[window] += bright * cell.inside(distance) * dome * chromatin


def _cytoplasm(rng: np.random.Generator, image: Image, cell: _Cell, bright: float) -> None:
    window = cell.window(image, 1.9)
    if window is None:
        return
    distance = cell.distance(window, wobble=3.0)
    thick = np.exp(-1.1 * distance**2) + 0.12
    grain = _texture(rng, distance.shape, 1.1 * cell.scale)
    mesh = np.abs(_texture(rng, distance.shape, 2.2 * cell.scale))  # ridges: a reticulum
    texture = np.maximum(0.05, 1 + 0.18 * grain + 0.45 * (0.8 - mesh))
    away, turn = 0.2 * rng.random(), rng.uniform(0, 2 * math.pi)
    nucleus = _blob(cell, window, away, turn, 0.36 * cell.radius)
    image[window] += bright * cell.inside(distance) * thick * texture * (1 - 0.7 * nucleus)


def _filaments(rng: np.random.Generator, image: Image, cell: _Cell, bright: float) -> None:
    window = cell.window(image, 1.9)
    if window is None:
        return
    distance = cell.distance(window, wobble=3.0)
    inside = cell.inside(distance, width_px=1.0)
    lines = np.zeros(image.shape)
    bundles = rng.random() < 0.5  # parallel fibres, or fibres from a centre
    count, steps = int(rng.integers(22, 46)), math.ceil(2.4 * cell.radius / 0.4)
    direction = cell.angle + rng.normal(0, 0.12, count) + math.pi * rng.integers(0, 2, count)
    start = rng.normal(0.0, 0.5, (2, count)) * cell.radius
    if not bundles:
        direction = rng.uniform(0, 2 * math.pi, count)
        start = rng.normal(0.0, 0.06, (2, count)) * cell.radius
    bend = rng.normal(0, 0.1 if bundles else 0.3, (steps, count)) * math.sqrt(0.4 / cell.radius)
    heading = direction + np.cumsum(bend, axis=0)
    rows = cell.row + start[0] + np.cumsum(0.4 * np.sin(heading), axis=0)
    columns = cell.column + start[1] + np.cumsum(0.4 * np.cos(heading), axis=0)
    weight = np.broadcast_to(rng.lognormal(0.0, 0.5, count), rows.shape)
    _splat(lines, rows.ravel(), columns.ravel(), weight.ravel() * 0.4)
    haze = 0.1 * np.exp(-(distance**2))
    # A thin fibre dims as pixels shrink under it, as light is spread over more of them.
    image[window] += bright * inside * (lines[window] * 0.35 * cell.scale + haze)


def _spots(rng: np.random.Generator, image: Image, cell: _Cell, bright: float) -> None:
    window = cell.window(image, 1.9)
    if window is None:
        return
    distance = cell.distance(window, wobble=2.0)
    image[window] += 0.1 * bright * cell.inside(distance, width_px=1.5) * np.exp(-(distance**2))
    count = int(rng.integers(8, 60))
    away = cell.radius * 0.95 * rng.random(count) ** 0.6
    turn = rng.uniform(0, 2 * math.pi, count)
    light = bright * rng.lognormal(0.0, 0.45, count) * cell.scale**2
    _splat(image, cell.row + away * np.sin(turn), cell.column + away * np.cos(turn), light)


def _places(
    rng: np.random.Generator, shape: tuple[int, int], radius: float, count: int
) -> list[tuple[float, float]]:
    """Centres that keep apart where they can, (row, column), some of them beyond the border."""
    places: list[tuple[float, float]] = []
    beyond = 0.5 * radius
    for _ in range(count):
        for _attempt in range(12):
            row = float(rng.uniform(-beyond, shape[0] + beyond))
            column = float(rng.uniform(-beyond, shape[1] + beyond))
            near = 1.7 * radius
            if all((row - r) ** 2 + (column - c) ** 2 > near**2 for r, c in places):
                places.append((row, column))
                break
    return places


def _blob(
    cell: _Cell, window: tuple[slice, slice], away: float, turn: float, radius: float
) -> Image:
    """A soft disc inside a cell, `away` radii from its centre: 1 inside, 0 outside."""
    row = cell.row + away * cell.radius * math.sin(turn)
    column = cell.column + away * cell.radius * math.cos(turn)
    dy, dx = _offsets(window, row, column)
    return 0.5 - 0.5 * np.tanh((np.hypot(dy, dx) - radius) / (0.8 * cell.scale))


def _offsets(window: tuple[slice, slice], row: float, column: float) -> tuple[Image, Image]:
    """Rows (h, 1) and columns (1, w) of a window, counted from a point."""
    dy: Image = np.arange(window[0].start, window[0].stop, dtype=np.float64)[:, None] - row
    dx: Image = np.arange(window[1].start, window[1].stop, dtype=np.float64)[None, :] - column
    return dy, dx


def _splat(image: Image, rows: Image, columns: Image, light: Image) -> None:
    """Add points of light between pixels, shared by the four pixels around each."""
    top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
    down, right = rows - top, columns - left
    for dy, share_y in ((0, 1 - down), (1, down)):
        for dx, share_x in ((0, 1 - right), (1, right)):
            y, x = top + dy, left + dx
            kept = (y >= 0) & (y < image.shape[0]) & (x >= 0) & (x < image.shape[1])
            np.add.at(image, (y[kept], x[kept]), (light * share_y * share_x)[kept])


def _texture(rng: np.random.Generator, shape: tuple[int, ...], scale_px: float) -> Image:
    """Smooth noise of mean about 0 and standard deviation about 1."""
    height, width = shape
    noise = np.fft.rfft2(rng.standard_normal((height, width)))
    square = np.fft.fftfreq(height)[:, None] ** 2 + np.fft.rfftfreq(width) ** 2
    smooth = np.fft.irfft2(noise * np.exp(-2 * (math.pi * scale_px) ** 2 * square), (height, width))
    return smooth / max(float(smooth.std()), 1e-12)


def _slope(rng: np.random.Generator, shape: tuple[int, int]) -> Image:
    """Uneven illumination: a dome about 1 that falls by a few percent to the corners."""
    height, width = shape
    y = (np.arange(height)[:, None] - height * rng.uniform(0.35, 0.65)) / height
    x = (np.arange(width)[None, :] - width * rng.uniform(0.35, 0.65)) / width
    return 1 - rng.uniform(0.05, 0.3) * (y**2 + x**2)


def _in_focus(oversampling: float) -> NDArray[np.float64]:
    seen_by = optics.Optics(pixel_size_um=0.65 / oversampling)
    return optics.kernel(seen_by, size_px=seen_by.size_px(), samples_per_pixel=3)


def _within(what: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise ZfocusError(f"expected {what} of {low:g} to {high:g}, got {value}")
