"""Is a TIFF file whole? Readers tend to stop in silence where a file is cut short."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from zfocus_model._errors import ZfocusError

_NEEDED = frozenset((258, 270, 273, 279, 320, 324, 325))
"""Tags without which pixels or their axes are not known: bits, description, strips, colours."""

_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 13: 4, 16: 8, 18: 8}
"""Bytes of a value, by TIFF's number of its type."""


@dataclass(frozen=True)
class PageChain:
    """The pages of a TIFF file, as their chain of directories tells."""

    pages: int
    """Pages whose directories lie in the file."""
    whole: bool
    """False if the chain leads out of the file: it is cut short."""


def walk_pages(path: Path) -> PageChain:
    """Follow the chain of page directories of a TIFF or BigTIFF file; pixels are not read.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    PageChain
        Number of pages, and whether the chain ends as it should.
    """
    size = path.stat().st_size
    pages, seen = 0, set[int]()
    with path.open("rb") as file:

        def number(code: str) -> int:
            data = file.read(struct.calcsize(code))
            if len(data) < struct.calcsize(code):
                raise EOFError
            return int(struct.unpack(order + code, data)[0])

        order = "<" if file.read(2) == b"II" else ">"
        try:
            big = number("H") == 43
            if big:
                number("I")
            offset_code, count_code, entry_bytes = ("Q", "Q", 20) if big else ("I", "H", 12)
            offset = number(offset_code)
            while offset and offset not in seen:
                seen.add(offset)
                file.seek(offset)
                entries = number(count_code)
                table = file.read(entries * entry_bytes)
                if len(table) < entries * entry_bytes or _values_end(table, order, big) > size:
                    raise EOFError
                offset = number(offset_code)
                pages += 1
        except EOFError:
            return PageChain(pages, whole=False)
    return PageChain(pages, whole=True)


def _values_end(table: bytes, order: str, big: bool) -> int:
    """Where the values of a directory end that lie elsewhere in the file and are needed."""
    entry = struct.Struct(order + ("HHQQ" if big else "HHII"))
    ends = [0]
    for tag, kind, count, value in entry.iter_unpack(table):
        length = count * _BYTES.get(kind, 0)
        if tag in _NEEDED and length > (8 if big else 4):
            ends.append(value + length)
    return max(ends)


def check_data(offsets: Sequence[int], counts: Sequence[int], file_bytes: int) -> None:
    """Check that the strips or tiles of a page lie in the file.

    Parameters
    ----------
    offsets, counts
        Where each begins, and how many bytes it has.
    file_bytes
        Size of the file.

    Raises
    ------
    ZfocusError
        If one reaches beyond the end: readers may fill it with zeros.
    """
    end = max((offset + count for offset, count in zip(offsets, counts)), default=0)
    if end > file_bytes:
        raise ZfocusError(
            f"expected a file of at least {end} bytes, got {file_bytes}: it is cut short, "
            "copy it again"
        )
