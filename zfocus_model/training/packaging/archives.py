"""Archives and sums that depend on their content alone: the same weights give the same bytes."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

_DATE = (1980, 1, 1, 0, 0, 0)
_PLAIN_FILE = 0o644 << 16
_UNIX = 3


def write_zip(
    path: Path, entries: Mapping[str, bytes], *, compression: int = zipfile.ZIP_DEFLATED
) -> None:
    """Write a zip whose bytes depend on names and contents alone.

    Parameters
    ----------
    path : Path
        The file to write; replaced if it exists.
    entries : mapping of str to bytes
        Contents by their name in the archive; stored in this order.
    compression : int
        ``zipfile.ZIP_DEFLATED`` or ``zipfile.ZIP_STORED``.
    """
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            info = zipfile.ZipInfo(name, _DATE)
            info.compress_type = compression
            info.create_system = _UNIX  # else the archive names the system it was made on
            info.external_attr = _PLAIN_FILE
            archive.writestr(info, content, compresslevel=9)


def write_npz(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write arrays as a compressed ``.npz`` without pickles, sorted by name.

    Parameters
    ----------
    path : Path
        The file to write.
    arrays : mapping of str to ndarray
        Little-endian C order is forced, whatever machine writes it.
    """
    entries: dict[str, bytes] = {}
    for name in sorted(arrays):
        array = arrays[name]
        stream = io.BytesIO()
        little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        np.lib.format.write_array(stream, little, version=(1, 0), allow_pickle=False)
        entries[f"{name}.npy"] = stream.getvalue()
    write_zip(path, entries)


def settle_keras(path: Path) -> None:
    """Rewrite a ``.keras`` file without the moment and the memory addresses that Keras puts in.

    Parameters
    ----------
    path : Path
        A file that ``keras.Model.save`` wrote; replaced by an equivalent one.
    """
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    metadata = json.loads(entries["metadata.json"])
    metadata.pop("date_saved", None)
    config = json.loads(entries["config.json"])
    _renumber(config, {})
    entries["metadata.json"] = json.dumps(metadata, sort_keys=True).encode()
    entries["config.json"] = json.dumps(config).encode()
    # Stored, as Keras stores it: it reads the weights inside the archive without unpacking them.
    write_zip(path, dict(sorted(entries.items())), compression=zipfile.ZIP_STORED)


def _renumber(node: Any, numbers: dict[Any, int]) -> None:
    """Count shared objects in the order of their appearance; Keras uses their addresses."""
    if isinstance(node, dict):
        mapping = cast("dict[str, Any]", node)
        if "shared_object_id" in mapping:
            seen = mapping["shared_object_id"]
            mapping["shared_object_id"] = numbers.setdefault(seen, len(numbers) + 1)
        for value in mapping.values():
            _renumber(value, numbers)
    elif isinstance(node, list):
        for value in cast("list[Any]", node):
            _renumber(value, numbers)


def keras_date(path: Path) -> str:
    """When a ``.keras`` file was saved, ISO 8601 without a zone; empty if it does not say."""
    with zipfile.ZipFile(path) as archive:
        metadata = json.loads(archive.read("metadata.json"))
    return str(metadata.get("date_saved", "")).replace("@", "T")


def sha256_hex(content: bytes) -> str:
    """SHA-256 as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def folder_sums(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below a folder, by POSIX name relative to it, sorted."""
    files = sorted(
        (path.relative_to(folder).as_posix(), path) for path in folder.rglob("*") if path.is_file()
    )
    return {name: sha256_hex(path.read_bytes()) for name, path in files}
