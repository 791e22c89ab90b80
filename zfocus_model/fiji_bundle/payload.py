"""What goes into a Fiji folder: scripts, macros, model packages and ONNX Runtime."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Union

from zfocus_model._errors import ZfocusError
from zfocus_model.fiji_bundle import jar as java
from zfocus_model.fiji_bundle.places import HOME, MODELS, scripts_folder
from zfocus_model.packages import DESCRIPTION, open_package

Source = Union[Path, bytes]
"""A file to copy, or what to write."""

_FOLDERS = {"scripts": "scripts", "jars": "jars", "examples": f"{HOME}/examples"}
"""Folder beside the scripts -> folder in Fiji."""

_SUFFIXES = frozenset((".py", ".ijm", ".groovy", ".txt", ".json"))
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class Payload:
    """Files for a Fiji folder."""

    sources: dict[str, Source]
    """Relative POSIX path -> what to put there, sorted by path."""
    sha256: dict[str, str]
    """Relative POSIX path -> SHA-256 of what is put there."""
    models: dict[str, str]
    """Name of each model -> ``package_sha256``."""


def collect(models: Sequence[str | Path], jar: Path | None, command: Path | None) -> Payload:
    """Collect what goes into a Fiji folder.

    Parameters
    ----------
    models
        Names or paths of model packages; at least one.
    jar
        ONNX Runtime, checked; None: it is not to go there.
    command
        The command ``zfocus`` of this machine, None if it is not to be named there.

    Returns
    -------
    Payload
        The files.

    Raises
    ------
    ModelError
        If a model cannot be used.
    ZfocusError
        If this installation lacks the scripts, or two models have one name.
    """
    sources: dict[str, Source] = dict(_scripts())
    identities: dict[str, str] = {}
    for model in models:
        package = open_package(model)
        if not _NAME.fullmatch(package.name):
            raise ZfocusError(
                f"expected a model whose name can be that of a folder, got {package.name!r} in "
                f"{package.source}: export it under another name"
            )
        if package.name in identities:
            raise ZfocusError(
                f"expected models of different names, got {package.name!r} twice: leave one out"
            )
        identities[package.name] = package.sha256
        home = f"{MODELS}/{package.name}"
        sources[f"{home}/{DESCRIPTION}"] = package.description()
        for name in package.files:
            sources[f"{home}/{name}"] = package.read(name)
    if jar is not None:
        sources[f"jars/{java.NAME}"] = jar
    if command is not None:
        sources[f"{HOME}/command.txt"] = f"{command}\n".encode()
    sources = dict(sorted(sources.items()))
    digests = {
        path: java.sha256_of(source)
        if isinstance(source, Path)
        else hashlib.sha256(source).hexdigest()
        for path, source in sources.items()
    }
    return Payload(sources, digests, dict(sorted(identities.items())))


def _scripts() -> Iterator[tuple[str, Path]]:
    """Paths in Fiji and sources of all scripts, without what Jython compiles and editors leave."""
    home = scripts_folder()
    for folder, target in _FOLDERS.items():
        for path in sorted((home / folder).rglob("*")):
            if path.is_file() and path.suffix in _SUFFIXES and path.name[0] != ".":
                yield f"{target}/{path.relative_to(home / folder).as_posix()}", path
