"""From what a person types to z-stacks: stack files, folders of planes, patterns, manifests."""

from __future__ import annotations

import csv
import glob
import io
import math
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from zfocus_model._errors import ZfocusError
from zfocus_model.images import SUFFIXES, InputFailure, open_image

MANIFEST = "manifest.csv"
"""A folder with this file has its planes in the order that the file says."""

_PLANE = re.compile(r"(?<![a-z])z[_-]?(\d+)", re.IGNORECASE)
_SIGNED = re.compile(r"(?<![a-z])z_?([+-]\d+)", re.IGNORECASE)
"""The number after a z, as in t1_z07.tif; with a sign only where some name has a plus."""


@dataclass(frozen=True)
class StackSource:
    """Where the planes of one stack lie, before any is read."""

    text: str
    """What ``open_stack`` takes for this stack: file, folder, pattern or ``manifest.csv#id``."""
    files: tuple[Path, ...]
    """One file that holds the stack, or a file a plane, in order."""
    numbers: tuple[float, ...] = ()
    """Number of each plane as its name says; z in um where ``in_um``. Empty: from the file."""
    in_um: bool = False
    """Whether the numbers are um."""

    @property
    def is_file(self) -> bool:
        """Whether one file holds the stack."""
        return len(self.files) == 1


def find_stacks(
    inputs: Iterable[str | os.PathLike[str]],
) -> tuple[tuple[StackSource, ...], tuple[InputFailure, ...]]:
    """Find the stacks that inputs stand for.

    A file is a stack. Files of a folder (or of a pattern in quotes) that hold one plane each are
    planes: those whose names differ in the number after a z, or else in their only number that
    differs, are one stack in the order of that number (z2 before z10). Files with several planes
    are a stack each. A CSV file is a manifest: columns ``path``, ``stack_id`` and ``z_index``, and
    maybe ``z_um``; a folder may have one under the name ``manifest.csv``.

    Parameters
    ----------
    inputs
        Files, folders, patterns, manifests and ``manifest.csv#id``.

    Returns
    -------
    tuple
        The stacks, each once, in the order of the inputs; and inputs that led to none.
    """
    found: dict[str, StackSource] = {}
    failures: list[InputFailure] = []
    for given in inputs:
        text = os.fspath(given)
        try:
            for source in stacks_of(text):
                found.setdefault(os.path.normcase(os.path.abspath(source.text)), source)  # noqa: PTH100
        except ZfocusError as error:
            failures.append(InputFailure(text, str(error)))
    return tuple(found.values()), tuple(failures)


def stacks_of(text: str) -> tuple[StackSource, ...]:
    """Find the stacks that one input stands for.

    Parameters
    ----------
    text
        File, folder, pattern, manifest or ``manifest.csv#id``.

    Returns
    -------
    tuple of StackSource
        At least one.

    Raises
    ------
    ZfocusError
        If there is nothing, or nothing that could be a stack.
    """
    place = Path(text)
    if place.is_dir():
        if (place / MANIFEST).is_file():
            return tuple(_of_manifest(place / MANIFEST))
        files = [file for file in place.iterdir() if _is_image(file)]
        groups = _groups(files)
        if len(groups) == 1 and len(groups[0].files) == len(files) > 1:
            return (StackSource(text, groups[0].files, groups[0].numbers),)
        if not groups:
            raise ZfocusError(
                "expected a folder with the planes of a stack, got no image in it: look for TIFF, "
                "PNG, JPEG or BMP files"
            )
        return groups
    table, mark, name = text.rpartition("#")
    if mark and not place.exists() and Path(table).is_file():
        chosen = [each for each in _of_manifest(Path(table)) if each.text == text]
        if not chosen:
            raise ZfocusError(
                f"expected a stack of the manifest {table}, got {name!r}: see its column stack_id"
            )
        return tuple(chosen)
    if place.is_file() or not glob.has_magic(text):
        if not place.exists():
            raise ZfocusError("expected a file or folder, got nothing there: check the name")
        is_table = place.suffix.lower() == ".csv"
        return tuple(_of_manifest(place)) if is_table else (StackSource(text, (place,)),)
    matches = [Path(match) for match in sorted(glob.glob(text, recursive=True))]  # noqa: PTH207
    files = [match for match in matches if _is_image(match)]
    groups = _groups(files)
    own = tuple(group for group in groups if os.path.normpath(group.text) == os.path.normpath(text))
    inside = [source for match in matches if match.is_dir() for source in stacks_of(str(match))]
    if not (groups or inside):
        raise ZfocusError("expected files that match, got none: check the pattern")
    return own or (*groups, *inside)


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()


