"""Classical focus measures beside the shipped model, on the same images.

Every in-focus fluorescence image of the dev split is defocused to levels 0 to 10 by the reference
optics and photographed; levels 0 to 2 are to be told from 4 to 10. The measures get the best limit
for each source, chosen on that source's own images (no user can do that), and one limit for all,
learned on images of the train split (what a user without labels can be given). The model has the
limits that are in its package. Then real planes of BBBC006. What the measures say does not depend
on the model and is most of the work: it is kept under runs/kept and used again for the same pixels
and code. Needs the image collection (ZFOCUS_DATA, else ../shared/data) and scikit-image. Options:
--model PATH, --quick (few images, print only), --measures-only (fill runs/kept, print nothing),
--anew (do not look into runs/kept).
"""

from __future__ import annotations

import argparse
import csv
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from _kept import Numbers
from _record import Goal, Table, asked, save

import zfocus_model
from zfocus_model import planes
from zfocus_model.camera import photograph
from zfocus_model.images import open_image
from zfocus_model.measures import (
    MEASURES,
    blurring,
    gradients,
    measure,
    registry,
    spectra,
    statistics,
)
from zfocus_model.model import Model
from zfocus_model.optics import defocus

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("ZFOCUS_DATA", ROOT.parent / "shared" / "data"))
TRANSMITTED = ("bright-field", "phase", "coherent")
SHARP, BLURRED = "bbbc006_zaligned10", "bbbc006_z00"
SEED, PHOTONS = 20181103, 2000.0
TRAIN_IMAGES, TRAIN_PX = 5, 504  # of each source of the train split, its upper left corner
MODEL = "zfocus"

EXPOSURES = {
    False: "one exposure for all levels of a field",
    True: "each image exposed anew",
}
"""As on a plate, where blur dims; and as in accuracy.py, where all are equally bright."""

MEASURING = (blurring, gradients, planes, registry, spectra, statistics)

Score = Callable[[np.ndarray, np.ndarray], float]
Limits = dict[Score, dict[str, tuple[float, float]]]  # of each measure, with its direction


@dataclass(frozen=True)
class Group:
    """What all methods say of the images of one source."""

    seen: bool
    """Whether training saw other images of it."""
    images: int
    """Sharp images that the graded ones were made from."""
    sharp: np.ndarray
    """Per graded image: is it of level 0 to 2?"""
    values: dict[str, np.ndarray]
    """Per measure: its values, those of measures where lower is sharper negated."""
    expected_level: np.ndarray
    """By the model; empty if it was not asked."""
    status: np.ndarray
    """By the model."""


