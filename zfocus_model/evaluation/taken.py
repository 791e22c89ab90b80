"""Real images as they were taken: sharp, out of focus, blank, saturated, blurred by others."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from zfocus_model.evaluation.intervals import exact_interval
from zfocus_model.evaluation.manifest import IN_FOCUS, ROLES, STACK
from zfocus_model.evaluation.metrics import auc, share
from zfocus_model.evaluation.rated import join

if TYPE_CHECKING:
    from zfocus_model.evaluation.runner import RatedItem


@dataclass(frozen=True)
class Taken:
    """The images of one role in one source."""

    source: str
    """Data set or microscope."""
    role: str
    """See `zfocus_model.evaluation.manifest.ROLES`."""
    wanted: str
    """The status that is right; empty if none is."""
    images: int
    """Their number."""
    right: float
    """Share of images with the wanted status; NaN if there is none."""
    in_focus: int
    """Images called in focus."""
    out_of_focus: int
    """Images called out of focus."""
    undecided: int
    """Images left undecided."""
    reasons: dict[str, int]
    """Why undecided."""
    mean_expected_level: float
    """Over the rated images; NaN if there are none."""
    in_training: bool | None = None
    """Whether other images of the source were trained on; None if that is not known."""
    right_low: float = math.nan
    """95 % interval of `right`, exact, as if the images were independent; NaN if there is none."""
    right_high: float = math.nan
    """Its upper end."""

    @property
    def why(self) -> str:
        """Why undecided, in words: ``blank 3, out of domain 1``; empty if none is."""
        return ", ".join(f"{name.replace('_', ' ')} {n}" for name, n in self.reasons.items())


@dataclass(frozen=True)
class TakenSummary:
    """All images as they were taken."""

    rows: tuple[Taken, ...]
    """By source and role."""
    auc: float
    """Chance that an image out of focus (or blurred by others) has a higher expected level than
    one in focus; NaN where one of the kinds is missing."""
    false_flags_per_1000: float
    """Sharp images called out of focus, mean over the sources that count; NaN without any."""
    sources: tuple[str, ...]
    """The sources that count: those not in training, else all."""


def score_taken(items: Sequence[RatedItem], seen: Collection[str] | None) -> TakenSummary:
    """Score images that were rated as taken; stacks and graded copies are left out.

    Parameters
    ----------
    items
        Rated items.
    seen
        Sources that the model was trained on; None if that is not known.

    Returns
    -------
    TakenSummary
        Rows in the order of the roles' list, then by source.
    """
    groups: dict[tuple[str, str], list[RatedItem]] = {}
    for one in items:
        if not one.item.simulator and one.item.role != STACK:
            groups.setdefault((one.item.role, one.item.source), []).append(one)
    order = sorted(groups, key=lambda key: (list(ROLES).index(key[0]), key[1]))
    rows = tuple(_row(role, source, groups[role, source], seen) for role, source in order)
    levels: dict[str, list[float]] = {IN_FOCUS: [], "out_of_focus": []}
    names = {row.source for row in rows}
    chosen = tuple(sorted(s for s in names if seen is None or s not in seen) or sorted(names))
    for (role, source), group in groups.items():
        kind = ROLES[role]
        if kind in levels and source in chosen:
            values = join([one.rated for one in group]).expected_level
            levels[kind] += [float(value) for value in values if not math.isnan(value)]
    flags = [
        1000 * row.out_of_focus / row.images
        for row in rows
        if row.role == IN_FOCUS and row.source in chosen
    ]
    return TakenSummary(
        rows,
        auc(levels["out_of_focus"], levels[IN_FOCUS]),
        float(np.mean(flags)) if flags else math.nan,
        chosen,
    )


def _row(role: str, source: str, group: Sequence[RatedItem], seen: Collection[str] | None) -> Taken:
    rated = join([one.rated for one in group])
    wanted = ROLES[role]
    expected = rated.expected_level[rated.rated]
    right = int((rated.status == wanted).sum())
    low, high = exact_interval(right, len(rated)) if wanted else (math.nan, math.nan)
    return Taken(
        source=source,
        role=role,
        wanted=wanted,
        images=len(rated),
        right=right / len(rated) if wanted else math.nan,
        in_focus=int(rated.has("in_focus").sum()),
        out_of_focus=int(rated.has("out_of_focus").sum()),
        undecided=int(rated.has("undecided").sum()),
        reasons=dict(sorted(Counter(str(r) for r in rated.reason if r).items())),
        mean_expected_level=float(share(expected.sum(), expected.size)),
        in_training=None if seen is None else source in seen,
        right_low=low,
        right_high=high,
    )
