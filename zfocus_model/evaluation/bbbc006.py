"""BBBC006 (Broad Bioimage Benchmark Collection): the published evaluation, repeated.

768 fields of U2OS cells in two stains, 34 planes 2 um apart, plane 16 in focus (Ljosa et al. 2012,
doi 10.1038/nmeth.2083). Yang et al. 2018 (doi 10.1186/s12859-018-2087-4) report, on these images,
the F-score of telling in focus from out of focus for each stain. Plane ``z`` counts as level
``min(10, |z - 16|)``: under the reference optics 2 um are one level.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zfocus_model._errors import ZfocusError
from zfocus_model._files import write_json, write_whole
from zfocus_model.evaluation.manifest import STACK, Entry
from zfocus_model.evaluation.metrics import share
from zfocus_model.evaluation.rated import Rated, join
from zfocus_model.evaluation.runner import Failure, Item, RatedItem, rate_items
from zfocus_model.evaluation.summary import Group, group_scores
from zfocus_model.levels import LEVELS

if TYPE_CHECKING:
    from zfocus_model.model import Model

NAME = "bbbc006"
PLANE_UM, FOCUS_PLANE = 2.0, 16
CHANNELS = {"w1": "Hoechst", "w2": "Phalloidin"}
"""Stains: nuclei and actin."""

PUBLISHED = {"Hoechst": (0.89, 0.84), "Phalloidin": (0.86, 0.83)}
"""F-scores of Yang et al. 2018: of their network, and of the best of the earlier methods."""

_FOLDER = re.compile(r"BBBC006_v1_images_z_(\d\d)$")
_FILE = re.compile(r".*_([a-p]\d\d)_s(\d+)_(w\d)[^_]*\.tiff?$", re.IGNORECASE)


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


def is_layout(place: Path) -> bool:
    """Tell whether a folder holds the folders of BBBC006's planes."""
    return bool(_plane_folders(place))


def _plane_folders(place: Path) -> dict[int, Path]:
    if not place.is_dir():
        return {}
    if (place / NAME).is_dir():  # the folder that `zfocus data get` was given
        place = place / NAME
    found = ((_FOLDER.match(path.name), path) for path in sorted(place.iterdir()) if path.is_dir())
    return {int(match.group(1)): path for match, path in found if match}


def list_fields(place: Path, *, focus: int = FOCUS_PLANE) -> list[Item]:
    """List the stacks: one a field and stain, of the planes that are there.

    Parameters
    ----------
    place
        Folder with ``BBBC006_v1_images_z_00/..._a01_s1_w1....tif`` and so on.
    focus
        Number of the plane in focus.

    Returns
    -------
    list of Item
        Sorted by stain, well and site; the source of each is the name of its stain.

    Raises
    ------
    ZfocusError
        If no image is there.
    """
    stacks: dict[tuple[str, str], list[Entry]] = {}
    for plane, folder in _plane_folders(place).items():
        for path in sorted(folder.rglob("*.tif")):
            match = _FILE.match(path.name)
            if match is None or path.name.startswith("."):
                continue
            well, site, channel = match.group(1).lower(), match.group(2), match.group(3).lower()
            field, stain = f"{well}_s{site}", CHANNELS.get(channel, channel)
            name = path.relative_to(place).as_posix()
            z_um = PLANE_UM * (plane - focus)
            entry = Entry(path, name, stain, STACK, field, plane, z_um)
            stacks.setdefault((stain, field), []).append(entry)
    if not stacks:
        raise ZfocusError(
            f"expected images such as BBBC006_v1_images_z_16/mcf-z-stacks-03212011_a01_s1_w1*.tif "
            f"in {place}, got none: run zfocus data get bbbc006"
        )
    return [Item(tuple(stacks[key])) for key in sorted(stacks)]


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
        stacks = [one.rated for one in items if one.item.source == stain]
        rated = join([_with_levels(stack, focus) for stack in stacks])
        published = PUBLISHED.get(stain, (None, None))
        best: dict[int, int] = {}
        for stack in stacks:
            decided = (stack.status != "undecided") & stack.rated
            if decided.any():
                lowest = np.argmin(np.where(decided, stack.expected_level, np.inf))
                plane = int(stack.place[lowest])
                best[plane] = best.get(plane, 0) + 1
        group = group_scores(stain, rated)
        channels.append(Channel(stain, group, *published, dict(sorted(best.items()))))
        distances += [
            _distance(stain, int(plane), rated.take(rated.place == plane), focus)
            for plane in np.unique(rated.place)
        ]
    return Table(
        {**(about or {}), "focus_plane": focus}, tuple(channels), tuple(distances), tuple(failures)
    )


def _with_levels(stack: Rated, focus: int) -> Rated:
    return replace(stack, true=true_level(stack.place, focus=focus))


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
        If there are no images, or none could be read.
    """
    from zfocus_model.evaluation.bbbc006_page import figures, page
    from zfocus_model.evaluation.result import as_json
    from zfocus_model.evaluation.run import KEPT, Plan, describe, trained_sources
    from zfocus_model.evaluation.sheets import csv_text

    stacks = list_fields(place, focus=focus)
    items, failures = rate_items(stacks, model, output / KEPT, progress=progress)
    if not items:
        raise ZfocusError(
            f"expected images that can be read, got none: {failures[0].name}: {failures[0].error}"
        )
    about = describe(model, Plan(place), trained_sources(model))
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
