"""Simulated images of what a fluorescence model was not made for.

Each kind is drawn from its physics or its statistics, coarsely and with wide spreads: phase objects
in coherent or partly coherent light, stained sections, print and charts, and scenes of things that
hide each other. The cells are those of `zfocus_model.scenes`, so that it is the light and not the
outline that sets a simulated transmitted-light image apart from a fluorescence image.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

import numpy as np

from zfocus_model import scenes
from zfocus_model.training.domain_empty import empty_field
from zfocus_model.training.kernels import log_uniform
from zfocus_model.training.sources import scaled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Image = NDArray[np.float32]

SIDE_PX = 288
"""Side of a simulated image."""

_LETTERS = "etaoinshrdlucmfwypvbgkqjxz     .,;0123456789ETAOINSHRDLUCMFW()-=+/%"


def _transmitted(rng: np.random.Generator) -> Image:
    """Bright field, phase contrast, interference contrast or a hologram of phase objects."""
    thickness = _thickness(rng)
    wave = np.exp((1j * log_uniform(rng, 0.3, 4.0) - rng.uniform(0, 0.15)) * thickness)
    mode = rng.choice(("bright field", "hologram", "phase contrast", "interference"))
    if mode == "interference":
        rows, columns = rng.integers(-2, 3, 2)
        sheared = np.roll(wave, (rows or 1, columns), (0, 1)) * np.exp(1j * rng.uniform(0.3, 2.5))
        return _finish(np.abs(wave + sheared) ** 2)
    y, x = np.meshgrid(np.fft.fftfreq(SIDE_PX), np.fft.fftfreq(SIDE_PX), indexing="ij")
    squared = x**2 + y**2
    # The Fresnel length, sqrt(wavelength z), in px: one number for defocus at any wavelength.
    longest = 14.0 if mode == "hologram" else 6.0
    fresnel_px = log_uniform(rng, 0.7, longest)
    pupil = np.exp(1j * np.pi * rng.choice((-1, 1)) * fresnel_px**2 * squared)
    cut_off = rng.uniform(0.1, 0.45)
    pupil = pupil * (squared < cut_off**2)
    if mode == "phase contrast":
        ring = np.exp(-squared / (2 * log_uniform(rng, 0.002, 0.02) ** 2))
        shift = rng.uniform(0.3, 0.8) * np.exp(1j * rng.choice((-1, 1)) * np.pi / 2)
        pupil = pupil * (1 - ring + ring * shift)
    # A condenser lights from several directions at once; their pictures add up.
    directions = 1 if mode == "hologram" else int(rng.integers(1, 6))
    steps = rng.normal(0, rng.uniform(0.0, 0.08) * SIDE_PX, (directions, 2)).astype(int)
    steps[0] = 0
    spectrum = np.fft.fft2(wave)
    total = np.zeros((SIDE_PX, SIDE_PX))
    for step in steps:
        shifted = np.roll(spectrum, tuple(step), (0, 1))
        total += np.abs(np.fft.ifft2(shifted * pupil)) ** 2
    if mode == "hologram" and rng.random() < 0.5:  # dust far from focus, and its rings
        total = total * _rings(rng)
    return _finish(total)


def _thickness(rng: np.random.Generator) -> NDArray[np.float64]:
    """Thickness of cells, 0 to 1: stained as in fluorescence, or smooth domes as of yeast."""
    if rng.random() < 0.5:
        kind = str(rng.choice(("nuclei", "cytoplasm", "filaments", "spots")))
        density = float(rng.uniform(0.05, 0.8))
        grown = log_uniform(rng, 0.6, 2.5)
        return _scene(rng, kind, density, grown)
    image = np.zeros((SIDE_PX, SIDE_PX))
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX].astype(np.float64)
    radius = log_uniform(rng, 4.0, 30.0)
    for _ in range(int(rng.integers(1, 2 + int(9000 / radius**2)))):
        centre = rng.uniform(0, SIDE_PX, 2)
        near = _window(centre, 2.5 * radius)
        dy, dx = y[near] - centre[0], x[near] - centre[1]
        angle, longer = rng.uniform(0, np.pi), rng.uniform(0.7, 1.4)
        across = (dx * np.cos(angle) + dy * np.sin(angle)) / longer
        r = np.hypot(across, dy * np.cos(angle) - dx * np.sin(angle))
        r /= radius * rng.lognormal(0, 0.15)
        dome = np.sqrt(np.clip(1 - r**2, 0, None))
        inside = 0.25 * np.exp(-((r - rng.uniform(0, 0.5)) ** 2) / 0.03) * (r < 1)
        image[near] = np.maximum(image[near], dome + rng.choice((-1, 0, 1)) * inside)
    return image


def _scene(rng: np.random.Generator, kind: Any, density: float, grown: float) -> Any:
    return scenes.field(
        rng, (SIDE_PX, SIDE_PX), kind, density=density, oversampling=max(0.5, grown)
    ).astype(np.float64)


def _membranes(rng: np.random.Generator) -> Image:
    """Fluorescent membranes: a foam of bright walls. Without it, rims would mean phase contrast."""
    size = log_uniform(rng, 12, 60)
    places = rng.uniform(-size, SIDE_PX + size, (4 + int((SIDE_PX / size + 2) ** 2), 2))
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX].astype(np.float32)
    y += np.float32(rng.uniform(0, 0.1) * size) * _smooth(rng, 1.8)
    x += np.float32(rng.uniform(0, 0.1) * size) * _smooth(rng, 1.8)
    nearest, second = np.full((2, SIDE_PX, SIDE_PX), 9 * size, np.float32)
    for place in places:
        near = _window(place, 3 * size)
        distance = np.hypot(y[near] - place[0], x[near] - place[1])
        second[near] = np.minimum(second[near], np.maximum(nearest[near], distance))
        nearest[near] = np.minimum(nearest[near], distance)
    width = log_uniform(rng, 0.8, 4.0)
    walls = np.exp(-((second - nearest) ** 2) / (2 * width**2))
    light = 1 + rng.uniform(0, 0.7) * _smooth(rng, 1.6)
    inside = rng.uniform(0, 0.3) * _scene(rng, "spots", 0.5, 1.0)
    return _finish(walls * np.clip(light, 0.05, None) + inside)


def _window(centre: NDArray[np.float64], reach: float) -> tuple[slice, slice]:
    """The part of an image that lies within reach of a place."""
    low = [max(0, int(place - reach)) for place in centre]
    high = [max(0, int(place + reach) + 1) for place in centre]
    return slice(low[0], high[0]), slice(low[1], high[1])


def _rings(rng: np.random.Generator) -> NDArray[np.float64]:
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX].astype(np.float64)
    product = np.ones((SIDE_PX, SIDE_PX))
    for _ in range(int(rng.integers(1, 6))):
        cy, cx = rng.uniform(0, SIDE_PX, 2)
        squared = (y - cy) ** 2 + (x - cx) ** 2
        width, reach = log_uniform(rng, 5, 15), log_uniform(rng, 15, 60)
        product += (
            rng.uniform(0.03, 0.3)
            * np.cos(np.pi * squared / width**2 + rng.uniform(0, 6))
            * np.exp(-squared / (2 * reach**2))
        )
    return product


def _histology(rng: np.random.Generator) -> Image:
    """A stained section in bright light: mean of red, green and blue."""
    tissue = _smooth(rng, rng.uniform(1.2, 2.2))
    tissue = np.clip((tissue - np.quantile(tissue, rng.uniform(0.0, 0.5))) * 3, 0, 1)
    fibres = 0.6 + 0.4 * _smooth(rng, rng.uniform(0.8, 1.6), stretch=log_uniform(rng, 0.2, 5))
    nuclei = _scene(rng, "nuclei", float(rng.uniform(0.02, 0.6)), log_uniform(rng, 0.5, 2.0))
    cells = _scene(rng, "cytoplasm", float(rng.uniform(0.1, 0.8)), log_uniform(rng, 0.5, 1.5))
    counter = rng.uniform(0.2, 1.0) * tissue * fibres + rng.uniform(0, 0.8) * tissue * cells
    dark = rng.uniform(0.5, 2.5) * nuclei * (0.2 + 0.8 * tissue)
    total = np.zeros((SIDE_PX, SIDE_PX))
    for pink, blue in ((0.1, 0.7), (0.9, 1.0), (0.4, 0.4)):
        total += np.exp(-(pink * counter + blue * dark))
    return _finish(total)


def _print(rng: np.random.Generator) -> Image:
    """Text, and charts of lines and boxes, dark on light or light on dark."""
    from PIL import Image as pillow
    from PIL import ImageDraw

    canvas = pillow.new("F", (SIDE_PX, SIDE_PX), float(rng.uniform(-0.1, 0.3)))
    draw = ImageDraw.Draw(canvas)
    if rng.random() < 0.3:
        for _ in range(int(rng.integers(3, 30))):
            corners = rng.uniform(-20, SIDE_PX + 20, (2, 2))
            ends = [tuple(corners.min(0)), tuple(corners.max(0))]
            grey = float(rng.uniform(0.3, 1))
            if rng.random() < 0.4:
                draw.rectangle(ends, fill=grey if rng.random() < 0.4 else None, outline=grey)
            else:
                draw.line([tuple(row) for row in corners], fill=grey, width=int(rng.integers(1, 5)))
    size = log_uniform(rng, 8, 60)
    font, stroke = _font(size), int(rng.random() < 0.3) * max(1, round(size / 20))
    y = -float(rng.uniform(0, size))
    while y < SIDE_PX:
        line = "".join(rng.choice(list(_LETTERS), 80))
        shift = -float(rng.uniform(0, 30))
        draw.text((shift, y), line, fill=1.0, font=font, stroke_width=stroke)
        y += size * rng.uniform(1.05, 1.6)
    turned = canvas.rotate(float(rng.normal(0, 4)), pillow.Resampling.BILINEAR)
    page = np.asarray(turned, np.float64)
    return _finish(1 - page if rng.random() < 0.7 else page)


def _font(size: float) -> Any:
    from PIL import ImageFont

    try:
        return ImageFont.load_default(size)
    except TypeError:  # Pillow before 10.1 has one size only
        return ImageFont.load_default()


def _photograph(rng: np.random.Generator) -> Image:
    """Things that hide each other, and texture whose power falls with frequency.

    Opaque discs and boxes of sizes without a scale have the statistics of natural images (Lee et
    al. 2001, doi 10.1023/A:1011109015675).
    """
    texture = _smooth(rng, rng.uniform(0.8, 2.0))
    if rng.random() < 0.2:
        return _finish(texture)
    image = np.full((SIDE_PX, SIDE_PX), rng.random())
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX].astype(np.float64)
    for _ in range(int(rng.integers(30, 300))):
        centre = rng.uniform(0, SIDE_PX, 2)
        # Radii from a power law of exponent 3.
        radius = 2.5 / np.sqrt(1 - rng.random() * (1 - (2.5 / 120) ** 2))
        angle, longer = rng.uniform(0, np.pi), log_uniform(rng, 1, 4)
        near = _window(centre, 1.5 * radius * longer)
        dy, dx = y[near] - centre[0], x[near] - centre[1]
        across = dx * np.cos(angle) + dy * np.sin(angle)
        along = (dy * np.cos(angle) - dx * np.sin(angle)) / longer
        disc = rng.random() < 0.5
        size = np.hypot(across, along) if disc else np.maximum(np.abs(across), np.abs(along))
        shade = rng.random() + rng.uniform(-0.5, 0.5) * across / radius
        grain = rng.uniform(0, 0.3) * texture[near]
        image[near] = np.where(size < radius, shade + grain, image[near])
    image += rng.uniform(0, 0.3) * _smooth(rng, rng.uniform(1.0, 2.0))
    return _finish(image)


def _smooth(
    rng: np.random.Generator, exponent: float, *, stretch: float = 1.0
) -> NDArray[np.float64]:
    """Noise whose amplitude falls with frequency to the exponent; median 0, mostly -1 to 1."""
    y = np.fft.fftfreq(SIDE_PX)[:, None] * stretch
    x = np.fft.rfftfreq(SIDE_PX)[None]
    frequency = np.hypot(y, x)
    frequency[0, 0] = 1
    spectrum = np.fft.rfft2(rng.standard_normal((SIDE_PX, SIDE_PX))) / frequency**exponent
    spectrum[0, 0] = 0
    image = np.fft.irfft2(spectrum, (SIDE_PX, SIDE_PX))
    return np.asarray(image / np.quantile(np.abs(image), 0.95))


def _finish(image: NDArray[np.float64]) -> Image:
    """The image, scaled as those that are read from files."""
    found = scaled(image)
    return np.zeros(image.shape, np.float32) if found is None else found


def _empty(rng: np.random.Generator) -> Image:
    return empty_field(rng, SIDE_PX)


FLUORESCENCE: dict[str, Callable[[np.random.Generator], NDArray[np.float32]]] = {
    "membranes": _membranes,
}
"""Fluorescence that real images and `zfocus_model.training.simulated` show too little of."""

SCENES: dict[str, Callable[[np.random.Generator], NDArray[np.float32]]] = {
    "transmitted light": _transmitted,
    "histology": _histology,
    "text": _print,
    "photographs": _photograph,
    "empty fields": _empty,
}
"""Simulators by kind: a generator -> an image (288, 288), float32, about 0 to 1."""
