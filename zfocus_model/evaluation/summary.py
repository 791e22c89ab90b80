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
    draws_within,
    interval,
    mean_of_defined,
)
from zfocus_model.evaluation.metrics import precision_at
from zfocus_model.evaluation.rated import Rated, join
from zfocus_model.evaluation.shares import at_level, sharp_flagged, within_levels
from zfocus_model.evaluation.strata import STRATA, group, groups
from zfocus_model.evaluation.tally import (
    FALSE_FLAGS,
    FLAG_PRECISIONS,
    METRICS,
    RECALL,
    scores,
    tally,
)
from zfocus_model.levels import LEVELS

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

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
    """Images of levels 0-2, how many are called out of focus, the fields they are of, the largest
    share of flagged fields that is compatible with that, and the precision of flags (with the
    recall of `mean`) if that were the share of sharp images that are flagged."""
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
    parts = [sources[source] for source in pooled_names]
    pooled, origin = join(parts), np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    mean = _mean([g for g in groups_ if g.name in pooled_names], samples, rng)
    all_pooled = curves(pooled)
    return Graded(
        simulator=name,
        mean=mean,
        sources=tuple(groups_),
        pooled_sources=tuple(pooled_names),
        strata={
            stratum: _strata(pooled, number, stratum, rng, replicates)
            for number, stratum in enumerate(STRATA)
        },
        levels=tuple(at_level(pooled, level) for level in range(LEVELS)),
        within=within_levels(pooled),
        confusion_images=all_pooled.confusion_images,
        confusion_patches=all_pooled.confusion_patches,
        reliability=all_pooled.reliability,
        by_source={source: curves(rated) for source, rated in sources.items()},
        sharp=sharp_flagged(pooled, mean.scores[RECALL].value),
        pooled=_group("all images of these sources", pooled, rng, replicates, origin=origin)[0],
    )


def _group(
    name: str,
    rated: Rated,
    rng: np.random.Generator,
    replicates: int,
    *,
    in_training: bool | None = None,
    origin: NDArray[np.intp] | None = None,
) -> tuple[Group, dict[str, Floats]]:
    """Scores of images as one group, and their bootstrap samples; origin: source of each image."""
    sums = tally(rated)
    values = scores(sums.total())
    first = np.unique(rated.field, return_index=True)[1]
    source = np.zeros(len(first)) if origin is None else origin[first]
    drawn = scores(sums.total(draws_within(source, rng, replicates=replicates)))
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
    values = [{key: score.value for key, score in source.scores.items()} for source in sources]
    drawn = [samples[source.name] for source in sources]
    found: dict[str, Score] = {}
    for key in METRICS:
        counts = draws(len(sources), rng, replicates=len(drawn[0][key]))
        others = interval(_averaged(key, drawn, counts)) if len(sources) > 1 else ()
        found[key] = Score(float(_averaged(key, values)), *interval(_averaged(key, drawn)), *others)
    return Group(
        f"mean of {len(sources)} source{'s' if len(sources) > 1 else ''}",
        sum(source.fields for source in sources),
        sum(source.images for source in sources),
        found,
    )


def _averaged(
    key: str, of: Sequence[Mapping[str, ArrayLike]], counts: Floats | None = None
) -> Floats:
    """Mean of a score over sources. The precision of flags follows from the means of its parts.

    A small source without any false flag has a precision of 1: averaged, a few such sources would
    hide how seldom a flag is right.
    """
    if key in FLAG_PRECISIONS:
        recall, flags = (_averaged(part, of, counts) for part in (RECALL, FALSE_FLAGS))
        return precision_at(FLAG_PRECISIONS[key], recall, flags / 1000)
    return mean_of_defined([source[key] for source in of], counts)


def _strata(
    rated: Rated, number: int, stratum: str, rng: np.random.Generator, replicates: int
) -> tuple[Group, ...]:
    names = np.array([group(stratum, value) for value in rated.properties[:, number]], np.str_)
    chosen = [(name, names == name) for name in groups(stratum)]
    # All fields of a stratum are drawn together: many are the only one of their source there, and
    # drawn within it would not scatter at all.
    return tuple(
        _group(name, rated.take(which), rng, replicates)[0] for name, which in chosen if which.any()
    )