def main() -> None:
    """Measure, print, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="focus-fluorescence")
    parser.add_argument("--quick", action="store_true", help="one image a source, print only")
    parser.add_argument("--measures-only", action="store_true", help="fill runs/kept")
    parser.add_argument("--anew", action="store_true", help="do not look into runs/kept")
    arguments = parser.parse_args()
    measured = Measured(None if arguments.anew else Numbers("measures", MEASURING))
    with (DATA / "manifest.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    train, dev = (by_source(rows, split) for split in ("train", "dev"))
    quick = arguments.quick
    if arguments.measures_only:
        fill(rows, train, dev, measured)
        return
    model = zfocus_model.load_model(arguments.model)
    tables, margins, leads, limits = [], [], [], {}
    for anew, what in EXPOSURES.items():
        some = {name: members[: 1 if quick else TRAIN_IMAGES] for name, members in train.items()}
        groups = {name: group(few, None, anew, True, measured) for name, few in some.items()}
        limits = {score: fixed_limits(groups, score) for score in (f_score, balanced)}
        some = {name: members[: 1 if quick else None] for name, members in dev.items()}
        tested = {
            name: group(few, model, anew, name in train, measured) for name, few in some.items()
        }
        means = mean_table(tested, limits, what)
        fixed = source_table(tested, f"F with one limit for all, {what}", limits[f_score])
        best = source_table(tested, f"F with the best limit of each source, {what}", None)
        tables += [means, fixed, best, auc_table(tested, what)]
        margins += [(row[-1] - max(row[3:-1]), row[-1]) for row in fixed.rows[:-1]]
        leads.append(fixed.rows[-1][-1] - max(best.rows[-1][3:-1]))
        print(f"measured: {what}", flush=True)
    save(
        "classical",
        title="Classical focus measures",
        tables=[*tables, real_table(rows, model, limits, measured)],
        goals=[
            Goal(
                "F above that of every measure with one limit for all (or without an error), on "
                "every source, with both exposures: smallest lead",
                min(margins)[0],
                all(lead > 0 or (lead == 0 and own == 1) for lead, own in margins),
            ),
            Goal(
                "mean F over new sources not below any measure's with the best limit of each "
                "source, with both exposures: smaller lead",
                min(leads),
                min(leads) >= 0,
            ),
        ],
        settings={
            **asked(model),
            "images of each train source": TRAIN_IMAGES,
            "photons at the peak": PHOTONS,
        },
        keep=not arguments.quick,
    )


class Measured:
    """What the measures say of a picture; negated where lower is sharper."""

    def __init__(self, kept: Numbers | None) -> None:
        self._kept = kept

    def __call__(self, picture: np.ndarray) -> dict[str, float]:
        """The value of each measure."""

        def make() -> dict[str, float]:
            return {name: measure(picture, name) for name in MEASURES}

        found = make() if self._kept is None else self._kept.of(picture, make)
        signs = {name: 1 if one.higher_is_sharper else -1 for name, one in MEASURES.items()}
        return {name: sign * found[name] for name, sign in signs.items()}


def fill(
    rows: list[dict[str, str]],
    train: dict[str, list[dict[str, str]]],
    dev: dict[str, list[dict[str, str]]],
    measured: Measured,
) -> None:
    """Ask the measures about all pictures, and keep what they say."""
    some = [row for members in train.values() for row in members[:TRAIN_IMAGES]]
    every = [row for members in dev.values() for row in members]
    for chosen, side in ((some, TRAIN_PX), (every, None)):
        for number, row in enumerate(chosen, start=1):
            for anew in EXPOSURES:
                for _, picture in graded(row, anew, side):
                    measured(picture)
            print(f"measured {number} of {len(chosen)}", flush=True)
    for row in real_planes(rows):
        measured(pixels(row))


def by_source(rows: list[dict[str, str]], split: str) -> dict[str, list[dict[str, str]]]:
    """In-focus fluorescence images of a split."""
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        transmitted = row["modality"].startswith(TRANSMITTED)
        if row["split"] == split and row["role"] == "in_focus" and not transmitted:
            found[row["source"]].append(row)
    return dict(sorted(found.items()))


def pixels(row: dict[str, str]) -> np.ndarray:
    """The one plane of a file of the collection."""
    with open_image(DATA / row["path"]) as file:
        return file.read(0).pixels


def graded(row: dict[str, str], anew: bool, side: int | None) -> Iterator[tuple[int, np.ndarray]]:
    """Levels 0 to 10 but 3; the same pictures as in accuracy.py where each is exposed anew."""
    image = pixels(row)[:side, :side]
    rng = np.random.default_rng([SEED, *row["path"].encode()])
    brightest = 0.0
    for level in range(11):
        light = defocus(image, level=level)
        brightest = float(light.max()) if level == 0 or anew else brightest
        peak = PHOTONS * float(light.max()) / brightest
        counts = photograph(light, rng=rng, peak_photons=peak, offset=100, read_noise=2)
        if level != 3:
            yield level, counts.astype(np.uint16)


def group(
    members: list[dict[str, str]], model: Model | None, anew: bool, seen: bool, measured: Measured
) -> Group:
    """Ask everybody about the graded images of one source."""
    sharp, expected, status = [], [], []
    values: dict[str, list[float]] = {name: [] for name in MEASURES}
    for row in members:
        for level, image in graded(row, anew, None if model else TRAIN_PX):
            sharp.append(level <= 2)
            for name, value in measured(image).items():
                values[name].append(value)
            if model is not None:
                rating = model.rate(image)
                expected.append(rating.expected_level)
                status.append(rating.status)
    arrays = {name: np.array(found) for name, found in values.items()}
    return Group(seen, len(members), np.array(sharp), arrays, np.array(expected), np.array(status))


def f_score(called: np.ndarray, sharp: np.ndarray) -> float:
    """F of in focus; called and sharp are booleans."""
    return 2 * float((called & sharp).sum()) / max(1, int(called.sum() + sharp.sum()))


def balanced(called: np.ndarray, sharp: np.ndarray) -> float:
    """Mean of the shares of sharp and of blurred images that are called so."""
    return float(called[sharp].mean() + (~called[~sharp]).mean()) / 2


def auc(values: np.ndarray, sharp: np.ndarray) -> float:
    """Chance that a sharp image has the higher value than a blurred one."""
    pairs = values[sharp][:, None] - values[~sharp][None]
    return float((pairs > 0).mean() + 0.5 * (pairs == 0).mean())


def best_limit(groups: list[tuple[np.ndarray, np.ndarray]], score: Score) -> tuple[float, float]:
    """Limit and sign of the best mean score; a sign of -1 calls what is below the limit sharp."""
    every = np.unique(np.concatenate([values for values, _ in groups]))
    every = every[np.unique(np.linspace(0, len(every) - 1, 600).astype(int))]
    middles = np.concatenate([every[:1] - 1, (every[1:] + every[:-1]) / 2, every[-1:] + 1])
    found = (
        (float(np.mean([score(s * v >= s * limit, sharp) for v, sharp in groups])), limit, s)
        for s in (1.0, -1.0)
        for limit in middles
    )
    _, limit, sign = max(found, key=lambda one: one[0])
    return float(limit), sign


def fixed_limits(learned: dict[str, Group], score: Score) -> dict[str, tuple[float, float]]:
    """One limit for each measure, learned on train sources that count alike."""
    return {
        name: best_limit([(one.values[name], one.sharp) for one in learned.values()], score)
        for name in MEASURES
    }


def with_limit(one: Group, name: str, score: Score, limit: tuple[float, float] | None) -> float:
    """Score of a measure on a source; without a limit, with the best there is for it."""
    values = one.values[name]
    at, sign = best_limit([(values, one.sharp)], score) if limit is None else limit
    return score(sign * values >= sign * at, one.sharp)


def of_model(one: Group, score: Score) -> float:
    """Score of the model as it comes; an undecided image counts as an error."""
    called = one.status == "in_focus"
    if score is balanced:
        undecided = one.status == "undecided"
        called = np.where(undecided, ~one.sharp, called)
    return score(called, one.sharp)


def mean_table(tested: dict[str, Group], limits: Limits, what: str) -> Table:
    """Means over the sources that training never saw."""
    new = [one for one in tested.values() if not one.seen]
    rows = []
    for name, entry in MEASURES.items():
        row: list[object] = [entry.title, np.mean([auc(g.values[name], g.sharp) for g in new])]
        for score in (f_score, balanced):
            for limit in (None, limits[score][name]):
                row.append(np.mean([with_limit(g, name, score, limit) for g in new]))
        sharpest = [float(np.median(g.values[name][g.sharp])) for g in tested.values()]
        row.append(max(sharpest) / min(sharpest) if min(sharpest) > 0 else None)
        rows.append([float(v) if isinstance(v, np.floating) else v for v in row])
    scores = [float(np.mean([of_model(g, score) for g in new])) for score in (f_score, balanced)]
    level = float(np.mean([auc(-g.expected_level, g.sharp) for g in new]))
    rows.append([MODEL, level, None, scores[0], None, scores[1], None])
    columns = [
        "method",
        "AUC",
        "F, best limit of each source",
        "F, one limit for all",
        "balanced accuracy, best limit of each source",
        "balanced accuracy, one limit for all",
        "median value of sharp images, highest source / lowest",
    ]
    return Table(
        f"Levels 0-2 against 4-10, mean over the sources not in training, {what}",
        columns,
        rows,
        "Best limits and their directions were chosen on the very images that are counted, "
        "which is easy where a source has few fields. One "
        "limit for all is learned on the train split; zfocus has those of its package, and images "
        "that it leaves undecided count as errors.",
    )


def source_table(
    tested: dict[str, Group], what: str, limits: dict[str, tuple[float, float]] | None
) -> Table:
    """F of every method on every source."""
    rows = []
    for source, one in sorted(tested.items(), key=lambda item: (item[1].seen, item[0])):
        scores = [
            with_limit(one, name, f_score, limits[name] if limits else None) for name in MEASURES
        ]
        known = "yes" if one.seen else "no"
        rows.append([source, known, one.images, *scores, of_model(one, f_score)])
    means = np.mean([row[3:] for row in rows if row[1] == "no"], axis=0)
    rows.append(["mean of the sources not in training", "no", None, *map(float, means)])
    return Table(what, ["source", "also in training", "fields", *MEASURES, MODEL], rows)


def auc_table(tested: dict[str, Group], what: str) -> Table:
    """AUC of every method on every source."""
    rows = [
        [
            source,
            *(auc(one.values[name], one.sharp) for name in MEASURES),
            auc(-one.expected_level, one.sharp),
        ]
        for source, one in sorted(tested.items(), key=lambda item: (item[1].seen, item[0]))
    ]
    return Table(
        f"AUC, {what}; each measure in its own direction; of zfocus, the expected level",
        ["source", *MEASURES, MODEL],
        rows,
        "Below 0.5: blurred images have the sharper values.",
    )


def real_planes(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Planes of BBBC006 in focus and 32 um below."""
    return [row for row in rows if row["source"] in (SHARP, BLURRED)]


