"""From ratings to scores: by source, averaged, by stratum, by level; with intervals.

Averages count sources that the model was not trained on, where there are any: those alone say
what a microscope can expect that nobody has shown to the model.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zfocus_model.evaluation.curves import Curves, curves
from zfocus_model.evaluation.intervals import (
    REPLICATES,
    draws,
    highest_share,
    interval,
    mean_over_sources,
)
from zfocus_model.evaluation.metrics import is_positive, share
from zfocus_model.evaluation.rated import Rated, join
from zfocus_model.evaluation.strata import STRATA, group, groups
from zfocus_model.evaluation.tally import METRICS, scores, tally
from zfocus_model.levels import LEVELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zfocus_model.evaluation.reliability import Reliability
    from zfocus_model.evaluation.runner import RatedItem

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Score:
    """One number and how far it can be trusted."""

    value: float
    """NaN where undefined."""
    low: float
    """95 % interval: other fields of the same sources."""
    high: float
    """Its upper end."""
    low_new_sources: float = float("nan")
    """95 % interval of an average over sources: other sources, too. NaN for one source."""
    high_new_sources: float = float("nan")
    """Its upper end."""


@dataclass(frozen=True)
class Group:
    """Scores of some graded images."""

    name: str
    """Source, or group of a stratum, or what is averaged."""
    fields: int
    """Fields of view."""
    images: int
    """Their graded copies."""
    scores: dict[str, Score]
    """By the names in `zfocus_model.evaluation.tally.METRICS`."""
    in_training: bool | None = None
    """Whether other images of the source were trained on; None if that is not known."""


@dataclass(frozen=True, eq=False)
class Graded:
    """All scores of the copies that one simulator made."""

    simulator: str
    """Name of the simulator."""
    mean: Group
    """Average over the sources of `pooled`, each counted once."""
    sources: tuple[Group, ...]
    """Each source."""
    pooled_sources: tuple[str, ...]
    """Sources that the mean and all below are of: those not in training, else all."""
    strata: dict[str, tuple[Group, ...]]
    """Property -> its groups; images pooled."""
    levels: tuple[dict[str, Any], ...]
    """Of each true level: images, exact, within_1, mean_level, and the share of each status."""
    within: Floats
    """(11,) share of images within 0 to 10 levels, pooled."""
    confusion_images: NDArray[np.int64]
    """(11, 11) true level by found level, pooled."""
    confusion_patches: NDArray[np.int64]
    """(11, 11)."""
    reliability: Reliability
    """Of the patches, pooled."""
    by_source: dict[str, Curves]
    """The same three of each source."""
    sharp: dict[str, Any]
    """Images of levels 0-2, how many are called out of focus, the fields they are of, and the
    largest share of flagged fields that is compatible with that."""
    pooled: Group
    """All images of the same sources as one group, so that large sources lead."""


def grade(
    items: Sequence[RatedItem],
    seen: Collection[str] | None,
    *,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> tuple[Graded, ...]:
    """Score graded images.

    Parameters
    ----------
    items
        Rated items; those without a simulator are left out.
    seen
        Sources that the model was trained on; None if that is not known.
    replicates
        Bootstrap samples.
    seed
        Of the bootstrap.

    Returns
    -------
    tuple of Graded
        One a simulator, in the order of their first items.
    """
    by_simulator: dict[str, dict[str, list[RatedItem]]] = {}
    for one in items:
        if one.item.simulator:
            parts = by_simulator.setdefault(one.item.simulator, {})
            parts.setdefault(one.item.source, []).append(one)
    return tuple(
        _grade(
            name,
            {source: _joined(parts) for source, parts in sources.items()},
            seen,
            replicates,
            seed,
        )
        for name, sources in by_simulator.items()
    )


def _joined(items: Sequence[RatedItem]) -> Rated:
    return join([one.rated for one in items], [one.item.entries[0].field for one in items])


def _grade(
    name: str,
    sources: Mapping[str, Rated],
    seen: Collection[str] | None,
    replicates: int,
    seed: int,
) -> Graded:
    rng = np.random.default_rng(seed)
    pooled_names = [s for s in sources if seen is None or s not in seen] or list(sources)
    groups_: list[Group] = []
    samples: dict[str, dict[str, Floats]] = {}
    for source, rated in sources.items():
        known = None if seen is None else source in seen
        one, samples[source] = _group(source, rated, rng, replicates, in_training=known)
        groups_.append(one)
    pooled = join([sources[source] for source in pooled_names])
    all_pooled = curves(pooled)
    return Graded(
        simulator=name,
        mean=_mean([g for g in groups_ if g.name in pooled_names], samples, rng),
        sources=tuple(groups_),
        pooled_sources=tuple(pooled_names),
        strata={
            stratum: _strata(pooled, number, stratum, rng, replicates)
            for number, stratum in enumerate(STRATA)
        },
        levels=tuple(_level(pooled.take(pooled.true == level), level) for level in range(LEVELS)),
        within=_within(pooled),
        confusion_images=all_pooled.confusion_images,
        confusion_patches=all_pooled.confusion_patches,
        reliability=all_pooled.reliability,
        by_source={source: curves(rated) for source, rated in sources.items()},
        sharp=_sharp(pooled),
        pooled=_group("all images of these sources", pooled, rng, replicates)[0],
    )


def _group(
    name: str,
    rated: Rated,
    rng: np.random.Generator,
    replicates: int,
    *,
    in_training: bool | None = None,
) -> tuple[Group, dict[str, Floats]]:
    sums = tally(rated)
    values = scores(sums.total())
    drawn = scores(sums.total(draws(len(sums), rng, replicates=replicates)))
    found = {key: Score(float(values[key]), *interval(drawn[key])) for key in METRICS}
    return Group(name, len(sums), len(rated), found, in_training), drawn


def group_scores(name: str, rated: Rated, *, replicates: int = REPLICATES, seed: int = 0) -> Group:
    """Score images with true levels as one group.

    Parameters
    ----------
    name
        What they are.
    rated
        The images.
    replicates
        Bootstrap samples.
    seed
        Of the bootstrap.

    Returns
    -------
    Group
        Scores and intervals by field.
    """
    return _group(name, rated, np.random.default_rng(seed), replicates)[0]


def _mean(
    sources: Sequence[Group], samples: Mapping[str, Mapping[str, Floats]], rng: np.random.Generator
) -> Group:
    found: dict[str, Score] = {}
    for key in METRICS:
        values = np.array([source.scores[key].value for source in sources])
        known = values[~np.isnan(values)]
        fields, others = mean_over_sources([samples[s.name][key] for s in sources], rng)
        if len(sources) < 2:
            others = (float("nan"), float("nan"))
        found[key] = Score(float(share(known.sum(), known.size)), *fields, *others)
    return Group(
        f"mean of {len(sources)} source{'s' if len(sources) > 1 else ''}",
        sum(source.fields for source in sources),
        sum(source.images for source in sources),
        found,
    )


def _strata(
    rated: Rated, number: int, stratum: str, rng: np.random.Generator, replicates: int
) -> tuple[Group, ...]:
    names = np.array([group(stratum, value) for value in rated.properties[:, number]], np.str_)
    chosen = [(name, names == name) for name in groups(stratum)]
    return tuple(
        _group(name, rated.take(which), rng, replicates)[0] for name, which in chosen if which.any()
    )


def _level(rated: Rated, level: int) -> dict[str, Any]:
    known = rated.rated
    miss = np.abs(rated.level - level)[known]
    return {
        "level": level,
        "images": len(rated),
        "exact": float(share((miss == 0).sum(), miss.size)),
        "within_1": float(share((miss <= 1).sum(), miss.size)),
        "mean_level": float(share(rated.level[known].sum(), miss.size)),
        **{
            status: float(share(rated.has(status).sum(), len(rated)))
            for status in ("in_focus", "out_of_focus", "undecided")
        },
    }


def _within(rated: Rated) -> Floats:
    miss = np.abs(rated.level - rated.true)[rated.rated]
    return share([(miss <= d).sum() for d in range(LEVELS)], miss.size)


def _sharp(rated: Rated) -> dict[str, Any]:
    positive = is_positive(rated.true)
    flagged = positive & rated.has("out_of_focus")
    fields, bad = len(np.unique(rated.field[positive])), len(np.unique(rated.field[flagged]))
    return {
        "images": int(positive.sum()),
        "flagged_images": int(flagged.sum()),
        "fields": fields,
        "flagged_fields": bad,
        "highest_share_of_fields": highest_share(bad, fields),
    }
