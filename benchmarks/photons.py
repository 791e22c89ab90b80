"""Photons against accuracy: graded images of unseen sources from 10 photons at the peak to 10,000.

The middle 336 x 336 px of every in-focus fluorescence image of dev sources that training has no
images of, defocused to levels 0 to 10 as in training and photographed with the same offset (100)
and read noise (2) at every exposure. What was rated is kept in --runs: a run that was stopped goes
on. Draws docs/images/study-photons.svg. Needs the image collection (ZFOCUS_DATA, else
../shared/data). Options: --model PATH, --runs DIR, --quick (one image a source, print only).
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: see zfocus_model.cli.train

import argparse
import math
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from _record import ROOT, Table, asked, save
from accuracy import COLUMNS, DATA, FLUORESCENCE, pixels

import zfocus_model
from zfocus_model.camera import photograph
from zfocus_model.evaluation.drawing import BLUE, DIM, GREY, INK, ORANGE, Axes, Picture
from zfocus_model.evaluation.grading import OFFSET, READ_NOISE, paraxial
from zfocus_model.evaluation.manifest import Entry, list_entries
from zfocus_model.evaluation.rated import Rated, collect, load
from zfocus_model.evaluation.runner import Item, RatedItem
from zfocus_model.evaluation.summary import Graded, grade
from zfocus_model.levels import LEVELS
from zfocus_model.model import Model

SEED = 20181107
PHOTONS = (10, 30, 100, 200, 500, 1000, 3000, 10_000)
SIDE_PX = 336
FIGURE = ROOT / "docs" / "images" / "study-photons.svg"
CURVES = {"within_1": BLUE, "exact": ORANGE, "undecided": GREY}


def main() -> None:
    """Rate what is missing, then score, draw and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="focus-fluorescence")
    parser.add_argument("--runs", type=Path, default=ROOT / "runs" / "photons")
    parser.add_argument("--quick", action="store_true", help="one image a source, print only")
    arguments = parser.parse_args()
    model = zfocus_model.load_model(arguments.model)
    kept: Path = arguments.runs / asked(model)["answers_sha256"][:12]
    items = [one for entry in unseen(arguments.quick) for one in rated(entry, model, kept)]
    found = grade(items, None)
    if not arguments.quick:
        FIGURE.write_text(figure(found), encoding="utf-8")
    save(
        "photons",
        title="Photons against accuracy",
        tables=[table(found), flags(found)],
        settings=asked(model),
        keep=not arguments.quick,
    )


def flags(found: Sequence[Graded]) -> Table:
    """False flags, source by source, a row an exposure."""
    sources = [group.name for group in found[0].sources]
    key = "false_flags_per_1000"
    return Table(
        "False flags per 1,000 sharp, by source",
        ["photons at the peak", *sources],
        [
            [int(one.simulator), *(group.scores[key].value for group in one.sources)]
            for one in found
        ],
    )


def unseen(quick: bool) -> list[Entry]:
    """Sharp images of the sources that training has none of."""
    manifest = DATA / "manifest.csv"
    seen = {entry.source for entry in list_entries(manifest, ("split=train",))}
    entries = list_entries(manifest, (*FLUORESCENCE, "role=in_focus"))
    entries = [entry for entry in entries if entry.source not in seen]
    return list({entry.source: entry for entry in entries}.values()) if quick else entries


def rated(entry: Entry, model: Model, kept: Path) -> Iterator[RatedItem]:
    """The graded copies of an image, an item an exposure; those that are kept are not made."""
    digest = sha256(entry.name.encode()).hexdigest()
    lights: list[np.ndarray] = []
    for photons in PHOTONS:
        path = kept / f"{digest[:12]}-{photons}.npz"
        found = load(path)
        if found is None:
            lights = lights or defocused(pixels({"path": entry.name}))
            found = copies(lights, photons, int(digest[:8], 16), entry, model)
            path.parent.mkdir(parents=True, exist_ok=True)
            found.save(path)
        yield RatedItem(Item((entry,), f"{photons}"), found)


