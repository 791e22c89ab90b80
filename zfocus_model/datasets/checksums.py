"""Checksums of archives whose publisher states none: kept at first sight, held to later."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from zfocus_model._errors import ZfocusError
from zfocus_model._files import write_json

FILE = "checksums.json"
"""Name of the file of checksums, beside the images."""


@dataclass(frozen=True)
class Archive:
    """What is known of one archive that was unpacked."""

    bytes: int
    """Its size."""
    sha256: str
    """Its SHA-256."""
    images: int
    """Number of images in it."""
    image_bytes: int
    """Size of all of them, unpacked."""
    contents: str = ""
    """`digest_crcs` of the images; empty in records written before there was such a digest."""


def digest_crcs(crcs: Mapping[str, int]) -> str:
    """Join the CRC-32 of files into one checksum.

    Parameters
    ----------
    crcs
        Name of a file -> its CRC-32, in any order.

    Returns
    -------
    str
        SHA-256 of the lines ``NAME CRC`` (8 hexadecimal digits), sorted by name.

    Examples
    --------
    >>> digest_crcs({"b.tif": 1, "a.tif": 2}) == digest_crcs({"a.tif": 2, "b.tif": 1})
    True
    """
    lines = "".join(f"{name} {crcs[name]:08x}\n" for name in sorted(crcs))
    return hashlib.sha256(lines.encode()).hexdigest()


def read_checksums(path: Path) -> dict[str, Archive]:
    """Read a file of checksums.

    Parameters
    ----------
    path
        The file; where there is none, nothing is known.

    Returns
    -------
    dict
        Name of an archive -> what it must be.

    Raises
    ------
    ZfocusError
        If the file is something else.
    """
    if not path.exists():
        return {}
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
        if content["schema"] != 1:
            raise ValueError(f"schema {content['schema']}")
        return {str(name): Archive(**about) for name, about in content["archives"].items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ZfocusError(
            f"expected checksums as zfocus data get writes them, got {path} ({error}): put the "
            "right file there or remove it"
        ) from None


def write_checksums(path: Path, archives: dict[str, Archive]) -> None:
    """Write a file of checksums whole, sorted by name.

    Parameters
    ----------
    path
        File to write or replace.
    archives
        Name of an archive -> what it is.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    about = {name: asdict(archives[name]) for name in sorted(archives)}
    write_json(path, {"schema": 1, "archives": about})
