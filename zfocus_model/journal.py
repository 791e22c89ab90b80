"""What a run has rated so far, kept in a hidden folder beside its tables, so that it can go on.

One line of JSON a plane is appended as soon as the plane is rated; a line cut short by a kill is
dropped. The tables are written from it at the end, first under other names, and put in place whole.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from zfocus_model._errors import ZfocusError
from zfocus_model.images.inputs import UNFINISHED
from zfocus_model.tables import ERROR_COLUMNS, IMAGE_COLUMNS, PATCH_COLUMNS, csv_text

STATE = UNFINISHED
"""Hidden folder inside the output folder; it is there only while a run is not finished."""

Key = tuple[str, int, int, int, int]
"""image, series, t, c, z."""


class OutputError(ZfocusError):
    """The output folder cannot be written: nothing more would be kept (exit status 2)."""


@dataclass(frozen=True)
class Entry:
    """One rated plane."""

    key: Key
    """Which plane."""
    stamp: tuple[str, int, int]
    """Path, size in bytes and time of change in ns of the file when it was rated."""
    cells: list[str]
    """Its row of images.csv."""
    patches: list[list[str]]
    """Its rows of patches.csv."""


Tables = Mapping[str, "tuple[Sequence[str], Callable[[Entry], Iterable[Iterable[str]]]]"]
"""Name of a table -> its columns, and the rows that an entry adds to it."""

LEVEL_TABLES: Tables = {
    "images.csv": (IMAGE_COLUMNS, lambda entry: [entry.cells]),
    "patches.csv": (PATCH_COLUMNS, lambda entry: entry.patches),
}
"""The tables of focus levels."""


class Journal:
    """Rated planes of one run, on disk.

    Parameters
    ----------
    output
        Folder of the tables; made if need be.
    identity
        What the results depend on besides the images (package, engine, version). An unfinished
        run with another identity is dropped.
    tables
        What is written at the end, beside errors.csv.

    Raises
    ------
    OutputError
        If the folder cannot be written, or another run is writing there.
    """

    def __init__(
        self, output: Path, identity: dict[str, Any], tables: Tables = LEVEL_TABLES
    ) -> None:
        self.output = output
        self._tables = tables
        self.state = output / STATE
        self._places: dict[Key, tuple[int, tuple[str, int, int]]] = {}
        self._file: IO[bytes] | None = None
        header = json.dumps({"journal": 1, **identity}, sort_keys=True).encode() + b"\n"
        with writing(output):
            self.state.mkdir(parents=True, exist_ok=True)
            self._file = (self.state / "rated.jsonl").open("a+b")
            self._lock()
            self._load(header)

    def __len__(self) -> int:
        """Count the planes kept."""
        return len(self._places)

    def __enter__(self) -> Journal:
        """Use as ``with Journal(output, identity) as journal``."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file; what was rated stays."""
        if self._file is not None:
            with contextlib.suppress(OSError):  # a full disk again: what is there is whole lines
                self._file.close()

    def has(self, key: Key, stamp: tuple[str, int, int]) -> bool:
        """Whether a plane of an unchanged file is rated.

        Parameters
        ----------
        key
            Which plane.
        stamp
            Path, size and time of change of its file now.

        Returns
        -------
        bool
            True if it need not be rated again.
        """
        return key in self._places and self._places[key][1] == stamp

    def get(self, key: Key) -> Entry:
        """Read a rated plane back.

        Parameters
        ----------
        key
            Which plane; it must be there.

        Returns
        -------
        Entry
            What was added.
        """
        assert self._file is not None
        self._file.seek(self._places[key][0])
        entry = _entry(self._file.readline())
        assert entry is not None
        return entry

    def add(self, entry: Entry) -> None:
        """Keep a rated plane.

        Parameters
        ----------
        entry
            The plane.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        assert self._file is not None
        line = json.dumps([entry.key, entry.stamp, entry.cells, entry.patches]).encode() + b"\n"
        with writing(self.output):
            place = self._file.seek(0, os.SEEK_END)
            self._file.write(line)
            self._file.flush()
        self._places[entry.key] = (place, entry.stamp)

    def finish(self, keys: Iterable[Key], errors: Iterable[tuple[str, str]]) -> None:
        """Write the tables, put them in place whole, and drop the unfinished state.

        Parameters
        ----------
        keys
            The planes to be in the tables; they are sorted.
        errors
            Rows of errors.csv, in order.

        Raises
        ------
        OutputError
            If they cannot be written: the tables that were there before stay.
        """
        ordered = sorted(keys)
        tables: dict[str, Iterator[Iterable[str]]] = {
            name: self._rows(ordered, columns, rows)
            for name, (columns, rows) in self._tables.items()
        }
        tables["errors.csv"] = iter([ERROR_COLUMNS, *errors])
        with writing(self.output):
            for name, rows in tables.items():
                with (self.state / name).open(
                    "w", encoding="utf-8", errors="surrogateescape", newline=""
                ) as file:
                    for row in rows:
                        file.write(csv_text([row]))
                    file.flush()
                    os.fsync(file.fileno())
            for name in tables:
                (self.state / name).replace(self.output / name)
        self.__exit__()
        shutil.rmtree(self.state, ignore_errors=True)

    def _rows(
        self,
        keys: list[Key],
        columns: Sequence[str],
        rows: Callable[[Entry], Iterable[Iterable[str]]],
    ) -> Iterator[Iterable[str]]:
        yield columns
        for key in keys:
            yield from rows(self.get(key))

    def _load(self, header: bytes) -> None:
        assert self._file is not None
        self._file.seek(0)
        end = 0
        if self._file.readline() == header:
            end = len(header)
            for line in self._file:
                entry = _entry(line)
                if entry is None:  # cut short by a kill: it and what follows is rated again
                    break
                self._places[entry.key] = (end, entry.stamp)
                end += len(line)
        else:
            for leftover in self.state.iterdir():
                if leftover.is_dir():
                    shutil.rmtree(leftover)
        self._file.truncate(end)
        if not end:
            self._file.write(header)
            self._file.flush()

    def _lock(self) -> None:
        """Keep a second run out; the system drops the lock when this process ends, however."""
        try:
            import fcntl
        except ImportError:  # Windows
            return
        assert self._file is not None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise OutputError(
                f"expected a folder of its own for each run, but another zfocus is writing to "
                f"{self.output}: wait for it, or choose another folder"
            ) from None
        except OSError:  # some network file systems have no locks
            pass


@contextlib.contextmanager
def writing(folder: Path) -> Generator[None, None, None]:
    """Turn a failure to write into one clear line.

    Parameters
    ----------
    folder
        What is being written to.

    Yields
    ------
    None
        While writing.

    Raises
    ------
    OutputError
        If the system refuses.
    """
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"expected a folder that can be written, got for {folder}: {error.strerror or error}: "
            "free space or choose another with -o; what was rated so far is kept for a rerun"
        ) from error


def _entry(line: bytes) -> Entry | None:
    if not line.endswith(b"\n"):
        return None
    try:
        key, stamp, cells, patches = json.loads(line)
        path, size, changed = stamp
        image, series, t, c, z = key
    except ValueError:
        return None
    return Entry((image, series, t, c, z), (path, size, changed), cells, patches)