def defocused(image: np.ndarray) -> list[np.ndarray]:
    """The middle of an image at every level."""
    top, left = ((side - min(side, SIDE_PX)) // 2 for side in image.shape)
    sharp = image[top : top + SIDE_PX, left : left + SIDE_PX]
    return [paraxial(sharp, level) for level in range(LEVELS)]


def copies(
    lights: Sequence[np.ndarray], photons: float, seed: int, entry: Entry, model: Model
) -> Rated:
    """Photographs of the light, rated."""
    rng = np.random.default_rng([SEED, seed])
    shots = [
        photograph(light, rng=rng, peak_photons=photons, offset=OFFSET, read_noise=READ_NOISE)
        for light in lights
    ]
    ratings = [model.rate(shot.astype(np.uint16)) for shot in shots]
    return collect(
        ratings,
        names=[entry.name] * LEVELS,
        fields=[0] * LEVELS,
        true=list(range(LEVELS)),
    )


def table(found: Sequence[Graded]) -> Table:
    """Means over the sources, a row an exposure."""
    names = ["within_1", "exact", "mean_absolute_error", "f_in_focus", "f_out_of_focus"]
    names += ["false_flags_per_1000", "undecided"]
    rows: list[list[Any]] = []
    for one in found:
        scores = one.mean.scores
        row: list[Any] = [int(one.simulator)]
        for name in names:
            row.append(COLUMNS[name][1] * scores[name].value)
            if name in CURVES:
                ends = (COLUMNS[name][1] * end for end in (scores[name].low, scores[name].high))
                row.append("{:.1f} to {:.1f}".format(*ends))
        rows.append(row)
    heads = ["photons at the peak"]
    for name in names:
        heads += [COLUMNS[name][0], "95 %"] if name in CURVES else [COLUMNS[name][0]]
    fields, sources = found[0].mean.fields, len(found[0].sources)
    return Table(
        f"{fields} fields x 11 levels, mean of {sources} sources that are not in training",
        heads,
        rows,
        f"The middle {SIDE_PX} px of each image, which shows less than the whole images of "
        "accuracy.py. Intervals: other fields of the same sources. Read noise is 2 electrons. "
        "Where light fails, answers should become undecided, not wrong.",
    )


def figure(found: Sequence[Graded]) -> str:
    """Shares against photons, with intervals."""
    picture = Picture(620, 400, "Accuracy against the photons at the brightest pixel")
    picture.text(20, 26, "Accuracy against light", anchor="start", bold=True)
    first, last = math.log10(PHOTONS[0]), math.log10(PHOTONS[-1])
    axes = Axes(picture, 80, 50, 500, 280, (first - 0.1, last + 0.1), (0, 1))
    axes.scale_y([0, 0.2, 0.4, 0.6, 0.8, 1], "share of images, mean of sources", percent=True)
    for photons in PHOTONS:
        x = axes.x(math.log10(photons))
        picture.line(x, axes.top, x, axes.top + axes.height)
        picture.text(x, axes.top + axes.height + 18, f"{photons:,}", colour=DIM)
    picture.text(330, axes.top + axes.height + 42, "photons at the brightest pixel", colour=DIM)
    for row, (name, colour) in enumerate(CURVES.items()):
        points = []
        for one in found:
            score, x = one.mean.scores[name], axes.x(math.log10(int(one.simulator)))
            points.append((x, axes.y(score.value)))
            picture.line(x, axes.y(score.low), x, axes.y(score.high), colour, 1.2)
        picture.path(points, colour)
        for x, y in points:
            picture.dot(x, y, colour)
        words = COLUMNS[name][0].removesuffix(", %")
        picture.dot(430, 190 + 20 * row - 4, colour)
        picture.text(442, 190 + 20 * row, words, anchor="start", colour=INK)
    return picture.svg()


if __name__ == "__main__":
    main()
