"""What is said of fields that hold no cells, fault by fault, and what a higher limit would cost.

Simulated photographs of nothing but light, a camera and its faults: noise, light that falls off or
lies in pools, the wall of a well, shadows of dust, interference, hot pixels, uneven rows. They are
harder than the blank fields of robustness.py: slopes of light up to a factor of e, few photons to
many. A model sees patches, and a patch of a slope of light looks like a patch of a large blurred
cell. The second table raises the certainty that a decision needs, and says what that does to blank
fields and to held-out images of the train split (levels 0 to 10, 50 to 20,000 photons). Needs the
image collection (ZFOCUS_DATA, else ../shared/data) and the extra train. Options: --model PATH,
--fields N (of each kind), --quick (few, print only).
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
from _record import Table, asked, save
from accuracy import DATA

import zfocus_model
from zfocus_model.model import Model
from zfocus_model.rating import Rating
from zfocus_model.training.graded import graded_images
from zfocus_model.training.kernels import log_uniform
from zfocus_model.training.sources import list_images, read_images, split_images

SEED = 20261122
SIDES_PX = (252, 336, 504)
LIMITS = (0.2, 0.25, 0.3, 0.35)
TRAIN = ("split=train", "role=in_focus", "modality!=bright*,phase*")
NOISE, ROWS, HOT = "noise alone", "uneven rows", "hot pixels"

Light = np.ndarray


def main() -> None:
    """Measure, print, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="focus-fluorescence")
    parser.add_argument("--fields", type=int, default=100, help="of each kind")
    parser.add_argument("--quick", action="store_true", help="ten of each kind, print only")
    arguments = parser.parse_args()
    model = zfocus_model.load_model(arguments.model)
    number = 10 if arguments.quick else arguments.fields
    empty = {kind: rated(model, kind, number) for kind in KINDS}
    cells = held_out(model, 10 if arguments.quick else None)
    save(
        "empty_fields",
        title="Fields without cells, fault by fault",
        tables=[by_kind(empty), by_limit(model, empty, cells)],
        settings={
            **asked(model),
            "certainty that a decision needs": model.package.limits.certainty_min,
        },
        keep=not arguments.quick,
    )


def rated(model: Model, kind: str, number: int) -> list[Rating]:
    """Ratings of simulated empty fields of a kind."""
    found: list[Rating] = []
    for index in range(number):
        rng = np.random.default_rng([SEED, index, *kind.encode()])
        found.append(model.rate(empty_field(rng, kind, int(rng.choice(SIDES_PX)))))
    return found


def held_out(model: Model, most: int | None) -> list[Rating]:
    """Ratings of graded copies of the images that training held out, 252 px of each."""
    _, images = split_images(read_images(list_images(DATA / "manifest.csv", TRAIN)), seed=0)
    rng = np.random.default_rng([SEED, 1])
    found: list[Rating] = []
    for image in images[:most]:
        photons = log_uniform(rng, 50, 20_000)
        for _, counts in graded_images(image.pixels[:252, :252], rng, peak_photons=photons):
            found.append(model.rate(counts.astype(np.uint16)))
    return found


def by_kind(empty: dict[str, list[Rating]]) -> Table:
    """What is said of each kind."""
    rows: list[list[Any]] = []
    for kind, ratings in empty.items():
        said = Counter(rating.reason or rating.status for rating in ratings)
        undecided = sum(rating.status == "undecided" for rating in ratings)
        rows.append(
            [
                kind,
                len(ratings),
                100 * undecided / len(ratings),
                *(100 * said[what] / len(ratings) for what in ("in_focus", "out_of_focus")),
                ", ".join(
                    f"{reason.replace('_', ' ')}: {said[reason]}"
                    for reason in ("blank", "uncertain", "out_of_domain")
                    if said[reason]
                ),
            ]
        )
    heads = ["fields", "number", "undecided, %", "called in focus, %", "called out of focus, %"]
    return Table("Simulated fields without cells", [*heads, "why undecided"], rows)


def by_limit(model: Model, empty: dict[str, list[Rating]], cells: list[Rating]) -> Table:
    """Undecided shares if decisions needed more certainty."""

    def undecided(ratings: list[Rating], limit: float) -> float:
        return 100 * float(
            np.mean([r.status == "undecided" or r.certainty.aggregate < limit for r in ratings])
        )

    every = [rating for ratings in empty.values() for rating in ratings]
    rows = [
        [limit, undecided(every, limit), undecided(cells, limit)]
        for limit in (model.package.limits.certainty_min, *LIMITS)
    ]
    return Table(
        "Undecided, %, if a decision needed this certainty",
        ["certainty at least", "fields without cells (wanted: all)", "held-out images with cells"],
        rows,
        f"{len(cells):,} images with cells, half of them at levels where little is left to see. "
        "The first row is the package's limit.",
    )


