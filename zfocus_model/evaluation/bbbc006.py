"""BBBC006 (Broad Bioimage Benchmark Collection): the published evaluation, repeated.

768 fields of U2OS cells in two stains, 34 planes 2 um apart, plane 16 in focus (Ljosa et al. 2012,
doi 10.1038/nmeth.2083). Yang et al. 2018 (doi 10.1186/s12859-018-2087-4) report, on these images,
the F-score of telling in focus from out of focus for each stain. Plane ``z`` counts as level
``min(10, |z - 16|)``: under the reference optics 2 um are one level.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zfocus_model._errors import ZfocusError
from zfocus_model._files import write_json, write_whole
from zfocus_model.evaluation.bbbc006_files import FOCUS_PLANE, PLANE_UM, list_fields
from zfocus_model.evaluation.intervals import mean_of_defined
from zfocus_model.evaluation.metrics import share
from zfocus_model.evaluation.rated import Rated, join
from zfocus_model.evaluation.runner import Failure, RatedItem, rate_items
from zfocus_model.evaluation.stacks import score_stack
from zfocus_model.evaluation.summary import Group, group_scores
from zfocus_model.levels import LEVELS

if TYPE_CHECKING:
    from zfocus_model.model import Model

PUBLISHED = {"Hoechst": (0.89, 0.84), "Phalloidin": (0.86, 0.83)}
"""F-scores of Yang et al. 2018: of their network, and of the best of the earlier methods."""


@dataclass(frozen=True)
class Distance:
    """All planes at one distance from focus, in one stain."""

    channel: str
    """Name of the stain."""
    plane: int
    """Number of the plane."""
    z_um: float
    """Distance from the plane in focus; its sign is the order of the planes."""
    level: int
    """The level that counts as true."""
    images: int
    """Rated images."""
    exact: float
    """Share at that level."""
    within_1: float
    """Share within one level of it."""
    mean_expected_level: float
    """Mean expected level."""
    in_focus: float
    """Share called in focus."""
    undecided: float
    """Share left undecided."""


@dataclass(frozen=True)
class Channel:
    """One stain."""

    channel: str
    """Name of the stain."""
    group: Group
    """Scores of all its planes, with intervals by field."""
    published_f: float | None
    """F-score of Yang et al. 2018 on these images."""
    published_earlier_f: float | None
    """The best F-score of earlier methods, as they report it."""
    best_planes: dict[int, int]
    """Plane of the least expected level -> number of fields."""
    error_planes: float
    """Planes between that plane and the one in focus, mean over fields with a decided plane."""
    spearman: float
    """Rank correlation of expected level and distance from focus over the decided planes of a
    field, mean over fields."""


@dataclass(frozen=True, eq=False)
class Table:
    """The published table, measured."""

    about: dict[str, Any]
    """Model, package, folder, plane in focus."""
    channels: tuple[Channel, ...]
    """By stain."""
    distances: tuple[Distance, ...]
    """By stain and plane."""
    failures: tuple[Failure, ...]
    """Files that could not be read; their fields are left out."""


def true_level(planes: Any, *, focus: int = FOCUS_PLANE) -> Any:
    """Level of a plane, 0 to 10: its distance from the plane in focus, in planes.

    Examples
    --------
    >>> true_level(np.array([0, 15, 16, 19])).tolist()
    [10, 1, 0, 3]
    """
    return np.minimum(np.abs(np.asarray(planes) - focus), LEVELS - 1)


def score(
    items: Sequence[RatedItem],
    failures: Sequence[Failure] = (),
    *,
    about: dict[str, Any] | None = None,
    focus: int = FOCUS_PLANE,
) -> Table:
    """Score rated stacks.

    Parameters
    ----------
    items
        Rated stacks of `list_fields`.
    failures
        What could not be read.
    about
        What is said of the run.
    focus
        Number of the plane in focus.

    Returns
    -------
    Table
        By stain, and by stain and plane.
    """
    channels: list[Channel] = []
    distances: list[Distance] = []
    for stain in dict.fromkeys(one.item.source for one in items):
        stacks = [_with_levels(one.rated, focus) for one in items if one.item.source == stain]
        rated = join(stacks)
        scored = [score_stack(stack) for stack in stacks]
        best = Counter(one.found for one in scored if one.found is not None)
        errors = [np.nan if one.found is None else abs(one.found - focus) for one in scored]
        published, earlier = PUBLISHED.get(stain, (None, None))
        channels.append(
            Channel(
                channel=stain,
                group=group_scores(stain, rated),
                published_f=published,
                published_earlier_f=earlier,
                best_planes=dict(sorted(best.items())),
                error_planes=float(mean_of_defined(errors)),
                spearman=float(mean_of_defined([one.spearman for one in scored])),
            )
        )
        distances += [
            _distance(stain, int(plane), rated.take(rated.place == plane), focus)
            for plane in np.unique(rated.place)
        ]
    return Table(
        {**(about or {}), "focus_plane": focus}, tuple(channels), tuple(distances), tuple(failures)
    )


def _with_levels(stack: Rated, focus: int) -> Rated:
    levels = true_level(stack.place, focus=focus)
    return replace(stack, true=levels, z_um=PLANE_UM * (stack.place - focus))


def _distance(stain: str, plane: int, rated: Rated, focus: int) -> Distance:
    known = rated.rated
    miss = np.abs(rated.level - rated.true)[known]
    return Distance(
        channel=stain,
        plane=plane,
        z_um=PLANE_UM * (plane - focus),
        level=int(true_level(plane, focus=focus)),
        images=int(known.sum()),
        exact=float(share((miss == 0).sum(), miss.size)),
        within_1=float(share((miss <= 1).sum(), miss.size)),
        mean_expected_level=float(share(rated.expected_level[known].sum(), miss.size)),
        in_focus=float(rated.has("in_focus").mean()),
        undecided=float(rated.has("undecided").mean()),
    )


def run(
    place: Path,
    model: Model,
    output: Path,
    *,
    focus: int = FOCUS_PLANE,
    progress: Callable[[int, int], None] | None = None,
) -> list[str]:
    """Rate BBBC006 and write the table: bbbc006.json, CSV, figures, evaluation.html.

    Parameters
    ----------
    place
        Folder of the planes' folders.
    model
        The model.
    output
        Folder for the results; what was rated is kept there.
    focus
        Number of the plane in focus.
    progress
        Called with stacks done and their number.

    Returns
    -------
    list of str
        What could not be read, a line each.

    Raises
    ------
    ZfocusError
        If there are no images, none could be read, or the stacks have no such plane.
    """
    from zfocus_model.evaluation.bbbc006_page import figures, page
    from zfocus_model.evaluation.result import as_json
    from zfocus_model.evaluation.run import KEPT, describe_run, trained_sources
    from zfocus_model.evaluation.sheets import csv_text

    stacks = list_fields(place, focus=focus)
    items, failures = rate_items(stacks, model, output / KEPT, progress=progress)
    if not items:
        raise ZfocusError(
            f"expected images that can be read, got none: {failures[0].name}: {failures[0].error}"
        )
    about = describe_run(model, place, trained_sources(model))
    found = score(items, failures, about=about, focus=focus)
    write_json(output / "bbbc006.json", {"schema": 1, **as_json(found)})
    rows = [vars(row) for row in found.distances]
    text = csv_text(rows[0], (row.values() for row in rows))
    write_whole(output / "bbbc006.csv", text.encode("utf-8"))
    drawn = figures(found)
    for name, svg in drawn.items():
        write_whole(output / "figures" / f"{name}.svg", svg.encode("utf-8"))
    write_whole(output / "evaluation.html", page(found, drawn).encode("utf-8"))
    return [f"{failure.name}: {failure.error}" for failure in failures]
