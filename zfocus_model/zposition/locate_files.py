"""Locate the planes of many files: the z-positions' counterpart of ``zfocus_model.batch``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from zfocus_model._errors import ModelError, ZfocusError
from zfocus_model._version import __version__
from zfocus_model.batch import PlaneLoop
from zfocus_model.images import ImagePath, InputFailure, Plane, find_images
from zfocus_model.journal import Entry, Journal
from zfocus_model.results import Progress
from zfocus_model.tables import Value, values_of
from zfocus_model.zposition.model import ZModel
from zfocus_model.zposition.tables import POSITION_COLUMNS, position_cells

OnPlane = Callable[["dict[str, Value]"], None]


@dataclass(frozen=True)
class PositionsResult:
    """What became of the inputs."""

    rows: tuple[dict[str, Value], ...]
    """Rows of positions.csv, sorted by image, series, t, c, z: value by column."""
    errors: tuple[InputFailure, ...]
    """What could not be located, sorted."""
    files: tuple[Path, ...] = ()
    """The tables; empty without ``output``."""


def locate_files(
    paths: Iterable[str | os.PathLike[str]],
    model: ZModel,
    *,
    pixel_size_um: float | None = None,
    downsampling: int | None = None,
    output: Path | None = None,
    progress: Callable[[Progress], None] | None = None,
    on_plane: OnPlane | None = None,
) -> PositionsResult:
    """Locate all planes of files, folders and patterns, each from itself alone.

    With ``output``, positions.csv and errors.csv are written when all is done; a run that was
    stopped goes on where it was if it is called again.

    Parameters
    ----------
    paths
        Files, folders (with subfolders) and patterns.
    model
        From ``load_z_model``.
    pixel_size_um
        Of all images, in um; None: what each file says.
    downsampling
        How many pixels to average along each axis, for all images; it goes before what the files
        say of their pixel size.
    output
        Folder for the tables; made if need be.
    progress
        Called after each plane and each file that could not be read.
    on_plane
        Called for each plane in the order of the table, with its row.

    Returns
    -------
    PositionsResult
        Rows and errors.

    Raises
    ------
    ModelError
        If the model cannot be used.
    OutputError
        If the output folder cannot be written.
    """
    with ExitStack() as stack:
        journal = None
        if output is not None:
            identity = {
                "zfocus": __version__,
                "package_sha256": model.package_sha256,
                "engine": model.engine.name,
                "pixel_size_um": pixel_size_um,
                "downsampling": downsampling,
            }
            tables = {"positions.csv": (POSITION_COLUMNS, _own_row)}
            journal = stack.enter_context(Journal(output, identity, tables))
        loop = _Positions(model, pixel_size_um, downsampling, journal, progress, on_plane)
        found = find_images(list(paths), skip=output)
        loop.errors += found.failures
        loop.run(stack, found.images)
        errors = tuple(sorted(set(loop.errors), key=lambda error: (error.input, error.error)))
        files: tuple[Path, ...] = ()
        if output is not None and journal is not None:
            journal.finish(loop.keys, [(error.input, error.error) for error in errors])
            files = (output / "positions.csv", output / "errors.csv")
    return PositionsResult(tuple(loop.rows), errors, files)


class _Positions(PlaneLoop):
    """The loop over planes whose position is read."""

    def __init__(
        self,
        model: ZModel,
        pixel_size_um: float | None,
        downsampling: int | None,
        journal: Journal | None,
        progress: Callable[[Progress], None] | None,
        on_plane: OnPlane | None,
    ) -> None:
        super().__init__(journal, progress)
        self.rows: list[dict[str, Value]] = []
        self._model, self._on_plane = model, on_plane
        self._pixel_size_um, self._downsampling = pixel_size_um, downsampling

    def _rate(self, image: ImagePath, plane: Plane) -> None:
        size_um = self._pixel_size_um
        if size_um is None and self._downsampling is None:
            size_um = plane.pixel_size_um
        try:
            found = self._model.locate(
                plane.pixels, pixel_size_um=size_um, downsampling=self._downsampling
            )
        except ModelError:
            raise
        except ZfocusError as error:
            # Nearly always true of all planes of the file: one line is enough.
            self._fail(image, str(error), None)
            return
        known_um = plane.pixel_size_um if self._pixel_size_um is None else self._pixel_size_um
        cells = position_cells(
            image.name,
            plane,
            found,
            pixel_size_um=known_um,
            model=self._model.name,
            package_sha256=self._model.package_sha256,
        )
        entry = Entry((image.name, *plane.index), ("", 0, 0), cells, [])
        self._take(self._keep(image, entry))

    def _take(self, entry: Entry) -> None:
        super()._take(entry)
        row = values_of(POSITION_COLUMNS, entry.cells)
        self.rows.append(row)
        if self._on_plane is not None:
            self._on_plane(row)


def _own_row(entry: Entry) -> list[list[str]]:
    return [entry.cells]
