"""The zoo's index: what is in the packages of a folder, for people and for programs."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from zfocus_model._errors import ZfocusError
from zfocus_model._files import write_whole
from zfocus_model.packages import (
    DESCRIPTION,
    TASK,
    Z_TASK,
    Package,
    open_package,
    package_task,
)
from zfocus_model.zoo.bundle import archive_name, task_of, write_bundle
from zfocus_model.zoo.fetch import download, is_url

INDEX = "index.json"
SCHEMA = 1
TASKS = (TASK, "focus-level-map", Z_TASK)
"""What packages of the zoo are for; zfocus itself runs the first and the last."""

BEGIN, END = "<!-- table -->", "<!-- end of table -->"
_MAX_INDEX_BYTES = 8 << 20
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")

_USES = {
    TASK: "one patch of 84 x 84 px: `zfocus rate`, plugins, scripts",
    "focus-level-map": "every tile of a plane: other programs that run bioimage.io models",
    Z_TASK: "one transmitted-light image: `zfocus rate`, `best-plane`, `lock`",
}


def open_any(path: str | Path) -> Package:
    """Open a package of any of the zoo's tasks.

    Parameters
    ----------
    path : str or Path
        Name, folder or .zip.

    Returns
    -------
    Package
        The package.

    Raises
    ------
    ModelError
        If it is none of them.
    """
    task = package_task(path)
    return open_package(path, task=task if task in TASKS else TASK)


def packages_in(folder: Path) -> list[Package]:
    """Packages in the folders below one, by name.

    Parameters
    ----------
    folder : Path
        Such as ``model_zoo``.

    Returns
    -------
    list of Package
        All of them, opened and so checked.
    """
    places = sorted(path.parent for path in folder.glob(f"*/{DESCRIPTION}"))
    return [open_any(place) for place in places]


def entry(package: Package) -> dict[str, Any]:
    """What the index says of a package.

    Parameters
    ----------
    package : Package
        The package.

    Returns
    -------
    dict
        Strings, numbers and mappings for JSON.
    """
    with tempfile.TemporaryDirectory() as temporary:
        archive = write_bundle(package, Path(temporary))
        content = archive.read_bytes()
    sizes = {name: len(package.read(name)) for name in package.files}
    arrays = package.arrays()
    return {
        "name": package.name,
        "version": package.version,
        "task": task_of(package),
        "licence": "BSD-3-Clause",
        "weights": sum(array.size for array in arrays.values()),
        "bytes": sum(sizes.values()),
        "package_sha256": package.sha256,
        "archive": archive_name(package),
        "archive_sha256": hashlib.sha256(content).hexdigest(),
        "files": dict(package.files),
        "evaluation": package.config.get("evaluation") or {},
    }


def table(packages: list[Package]) -> str:
    """The table of model_zoo/README.md.

    Parameters
    ----------
    packages : list of Package
        Packages in folders.

    Returns
    -------
    str
        Markdown.
    """
    lines = [
        "| model | use | size | accuracy | licence | |",
        "|---|---|---|---|---|---|",
    ]
    for package in packages:
        found = entry(package)
        place = package.source.name
        lines.append(
            f"| [{package.name}]({place}/README.md) {package.version} | {_USES[found['task']]} | "
            f"{found['weights']:,} weights, {found['bytes'] / 1e6:.1f} MB in all formats | "
            f"{_accuracy(found['evaluation'])} | {found['licence']} | "
            f'<img src="{place}/cover.png" alt="cover" width="250"> |'
        )
    if len(lines) == 2:
        lines = ["No package is here yet."]
    return "\n".join(lines)


def write_index(folder: Path, *, check: bool = False) -> list[Path]:
    """Write ``index.json`` and the table in ``README.md`` of a folder of packages.

    Parameters
    ----------
    folder : Path
        Such as ``model_zoo``; its README has the marks between which the table stands.
    check : bool
        Write nothing, only tell what is out of date.

    Returns
    -------
    list of Path
        Files that were, or with ``check`` are, out of date.

    Raises
    ------
    ZfocusError
        If the README has no place for the table, or a package is damaged.
    """
    if not folder.is_dir():
        raise ZfocusError(f"expected a folder of packages, got {folder}: check the path")
    readme = folder / "README.md"
    text = readme.read_text(encoding="utf-8") if readme.is_file() else f"{BEGIN}\n{END}\n"
    head, found, rest = text.partition(BEGIN)
    _, ended, tail = rest.partition(END)
    if not (found and ended):
        raise ZfocusError(f"expected the lines {BEGIN} and {END} in {readme}: add them")
    packages = packages_in(folder)
    index = {"schema": SCHEMA, "models": [entry(package) for package in packages]}
    wanted = {
        readme: f"{head}{BEGIN}\n{table(packages)}\n{END}{tail}",
        folder / INDEX: json.dumps(index, indent=1) + "\n",
    }
    stale = [
        path
        for path, content in wanted.items()
        if not path.is_file() or path.read_text(encoding="utf-8") != content
    ]
    if not check:
        for path in stale:
            write_whole(path, wanted[path].encode())
    return stale


def read_index(place: str) -> list[Mapping[str, Any]]:
    """Entries of an index.

    Parameters
    ----------
    place : str
        Path or http(s) address of an ``index.json``.

    Returns
    -------
    list of mapping
        One a model.

    Raises
    ------
    ZfocusError
        If it cannot be read or is no index.
    """
    try:
        if is_url(place):
            with tempfile.TemporaryDirectory() as temporary:
                local = Path(temporary) / INDEX
                download(place, local, limit=_MAX_INDEX_BYTES)
                raw = local.read_bytes()
        else:
            raw = Path(place).expanduser().read_bytes()
        found: Any = json.loads(raw)
    except ZfocusError:
        raise
    except (OSError, ValueError) as error:
        raise ZfocusError(f"cannot read the index {place} ({error}): check it") from None
    models: Any = cast("dict[str, Any]", found).get("models") if isinstance(found, dict) else None
    if not isinstance(models, list):
        raise ZfocusError(f"expected an index with a list of models in {place}: check it")
    entries = cast("list[Any]", models)
    return [cast("dict[str, Any]", item) for item in entries if isinstance(item, dict)]


def _accuracy(evaluation: Mapping[str, Any]) -> str:
    """The first share within one level or 1 um of the evaluation, with what it was measured on."""
    return _within_one(evaluation, ()) or "see its README"


def _within_one(values: Mapping[str, Any], path: tuple[str, ...]) -> str:
    for key, value in values.items():
        words = key.replace("_", " ")
        below = cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else None
        # A number is alone, in a mapping with its interval, or a text before it.
        number: Any = cast("Any", value) if below is None else below.get("value")
        if isinstance(number, str) and (start := _NUMBER.match(number)):
            number = float(start.group())
        near = "1 um" if "within 1 um" in words else "one level"
        named = near == "1 um" or words.startswith("within one")
        if named and isinstance(number, (int, float)):
            percent = number if "%" in key else 100 * number
            return f"{percent:.1f} % within {near} ({': '.join(path)})"
        if below is not None and (found := _within_one(below, (*path, words))):
            return found
    return ""
