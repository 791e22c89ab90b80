"""Rate many files: read ahead, rate, write tables; resumable; one bad file costs only itself."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zfocus_model._errors import ModelError, ZfocusError
from zfocus_model._version import __version__
from zfocus_model.images import (
    ImagePath,
    InputFailure,
    Plane,
    PlaneInfo,
    ReadAhead,
    ReadError,
    find_images,
)
from zfocus_model.journal import STATE, Entry, Journal, Key, writing
from zfocus_model.levels import PATCH_PX
from zfocus_model.model import Model, load_model
from zfocus_model.packages import DEFAULT_MODEL
from zfocus_model.rating import Rating
from zfocus_model.results import BatchResult, ImageResult, Progress
from zfocus_model.tables import (
    IMAGE_COLUMNS,
    PATCH_COLUMNS,
    Value,
    image_cells,
    patch_cells,
    values_of,
)

if TYPE_CHECKING:
    from zfocus_model.report.builder import ReportBuilder


PatchRows = Callable[[], "list[dict[str, Value]]"]


def rate_files(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    output: str | os.PathLike[str] | None = None,
    model: Model | str | Path | None = None,
    montage: bool = False,
    report: bool = False,
    progress: Callable[[Progress], None] | None = None,
    on_plane: Callable[[dict[str, Value], PatchRows], None] | None = None,
    keep_ratings: bool | None = None,
) -> BatchResult:
    """Rate all planes of files, folders and patterns.

    Planes are read one at a time and a few ahead, so memory does not grow with the size of a
    stack. What cannot be read is an error of the result; everything else is still rated.

    With ``output``, tables are written when all is done, and replace those of an earlier run as
    a whole. A run that was stopped goes on where it was if it is called again: planes of unchanged
    files are not rated again by the same model, and the tables are the same as without the stop.

    Parameters
    ----------
    paths
        Files, folders (with subfolders) and patterns; one or several.
    output
        Folder for images.csv, patches.csv and errors.csv; made if need be.
    model
        From ``load_model``, or a name or path for it; None: the default model.
    montage
        Also write a picture of each plane with its patches. Needs ``output``.
    report
        Also write a contact sheet and report.html. Needs ``output``.
    progress
        Called after each plane and each file that could not be read.
    on_plane
        Called for each plane in the order of the tables, with its row of images.csv and a
        function that gives its rows of patches.csv.
    keep_ratings
        Whether the result holds ratings; by default if there is no ``output``.

    Returns
    -------
    BatchResult
        Rows and errors.

    Raises
    ------
    ModelError
        If the model cannot be used.
    OutputError
        If the output folder cannot be written.
    ZfocusError
        If pictures are asked for without a folder.
    """
    if (montage or report) and output is None:
        raise ZfocusError("expected an output folder for montage and report, got none: name one")
    several = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    if not isinstance(model, Model):
        model = load_model(DEFAULT_MODEL if model is None else model)
    keep = output is None if keep_ratings is None else keep_ratings
    folder = None if output is None else Path(output)
    with ExitStack() as stack:
        journal = builder = None
        if folder is not None:
            journal = stack.enter_context(Journal(folder, _identity(model)))
            builder = _builder(folder, montage, report)
        batch = _Batch(model, journal, builder, keep, progress, on_plane)
        found = find_images(several, skip=folder)
        batch.errors += found.failures
        batch.run(stack, found.images)
        errors = tuple(sorted(batch.errors, key=lambda error: (error.input, error.error)))
        files: list[Path] = []
        if folder is not None and journal is not None:
            if builder is not None:
                with writing(folder):
                    files += builder.finish(
                        [image.row for image in batch.images],
                        [{"input": error.input, "error": error.error} for error in errors],
                        limits=model.package.limits,
                        model_version=model.package.version,
                        folder=", ".join(Path(given).name or str(given) for given in several),
                    )
            journal.finish(batch.keys, [(error.input, error.error) for error in errors])
            tables = [folder / name for name in ("images.csv", "patches.csv", "errors.csv")]
            files = [*tables, *files]
    return BatchResult(tuple(batch.images), errors, tuple(files))


class PlaneLoop(ABC):
    """The loop over the planes of many files, whatever is asked of each.

    Parameters
    ----------
    journal
        Where planes are kept, so that an interrupted run goes on; None: nowhere.
    progress
        Called after each plane and each file that could not be read.
    """

    def __init__(
        self, journal: Journal | None, progress: Callable[[Progress], None] | None
    ) -> None:
        self.errors: list[InputFailure] = []
        self.keys: list[Key] = []
        self._journal, self._progress = journal, progress
        self._rated = 0
        self._reader = ReadAhead(())
        self._stamps: dict[str, tuple[str, int, int]] = {}

    def run(self, stack: ExitStack, images: tuple[ImagePath, ...]) -> None:
        """Go through all planes of the images, in order."""
        self._reader = reader = stack.enter_context(ReadAhead(images, wanted=self._wanted))
        for image, item in reader:
            if isinstance(item, ReadError):
                self._fail(image, item.message, item.info)
            elif isinstance(item, Plane):
                self._rate(image, item)
            else:
                assert self._journal is not None
                self._take(self._journal.get((image.name, *item.index)))
            if self._progress is not None:
                known, opened = reader.planes_found, reader.files_opened
                more = (len(images) - opened) * max(1.0, known / max(1, opened))
                done = len(self.keys)
                estimate = max(done, round(known + more))
                self._progress(Progress(image.name, done, self._rated, estimate))

    @abstractmethod
    def _rate(self, image: ImagePath, plane: Plane) -> None:
        """Work on a plane: `_keep` what comes of it, or `_fail`."""

    def _take(self, entry: Entry) -> None:
        """Count a plane in, just rated or by the run that was interrupted."""
        self.keys.append(entry.key)

    def _wanted(self, image: ImagePath, info: PlaneInfo) -> bool:
        if self._journal is None:
            return True
        key = (image.name, *info.index)
        if not self._journal.has(key, self._stamp(image)):
            return True
        return self._needs_pixels(self._journal.get(key))

    def _needs_pixels(self, entry: Entry) -> bool:
        """Whether a plane that is rated must be read all the same."""
        return False

    def _keep(self, image: ImagePath, entry: Entry) -> Entry:
        """Put a new entry into the journal, if there is one."""
        self._rated += 1
        if self._journal is None:
            return entry
        stamped = Entry(entry.key, self._stamp(image), entry.cells, entry.patches)
        self._journal.add(stamped)
        return stamped

    def _stamp(self, image: ImagePath) -> tuple[str, int, int]:
        if image.name not in self._stamps:
            # Only the files around are asked for again: many thousands need not be remembered.
            if len(self._stamps) > 16:
                self._stamps.clear()
            try:
                status = image.path.stat()
                stamp = (str(image.path), status.st_size, status.st_mtime_ns)
            except OSError:  # gone since it was opened: what was read counts, once
                stamp = (str(image.path), -1, 0)
            self._stamps[image.name] = stamp
        return self._stamps[image.name]

    def _fail(self, image: ImagePath, message: str, info: PlaneInfo | None) -> None:
        if info is not None and self._reader.planes_of(image) > 1:
            message = "series {}, t {}, c {}, z {}: ".format(*info.index) + message
        self.errors.append(InputFailure(image.name, message))


class _Batch(PlaneLoop):
    """The loop over planes whose focus is rated, and what it has come to."""

    def __init__(
        self,
        model: Model,
        journal: Journal | None,
        builder: ReportBuilder | None,
        keep: bool,
        progress: Callable[[Progress], None] | None,
        on_plane: Callable[[dict[str, Value], PatchRows], None] | None,
    ) -> None:
        super().__init__(journal, progress)
        self.images: list[ImageResult] = []
        self._model, self._builder = model, builder
        self._keep_ratings, self._on_plane = keep, on_plane

    def _needs_pixels(self, entry: Entry) -> bool:
        if self._builder is None:
            return False
        return self._builder.needs(values_of(IMAGE_COLUMNS, entry.cells))

    def _rate(self, image: ImagePath, plane: Plane) -> None:
        height, width = plane.pixels.shape
        if height < PATCH_PX or width < PATCH_PX:
            self._fail(
                image,
                f"expected at least {PATCH_PX} x {PATCH_PX} px, got {height} x {width}: "
                "too small to be rated, leave it out",
                plane,
            )
            return
        try:
            rating = self._model.rate(plane.pixels, maximum=plane.maximum)
        except ModelError:
            raise
        except ZfocusError as error:
            self._fail(image, str(error), plane)
            return
        cells = image_cells(
            image.name,
            plane,
            plane.pixels.shape,
            rating,
            saturated_fraction=rating.saturated_fraction,
            model=self._model.name,
            package_sha256=self._model.package_sha256,
        )
        patches = patch_cells(image.name, plane, rating)
        if self._journal is not None and self._builder is not None:
            with writing(self._journal.output):
                self._builder.add(values_of(IMAGE_COLUMNS, cells), plane.pixels, rating)
        entry = Entry((image.name, *plane.index), ("", 0, 0), cells, patches)
        self._take(self._keep(image, entry), rating)

    def _take(self, entry: Entry, rating: Rating | None = None) -> None:
        super()._take(entry)
        row = values_of(IMAGE_COLUMNS, entry.cells)
        self.images.append(ImageResult(row, rating if self._keep_ratings else None))
        if self._on_plane is not None:
            self._on_plane(row, lambda: [values_of(PATCH_COLUMNS, one) for one in entry.patches])


def _identity(model: Model) -> dict[str, Any]:
    return {
        "zfocus": __version__,
        "package_sha256": model.package_sha256,
        "engine": model.engine.name,
    }


def _builder(folder: Path, montage: bool, report: bool) -> ReportBuilder | None:
    if not (montage or report):
        return None
    from zfocus_model.report.builder import ReportBuilder

    return ReportBuilder(folder, folder / STATE, montages=montage, report=report)
