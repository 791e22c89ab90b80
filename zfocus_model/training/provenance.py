"""What a training run was made of."""

from __future__ import annotations

import json
import platform
import shlex
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from zfocus_model._errors import ZfocusError
from zfocus_model._files import write_json
from zfocus_model._version import __version__
from zfocus_model.levels import LEVELS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from zfocus_model.training.sources import SourceImage

_SOME = "some not stated"


def describe_run(
    folder: Path,
    *,
    options: Mapping[str, Any],
    augmentation: Mapping[str, Any],
    data: Mapping[str, Sequence[SourceImage]],
    task: str = "focus-level",
    optics: Mapping[str, Any] | None = None,
) -> None:
    """Write ``run.json``, or check that the one that is there tells of the same run.

    Parameters
    ----------
    folder : Path
        The run folder.
    options, augmentation : mapping
        What decides the result of the training.
    data : mapping
        Images by part: ``train``, ``validation``.
    task : str
        What the network is for.
    optics : mapping, optional
        What the blur was like, see `zfocus_model.training.kernels.described`. The code decides
        that, not the options: a run that goes on keeps what it started with.

    Raises
    ------
    ZfocusError
        If the folder holds a run with other options, images or augmentation.
    """
    recipe = {
        "options": dict(options),
        "augmentation": json.loads(json.dumps(augmentation)),
        "data": [_summary(part, images) for part, images in data.items()],
    }
    about = {"task": task, "levels": LEVELS, **({"optics": dict(optics)} if optics else {})}
    keep_recipe(folder, recipe, about)


def keep_recipe(folder: Path, recipe: Mapping[str, Any], about: Mapping[str, Any]) -> None:
    """Write ``run.json``, or check that the one that is there holds the same recipe.

    Parameters
    ----------
    folder : Path
        The run folder.
    recipe : mapping
        What decides the result of the training, as JSON has it.
    about : mapping
        What else is to be said; command, commit and versions are added.

    Raises
    ------
    ZfocusError
        If the folder holds a run with another recipe.
    """
    path = folder / "run.json"
    if path.exists():
        known = json.loads(path.read_text(encoding="utf-8"))
        other = [
            key
            for key, value in recipe.items()
            if _without_licences(known.get(key)) != _without_licences(value)
        ]
        if other:
            raise ZfocusError(
                f"expected the recipe that {path} was started with, got other "
                f"{' and '.join(other)}: choose another run folder"
            )
        return
    description = {
        "schema": 1,
        **about,
        "command": shlex.join(["zfocus", *sys.argv[1:]]),
        "commit": code_commit(),
        "versions": {"zfocus": __version__, "python": platform.python_version(), **_versions()},
        **recipe,
    }
    write_json(path, description)


def _without_licences(part: Any) -> Any:
    """A part of a recipe; how licences are worded decides nothing."""
    if isinstance(part, dict):
        entries = cast("dict[str, Any]", part)
        return {key: _without_licences(x) for key, x in entries.items() if key != "licence"}
    if isinstance(part, list):
        return [_without_licences(entry) for entry in cast("list[Any]", part)]
    return part


def _summary(part: str, images: Sequence[SourceImage]) -> dict[str, Any]:
    sources: dict[str, list[str]] = {}
    for image in images:
        sources.setdefault(image.source, []).append(image.licence)
    counted = {
        source: {"images": len(licences), "licence": all_licences(licences)}
        for source, licences in sorted(sources.items())
    }
    return {"part": part, "images": len(images), "sources": counted}


def all_licences(licences: Iterable[str]) -> str:
    """Every licence once, sorted, joined by ``; ``; the result may be joined with others again.

    A source can hold images under several licences, and a card has to name them all.

    Examples
    --------
    >>> all_licences(["MIT", "Apache-2.0", "MIT"])
    'Apache-2.0; MIT'
    >>> all_licences(["MIT", ""])
    'MIT; some not stated'
    """
    parts = [part for licence in licences for part in licence.split("; ")]
    named = sorted({part for part in parts if part} - {_SOME})
    silent = named and ("" in parts or _SOME in parts)
    return "; ".join([*named, _SOME] if silent else named)


def _versions() -> dict[str, str]:
    names = ("keras", "tensorflow", "numpy")
    found = {d.metadata["Name"].lower(): d.version for d in metadata.distributions()}
    return {name: found[name] for name in names if name in found}


def code_commit() -> str:
    """The commit of the code that trains, with ``+`` when it had uncommitted changes."""
    try:
        text = subprocess.run(
            ["git", "describe", "--always", "--dirty=+", "--abbrev=40", "--exclude=*"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""
    return text.strip()