def real_table(
    rows: list[dict[str, str]],
    model: Model,
    limits: Limits,
    measured: Measured,
) -> Table:
    """Real planes of BBBC006, in focus and 32 um below."""
    members = real_planes(rows)
    images = [pixels(row) for row in members]
    sharp = np.array([row["source"] == SHARP for row in members])
    found = [measured(image) for image in images]
    table = []
    for name, entry in MEASURES.items():
        values = np.array([one[name] for one in found])
        wrong = []
        for at, side in (best_limit([(values, sharp)], balanced), limits[balanced][name]):
            called = side * values >= side * at
            wrong += [int((called & ~sharp).sum()), int((~called & sharp).sum())]
        table.append([entry.title, auc(values, sharp), *wrong])
    ratings = [model.rate(image) for image in images]
    expected = np.array([rating.expected_level for rating in ratings])
    status = np.array([rating.status for rating in ratings])
    missed = int((status[~sharp] != "out_of_focus").sum())
    lost = int((status[sharp] != "in_focus").sum())
    table.append([MODEL, auc(-expected, sharp), None, None, missed, lost])
    return Table(
        f"Real planes of BBBC006: {int(sharp.sum())} in focus, {int((~sharp).sum())} 32 um below",
        [
            "method",
            "AUC",
            "blurred passed, best limit",
            "sharp lost, best limit",
            "blurred passed, one limit for all",
            "sharp lost, one limit for all",
        ],
        table,
    )


if __name__ == "__main__":
    main()
