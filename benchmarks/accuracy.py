"""How right the shipped model is on real images that it was not trained on.

`zfocus evaluate` on the dev split of the image collection, transmitted light left out: every
in-focus image defocused to levels 0 to 10 by the reference optics and photographed with 2,000
photons at the peak, offset 100, read noise 2; real images in and out of focus, wells without
cells, z-stacks. Formulas: docs/evaluate.md. Needs the image collection (ZFOCUS_DATA, else
../shared/data). Options: --model PATH (default: the shipped model), --output DIR (keep the page
and what was rated; a stopped run goes on), --quick (print only), --evaluation FILE (also write
evaluation.json, which `zfocus export` puts into a package).
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from _record import Goal, Table, asked, save

import zfocus_model
from zfocus_model.evaluation.intervals import exact_interval
from zfocus_model.evaluation.result import Evaluation, StackRow
from zfocus_model.evaluation.run import Plan, evaluate
from zfocus_model.evaluation.summary import Graded, Group
from zfocus_model.evaluation.tally import FLAG_PRECISIONS, METRICS
from zfocus_model.images import open_image

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("ZFOCUS_DATA", ROOT.parent / "shared" / "data"))
TRANSMITTED = ("bright-field", "phase", "coherent")
FLUORESCENCE = ("split=dev", "modality!=" + ",".join(f"{name}*" for name in TRANSMITTED))
BBBC006 = ("bbbc006_zaligned10", "bbbc006_z00")
BEADS, NUCLEUS, EMBRYO = "faim_beads_zstack", "neubias_dna_confocal", "qcanet_8cell"
SHEET = "dfnn_lightsheet_microtubules"
BEST = {NUCLEUS: (21, 22), EMBRYO: (18, 28, 39), SHEET: tuple(range(41, 49))}
"""Best planes where z_um does not tell (../shared/data/README.md)."""

COLUMNS = {
    "within_1": ("within one level, %", 100),
    "exact": ("exact, %", 100),
    "mean_absolute_error": ("mean absolute error, levels", 1),
    "bias": ("bias, levels", 1),
    "rps": ("RPS", 1),
    "f_in_focus": ("F in focus", 1),
    "f_out_of_focus": ("F out of focus", 1),
    "false_flags_per_1000": ("false flags per 1,000 sharp", 1),
    "ece": ("calibration error of patches", 1),
    "ece_debiased": ("calibration error less chance", 1),
    "undecided": ("undecided, %", 100),
}


def main() -> None:
    """Measure, print, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="focus-fluorescence")
    parser.add_argument("--output", type=Path, metavar="DIR", help="keep page and ratings there")
    parser.add_argument("--quick", action="store_true", help="print only")
    parser.add_argument("--evaluation", type=Path, help="evaluation.json of a run folder")
    arguments = parser.parse_args()
    model = zfocus_model.load_model(arguments.model)
    manifest = DATA / "manifest.csv"
    plan = Plan(manifest, FLUORESCENCE, train_manifest=manifest, best=BEST)
    with tempfile.TemporaryDirectory() as scratch:
        found = evaluate(plan, model, arguments.output or Path(scratch))
    (graded,) = found.graded
    auc, right, images = bbbc006(model)
    if arguments.evaluation:
        arguments.evaluation.unlink(missing_ok=True)  # numbers of other weights, maybe
        tell_the_card(
            arguments.evaluation, summary(graded, auc, right, images, without_cells(found))
        )
    save(
        "accuracy",
        title="Accuracy on images the model was not trained on",
        tables=[
            by_source(graded), in_full(graded), by_level(graded), by_kind(graded),
            as_taken(found), stacks(found),
        ],
        goals=goals(found, graded, auc, right),
        settings=asked(model),
        keep=not arguments.quick,
    )  # fmt: skip


def pixels(row: dict[str, str]) -> np.ndarray:
    """The one plane of a file of the collection."""
    with open_image(DATA / row["path"]) as file:
        return file.read(0).pixels


def bbbc006(model: zfocus_model.model.Model) -> tuple[float, float, int]:
    """AUC of the expected level, in focus against 32 um below; share of images right; images."""
    from zfocus_model.evaluation.manifest import list_entries
    from zfocus_model.evaluation.metrics import auc

    levels: dict[str, list[float]] = {name: [] for name in BBBC006}
    right = []
    conditions = ["split=dev", "source=" + ",".join(BBBC006)]
    for entry in list_entries(DATA / "manifest.csv", conditions):
        rating = model.rate(pixels({"path": entry.name}))
        levels[entry.source].append(rating.expected_level)
        right.append(rating.status == entry.role)
    return auc(levels[BBBC006[1]], levels[BBBC006[0]]), float(np.mean(right)), len(right)


