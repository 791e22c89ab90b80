"""Install a model package for one person: checked, whole, or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from zfocus_model._errors import ModelError, ZfocusError
from zfocus_model._package_files import PackageFiles, open_files
from zfocus_model._package_search import model_folders, user_data_folder
from zfocus_model.packages import (
    DESCRIPTION,
    TASK,
    Z_TASK,
    Package,
    open_package,
    package_task,
)
from zfocus_model.zoo.fetch import checked_sha256, download, is_url
from zfocus_model.zoo.index import read_index
from zfocus_model.zoo.weights import check_weights

ABANDONED_S = 3600.0
"""A temporary folder in which nothing was written for so long is nobody's; servers may be silent
for half a minute only."""

_PARTIAL = ".partial-"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Installed:
    """What `install` did."""

    name: str
    """What ``--model`` takes."""
    folder: Path
    """Where it lies."""
    sha256: str
    """The package's identity."""
    replaced: bool
    """Another package of this name was there."""


def install(
    source: str, *, sha256: str | None = None, index: str | None = None, replace: bool = False
) -> Installed:
    """Install a package from a folder, a .zip or a web address.

    Parameters
    ----------
    source : str
        Path or http(s) address.
    sha256 : str, optional
        SHA-256 of the .zip (of a folder: of its ``zfocus.json``).
    index : str, optional
        Path or address of an ``index.json`` that names the archive; instead of ``sha256``.
    replace : bool
        Replace another package of the same name.

    Returns
    -------
    Installed
        Name and place.

    Raises
    ------
    ZfocusError
        If anything about the package is wrong; nothing is left behind then.
    """
    models = user_data_folder() / "models"
    made = [folder for folder in (models, *models.parents) if not folder.exists()]
    models.mkdir(parents=True, exist_ok=True)
    _sweep(models)
    temporary = Path(tempfile.mkdtemp(prefix=_PARTIAL, dir=models))
    done = False
    try:
        found = _install(source, sha256, index, replace, temporary, models)
        done = True
        return found
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        if not done:
            for folder in made:
                folder.rmdir()


def _sweep(models: Path) -> None:
    """Remove what installations left that were killed: nothing in it was written for long."""
    for folder in models.glob(f"{_PARTIAL}*"):
        with contextlib.suppress(OSError):
            written = max(path.stat().st_mtime for path in (folder, *folder.rglob("*")))
            if time.time() - written > ABANDONED_S:
                shutil.rmtree(folder, ignore_errors=True)


def _install(
    source: str,
    sha256: str | None,
    index: str | None,
    replace: bool,
    temporary: Path,
    models: Path,
) -> Installed:
    expected = _expected(source, sha256, index)
    if is_url(source):
        if expected is None:
            raise ZfocusError(
                f"expected a checksum for {source}, got none: add --sha256 of the archive, or "
                "--index with the zoo's index.json"
            )
        local = temporary / "download.zip"
        got = download(source, local)
    else:
        local = Path(source).expanduser()
        got = _sum(local) if expected is not None else None
    if expected is not None and got != expected:
        raise ZfocusError(f"expected the SHA-256 {expected} of {source}, got {got}: get it again")
    folder = temporary / "package"
    _copy(open_files(local), folder)
    try:
        package = _open_usable(folder)
        check_weights(package)
    except ModelError as error:
        # The person knows the source, not our temporary copy.
        raise ModelError(str(error).replace(str(folder), source)) from None
    if not _NAME.fullmatch(package.name):
        raise ModelError(
            f"expected a model name of lower-case letters, digits, '.', '_' and '-' in {source}, "
            f"got {package.name!r}: ask its maker for another"
        )
    return _put(package, folder, models, temporary, replace)


def _open_usable(folder: Path) -> Package:
    """Open a package that zfocus itself can run: of levels, or of z-positions."""
    return open_package(folder, task=Z_TASK if package_task(folder) == Z_TASK else TASK)


def _expected(source: str, sha256: str | None, index: str | None) -> str | None:
    if sha256 is not None:
        return checked_sha256(sha256)
    if index is None:
        return None
    name = PurePosixPath(urlsplit(source).path if is_url(source) else Path(source).name).name
    for entry in read_index(index):
        if entry.get("archive") == name:
            return checked_sha256(str(entry.get("archive_sha256")))
    raise ZfocusError(f"expected {name} in the index {index}, which does not name it: check both")


def _sum(path: Path) -> str:
    """SHA-256 of a .zip, or of a folder's description."""
    file = path / DESCRIPTION if path.is_dir() else path
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise ZfocusError(f"cannot read {file} ({error.strerror}): check the path") from None


def _copy(files: PackageFiles, folder: Path) -> None:
    """Copy the files, whose names, kinds and sizes were checked when they were opened."""
    folder.mkdir()
    for name in sorted(files.sizes()):
        if any(part.startswith(".") for part in PurePosixPath(name).parts):
            continue  # what operating systems leave behind
        target = folder.joinpath(*PurePosixPath(name).parts)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:
                file.write(files.read(name))
        except Exception as error:  # zlib, CRC, encryption, a name that is folder and file
            if isinstance(error, ModelError):
                raise
            raise ModelError(
                f"cannot unpack {name} of {files.source} ({error}): get it again"
            ) from None


def _put(package: Package, folder: Path, models: Path, temporary: Path, replace: bool) -> Installed:
    target = models / package.name
    for shipped in model_folders():
        if shipped != models and (shipped / package.name).exists():
            raise ZfocusError(
                f"expected a name that no shipped model has, got {package.name!r}: use it by its "
                "path, or export it under another name"
            )
    there = os.path.lexists(target)
    if there and (target / DESCRIPTION).is_file():
        if _open_usable(target).sha256 == package.sha256:
            return Installed(package.name, target, package.sha256, replaced=False)
    if there and not replace:
        raise ZfocusError(
            f"expected no other model {package.name!r} in {models}, found one: add --replace"
        )
    older = temporary / "older"
    if there:
        target.replace(older)
    try:
        folder.replace(target)
    except OSError:
        if there:
            older.replace(target)
        raise
    return Installed(package.name, target, package.sha256, replaced=there)
