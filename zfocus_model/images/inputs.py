"""From what a person types (files, folders, patterns) to a sorted list of image files."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

SUFFIXES = frozenset(
    ".bmp .btf .flex .gif .jp2 .jpeg .jpg .lsm .pbm .pgm .png .pnm .ppm .stk .tf2 .tf8 .tif .tiff"
    " .webp".split()
)
"""Names of files in folders that are taken for images, in lower case."""

RESULT_FILES = ("images.csv", "patches.csv", "errors.csv")
"""A folder with these is one that zfocus wrote to: its pictures are not images to rate."""

UNFINISHED = ".zfocus-unfinished"
"""So is one with this hidden folder, in which a run that was interrupted keeps its state."""

MONTAGES, CONTACT_SHEET = "montages", "contact_sheet.png"
"""What zfocus draws in a folder that it writes to: a folder and a file."""


@dataclass(frozen=True)
class ImagePath:
    """One file to rate."""

    path: Path
    """Where it is."""
    name: str
    """POSIX path relative to the common root of the inputs, as in the column ``image``."""


@dataclass(frozen=True)
class InputFailure:
    """An input, or a part of one, that could not be rated: a row of errors.csv."""

    input: str
    """The input as given, or the image's name."""
    error: str
    """What was expected, what came and what to do, in one line."""


@dataclass(frozen=True)
class Inputs:
    """What the inputs come to."""

    images: tuple[ImagePath, ...]
    """Each file once, sorted by name as text, the order of the tables."""
    failures: tuple[InputFailure, ...]
    """Inputs without any image, sorted."""


def find_images(
    inputs: Iterable[str | os.PathLike[str]], *, skip: str | os.PathLike[str] | None = None
) -> Inputs:
    """Find the image files that inputs stand for.

    Folders are searched with their subfolders for the names in :data:`SUFFIXES`; hidden files and
    folders, and pictures that zfocus has drawn, are left out. A pattern (``*``, ``?``, ``[...]``,
    ``**``) that the shell did not expand is expanded here; it takes images only. A file that is
    named is taken whatever its name.

    Parameters
    ----------
    inputs
        Files, folders and patterns.
    skip
        The folder that results go to, if any: what is drawn in there is left out, too.

    Returns
    -------
    Inputs
        Files, each once, and inputs that led to none.
    """
    found: dict[str, Path] = {}
    roots: list[str] = []
    failures: list[InputFailure] = []
    skipped = None if skip is None else _key(Path(skip))
    for given in inputs:
        text = os.fspath(given)
        place = Path(text)
        if os.path.lexists(text):
            matches, pattern = [place], False
        elif glob.has_magic(text):
            found_here = glob.glob(text, recursive=True)  # noqa: PTH207
            matches, pattern = [Path(match) for match in sorted(found_here)], True
        else:
            failures.append(
                InputFailure(text, "expected a file or folder, got nothing there: check the name")
            )
            continue
        count = len(roots)
        for match in matches:
            if match.is_dir():
                files = list(_in_folder(match, skipped, failures))
                roots += [_absolute(match)] if files else []
            elif pattern and not _is_image(match):
                continue
            else:
                files = [match]
                roots.append(os.path.dirname(_absolute(match)))  # noqa: PTH120
            for file in files:
                found.setdefault(_key(file), Path(_absolute(file)))
        if len(roots) == count:
            what = "files that match" if pattern else "images in the folder"
            failures.append(
                InputFailure(
                    text, f"expected {what}, got none: look for TIFF, PNG, JPEG or BMP files"
                )
            )
    root = _common(roots)
    images = (ImagePath(path, _name(path, root)) for path in found.values())
    return Inputs(
        tuple(sorted(images, key=lambda image: image.name)),
        tuple(sorted(failures, key=lambda failure: (failure.input, failure.error))),
    )


def _in_folder(folder: Path, skipped: str | None, failures: list[InputFailure]) -> Iterator[Path]:
    def unreadable(error: OSError) -> None:
        failures.append(
            InputFailure(
                str(error.filename or folder),
                f"expected a readable folder, got: {error.strerror}: check its permissions",
            )
        )

    for place, folders, files in os.walk(folder, onerror=unreadable):
        written = UNFINISHED in folders or all(name in files for name in RESULT_FILES)
        drawn = (MONTAGES, CONTACT_SHEET) if written or _key(Path(place)) == skipped else ()
        folders[:] = sorted(n for n in folders if not n.startswith(".") and n not in drawn)
        for name in sorted(name for name in files if name not in drawn):
            file = Path(place, name)
            if _is_image(file):
                yield file


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and not path.is_dir()


def _absolute(path: Path) -> str:
    # Links are not resolved: a link is an image under its own name.
    return os.path.abspath(path)  # noqa: PTH100


def _key(path: Path) -> str:
    return os.path.normcase(_absolute(path))


def _common(roots: list[str]) -> str | None:
    try:
        return os.path.commonpath(roots)
    except ValueError:  # none, or on several drives
        return None


def _name(path: Path, root: str | None) -> str:
    return path.as_posix() if root is None else path.relative_to(root).as_posix()