def goals(found: Evaluation, graded: Graded, auc: float, right: float) -> list[Goal]:
    """What issue 4 asks, first simulator, sources absent from training."""
    mean = {name: score.value for name, score in graded.mean.scores.items()}
    worst = {
        source: max(
            (99 if row.score.error_planes is None else row.score.error_planes)
            for row in found.stacks
            if row.source == source
        )
        for source in (BEADS, NUCLEUS)
    }
    grows = min(row.score.spearman for row in found.stacks if row.source == BEADS)
    undecided, images = without_cells(found)
    empty = undecided / images
    flags = mean["false_flags_per_1000"]
    return [
        Goal("graded, whole images: at least 95 % within one level", 100 * mean["within_1"],
             mean["within_1"] >= 0.95),
        Goal("graded, whole images: at least 60 % exact", 100 * mean["exact"],
             mean["exact"] >= 0.6),
        Goal("graded: F of in focus (levels 0-2 against 4-10) at least 0.97", mean["f_in_focus"],
             mean["f_in_focus"] >= 0.97),
        Goal("graded: at most 5 of 1,000 sharp images (levels 0-2) called out of focus", flags,
             flags <= 5),
        Goal("calibration error of patches at most 0.03", mean["ece"], mean["ece"] <= 0.03),
        Goal("BBBC006, in focus against 32 um below, AUC of expected level 1.0", auc, auc == 1),
        Goal("BBBC006, status right for every image that holds cells, %", 100 * right, right == 1),
        Goal("beads: best plane within 1", worst[BEADS], worst[BEADS] <= 1),
        Goal("confocal nucleus: best plane within 2", worst[NUCLEUS], worst[NUCLEUS] <= 2),
        Goal("beads: Spearman of expected level and distance at least 0.95", grows, grows >= 0.95),
        Goal("images without cells undecided, at least 99 %", 100 * empty, empty >= 0.99),
    ]  # fmt: skip


def without_cells(found: Evaluation) -> tuple[int, int]:
    """Images without cells: undecided ones, and all."""
    blank = [row for row in found.taken.rows if row.role == "blank"]
    return sum(row.undecided for row in blank), sum(row.images for row in blank)


def share(count: int, images: int) -> dict[str, float]:
    """A share of images in per cent, with its exact interval."""
    low, high = exact_interval(count, images)
    return {"value": 100 * count / images, "low": 100 * low, "high": 100 * high}


def tell_the_card(path: Path, words: dict[str, Any]) -> None:
    """Put numbers into the evaluation.json of a run folder, beside those of other benchmarks."""
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    path.write_text(json.dumps({**known, **words}, indent=1) + "\n", encoding="utf-8")


def summary(
    graded: Graded, auc: float, right: float, images: int, empty: tuple[int, int]
) -> dict[str, object]:
    """What goes into a package and its card."""

    def with_interval(group: Group, key: str) -> dict[str, float]:
        score, by = group.scores[key], COLUMNS[key][1]
        return {"value": by * score.value, "low": by * score.low, "high": by * score.high}

    def numbers(group: Group) -> dict[str, dict[str, float]]:
        return {label: with_interval(group, key) for key, (label, _) in COLUMNS.items()}

    return {
        "graded defocus, 2,000 photons, whole images": {
            "mean of the sources not in training": numbers(graded.mean),
            "all images of these sources": numbers(graded.pooled),
            "mean of the sources not in training: precision of flags": {
                METRICS[key].removeprefix("precision of flags "): graded.mean.scores[key].value
                for key in FLAG_PRECISIONS
            },
            **{
                f"{COLUMNS[key][0]}, by source": {
                    source.name
                    + (" (also in training)" if source.in_training else ""): with_interval(
                        source, key
                    )
                    for source in sorted(graded.sources, key=lambda s: bool(s.in_training))
                }
                for key in ("within_1", "false_flags_per_1000")
            },
        },
        "BBBC006, real planes": {
            "AUC of expected level, in focus against 32 um below": auc,
            f"right status, {images} images with cells, %": share(round(right * images), images),
        },
        "Real images without cells": {
            f"undecided, as they should be, {empty[1]} images, %": share(*empty)
        },
    }


