"""The place of a package: checked before the work, taken when it is done."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from zfocus_model._errors import ZfocusError
from zfocus_model.training.packaging.archives import sha256_hex

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Exported:
    """A package that was made."""

    folder: Path
    """The package."""
    sha256: str
    """SHA-256 of its ``zfocus.json``: the package's identity."""
    bytes: int
    """Size of all files together."""
    differences: dict[str, float]
    """Largest difference from the Keras weights' probabilities, by format."""


def check_name(name: str) -> str:
    """Refuse names that not every system and zoo can hold."""
    if not _NAME.fullmatch(name):
        raise ZfocusError(
            f"expected a name of lower-case letters, digits, '.', '_' and '-', got {name!r}: "
            "pass another with --name"
        )
    return name


def make_package(target: Path, write: Callable[[Path], dict[str, float]]) -> Exported:
    """Make a package beside its place, and put it there when it is whole.

    Parameters
    ----------
    target : Path
        Folder to write, absolute. An older package there is replaced; any other is refused.
    write : callable
        Fills an empty folder of the same name and gives the formats' differences.

    Returns
    -------
    Exported
        Where it is, and how well the formats agree.
    """
    check_place(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}.partial-", dir=target.parent))
    try:
        folder = temporary / target.name
        folder.mkdir()
        differences = write(folder)
        put_package(folder, target, temporary)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    description = (target / "zfocus.json").read_bytes()
    size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    return Exported(target, sha256_hex(description), size, differences)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 with line feeds, whatever the system."""
    path.write_bytes(text.encode("utf-8"))


def check_place(target: Path) -> None:
    """Refuse to replace anything that is no package."""
    if not os.path.lexists(target):
        return
    if target.is_symlink() or not target.is_dir():
        raise ZfocusError(
            f"expected a folder to write the package to, got {target}: choose another"
        )
    if any(target.iterdir()) and not (target / "zfocus.json").is_file():
        raise ZfocusError(
            f"expected an empty folder or an older package, got {target} with other files: "
            "choose another folder"
        )


def put_package(folder: Path, target: Path, temporary: Path) -> None:
    """Move the finished package to its place; an older one comes back if that fails."""
    older = temporary / "older"
    if target.exists():
        target.replace(older)
    try:
        folder.replace(target)
    except OSError:
        if older.exists():
            older.replace(target)
        raise
