"""Evaluate a model and write what was found: JSON, tables, figures, one page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from zfocus_model._errors import ZfocusError
from zfocus_model._files import write_json, write_whole
from zfocus_model._version import __version__
from zfocus_model.evaluation.grading import PARAXIAL, simulator
from zfocus_model.evaluation.intervals import REPLICATES
from zfocus_model.evaluation.manifest import STACK, Entry, list_entries, read_rows
from zfocus_model.evaluation.result import Evaluation, as_json, evaluate_items
from zfocus_model.evaluation.runner import Settings, items_of, rate_items
from zfocus_model.evaluation.sheets import tables

if TYPE_CHECKING:
    from zfocus_model.evaluation.stacks import Best
    from zfocus_model.model import Model

KEPT = "rated"
"""Folder of the ratings, beside the results; without it, everything is rated again."""


@dataclass(frozen=True)
class Plan:
    """What to evaluate and how."""

    place: Path
    """Manifest or folder."""
    where: Sequence[str] = ()
    """Conditions on columns of the manifest."""
    simulators: Sequence[str] = (PARAXIAL,)
    """Simulators that make graded copies."""
    settings: Settings = field(default_factory=Settings)
    """How they make them."""
    train_manifest: Path | None = None
    """Manifest that the model was trained with; by default its package is asked."""
    best: Best = field(default_factory=dict[str, "tuple[int, ...]"])
    """Best planes of the stacks of a source."""
    replicates: int = REPLICATES
    """Bootstrap samples."""


def evaluate(
    plan: Plan,
    model: Model,
    output: Path,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Evaluate a model; ratings that ``output`` holds from before are used again.

    Parameters
    ----------
    plan
        What to evaluate.
    model
        The model.
    output
        Folder for evaluation.json, CSV tables, figures and evaluation.html.
    progress
        Called with items done and their number.

    Returns
    -------
    Evaluation
        All that was found.

    Raises
    ------
    ZfocusError
        If the manifest is unusable, a simulator is not at hand, best planes are named of a source
        without stacks, or no image could be read.
    """
    for name in plan.simulators:
        simulator(name)  # better now than after an hour
    entries = list_entries(plan.place, plan.where)
    _check_best(plan.best, entries)
    items, failures = rate_items(
        items_of(entries, plan.simulators), model, output / KEPT, plan.settings, progress=progress
    )
    if not items:
        raise ZfocusError(
            f"expected images that can be read, got none of {len(entries)}: "
            f"{failures[0].name}: {failures[0].error}"
        )
    seen = trained_sources(model, plan.train_manifest)
    result = evaluate_items(
        items,
        failures,
        about=describe(model, plan, seen),
        seen=seen,
        best=plan.best,
        replicates=plan.replicates,
    )
    write(result, output, tables(result, items))
    return result


def _check_best(best: Best, entries: Sequence[Entry]) -> None:
    """Refuse best planes that no stack has, better now than after an hour."""
    there = sorted({entry.source for entry in entries if entry.role == STACK})
    strange = [source for source in best if source not in there]
    if strange:
        raise ZfocusError(
            f"expected best planes (--best-plane) of a source of stacks, got {', '.join(strange)}: "
            f"the sources of stacks are {', '.join(there) or 'none'}"
        )
    for source, planes in best.items():
        known = [e.z_index for e in entries if e.role == STACK and e.source == source]
        numbers = {z for z in known if z is not None}
        if None not in known and numbers.isdisjoint(planes):
            raise ZfocusError(
                f"expected best planes (--best-plane) that the stacks of {source} have, got "
                f"{', '.join(map(str, planes))}: theirs are {min(numbers)} to {max(numbers)}"
            )


def write(result: Evaluation, output: Path, sheets: dict[str, str]) -> None:
    """Write an evaluation.

    Parameters
    ----------
    result
        The evaluation.
    output
        Folder; made if need be.
    sheets
        File name -> CSV text.
    """
    from zfocus_model.evaluation.page import figures, page

    write_json(output / "evaluation.json", as_json(result))
    for name, text in sheets.items():
        write_whole(output / name, text.encode("utf-8"))
    drawn = figures(result)
    for name, svg in drawn.items():
        write_whole(output / "figures" / f"{name}.svg", svg.encode("utf-8"))
    write_whole(output / "evaluation.html", page(result, drawn).encode("utf-8"))


def trained_sources(model: Model, manifest: Path | None = None) -> frozenset[str] | None:
    """Find the sources that a model was trained on.

    Parameters
    ----------
    model
        The model; its package's training record is asked.
    manifest
        The manifest of its training; it decides where given: all rows, or those of split ``train``
        where there is a column ``split``.

    Returns
    -------
    frozenset of str, or None
        None if neither tells.
    """
    if manifest is not None:
        rows = read_rows(manifest)
        if "split" in rows[0]:
            rows = [row for row in rows if row["split"] == "train"]
        return frozenset(row.get("source") or manifest.stem for row in rows)
    found = set(_source_names(model.package.config.get("training")))
    return frozenset(found) if found else None


def _source_names(record: Any) -> list[str]:
    """Keys of every ``sources`` in a training record, also of the model that it started from."""
    names: list[str] = []
    if isinstance(record, dict):
        for key, value in cast("dict[str, Any]", record).items():
            if key == "sources" and isinstance(value, dict):
                names += [str(name) for name in cast("dict[str, Any]", value)]
            else:
                names += _source_names(value)
    elif isinstance(record, list):
        for value in cast("list[Any]", record):
            names += _source_names(value)
    return names


def describe(model: Model, plan: Plan, seen: frozenset[str] | None) -> dict[str, Any]:
    """Say what was evaluated, with what.

    Parameters
    ----------
    model, plan
        As given to `evaluate`.
    seen
        Sources that the model was trained on.

    Returns
    -------
    dict
        Goes to ``about`` of evaluation.json.
    """
    return {
        **describe_run(model, plan.place, seen, replicates=plan.replicates),
        "where": list(plan.where),
        "simulators": list(plan.simulators),
        "settings": asdict(plan.settings),
        "best_planes": {source: list(planes) for source, planes in plan.best.items()},
    }


def describe_run(
    model: Model, place: Path, seen: frozenset[str] | None, *, replicates: int = REPLICATES
) -> dict[str, Any]:
    """Say what holds of any evaluation, also of one that makes no graded copies.

    Parameters
    ----------
    model
        The model.
    place
        Where the images are.
    seen
        Sources that the model was trained on.
    replicates
        Bootstrap samples.

    Returns
    -------
    dict
        Goes to ``about``.
    """
    return {
        "model": model.name,
        "model_version": model.package.version,
        "package_sha256": model.package_sha256,
        "limits": asdict(model.package.limits),
        "engine": model.engine.name,
        "zfocus_version": __version__,
        "made": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "images": place.name,
        "replicates": replicates,
        "trained_sources": None if seen is None else sorted(seen),
    }