def _groups(files: Sequence[Path]) -> tuple[StackSource, ...]:
    """Sort files into stacks by what their names have in common."""
    marked = (_SIGNED.search(file.stem) for file in files)
    plane = _SIGNED if any(mark and "+" in mark.group(1) for mark in marked) else _PLANE
    with_z: dict[str, list[tuple[float, Path]]] = {}
    others: dict[tuple[str, ...], list[Path]] = {}
    for file in files:
        marks = list(plane.finditer(file.stem))
        if marks:
            key = _pattern(file, *marks[-1].span(1))
            with_z.setdefault(key, []).append((float(marks[-1].group(1)), file))
        else:
            key_parts = (str(file.parent), *re.split(r"\d+", file.stem), file.suffix)
            others.setdefault(key_parts, []).append(file)
    found = [_source(key, planes) for key, planes in with_z.items()]
    found += [_by_number(alike) for alike in others.values()]
    flat = [source for each in found for source in _whole_or_planes(each)]
    return tuple(sorted(flat, key=lambda source: source.text))


def _pattern(file: Path, first: int, last: int) -> str:
    name = f"{glob.escape(file.stem[:first])}*{glob.escape(file.stem[last:])}{file.suffix}"
    return str(Path(glob.escape(str(file.parent)), name))


def _by_number(files: Sequence[Path]) -> StackSource:
    """Planes whose names differ in one number; each by itself if that cannot be told."""
    if len(files) == 1:
        return StackSource(str(files[0]), (files[0],))
    numbers = [[int(digits) for digits in re.findall(r"\d+", file.stem)] for file in files]
    differ = [i for i in range(len(numbers[0])) if len({each[i] for each in numbers}) > 1]
    if len(differ) != 1:  # several numbers grow, or 1.tif and 01.tif: nobody knows which is z
        return StackSource(str(files[0]), tuple(files))
    spans = [match.span() for match in re.finditer(r"\d+", files[0].stem)]
    key = _pattern(files[0], *spans[differ[0]])
    return _source(key, [(float(each[differ[0]]), file) for each, file in zip(numbers, files)])


def _source(text: str, planes: Sequence[tuple[float, Path]]) -> StackSource:
    if len(planes) == 1:
        return StackSource(str(planes[0][1]), (planes[0][1],))
    order = sorted(planes, key=lambda plane: (plane[0], plane[1].name))
    return StackSource(text, tuple(file for _, file in order), tuple(number for number, _ in order))


def _whole_or_planes(source: StackSource) -> Iterator[StackSource]:
    """Files with several planes are a stack each, whatever their names have in common."""
    if source.is_file:
        yield source
        return
    try:
        with open_image(source.files[0]) as file:
            several = len(file) > 1
    except ZfocusError:  # reading the stack will say so
        several = False
    if several or not source.numbers:
        yield from (StackSource(str(file), (file,)) for file in source.files)
    else:
        yield source


def _of_manifest(table: Path) -> Iterator[StackSource]:
    try:
        reader = csv.DictReader(io.StringIO(table.read_text(encoding="utf-8-sig")))
        rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or "something else"
        raise ZfocusError(f"expected a manifest (CSV in UTF-8), got: {reason}") from error
    missing = {"path", "stack_id", "z_index"} - {*(reader.fieldnames or ())}
    if missing:
        raise ZfocusError(
            f"expected a manifest with the columns path, stack_id and z_index, got {table.name} "
            f"without {', '.join(sorted(missing))}: name the stacks themselves, or add them"
        )
    stacks: dict[str, list[tuple[float, float, Path]]] = {}
    for row in rows:
        if row["stack_id"]:
            index, z_um = _float(row["z_index"]), _float(row.get("z_um"))
            stacks.setdefault(row["stack_id"], []).append((index, z_um, table.parent / row["path"]))
    for name, planes in stacks.items():
        in_um = all(math.isfinite(z_um) for _, z_um, _ in planes)
        ordered = all(math.isfinite(index) for index, _, _ in planes)
        if not (ordered or in_um):
            raise ZfocusError(
                f"expected a number in z_index for each plane of {name}, got something else: mend "
                f"{table.name}"
            )
        planes.sort(key=lambda plane: plane[0 if ordered else 1])
        numbers = tuple(z_um if in_um else index for index, z_um, _ in planes)
        files = tuple(file for _, _, file in planes)
        yield StackSource(f"{table}#{name}", files, numbers, in_um)


def _float(text: str | None) -> float:
    try:
        return float(text or "")
    except ValueError:
        return math.nan
