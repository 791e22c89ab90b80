"""The list of what was put into a Fiji folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from zfocus_model._errors import ZfocusError
from zfocus_model._package_files import is_safe_name
from zfocus_model._version import __version__
from zfocus_model.fiji_bundle.places import MANIFEST, PENDING

_SCHEMA = 1


@dataclass(frozen=True)
class Manifest:
    """What was put into a Fiji folder."""

    files: Mapping[str, str]
    """Relative POSIX path -> SHA-256."""
    models: Mapping[str, str]
    """Name of each model -> ``package_sha256``."""
    folders: tuple[str, ...] = ()
    """Folders that were made for them, which go with them if nothing else is in them."""
    version: str = field(default=__version__)
    """Version of zfocus."""

    def to_bytes(self) -> bytes:
        """Write it down, always the same way."""
        content = {
            "schema": _SCHEMA,
            "zfocus": self.version,
            "models": dict(sorted(self.models.items())),
            "folders": sorted(self.folders),
            "files": dict(sorted(self.files.items())),
        }
        return (json.dumps(content, indent=1) + "\n").encode()


def read(fiji: Path, name: str = MANIFEST) -> Manifest | None:
    """Read the list of a Fiji folder.

    Parameters
    ----------
    fiji
        The Fiji folder.
    name
        The list's path in it.

    Returns
    -------
    Manifest or None
        None if there is no such file.

    Raises
    ------
    ZfocusError
        If the file is no such list.
    """
    path = fiji / name
    try:
        content: Any = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (ValueError, OSError) as error:
        raise _damaged(path, str(error)) from None
    if not isinstance(content, dict):
        raise _damaged(path, "no object")
    about = cast("dict[str, Any]", content)
    if about.get("schema") != _SCHEMA:
        raise _damaged(path, f"schema {about.get('schema')!r}")
    files, models = _texts(path, about, "files"), _texts(path, about, "models")
    folders: Any = about.get("folders", [])
    if not isinstance(folders, list):
        raise _damaged(path, "folders that are no list")
    listed = tuple(str(folder) for folder in cast("list[Any]", folders))
    for entry in (*files, *listed):
        if not is_safe_name(entry):
            raise _damaged(path, f"{entry!r}, which points outside the Fiji folder")
    return Manifest(files, models, listed, str(about.get("zfocus")))


def owned(fiji: Path) -> dict[str, set[str]]:
    """All that zfocus put into a Fiji folder, also by a call that was interrupted.

    Parameters
    ----------
    fiji
        The Fiji folder.

    Returns
    -------
    dict
        Relative POSIX path -> SHA-256 of each version that zfocus may have put there.

    Raises
    ------
    ZfocusError
        If a list is damaged.
    """
    known: dict[str, set[str]] = {}
    for name in (MANIFEST, PENDING):
        found = read(fiji, name)
        for path, digest in found.files.items() if found else ():
            known.setdefault(path, set()).add(digest)
    return known


def folders(fiji: Path) -> set[str]:
    """All folders that zfocus made in a Fiji folder.

    Parameters
    ----------
    fiji
        The Fiji folder.

    Returns
    -------
    set of str
        Relative POSIX paths.

    Raises
    ------
    ZfocusError
        If a list is damaged.
    """
    lists = [found for name in (MANIFEST, PENDING) if (found := read(fiji, name))]
    return {folder for found in lists for folder in found.folders}


def _texts(path: Path, about: dict[str, Any], key: str) -> dict[str, str]:
    value: Any = about.get(key)
    if not isinstance(value, dict):
        raise _damaged(path, f"no {key}")
    pairs = cast("dict[Any, Any]", value)
    return {str(name): str(text) for name, text in pairs.items()}


def _damaged(path: Path, got: str) -> ZfocusError:
    return ZfocusError(
        f"expected the list of what zfocus installed in {path}, got {got}: "
        "remove the file and install again"
    )
