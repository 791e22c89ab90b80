"""Rate what is to be evaluated, once: what was rated is kept, and an interrupted run goes on."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, astuple, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zfocus_model._errors import ZfocusError
from zfocus_model.evaluation.grading import (
    OFFSET,
    PEAK_PHOTONS,
    PHOTONS_MAX,
    PHOTONS_MIN,
    READ_NOISE,
    SEED,
    fingerprint,
    graded_images,
    simulator,
)
from zfocus_model.evaluation.manifest import STACK, Entry
from zfocus_model.evaluation.rated import Rated, collect, load
from zfocus_model.evaluation.strata import field_properties

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zfocus_model.images import Plane
    from zfocus_model.model import Model

_CACHE = 2
"""Raised when what is kept of a rated image changes its meaning."""

AHEAD = 2
"""Items that are read and degraded while the model rates an earlier one."""


@dataclass(frozen=True)
class Settings:
    """How graded copies are made.

    Raises
    ------
    ZfocusError
        If there are too few photons to show anything, or so many that the camera saturates.
    """

    peak_photons: float = PEAK_PHOTONS
    """Photons at the brightest pixel of a graded copy."""
    offset: float = OFFSET
    """Counts of the camera without light."""
    read_noise: float = READ_NOISE
    """Of the camera, in photoelectrons."""
    seed: int = SEED
    """Of noise, and of what a simulator makes up."""

    def __post_init__(self) -> None:
        """Check the photons."""
        if not PHOTONS_MIN <= self.peak_photons <= PHOTONS_MAX:
            raise ZfocusError(
                f"expected {PHOTONS_MIN:,.0f} to {PHOTONS_MAX:,.0f} photons at the brightest pixel "
                f"(--photons), got {self.peak_photons:g}: fewer drown in read noise, more saturate "
                "a 16-bit camera"
            )


@dataclass(frozen=True)
class Item:
    """Images that are read, rated and kept together."""

    entries: tuple[Entry, ...]
    """One file, or the files of a stack in order."""
    simulator: str = ""
    """Graded copies are made by this simulator; empty: rated as taken."""

    @property
    def source(self) -> str:
        """Source of the images."""
        return self.entries[0].source

    @property
    def role(self) -> str:
        """Role of the images."""
        return self.entries[0].role


@dataclass(frozen=True, eq=False)
class RatedItem:
    """An item and what the model said of it."""

    item: Item
    """What was rated."""
    rated: Rated
    """Ratings of its images."""


@dataclass(frozen=True)
class Failure:
    """An image that could not be read."""

    name: str
    """As the manifest writes it."""
    error: str
    """Why, in one line."""


def items_of(entries: Sequence[Entry], simulators: Sequence[str]) -> list[Item]:
    """Divide entries into items: each sharp image once as taken and once a simulator, stacks whole.

    Parameters
    ----------
    entries
        What `zfocus_model.evaluation.manifest.list_entries` found.
    simulators
        Names of simulators for the in-focus images.

    Returns
    -------
    list of Item
        In the order of the entries.
    """
    items: list[Item] = []
    stacks: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        if entry.role == STACK:
            stacks.setdefault((entry.source, entry.stack or entry.name), []).append(entry)
            continue
        items.append(Item((entry,)))
        if entry.role == "in_focus":
            items += [Item((entry,), name) for name in simulators]
    return items + [Item(tuple(planes)) for planes in stacks.values()]


def rate_items(
    items: Sequence[Item],
    model: Model,
    kept: Path,
    settings: Settings | None = None,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[list[RatedItem], list[Failure]]:
    """Rate items as ``zfocus rate`` does, or read what was kept of them.

    Parameters
    ----------
    items
        What to rate.
    model
        The model.
    kept
        Folder with a file for each rated item.
    settings
        How graded copies are made.
    progress
        Called with the items done and their number.

    Returns
    -------
    rated : list of RatedItem
        In the order of the items.
    failures : list of Failure
        Files that could not be read; their items are left out.
    """
    chosen = settings or Settings()
    rated: list[RatedItem] = []
    failures: list[Failure] = []
    for done, (item, path, made) in enumerate(_ahead(items, model, kept, chosen), 1):
        found = load(path) if made is None else None
        try:
            if made is not None:
                found = made.result().rate(model)
                found.save(path)
            assert found is not None
            rated.append(RatedItem(item, found))
        except ZfocusError as error:
            names = item.entries[0].name + (" ..." if item.entries[1:] else "")
            failures.append(Failure(names, str(error)))
        if progress:
            progress(done, len(items))
    unique = {(failure.name, failure.error): failure for failure in failures}
    return rated, list(unique.values())


@dataclass(frozen=True, eq=False)
class _Prepared:
    """The pixels of an item."""

    entries: list[Entry]
    fields: list[int]
    planes: list[NDArray[Any]]
    true: list[int] | None = None
    properties: list[tuple[float, ...]] | None = None

    def rate(self, model: Model) -> Rated:
        return collect(
            model.rate_stack(self.planes),
            names=[entry.name for entry in self.entries],
            fields=self.fields,
            true=self.true,
            places=[entry.z_index or 0 for entry in self.entries],
            z_um=[np.nan if entry.z_um is None else entry.z_um for entry in self.entries],
            properties=self.properties,
        )


def _prepare(item: Item, settings: Settings) -> _Prepared:
    entries: list[Entry] = []
    planes: list[NDArray[Any]] = []
    fields: list[int] = []
    for entry in item.entries:
        for number, plane in enumerate(_read(entry)):
            # The planes of a file of several are numbered, unless the manifest does.
            place = number if entry.z_index is None else entry.z_index
            entries.append(replace(entry, z_index=place))
            planes.append(plane.pixels)
            # Channels, time points and planes of an image show the same cells.
            fields.append(0 if item.role == STACK else plane.series)
    if not item.simulator:
        return _Prepared(entries, fields, planes)
    simulate = simulator(item.simulator)
    rng = np.random.default_rng([settings.seed, *item.entries[0].name.encode()])
    prepared = _Prepared([], [], [], [], [])
    for number, plane in enumerate(planes):
        like = astuple(field_properties(plane))
        for level, counts in graded_images(
            plane,
            rng,
            simulate=simulate,
            peak_photons=settings.peak_photons,
            offset=settings.offset,
            read_noise=settings.read_noise,
        ):
            assert prepared.true is not None and prepared.properties is not None
            prepared.properties.append(like)
            prepared.entries.append(entries[number])
            prepared.fields.append(fields[number])
            prepared.planes.append(counts.astype(np.uint16))
            prepared.true.append(level)
    return prepared


def _read(entry: Entry) -> Iterator[Plane]:
    from zfocus_model.images import open_image

    with open_image(entry.path) as file:
        yield from file.planes()


def _ahead(
    items: Sequence[Item], model: Model, kept: Path, settings: Settings
) -> Iterator[tuple[Item, Path, Future[_Prepared] | None]]:
    """Items in order, with the file that is kept of each; the next ones are prepared meanwhile."""
    with contextlib.ExitStack() as stack:
        pool = ThreadPoolExecutor(AHEAD)
        stack.callback(pool.shutdown, wait=True, cancel_futures=True)
        waiting: list[tuple[Item, Path, Future[_Prepared] | None]] = []
        for item in items:
            path = kept / f"{_identity(item, model, settings)}.npz"
            made = None if load(path) is not None else pool.submit(_prepare, item, settings)
            waiting.append((item, path, made))
            if len(waiting) > AHEAD:
                yield waiting.pop(0)
        yield from waiting


def _identity(item: Item, model: Model, settings: Settings) -> str:
    """Digest of all that the rating of an item depends on."""
    stamps: list[Any] = []
    for entry in item.entries:
        with contextlib.suppress(OSError):
            stat = entry.path.stat()
            stamps.append([entry.name, entry.z_index, entry.z_um, stat.st_size, stat.st_mtime_ns])
    engine = model.engine.name
    about: list[Any] = [_CACHE, model.package_sha256, engine, item.role, item.simulator, stamps]
    if item.simulator:
        # What the simulator and the camera really make, not a version: nobody has to remember to
        # raise it when their code changes.
        about += [asdict(settings), fingerprint(simulator(item.simulator))]
    return hashlib.sha256(json.dumps(about).encode()).hexdigest()[:32]