def empty_field(rng: np.random.Generator, kind: str, side_px: int) -> np.ndarray:
    """Counts of a camera, (side, side) uint16, of a field that holds nothing."""
    place = np.linspace(-1, 1, side_px)
    y, x = np.meshgrid(place, place, indexing="ij")
    photons = log_uniform(rng, 5, 20_000)
    light = photons * KINDS[kind](rng, y, x)
    if kind != NOISE and rng.random() < 0.4:
        light = light * slope(rng, y, x, log_uniform(rng, 0.01, 0.2))
    light = np.maximum(light, 0.02 * photons)
    electrons = rng.poisson(light) + rng.normal(0, log_uniform(rng, 0.7, 8), light.shape)
    spread = float(electrons.std())
    if kind == HOT:
        count = 1 + int(rng.poisson(log_uniform(rng, 3e-5, 1e-3) * electrons.size))
        places = tuple(rng.integers(0, side_px, (2, count)))
        electrons[places] += spread * np.exp(rng.uniform(np.log(4), np.log(400), count))
    if kind == ROWS:
        each = rng.standard_normal((side_px, 1)) * spread * log_uniform(rng, 0.3, 3)
        electrons += each if rng.random() < 0.5 else each.T
    gain = log_uniform(rng, 0.2, 3)
    if rng.random() < 0.3:  # few grey values: a bright or a dim picture of 8 bits
        gain = 255 / max(1.0, float(np.ptp(electrons))) * log_uniform(rng, 0.05, 1)
    counts = np.rint(gain * electrons + rng.uniform(5, 500))
    return np.clip(counts, 0, 65535).astype(np.uint16)


def slope(rng: np.random.Generator, y: Light, x: Light, depth: float) -> Light:
    """Light that falls off to one side and towards the edges, by a share."""
    angle, centre = rng.uniform(0, 2 * np.pi), rng.normal(0, 0.6, 2)
    bow = rng.uniform(-0.3, 1.0)
    away = (y - centre[0]) ** 2 + rng.uniform(0.3, 1.0) * (x - centre[1]) ** 2
    return np.exp(-depth * (y * np.sin(angle) + x * np.cos(angle) + bow * away))


def pools(rng: np.random.Generator, y: Light, x: Light) -> Light:
    """Wide pools of light or shade."""
    light = np.ones_like(x)
    for _ in range(int(rng.integers(1, 5))):
        away = np.hypot(y - rng.uniform(-1, 1), x - rng.uniform(-1, 1)) / rng.uniform(0.5, 1.5)
        light *= 1 + rng.choice((-0.5, 1)) * log_uniform(rng, 0.02, 0.6) * np.exp(-(away**2))
    return light


def wall(rng: np.random.Generator, y: Light, x: Light) -> Light:
    """The wall of a well: a long arc, a step of light with a rim, and the glow beside it."""
    radius = log_uniform(rng, 1.5, 30)
    angle, place = rng.uniform(0, 2 * np.pi), rng.uniform(-0.8, 0.8)
    cy, cx = (place - radius) * np.sin(angle), (place - radius) * np.cos(angle)
    distance = np.hypot(y - cy, x - cx) - radius
    width = log_uniform(rng, 0.01, 0.15)
    step = 1 / (1 + np.exp(np.clip(distance / width, -40, 40)))
    rim = np.exp(-0.5 * ((distance - rng.uniform(-2, 2) * width) / (2 * width)) ** 2)
    glow = np.where(distance < 0, np.exp(np.minimum(distance, 0) / rng.uniform(0.2, 1.5)), 0.0)
    parts = rng.uniform(-0.3, 0.3), rng.uniform(-0.2, 0.6), rng.uniform(-0.3, 0.5)
    return np.clip(1 + parts[0] * step + parts[1] * rim + parts[2] * glow, 0.05, None)


def dust(rng: np.random.Generator, y: Light, x: Light) -> Light:
    """Shadows of dust far from focus: faint discs and rings, all of about one size."""
    light = slope(rng, y, x, log_uniform(rng, 0.01, 0.3))
    size, hollow = log_uniform(rng, 0.1, 0.5), rng.uniform(0, 1)
    for _ in range(int(rng.integers(1, 8))):
        radius = size * rng.uniform(0.8, 1.2)
        away = np.hypot(y - rng.uniform(-1, 1), x - rng.uniform(-1, 1))
        disc = 1 / (1 + np.exp(np.clip((away - radius) / (0.12 * radius), -40, 40)))
        core = np.exp(-((away / (0.5 * radius)) ** 2))
        light *= 1 - log_uniform(rng, 0.02, 0.25) * disc * (1 - hollow * core)
    return light


def stripes(rng: np.random.Generator, y: Light, x: Light) -> Light:
    """Bands of interference, straight or a little curved."""
    angle, period = rng.uniform(0, np.pi), log_uniform(rng, 0.06, 1.0)
    across = y * np.sin(angle) + x * np.cos(angle) + rng.uniform(-0.2, 0.2) * (x**2 + y**2)
    return 1 + log_uniform(rng, 0.02, 0.2) * np.sin(2 * np.pi * across / period + rng.uniform(0, 6))


def even(rng: np.random.Generator, y: Light, x: Light) -> Light:
    """The same light everywhere."""
    return np.ones_like(x)


KINDS: dict[str, Callable[[np.random.Generator, Light, Light], Light]] = {
    NOISE: even,
    "light that falls off": lambda rng, y, x: slope(rng, y, x, log_uniform(rng, 0.04, 1.0)),
    "pools of light": pools,
    "wall of a well": wall,
    "shadows of dust": dust,
    "interference": stripes,
    HOT: even,
    ROWS: even,
}
"""Kinds of empty fields: a generator and coordinates (-1 to 1) -> light, about 1."""


if __name__ == "__main__":
    main()
