"""Where model packages lie: in the wheel, in a source checkout, in a person's data folder."""

from __future__ import annotations

import os
import re
import sys
import zipfile
from pathlib import Path

from zfocus_model._description import DESCRIPTION, MAX_DESCRIPTION_BYTES, as_object, parse
from zfocus_model._errors import ModelError
from zfocus_model._package_files import open_files

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def user_data_folder() -> Path:
    """Folder in which a person's own models and settings lie; it need not exist."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "zfocus"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "zfocus"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "zfocus"


def model_folders() -> list[Path]:
    """Folders in which named models are looked for, first the shipped ones."""
    package = Path(__file__).resolve().parent
    return [package / "_models", package.parent / "model_zoo", user_data_folder() / "models"]


def installed_models() -> dict[str, Path]:
    """Names and paths of the models that can be chosen by name."""
    found: dict[str, Path] = {}
    for folder in model_folders():
        if folder.is_dir():
            for path in sorted(folder.iterdir()):
                if (path / DESCRIPTION).is_file():
                    found.setdefault(path.name, path)
                elif path.suffix == ".zip":
                    found.setdefault(path.stem, path)
    return found


def find_package(model: str | Path) -> Path:
    """Path of a model that is given by name or path.

    Parameters
    ----------
    model
        A name (of an installed model, which goes before a file of that name here) or a path.

    Returns
    -------
    Path
        Folder or .zip file; not opened yet.

    Raises
    ------
    ModelError
        If there is no such model.
    """
    path = Path(model).expanduser()
    if isinstance(model, str) and _NAME.fullmatch(model):
        for folder in model_folders():
            for candidate in (folder / model, folder / f"{model}.zip"):
                if candidate.exists():
                    return candidate
    if path.exists():
        return path
    names = ", ".join(sorted(installed_models())) or "none"
    raise ModelError(
        f"expected the name of an installed model ({names}) or the path of a package, got "
        f"{str(model)!r}: check the spelling"
    )


def package_task(model: str | Path) -> str:
    """Tell what a package says that it is for, without checking anything else of it.

    Parameters
    ----------
    model
        Name of an installed model, or path of a package folder or .zip file.

    Returns
    -------
    str
        The task; empty if the package does not say, so that opening it tells what is wrong.

    Raises
    ------
    ModelError
        If there is none of that name.
    """
    source = find_package(model)
    try:
        contents = open_files(source)
        if contents.sizes().get(DESCRIPTION, MAX_DESCRIPTION_BYTES) >= MAX_DESCRIPTION_BYTES:
            return ""
        about = as_object(source, parse(source, contents.read(DESCRIPTION)), "the description")
    except (ModelError, OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError):
        return ""
    return str(about.get("task"))
