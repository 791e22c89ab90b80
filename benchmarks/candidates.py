"""Trainings that were measured on dev beside the shipped one, and left out or taken.

The graded images of `accuracy.py` and the real images without cells, once for the shipped package
and for every package that is named; rows of packages measured before stay. A candidate is exported
as the shipped model is (same domain network, same factor for unseen sources). Needs the image
collection (ZFOCUS_DATA, else ../shared/data). Options: --of 'WORDS=PACKAGE' (repeatable), --quick
(print only).
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from _record import RESULTS, Table, save
from accuracy import COLUMNS, DATA, FLUORESCENCE, without_cells

import zfocus_model
from zfocus_model.evaluation.run import Plan, evaluate

SHIPPED = "shipped"
SHOWN = ("within_1", "exact", "rps", "f_in_focus", "false_flags_per_1000", "ece", "ece_debiased",
         "undecided")  # fmt: skip
HEADS = ["training", "commit", "loss", "patches, millions",
         *(COLUMNS[key][0] for key in SHOWN), "real images without cells undecided"]  # fmt: skip


def main() -> None:
    """Measure, print, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--of", action="append", default=[], metavar="WORDS=PACKAGE")
    parser.add_argument("--quick", action="store_true", help="print only")
    arguments = parser.parse_args()
    rows = kept()
    for words, _, place in [
        (SHIPPED, "", "focus-fluorescence"),
        *(of.rpartition("=") for of in arguments.of),
    ]:
        rows[words] = [words, *measured(place)]
        print(dict(zip(HEADS, rows[words], strict=True)), flush=True)
    save(
        "candidates",
        title="Trainings beside the shipped one",
        tables=[
            Table(
                "Graded defocus, levels 0 to 10, whole images: mean of the sources not in training",
                HEADS,
                list(rows.values()),
                "Each package has the domain network of the shipped one and its own temperature "
                "and limits, found on the same held-out training images.",
            )
        ],
        keep=not arguments.quick,
    )


def kept() -> dict[str, list[Any]]:
    """Rows of earlier calls, by their words."""
    path = RESULTS / "candidates.json"
    if not path.exists():
        return {}
    (table,) = json.loads(path.read_text(encoding="utf-8"))["tables"]
    return {row[0]: row for row in table["rows"]} if table["columns"] == HEADS else {}


def measured(place: str) -> list[Any]:
    """One row, without its words."""
    model = zfocus_model.load_model(place)
    conditions = (*FLUORESCENCE, "role=in_focus,blank")
    plan = Plan(DATA / "manifest.csv", conditions, train_manifest=DATA / "manifest.csv")
    with tempfile.TemporaryDirectory() as scratch:
        found = evaluate(plan, model, Path(scratch))
    (graded,) = found.graded
    scores = [COLUMNS[key][1] * graded.mean.scores[key].value for key in SHOWN]
    undecided, images = without_cells(found)
    training = model.package.config["training"]
    options = training["options"]
    patches = options["epochs"] * options["patches_per_epoch"] / 1e6
    return [training["commit"][:10], options["loss"], patches, *scores, f"{undecided} of {images}"]


if __name__ == "__main__":
    main()
