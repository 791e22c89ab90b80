"""Where things lie: scripts in this installation, and everything in a Fiji folder."""

from __future__ import annotations

import re
from pathlib import Path

from zfocus_model._errors import ZfocusError

HOME = "zfocus"
"""Folder of the Fiji folder that holds models, macros and the list of what was installed."""

MANIFEST = f"{HOME}/installed.json"
"""List of all files that were put there."""

PENDING = f"{HOME}/installing.json"
"""The same list, while they are being put there."""

PARTIAL = f"{HOME}/.partial"
"""Files on their way; each is moved to its place when all are whole."""

COMMAND = f"{HOME}/command.txt"
"""Path of the command ``zfocus``, which the scripts call where ONNX Runtime does not run."""

MODELS = f"{HOME}/models"
"""Folder of model packages, each under its name."""

_ONNX_RUNTIME = re.compile(r"onnxruntime(_gpu)?-\d.*\.jar")
_SCRIPTS = "scripts/Plugins/zfocus"


def scripts_folder() -> Path:
    """Folder of this installation that holds the Fiji scripts.

    Returns
    -------
    Path
        In the wheel, or in a source checkout.

    Raises
    ------
    ZfocusError
        If this installation does not carry them.
    """
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "_fiji", package.parent / "fiji_scripts"):
        if any((folder / _SCRIPTS).glob("*.py")):
            return folder
    raise ZfocusError(
        "expected the Fiji scripts in this installation, found none: install zfocus from its wheel"
    )


def check_fiji(folder: str | Path) -> Path:
    """Check that a folder is Fiji's, or another ImageJ2's.

    Parameters
    ----------
    folder
        What holds ``jars`` and ``plugins``: ``Fiji.app``, or ``Fiji`` in newer downloads.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    ZfocusError
        If it is something else; says where Fiji seems to be, if it is near.
    """
    place = Path(folder)
    if _is_fiji(place):
        return place
    if not place.is_dir():
        got = "which is no folder"
    elif (place / "ij.jar").is_file():
        got = "which holds ImageJ 1 without Fiji's script languages"
    else:
        got = "which holds no jars/ij-VERSION.jar and jars/scijava-common-VERSION.jar"
    near = [*(place / name for name in ("Fiji.app", "Fiji")), *place.resolve().parents]
    meant = [str(candidate) for candidate in near if _is_fiji(candidate)]
    advice = f"try {meant[0]!r}" if meant else "give the folder that holds Fiji's jars and plugins"
    raise ZfocusError(f"expected a Fiji folder, got {str(folder)!r}, {got}: {advice}")


def runtimes(fiji: Path) -> list[str]:
    """Names of the ONNX Runtime jars in a Fiji folder.

    Parameters
    ----------
    fiji
        The Fiji folder.

    Returns
    -------
    list of str
        Paths relative to it, sorted.
    """
    jars = fiji / "jars"
    names = sorted(path.name for path in jars.iterdir()) if jars.is_dir() else []
    return [f"jars/{name}" for name in names if _ONNX_RUNTIME.fullmatch(name)]


def has_jython(fiji: Path) -> bool:
    """Tell whether a Fiji folder holds the script language that the scripts are written in."""
    return any((fiji / "jars").glob("scripting-jython-*.jar"))


def _is_fiji(place: Path) -> bool:
    jars = place / "jars"
    return any(jars.glob("ij-[0-9]*.jar")) and any(jars.glob("scijava-common-*.jar"))
