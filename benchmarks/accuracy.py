"""How right the shipped model is on real images that it was not trained on.

Graded defocus: every in-focus fluorescence image of the dev split, defocused to levels 0 to 10 by
the reference optics and photographed with 2,000 photons at the peak, offset 100, read noise 2.
Then real planes: BBBC006 in and far out of focus, a z-stack of beads, wells without cells. All as
`zfocus rate` does it, with no option. Needs the image collection (ZFOCUS_DATA, else
../shared/data). Options: --model PATH (default: the shipped model), --quick (print only),
--evaluation FILE (also write evaluation.json, which `zfocus export` puts into a package).
"""

from __future__ import annotations

import argparse
import csv
import json
import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from _record import Goal, Table, save

import zfocus_model
from zfocus_model.images import open_image
from zfocus_model.model import Model
from zfocus_model.training.graded import graded_images

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("ZFOCUS_DATA", ROOT.parent / "shared" / "data"))
TRANSMITTED = ("bright-field", "phase", "coherent")
BBBC006 = ("bbbc006_zaligned10", "bbbc006_z00")
SEED = 20181103


def main() -> None:
    """Measure, print, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="focus-fluorescence")
    parser.add_argument("--quick", action="store_true", help="print only")
    parser.add_argument("--evaluation", type=Path, help="evaluation.json of a run folder")
    arguments = parser.parse_args()
    model = zfocus_model.load_model(arguments.model)
    with (DATA / "manifest.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    seen = {row["source"] for row in rows if row["split"] == "train"}
    rows = [row for row in rows if row["split"] == "dev"]
    graded, within_one = graded_table(model, rows, seen)
    focus, auc, right = bbbc006_table(model, rows)
    if arguments.evaluation:
        within = graded.columns[3]
        summary = {
            "graded defocus, 2,000 photons, whole images": {
                graded.rows[-1][0]: dict(zip(graded.columns[3:], graded.rows[-1][3:])),
                f"{within}, by source": {
                    row[0] + (" (also in training)" if row[1] == "yes" else ""): row[3]
                    for row in graded.rows[:-1]
                },
            },
            "BBBC006, real planes": {
                "AUC of expected level, in focus against 32 um below": auc,
                "right status, images with cells, %": 100 * right,
            },
        }
        arguments.evaluation.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    save(
        "accuracy",
        title="Accuracy on images the model was not trained on",
        tables=[graded, focus, stack_table(model, rows), blank_table(model, rows)],
        goals=[
            Goal(
                "graded defocus, whole images, mean over sources absent from training: "
                "at least 85 % within one level",
                100 * within_one,
                within_one >= 0.85,
            ),
            Goal("BBBC006, in focus against 32 um below, AUC of expected level 1.0", auc, auc == 1),
            Goal(
                "BBBC006, status right for every image that holds cells, %", 100 * right, right == 1
            ),
        ],
        settings={"model": model.name, "package_sha256": model.package_sha256},
        keep=not arguments.quick,
    )


def pixels(row: dict[str, str]) -> np.ndarray:
    """The one plane of a file of the collection."""
    with open_image(DATA / row["path"]) as file:
        return file.read(0).pixels


def graded_table(model: Model, rows: list[dict[str, str]], seen: set[str]) -> tuple[Table, float]:
    """Accuracy by source; the mean counts the sources that training never saw."""
    by_source: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        if row["role"] == "in_focus" and not row["modality"].startswith(TRANSMITTED):
            by_source[row["source"]].append(row)
    table, means = [], []
    for source, members in sorted(by_source.items(), key=lambda item: (item[0] in seen, item[0])):
        found = np.array([list(ratings(model, row)) for row in members])
        miss = np.abs(found[..., 0] - np.arange(11))
        scores = [float(value) for value in ((miss <= 1).mean(), (miss == 0).mean(), miss.mean())]
        decided = float(found[..., 1].mean())
        sharp = found[:, :3, 2].mean()
        blurred = found[:, 4:, 3].mean()
        known = "yes" if source in seen else "no"
        table.append(
            [
                source,
                known,
                len(members),
                100 * scores[0],
                100 * scores[1],
                scores[2],
                100 * decided,
                100 * float(sharp),
                100 * float(blurred),
            ]
        )
        if source not in seen:
            means.append(table[-1][3:])
    mean = [float(value) for value in np.mean(means, axis=0)]
    table.append(["mean of the sources not in training", "no", None, *mean])
    return (
        Table(
            "Graded defocus, levels 0 to 10, whole images",
            [
                "source",
                "also in training",
                "images x 11 levels",
                "within one level, %",
                "exact, %",
                "mean absolute error, levels",
                "decided, %",
                "levels 0-2 called in focus, %",
                "levels 4-10 called out of focus, %",
            ],
            table,
            "Sources that are also in training gave other images there.",
        ),
        mean[0] / 100,
    )


def ratings(model: Model, row: dict[str, str]) -> Iterator[tuple[float, ...]]:
    """Of each graded copy: level, decided, in focus, out of focus."""
    rng = np.random.default_rng([SEED, *row["path"].encode()])
    for _, counts in graded_images(pixels(row), rng):
        rating = model.rate(counts.astype(np.uint16))
        level = -10 if rating.level is None else rating.level
        yield (
            level,
            rating.status != "undecided",
            rating.status == "in_focus",
            rating.status == "out_of_focus",
        )


def bbbc006_table(model: Model, rows: list[dict[str, str]]) -> tuple[Table, float, float]:
    """Real planes in focus and 32 um below; all of them hold cells, those of well a01 few."""
    table, levels, right = [], {name: [] for name in BBBC006}, []
    for row in rows:
        if row["source"] not in BBBC006:
            continue
        rating = model.rate(pixels(row))
        levels[row["source"]].append(rating.expected_level)
        wanted = "in_focus" if row["source"] == BBBC006[0] else "out_of_focus"
        right.append(rating.status == wanted)
        table.append(
            [
                row["source"],
                Path(row["path"]).name,
                rating.level,
                rating.expected_level,
                rating.certainty.aggregate,
                rating.status,
                rating.reason,
            ]
        )
    sharp, blurred = (np.array(levels[name]) for name in BBBC006)
    pairs = blurred[:, None] - sharp[None]
    auc = float((pairs > 0).mean() + 0.5 * (pairs == 0).mean())
    return (
        Table(
            "BBBC006, real planes",
            ["source", "file", "level", "expected level", "certainty", "status", "reason"],
            table,
        ),
        auc,
        float(np.mean(right)),
    )


def stack_table(model: Model, rows: list[dict[str, str]]) -> Table:
    """Expected level along the z-stacks of beads; the best plane is 5."""
    table = []
    for stack in sorted({row["stack_id"] for row in rows if row["source"] == "faim_beads_zstack"}):
        planes = sorted(
            (row for row in rows if row["stack_id"] == stack), key=lambda row: int(row["z_index"])
        )
        rated = [model.rate(pixels(row)) for row in planes]
        expected = [rating.expected_level for rating in rated]
        best = int(planes[int(np.argmin(expected))]["z_index"])
        curve = " ".join(f"{value:.1f}" for value in expected)
        table.append([stack, len(planes), best, curve])
    return Table(
        "Beads, z-stacks of 10 planes 5 um apart, best plane 5",
        ["stack", "planes", "plane of least expected level", "expected level, plane by plane"],
        table,
    )


def blank_table(model: Model, rows: list[dict[str, str]]) -> Table:
    """Wells without cells."""
    table = []
    for row in rows:
        if row["role"] == "blank":
            rating = model.rate(pixels(row))
            table.append(
                [
                    row["source"],
                    Path(row["path"]).name,
                    rating.level,
                    rating.certainty.aggregate,
                    rating.status,
                    rating.reason,
                ]
            )
    return Table(
        "Images without cells",
        ["source", "file", "level", "certainty", "status", "reason"],
        table,
    )


if __name__ == "__main__":
    main()
