"""``zfocus evaluate LABELS.csv``: how right a z-position model is, on labelled stacks."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from zfocus_model.cli._common import OK, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zfocus_model.zposition.labels import StackLabel
    from zfocus_model.zposition.training.rater import ZRater

_DEFAULT = "zposition-yeast"


def is_label_table(place: Path) -> bool:
    """Whether a file is a label table of z-stacks, by its header."""
    if place.suffix.lower() != ".csv" or not place.is_file():
        return False
    with place.open(encoding="utf-8-sig", errors="replace") as stream:
        columns = {name.strip() for name in stream.readline().split(",")}
    return {"stack", "in_focus_plane"} <= columns


def run(arguments: argparse.Namespace) -> int:
    """Judge a z model.

    Returns
    -------
    int
        0.
    """
    from zfocus_model._files import write_json
    from zfocus_model.zposition.labels import read_labels
    from zfocus_model.zposition.training.evaluate import evaluate_z
    from zfocus_model.zposition.training.page import card, summary, write_evaluation
    from zfocus_model.zposition.training.rater import open_rater
    from zfocus_model.zposition.training.stackset import load_stacks

    table: Path = arguments.images
    model = _DEFAULT if arguments.model == "focus-fluorescence" else arguments.model
    rater = open_rater(model, engine=arguments.engine, threads=arguments.threads)
    labels, note = choose_labels(read_labels(table), rater, arguments.where)
    if note:
        say(f"zfocus: {note}")
    stacks = load_stacks(labels, table.parent, pixel_size_um=rater.pixel_size_um)
    found = evaluate_z(rater, stacks, note=note, progress=None if arguments.quiet else _progress)
    page = write_evaluation(found, arguments.output)
    if (Path(model) / "run.json").is_file():
        # The next export puts it on the model's card.
        write_json(Path(model) / "evaluation.json", card(found))
    if not arguments.quiet:
        print("\n".join(summary(found)))
        say(f"results: {page}")
    return OK


def choose_labels(
    labels: Sequence[StackLabel], rater: ZRater, where: Sequence[str]
) -> tuple[list[StackLabel], str]:
    """Choose stacks: those asked for; else the test split; else experiments new to the model.

    Returns
    -------
    tuple
        The labels, and what is to be said of them; mostly empty.
    """
    from dataclasses import asdict

    from zfocus_model._errors import ZfocusError
    from zfocus_model.evaluation.manifest import holds

    def row(label: StackLabel) -> dict[str, str]:
        cells = {**asdict(label), **label.further}
        return {name: str(value) for name, value in cells.items()}

    note = ""
    if where:
        chosen = [x for x in labels if all(holds(row(x), condition) for condition in where)]
    else:
        chosen = [label for label in labels if label.split == "test"] or [
            label for label in labels if label.experiment not in rater.trained_on
        ]
        if not chosen:
            chosen = list(labels)
    if not chosen:
        raise ZfocusError(
            f"expected stacks that fit {' and '.join(where)}, got none of {len(labels)}: loosen "
            "--where"
        )
    seen = sorted({label.experiment for label in chosen} & rater.trained_on)
    if seen:
        note = (
            f"the model was trained on experiments of these names ({', '.join(seen[:3])}): if they "
            "are the same, the numbers flatter it"
        )
    return chosen, note


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        print(f"\rstack {done} of {total}", end="\n" if done == total else "", file=sys.stderr)
