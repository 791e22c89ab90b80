"""The files of a model package, in a folder or a .zip, read without trust and without unpacking."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import zipfile
from abc import ABC, abstractmethod
from pathlib import Path, PurePosixPath

import numpy as np
import numpy.typing as npt

from zfocus_model._errors import ModelError

MAX_FILE_BYTES = 1 << 30
"""Largest file in a package. The reference network's weights, 111 MiB, are far below."""

MAX_PACKAGE_BYTES = 2 << 30
"""Largest package, uncompressed."""

MAX_ZIP_RATIO = 200
"""Largest compression of a .zip as a whole; weights hardly compress, zip bombs do 1000-fold."""

_RATIO_FREE_BYTES = 16 << 20
"""Below this size, uncompressed, no ratio is asked for: nothing can burst."""

_CHUNK = 1 << 20


class PackageFiles(ABC):
    """Named files of a package; names are relative POSIX paths."""

    def __init__(self, source: Path) -> None:
        self.source = source

    @abstractmethod
    def sizes(self) -> dict[str, int]:
        """Names and sizes in bytes of all files."""

    @abstractmethod
    def read(self, name: str) -> bytes:
        """Read one file."""

    def sha256(self, name: str) -> str:
        """SHA-256 of one file, as 64 lower-case hexadecimal digits."""
        return hashlib.sha256(self.read(name)).hexdigest()


class FolderFiles(PackageFiles):
    """Files below a folder."""

    def sizes(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for folder, folders, files in os.walk(self.source):
            for entry in (*folders, *files):
                path = Path(folder, entry)
                status = path.lstat()
                name = path.relative_to(self.source).as_posix()
                if stat.S_ISLNK(status.st_mode):
                    raise _refuse(self.source, f"links {name!r} to elsewhere")
                if stat.S_ISREG(status.st_mode):
                    found[name] = status.st_size
                elif not stat.S_ISDIR(status.st_mode):
                    raise _refuse(self.source, f"holds {name!r}, which is no regular file")
        _check_sizes(self.source, found)
        return found

    def read(self, name: str) -> bytes:
        return self.source.joinpath(*PurePosixPath(name).parts).read_bytes()

    def sha256(self, name: str) -> str:
        digest = hashlib.sha256()
        with self.source.joinpath(*PurePosixPath(name).parts).open("rb") as file:
            for chunk in iter(lambda: file.read(_CHUNK), b""):
                digest.update(chunk)
        return digest.hexdigest()


class ZipFiles(PackageFiles):
    """Files in a .zip, whose names and sizes are checked before any is read."""

    def __init__(self, source: Path) -> None:
        super().__init__(source)
        self._entries: dict[str, zipfile.ZipInfo] = {}
        with zipfile.ZipFile(source) as archive:
            for entry in archive.infolist():
                self._add(entry)
        _check_sizes(source, self.sizes())
        packed = sum(entry.compress_size for entry in self._entries.values())
        unpacked = sum(entry.file_size for entry in self._entries.values())
        if unpacked > max(_RATIO_FREE_BYTES, MAX_ZIP_RATIO * packed):
            raise _refuse(source, f"would grow from {packed} to {unpacked} bytes when unpacked")

    def _add(self, entry: zipfile.ZipInfo) -> None:
        # zipfile cuts names at NUL and turns the system's separator into "/": look at the raw one.
        name = entry.orig_filename
        if not is_safe_name(name.rstrip("/")):
            raise _refuse(self.source, f"holds the name {name!r}, which points outside it")
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise _refuse(self.source, f"holds {name!r}, a link or special file")
        if entry.flag_bits & 1:
            raise _refuse(self.source, f"holds {name!r}, which is encrypted")
        if name.endswith("/"):
            return
        if name in self._entries:
            raise _refuse(self.source, f"holds {name!r} twice")
        self._entries[name] = entry

    def sizes(self) -> dict[str, int]:
        return {name: entry.file_size for name, entry in self._entries.items()}

    def read(self, name: str) -> bytes:
        # zipfile hands out no more bytes than the size that was checked, and checks the CRC.
        with zipfile.ZipFile(self.source) as archive:
            return archive.read(self._entries[name])


def open_files(source: Path) -> PackageFiles:
    """Open a folder or a .zip file.

    Parameters
    ----------
    source
        Path of either.

    Returns
    -------
    PackageFiles
        Its files, by name.

    Raises
    ------
    ModelError
        If it is neither, or holds names, links or sizes that no package needs.
    """
    try:
        if source.is_dir():
            return FolderFiles(source)
        if source.is_file() and zipfile.is_zipfile(source):
            return ZipFiles(source)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(
            f"expected a readable model package, got {source} ({error}): fetch it again"
        ) from None
    found = "no such file or folder" if not source.exists() else "another kind of file"
    raise ModelError(
        f"expected a model package (a folder or .zip with zfocus.json), got {source}, {found}: "
        "check the path"
    )


def load_arrays(data: bytes) -> dict[str, npt.NDArray[np.float32]]:
    """Read the bytes of an ``.npz`` file of plain numbers.

    Parameters
    ----------
    data
        The file.

    Returns
    -------
    dict of str to ndarray of float32
        The arrays by name.

    Raises
    ------
    ValueError
        If it is too large, or holds anything but numbers; zipfile's and numpy's errors otherwise.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > MAX_FILE_BYTES:
            raise ValueError("too large when unpacked")
    arrays: dict[str, npt.NDArray[np.float32]] = {}
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        for key in archive.files:
            array = np.asarray(archive[key])
            if array.dtype.kind not in "iuf":
                raise ValueError(f"{key} is of type {array.dtype}")
            arrays[key] = array.astype(np.float32)
    return arrays


def is_safe_name(name: str) -> bool:
    """Tell whether a name is a plain relative POSIX path: no root, drive, ``..`` or backslash."""
    parts = name.split("/")
    return (
        bool(name)
        and not any(part in ("", ".", "..") for part in parts)
        and not any(character in name for character in "\\:\0")
    )


def _check_sizes(source: Path, sizes: dict[str, int]) -> None:
    for name, size in sizes.items():
        if size > MAX_FILE_BYTES:
            raise _refuse(source, f"holds {name!r} of {size} bytes, more than {MAX_FILE_BYTES}")
    if sum(sizes.values()) > MAX_PACKAGE_BYTES:
        raise _refuse(source, f"holds more than {MAX_PACKAGE_BYTES} bytes")


def _refuse(source: Path, why: str) -> ModelError:
    return ModelError(
        f"expected a safe model package, but {source} {why}: get it again from its maker"
    )
