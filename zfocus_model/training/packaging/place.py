"""The place of a package: checked before the work, taken when it is done."""

from __future__ import annotations

import os
from pathlib import Path

from zfocus_model._errors import ZfocusError


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
