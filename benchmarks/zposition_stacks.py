"""Where stacks are in focus: contrast reversal (`annotate`) and votes on z (`best-plane`).

Simulated yeast stacks of the experiment that no network was trained on, whole and cut off so that
focus lies beyond an end; sharpness beside them, as it is what everybody tries first. The limits of
the reversal are shown on the experiments that were trained on. Then real stacks: beads and a
confocal nucleus with known planes, yeast in bright field without a known one.
Options: --stacks LABELS.csv (of `zfocus simulate yeast`), --every N (stacks), --model PATH.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from _record import Goal, Table, save

from zfocus_model.measures import measure
from zfocus_model.zposition.best_plane import best_plane
from zfocus_model.zposition.labels import StackLabel, read_labels
from zfocus_model.zposition.model import load_z_model
from zfocus_model.zposition.reversal import (
    LEAST_PROMINENCE,
    MOST_CONTRAST,
    Reversal,
    find_reversal,
)
from zfocus_model.zposition.stack_files import find_stacks
from zfocus_model.zposition.stacks import open_labelled, open_stack
from zfocus_model.zposition.training.stackset import split_labels

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("ZFOCUS_DATA", ROOT.parent / "shared" / "data"))
BEYOND = 3  # planes between focus and the end of a stack that was cut off
SHARPNESS = ("tenengrad", "normalised_variance")
YEAST_PIXEL_UM = 0.263


def whole_and_cut(label: StackLabel, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """All planes, and those that begin three planes beyond focus."""
    with open_labelled(label, folder) as stack:
        planes = np.stack(list(stack))
    return planes, planes[int(np.ceil(label.in_focus_plane)) + BEYOND :]


def column(name: str, errors: Sequence[float | None], cut: Sequence[bool] | None) -> list[Any]:
    """A row: how far off, how often refused, how often a cut stack was taken for whole."""
    found = np.array([error for error in errors if error is not None])
    share = None if cut is None else 100 * float(np.mean(cut))
    if not len(found):
        return [name, len(errors), 100.0, None, None, None, None, share]
    size = np.abs(found)
    return [
        name,
        len(errors),
        100 * (1 - len(found) / len(errors)),
        float(found.mean()),
        float(np.median(size)),
        float(np.quantile(size, 0.9)),
        100 * float(np.mean(size <= 1)),
        share,
    ]


def limits_table(labels: Sequence[StackLabel], folder: Path) -> Table:
    """What the two limits of the reversal let through, where they were free to be chosen."""
    whole: list[Reversal] = []
    cut: list[Reversal] = []
    for label in labels:
        planes, beyond = whole_and_cut(label, folder)
        whole.append(find_reversal(planes))
        cut.append(find_reversal(beyond))

    def passed(found: Sequence[Reversal], contrast: float, prominence: float) -> float:
        kept = [r.contrast_share <= contrast and r.prominence >= prominence for r in found]
        return 100 * float(np.mean(kept))

    rows = [
        [
            contrast,
            prominence,
            passed(whole, contrast, prominence),
            passed(cut, contrast, prominence),
        ]
        for contrast in (0.7, 0.8, MOST_CONTRAST, 0.95)
        for prominence in (0.02, LEAST_PROMINENCE, 0.1, 0.2)
    ]
    return Table(
        f"Limits of the reversal, {len(labels)} simulated stacks of experiments trained on",
        ("most contrast", "least prominence", "whole stacks found, %", "cut stacks found, %"),
        rows,
        f"In use: {MOST_CONTRAST} and {LEAST_PROMINENCE}.",
    )


def real_yeast(z_model: Any) -> list[list[Any]]:
    """Real stacks of five planes: what either method says; nobody knows what is right."""
    rows: list[list[Any]] = []
    for split in ("train", "dev"):
        for source in find_stacks([DATA / split / "baby_yeast_bf"])[0]:
            with open_stack(source) as stack:
                planes = np.stack(list(stack))
            found = find_reversal(planes)
            by_z = best_plane(
                planes, modality="transmitted", z_model=z_model, pixel_size_um=YEAST_PIXEL_UM
            )
            position = found.position if found.found else None
            name = Path(source.text).name
            rows.append([split, name, position, by_z.position, by_z.reason])
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stacks", type=Path, default=ROOT / "runs/zstacks/yeast/labels.csv")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--model", default="zposition-yeast")
    arguments = parser.parse_args()
    folder = arguments.stacks.parent
    parts = split_labels(read_labels(arguments.stacks))
    z_model = load_z_model(arguments.model)
    test = parts.test[:: arguments.every]
    errors: dict[str, list[float | None]] = {}
    taken: dict[str, list[bool]] = {}

    def note(name: str, label: StackLabel, position: float | None, beyond: bool | None) -> None:
        error = None if position is None else position - label.in_focus_plane
        errors.setdefault(name, []).append(error)
        if beyond is not None:
            taken.setdefault(name, []).append(beyond)

    def vote(planes: Any, **known: Any) -> float | None:
        found = best_plane(
            planes, modality="transmitted", z_model=z_model, pixel_size_um=0.24, **known
        )
        return found.position

    for label in test:
        planes, cut = whole_and_cut(label, folder)
        found, beyond = find_reversal(planes), find_reversal(cut)
        note("contrast reversal", label, found.position if found.found else None, beyond.found)
        step = {"z_step_um": label.z_step_um}
        note("votes on z", label, vote(planes, **step), vote(cut, **step) is not None)
        note("votes on z, step not known", label, vote(planes), vote(cut) is not None)
        for name in SHARPNESS:
            place = int(np.argmax([measure(plane, name) for plane in planes]))
            note(f"sharpest plane ({name})", label, place, None)
        few = planes[int(label.in_focus_plane) % 4 :: 4]
        place = vote(few, z_step_um=4 * label.z_step_um)
        first = int(label.in_focus_plane) % 4
        note(
            "votes on z, every fourth plane",
            label,
            None if place is None else first + 4 * place,
            None,
        )

    rows = [column(name, errors[name], taken.get(name)) for name in errors]
    tables = [
        Table(
            f"Simulated yeast, {len(test)} stacks of 31 planes, 1 um apart, not trained on",
            (
                "method",
                "stacks",
                "refused, %",
                "bias, planes",
                "median error, planes",
                "90 % below, planes",
                "within 1 plane, %",
                "cut stacks not refused, %",
            ),
            rows,
            f"Cut: the stack begins {BEYOND} planes beyond focus, and should be refused. Shares "
            "and errors are of the stacks that were not refused.",
        ),
        limits_table(parts.train[:: 4 * arguments.every], folder),
    ]
    if DATA.is_dir():
        tables.append(
            Table(
                "Real yeast in bright field, 5 planes each",
                (
                    "split",
                    "stack",
                    "contrast reversal, plane",
                    "votes on z, plane",
                    "why undecided",
                ),
                real_yeast(z_model),
                "Planes from 0. No person has said which is right, and the z step is not certain.",
            )
        )
    votes = next(row for row in rows if row[0] == "votes on z")
    reversal = next(row for row in rows if row[0] == "contrast reversal")
    save(
        "zposition_stacks",
        title="Best plane of transmitted-light stacks",
        tables=tables,
        goals=[
            Goal("votes on z: within 1 plane in at least 95 % of stacks", votes[6], votes[6] >= 95),
            Goal(
                "reversal: within 1 plane in at least 95 % of stacks",
                reversal[6],
                reversal[6] >= 95,
            ),
        ],
        settings={"model": z_model.name, "package_sha256": z_model.package_sha256},
    )


if __name__ == "__main__":
    main()
