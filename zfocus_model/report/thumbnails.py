"""Small details of the planes, kept on disk for the contact sheet, also over an interrupt.

A thumbnail is a 168 px square cut from the plane at full size around the patch that speaks most
surely for the plane's level: reduced to a thumbnail, a blurred field looks as sharp as a sharp one.

Only so many are kept a group (each level, and the undecided): those whose names have the smallest
hashes. That is a random choice that does not depend on the order in which planes arrive, nor on
how often the run was interrupted, so memory and disk stay bounded however many planes there are.
"""

from __future__ import annotations

import heapq
from pathlib import Path

import numpy as np

from zfocus_model._files import write_whole
from zfocus_model.levels import PATCH_PX
from zfocus_model.rating import UNDECIDED, Rating
from zfocus_model.report.drawing import Grey, Pixels, encode, stretch
from zfocus_model.report.words import Row, number, plane_key, text

SIDE_PX = 2 * PATCH_PX
"""Side of a thumbnail in px of the plane."""

KEPT_PER_GROUP = 240
"""Thumbnails kept of every level and of the undecided; the contact sheet shows as many in all."""

UNDECIDED_GROUP = "un"


def group(row: Row) -> str:
    """Group of a plane on the contact sheet: ``00`` to ``10`` by level, ``un`` for undecided."""
    level = number(row, "level")
    if text(row, "status") == UNDECIDED or np.isnan(level):
        return UNDECIDED_GROUP
    return f"{int(level):02d}"


def detail(plane: Pixels, rating: Rating) -> Grey:
    """Square of the plane (at most 168 px a side) around the patch that best shows its level."""
    height, width = plane.shape
    patches = rating.patches
    y = x = 0
    if patches.rated.any():
        # Patches of the image's own level first, then the most certain one.
        rank = np.where(patches.rated, patches.certainty + (patches.level == rating.level), -1.0)
        row, column = np.unravel_index(int(np.argmax(rank)), rank.shape)
        y, x = int(row) * PATCH_PX - PATCH_PX // 2, int(column) * PATCH_PX - PATCH_PX // 2
    y, x = max(0, min(y, height - SIDE_PX)), max(0, min(x, width - SIDE_PX))
    return stretch(plane[y : y + SIDE_PX, x : x + SIDE_PX])


class Thumbnails:
    """The thumbnails of a run, as JPEG files ``<group>-<key>.jpg`` in a folder.

    Parameters
    ----------
    folder
        Where they are kept; those of an interrupted run are found again.
    kept
        Most thumbnails a group.
    """

    def __init__(self, folder: Path, *, kept: int = KEPT_PER_GROUP) -> None:
        self._folder = folder
        self._kept = kept
        self._keys: dict[str, list[tuple[int, str]]] = {}
        for path in sorted(folder.glob("*-*.jpg")) if folder.is_dir() else ():
            name, _, key = path.stem.partition("-")
            self._remember(name, key)

    def wanted(self, row: Row) -> bool:
        """Whether this plane's thumbnail is to be kept and is not there yet."""
        key, heap = plane_key(row), self._keys.get(group(row), [])
        if any(key == other for _, other in heap):
            return False
        return len(heap) < self._kept or -int(key, 16) > heap[0][0]

    def add(self, row: Row, plane: Pixels, rating: Rating) -> None:
        """Keep a plane's thumbnail, if it belongs to the choice.

        Raises
        ------
        OSError
            If the folder cannot be written.
        """
        key = plane_key(row)
        known = any(key == other for _, other in self._keys.get(group(row), []))
        if not known and not self.wanted(row):
            return
        from PIL import Image

        picture = Image.fromarray(detail(plane, rating))
        write_whole(self._path(group(row), key), encode(picture, "JPEG", quality=85))
        if not known:
            self._remember(group(row), key)

    def read(self, row: Row) -> bytes | None:
        """JPEG bytes of a plane's thumbnail; None if it is not there."""
        path = self._path(group(row), plane_key(row))
        return path.read_bytes() if path.is_file() else None

    def _path(self, name: str, key: str) -> Path:
        return self._folder / f"{name}-{key}.jpg"

    def _remember(self, name: str, key: str) -> None:
        heap = self._keys.setdefault(name, [])
        heapq.heappush(heap, (-int(key, 16), key))
        if len(heap) > self._kept:
            _, dropped = heapq.heappop(heap)
            self._path(name, dropped).unlink(missing_ok=True)