def by_source(graded: Graded) -> Table:
    """Scores by source; the mean counts the sources that training never saw."""
    rows = [
        [
            group.name,
            {True: "yes", False: "no", None: "no"}[group.in_training],
            group.fields,
            *(by * group.scores[key].value for key, (_, by) in COLUMNS.items()),
        ]
        for group in [
            *sorted(graded.sources, key=lambda s: bool(s.in_training)),
            graded.pooled,
            graded.mean,
        ]
    ]
    rows[-2][0] = "all images of the sources not in training"
    rows[-1][0] = "mean of the sources not in training"
    return Table(
        "Graded defocus, levels 0 to 10, whole images",
        ["source", "also in training", "images x 11 levels", *(c for c, _ in COLUMNS.values())],
        rows,
        "Sources that are also in training gave other images there. Undecided images count with "
        "their level, and as found neither in focus nor out of focus.",
    )


def in_full(graded: Graded) -> Table:
    """Every score of the mean, with both intervals."""
    rows = [
        [words, score.value, score.low, score.high, score.low_new_sources, score.high_new_sources]
        for key, words in METRICS.items()
        for score in [graded.mean.scores[key]]
    ]
    worst = ", ".join(f"{value:.2g}" for value in graded.sharp["at_highest_share"].values())
    return Table(
        "The mean of the sources not in training, in full",
        ["", "value", "95 % from", "to", "other sources too, from", "to"],
        rows,
        f"Of {graded.sharp['fields']} fields, {graded.sharp['flagged_fields']} have a sharp copy "
        "that is called out of focus; with 95 % confidence fewer than "
        f"{100 * graded.sharp['highest_share_of_fields']:.1f} % of such fields do. Precision of "
        "flags follows from the mean recall and the mean share of false flags. If every field that "
        f"may be flagged wrongly were, it would be {worst} at 0.5, 1 and 5 % blurred: so few "
        "fields cannot show that flags are rarely wrong where blur is rare.",
    )


def by_level(graded: Graded) -> Table:
    """Scores of each true level, pooled over the same sources."""
    rows = [
        [row["level"], row["images"]]
        + [100 * row[key] for key in ("exact", "within_1")]
        + [row["mean_level"]]
        + [100 * row[key] for key in ("in_focus", "out_of_focus", "undecided")]
        for row in graded.levels
    ]
    heads = ["true level", "images", "exact, %", "within one, %", "mean level found"]
    return Table(
        "By true level, images of all sources not in training",
        [*heads, "in focus, %", "out of focus, %", "undecided, %"],
        rows,
    )


def by_kind(graded: Graded) -> Table:
    """Scores by density, brightness and size of objects."""
    rows = [
        [name.replace("_", " "), group.name, group.fields]
        + [by * group.scores[key].value for key, (_, by) in COLUMNS.items()]
        for name, groups in graded.strata.items()
        for group in groups
    ]
    return Table(
        "By kind of field, images of all sources not in training",
        ["property", "group", "fields", *(column for column, _ in COLUMNS.values())],
        rows,
    )


def as_taken(found: Evaluation) -> Table:
    """Real images as they are."""
    rows = [
        [row.role, row.source, row.images, row.in_focus, row.out_of_focus, row.undecided,
         100 * row.right if row.wanted else None, row.mean_expected_level]
        for row in found.taken.rows
    ]  # fmt: skip
    heads = ["role", "source", "images", "in focus", "out of focus", "undecided", "right, %"]
    return Table("Real images as they were taken", [*heads, "mean expected level"], rows)


def stacks(found: Evaluation) -> Table:
    """Stacks, plane by plane."""

    def cells(row: StackRow) -> list[object]:
        score = row.score
        curve = " ".join(f"{value:.1f}" for value in score.expected_level)
        undecided = int((score.status == "undecided").sum())
        known = " ".join(map(str, score.known))
        return [row.stack, len(score.place), undecided, known, score.found, score.error_planes,
                score.spearman, curve]  # fmt: skip

    heads = ["stack", "planes", "undecided", "known best planes", "found", "error, planes"]
    return Table(
        "Stacks: the decided plane of least expected level",
        [*heads, "Spearman, level against distance", "expected level, plane by plane"],
        [cells(row) for row in found.stacks],
    )


if __name__ == "__main__":
    main()
