"""The tables of an evaluation, as CSV texts."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from zfocus_model.evaluation.manifest import STACK
from zfocus_model.evaluation.strata import STRATA
from zfocus_model.evaluation.tally import METRICS
from zfocus_model.levels import LEVELS

if TYPE_CHECKING:
    from zfocus_model.evaluation.result import Evaluation, StackRow
    from zfocus_model.evaluation.runner import RatedItem
    from zfocus_model.evaluation.summary import Graded, Group


def tables(result: Evaluation, items: Sequence[RatedItem]) -> dict[str, str]:
    """Write all tables.

    Parameters
    ----------
    result
        The evaluation.
    items
        What it is of.

    Returns
    -------
    dict
        File name -> CSV text.
    """
    files = {"scores.csv": _scores(result.graded), "images.csv": _images(items)}
    for one in result.graded:
        name = one.simulator
        files[f"levels_{name}.csv"] = csv_text(one.levels[0], (row.values() for row in one.levels))
        for what, counts in (("image", one.confusion_images), ("patch", one.confusion_patches)):
            heads = ["true", *(f"found_{k}" for k in range(len(counts)))]
            files[f"confusion_{what}_{name}.csv"] = csv_text(
                heads, ([k, *row] for k, row in enumerate(counts.tolist()))
            )
        r = one.reliability
        files[f"reliability_{name}.csv"] = csv_text(
            ["bin", "patches", "confidence", "accuracy"],
            ([k, *row] for k, row in enumerate(zip(r.count, r.confidence, r.accuracy))),
        )
        files[f"confusion_sources_{name}.csv"] = csv_text(
            ["source", "of", "true", *(f"found_{k}" for k in range(LEVELS))],
            (
                [source, what, k, *row]
                for source, found in one.by_source.items()
                for what, counts in (
                    ("image", found.confusion_images),
                    ("patch", found.confusion_patches),
                )
                for k, row in enumerate(counts.tolist())
            ),
        )
        files[f"reliability_sources_{name}.csv"] = csv_text(
            ["source", "bin", "patches", "confidence", "accuracy"],
            (
                [source, k, *row]
                for source, found in one.by_source.items()
                for k, row in enumerate(
                    zip(
                        found.reliability.count,
                        found.reliability.confidence,
                        found.reliability.accuracy,
                    )
                )
            ),
        )
    if result.taken.rows:
        rows = [asdict(row) for row in result.taken.rows]
        for row in rows:
            row["reasons"] = " ".join(f"{name}:{n}" for name, n in row["reasons"].items())
        files["taken.csv"] = csv_text(rows[0], (row.values() for row in rows))
    if result.stacks:
        files["stacks.csv"] = csv_text(*_stacks(result.stacks))
        files["planes.csv"] = csv_text(
            ["source", "stack", "place", "distance", "expected_level", "status"],
            (
                [row.source, row.stack, *cells]
                for row in result.stacks
                for cells in zip(
                    row.score.place, row.score.distance, row.score.expected_level, row.score.status
                )
            ),
        )
    return files


def _scores(graded: Iterable[Graded]) -> str:
    heads = ["simulator", "kind", "name", "in_training", "fields", "images", "metric", "value"]
    heads += ["low", "high", "low_new_sources", "high_new_sources"]
    rows: list[list[Any]] = []
    for one in graded:
        kinds: list[tuple[str, Group]] = [("mean", one.mean), ("pooled", one.pooled)]
        kinds += [("source", source) for source in one.sources]
        kinds += [(name, part) for name, parts in one.strata.items() for part in parts]
        for kind, part in kinds:
            start = [one.simulator, kind, part.name, part.in_training, part.fields, part.images]
            rows += [[*start, metric, *asdict(part.scores[metric]).values()] for metric in METRICS]
    return csv_text(heads, rows)


def _stacks(rows: Sequence[StackRow]) -> tuple[list[str], list[list[Any]]]:
    heads = ["source", "stack", "in_training", "planes", "undecided", "best_known", "best_found"]
    heads += ["error_planes", "spearman", "spearman_all"]
    cells = [
        [
            row.source,
            row.stack,
            row.in_training,
            len(row.score.place),
            int((row.score.status == "undecided").sum()),
            " ".join(map(str, row.score.known)),
            row.score.found,
            row.score.error_planes,
            row.score.spearman,
            row.score.spearman_all,
        ]
        for row in rows
    ]
    return heads, cells


def _images(items: Sequence[RatedItem]) -> str:
    heads = ["image", "source", "role", "simulator", "stack", "z", "field", "true_level", "level"]
    heads += ["expected_level", "in_focus_probability", "certainty", "status", "reason"]
    heads += ["out_of_domain", *STRATA, *(f"p{k}" for k in range(11))]
    rows: list[list[Any]] = []
    fields: dict[tuple[str, str, int], int] = {}
    for one in items:
        r, item = one.rated, one.item
        shown = item.entries[0].field or item.entries[0].name
        levels = [None if k < 0 else int(k) for k in r.level]
        truth = [None if k < 0 else int(k) for k in r.true]
        expected, chance, certain = r.expected_level, r.in_focus_probability, r.certainty
        for i in range(len(r)):
            z = int(r.place[i]) if item.role == STACK else None
            field = fields.setdefault((item.source, shown, int(r.field[i])), len(fields))
            rows.append(
                [
                    *(r.name[i], item.source, item.role, item.simulator, item.entries[0].stack, z),
                    *(field, truth[i], levels[i], expected[i], chance[i], certain[i]),
                    *(r.status[i], r.reason[i], r.out_of_domain[i]),
                    *r.properties[i],
                    *r.probabilities[i],
                ]
            )
    return csv_text(heads, rows)


def csv_text(heads: Iterable[Any], rows: Iterable[Iterable[Any]]) -> str:
    """Write a CSV text: floats with six digits, NaN and None empty.

    Parameters
    ----------
    heads
        Names of the columns.
    rows
        Cells.

    Returns
    -------
    str
        With a line for the heads.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(list(heads))
    writer.writerows([[_cell(value) for value in row] for row in rows])
    return buffer.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, float):  # also numpy's float64
        return "" if math.isnan(value) else f"{value:.6g}"
    return "" if value is None else value
