"""The CellProfiler door: put the module, the runtime and a model where CellProfiler finds them.

CellProfiler's packaged application carries Python 3.8 and numpy 1.23, and nothing can be installed
into it. So the part of zfocus that needs numpy only goes beside the module, with a model package,
into a folder that the module puts on ``sys.path``.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from zfocus_model._errors import ZfocusError
from zfocus_model._files import whole_file, write_whole
from zfocus_model.packages import DEFAULT_MODEL, DESCRIPTION, open_package

MODULE = "measureimagefocus.py"
"""The module; CellProfiler wants the file named like the class."""

RUNTIME = "_zfocus"
"""Folder beside the module that holds zfocus; names with an underscore are no plugins."""

_PARTS = (
    *("__init__.py", "_version.py", "_errors.py", "levels.py", "planes.py", "tiling.py"),
    *("aggregation.py", "rating.py", "model.py", "engines"),
    *("packages.py", "_description.py", "_package_files.py", "_package_search.py"),
    *("report/__init__.py", "report/colours.py"),
)

_ROW = (
    "| MeasureImageFocus | Rates how sharp images are, from in focus to ten levels of defocus, and "
    "how certain that is, with a neural network that needs no thresholds. | Yes | zfocus, or none: "
    "`zfocus cellprofiler install` puts it beside the module |\n"
)


@dataclass(frozen=True)
class Installed:
    """What was put where."""

    folder: Path
    """The folder or .zip file written."""
    package_sha256: str | None
    """SHA-256 of the model package that it carries; None if it carries none."""
    bytes: int
    """Size of what was written."""


def plugin_folder() -> Path:
    """Folder of this installation that holds the CellProfiler module.

    Returns
    -------
    Path
        In the wheel, or in a source checkout.

    Raises
    ------
    ZfocusError
        If this installation does not carry it.
    """
    package = Path(__file__).resolve().parent
    for folder in (package / "_cellprofiler", package.parent / "cellprofiler_plugin"):
        if (folder / MODULE).is_file():
            return folder
    raise ZfocusError(
        f"expected {MODULE} in this installation, found none: install zfocus from its wheel"
    )


def install(
    folder: str | Path, *, model: str | Path = DEFAULT_MODEL, module_only: bool = False
) -> Installed:
    """Put the module, the runtime and a model into CellProfiler's plugins folder.

    What an earlier call put there is replaced as a whole.

    Parameters
    ----------
    folder
        The plugins folder, as CellProfiler's preferences name it; it must exist.
    model
        Name or path of the model package that the module will use.
    module_only
        Put only the module there: zfocus is installed in CellProfiler's own Python.

    Returns
    -------
    Installed
        What was put there.

    Raises
    ------
    ModelError
        If the model cannot be used.
    ZfocusError
        If the folder is none, or this installation lacks the module.
    """
    place = Path(folder)
    if not place.is_dir():
        raise ZfocusError(
            f"expected CellProfiler's plugins folder, got {str(folder)!r}, which is none: "
            "look in CellProfiler's preferences, or make it"
        )
    if (place / "setup.py").exists():
        raise ZfocusError(
            f"expected a plugins folder, got {str(folder)!r} with a setup.py, which CellProfiler "
            "cannot read: give its active_plugins"
        )
    partial = place / f"{RUNTIME}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    sha256, size = None, 0
    if not module_only:
        sha256, files = _runtime(model)
        for name, source in files:
            target = partial / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes() if isinstance(source, Path) else source)
            size += target.stat().st_size
        shutil.rmtree(place / RUNTIME, ignore_errors=True)
        partial.replace(place / RUNTIME)
    write_whole(place / MODULE, (plugin_folder() / MODULE).read_bytes())
    return Installed(place, sha256, size + (place / MODULE).stat().st_size)


def bundle(path: str | Path, *, model: str | Path = DEFAULT_MODEL) -> Installed:
    """Write what ``install`` puts into a plugins folder as a .zip file.

    Parameters
    ----------
    path
        The .zip file to write; an older one is replaced.
    model
        Name or path of the model package that the module will use.

    Returns
    -------
    Installed
        What was written.

    Raises
    ------
    ModelError
        If the model cannot be used.
    ZfocusError
        If this installation lacks the module.
    """
    target = Path(path)
    sha256, files = _runtime(model)
    with whole_file(target) as partial:  # two statements: Python 3.8 has no with (a, b)
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(plugin_folder() / MODULE, MODULE)
            for name, source in files:
                data = source.read_bytes() if isinstance(source, Path) else source
                archive.writestr(f"{RUNTIME}/{name}", data)
    return Installed(target, sha256, target.stat().st_size)


def examples(folder: str | Path) -> tuple[Path, ...]:
    """Write the example pipelines, the list of images that one of them reads, and the script.

    Parameters
    ----------
    folder
        Where to write them; made if need be. Files of the same names are replaced.

    Returns
    -------
    tuple of Path
        The files.

    Raises
    ------
    ZfocusError
        If this installation lacks the module.
    """
    source, target = plugin_folder(), Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    sources = [
        *sorted((source / "pipelines").glob("*.cppipe")),
        source / "pipelines" / "images.csv",
        *sorted((source / "examples").glob("*.py")),
    ]
    for path in sources:
        shutil.copyfile(path, target / path.name)
    return tuple(target / path.name for path in sources)


def submission(folder: str | Path) -> tuple[Path, ...]:
    """Write the files that CellProfiler-plugins expects of a new module.

    Parameters
    ----------
    folder
        Where to write them; made if need be.

    Returns
    -------
    tuple of Path
        The module in active_plugins, the row for the documentation's table, and the tests.

    Raises
    ------
    ZfocusError
        If this installation lacks the module.
    """
    source, target = plugin_folder(), Path(folder)
    module = target / "active_plugins" / MODULE
    row = target / "documentation" / "CP-plugins-documentation" / "supported_plugins_row.md"
    tests = target / "tests" / f"test_{MODULE}"
    for path in (module, row, tests):
        path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source / MODULE, module)
    shutil.copyfile(source / "submission" / f"test_{MODULE}", tests)
    row.write_text(_ROW, encoding="utf-8")
    return module, row, tests


def _runtime(model: str | Path) -> tuple[str, list[tuple[str, Path | bytes]]]:
    """SHA-256 of the model package, and names and sources of the runtime's files."""
    package = open_package(model)
    files: list[tuple[str, Path | bytes]] = [
        (f"zfocus_model/{name}", path) for name, path in _sources()
    ]
    # Named like the default model, whatever it is: that is the one the module uses.
    home = f"zfocus_model/_models/{DEFAULT_MODEL}"
    files.append((f"{home}/{DESCRIPTION}", package.description()))
    files += [(f"{home}/{name}", package.read(name)) for name in sorted(package.files)]
    return package.sha256, files


def _sources() -> Iterator[tuple[str, Path]]:
    here = Path(__file__).resolve().parent
    for part in _PARTS:
        path = here / part
        for source in sorted(path.glob("*.py")) if path.is_dir() else [path]:
            yield source.relative_to(here).as_posix(), source
