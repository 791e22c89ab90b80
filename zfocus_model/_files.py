"""Files that are there whole or not at all."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

_numbers = itertools.count()


@contextlib.contextmanager
def whole_file(path: Path) -> Generator[Path, None, None]:
    """Lend a hidden name to write a file under; the file gets its own name when that is done.

    Parameters
    ----------
    path
        File to be written or replaced; its folder is made if need be.

    Yields
    ------
    Path
        Beside ``path``, with the same suffix, from which many libraries tell the format. If the
        block fails, nothing is left of it, and a file that was there before stays as it was.

    Raises
    ------
    OSError
        If the folder cannot be made or written (no permission, full disk).

    Examples
    --------
    >>> with whole_file(Path("picture.png")) as part:  # doctest: +SKIP
    ...     picture.save(part)
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # A short name of its own: adding to a long one could make it too long for the file system.
    part = path.with_name(f".{os.getpid()}-{next(_numbers)}.part{path.suffix}")
    try:
        yield part
        part.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise


def write_whole(path: Path, data: bytes) -> None:
    """Write bytes as a whole file.

    Parameters
    ----------
    path
        File to be written or replaced; its folder is made if need be.
    data
        All of it.

    Raises
    ------
    OSError
        If the folder cannot be made or written (no permission, full disk).
    """
    with whole_file(path) as part:
        part.write_bytes(data)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file whole, indented, in UTF-8.

    Parameters
    ----------
    path
        File to be written or replaced.
    content
        What ``json`` can write.

    Raises
    ------
    OSError
        If the folder cannot be made or written.
    """
    write_whole(path, (json.dumps(content, indent=2) + "\n").encode())
