"""One evaluation: everything that was found, also as JSON."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from zfocus_model.evaluation.manifest import STACK
from zfocus_model.evaluation.stacks import Best, StackScore, score_stack
from zfocus_model.evaluation.summary import Graded, grade
from zfocus_model.evaluation.taken import TakenSummary, score_taken

if TYPE_CHECKING:
    from zfocus_model.evaluation.runner import Failure, RatedItem

SCHEMA = 1
"""Version of the layout of evaluation.json."""


@dataclass(frozen=True, eq=False)
class StackRow:
    """A stack and its score."""

    source: str
    """Data set or microscope."""
    stack: str
    """Name of the stack."""
    in_training: bool | None
    """Whether other images of the source were trained on; None if that is not known."""
    score: StackScore
    """Its score."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """All that was found."""

    about: dict[str, Any]
    """Model, package, versions, command, settings, manifest."""
    graded: tuple[Graded, ...]
    """Graded copies, a simulator each."""
    taken: TakenSummary
    """Images as they were taken."""
    stacks: tuple[StackRow, ...]
    """Stacks."""
    failures: tuple[Failure, ...]
    """Files that could not be read."""


def evaluate_items(
    items: Sequence[RatedItem],
    failures: Sequence[Failure],
    *,
    about: Mapping[str, Any],
    seen: Collection[str] | None = None,
    best: Best | None = None,
    replicates: int = 1000,
) -> Evaluation:
    """Score rated items.

    Parameters
    ----------
    items, failures
        From `zfocus_model.evaluation.runner.rate_items`.
    about
        What is said of the run.
    seen
        Sources that the model was trained on; None if that is not known.
    best
        Best planes of the stacks of a source, where the manifest does not tell.
    replicates
        Bootstrap samples.

    Returns
    -------
    Evaluation
        Everything.
    """
    stacks = [
        StackRow(
            one.item.source,
            one.item.entries[0].stack or one.item.entries[0].name,
            None if seen is None else one.item.source in seen,
            score_stack(one.rated, (best or {}).get(one.item.source)),
        )
        for one in items
        if one.item.role == STACK
    ]
    return Evaluation(
        about=dict(about),
        graded=grade(items, seen, replicates=replicates),
        taken=score_taken(items, seen),
        stacks=tuple(stacks),
        failures=tuple(failures),
    )


def as_json(value: Any) -> Any:
    """Turn results into what ``json`` can write; NaN becomes null.

    Examples
    --------
    >>> as_json({"x": (float("nan"), np.int64(3))})
    {'x': [None, 3]}
    """
    if isinstance(value, Evaluation):
        return {
            "schema": SCHEMA,
            **{f.name: as_json(getattr(value, f.name)) for f in fields(value)},
        }
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: as_json(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        entries = cast("Mapping[Any, Any]", value)
        return {str(key): as_json(entry) for key, entry in entries.items()}
    if isinstance(value, np.ndarray):
        return as_json(cast("Any", value).tolist())
    if isinstance(value, (list, tuple)):
        return [as_json(entry) for entry in cast("Sequence[Any]", value)]
    if isinstance(value, np.generic):
        return as_json(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
