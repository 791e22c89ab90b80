"""The files of BBBC006: folders by plane, stacks by well, site and stain."""

from __future__ import annotations

import re
from pathlib import Path

from zfocus_model._errors import ZfocusError
from zfocus_model.datasets.bbbc006 import NAME, PLANES
from zfocus_model.evaluation.manifest import STACK, Entry
from zfocus_model.evaluation.runner import Item

PLANE_UM, FOCUS_PLANE = 2.0, 16
CHANNELS = {"w1": "Hoechst", "w2": "Phalloidin"}
"""Stains: nuclei and actin."""

_FOLDER = re.compile(r"BBBC006_v1_images_z_(\d\d)$")
_FILE = re.compile(r".*_([a-p]\d\d)_s(\d+)_(w\d)[^_]*\.tiff?$", re.IGNORECASE)


def is_layout(place: Path) -> bool:
    """Tell whether a folder holds the folders of BBBC006's planes."""
    return bool(_plane_folders(place))


def _plane_folders(place: Path) -> dict[int, Path]:
    if not place.is_dir():
        return {}
    if (place / NAME).is_dir():  # the folder that `zfocus data get` was given
        place = place / NAME
    found = ((_FOLDER.match(path.name), path) for path in sorted(place.iterdir()) if path.is_dir())
    return {int(match.group(1)): path for match, path in found if match}


def list_fields(place: Path, *, focus: int = FOCUS_PLANE) -> list[Item]:
    """List the stacks: one a field and stain, of the planes that are there.

    Parameters
    ----------
    place
        Folder with ``BBBC006_v1_images_z_00/..._a01_s1_w1....tif`` and so on.
    focus
        Number of the plane in focus.

    Returns
    -------
    list of Item
        Sorted by stain, well and site; the source of each is the name of its stain.

    Raises
    ------
    ZfocusError
        If no image is there, or the plane in focus is none of the data set's.
    """
    folders = _plane_folders(place)
    if not 0 <= focus < PLANES:
        raise ZfocusError(
            f"expected the plane in focus (--focus-plane) as 0 to {PLANES - 1}, got {focus}: the "
            f"planes in {place} are {', '.join(map(str, folders))}"
        )
    stacks: dict[tuple[str, str], list[Entry]] = {}
    for plane, folder in folders.items():
        for path in sorted(folder.rglob("*.tif")):
            match = _FILE.match(path.name)
            if match is None or path.name.startswith("."):
                continue
            well, site, channel = match.group(1).lower(), match.group(2), match.group(3).lower()
            field, stain = f"{well}_s{site}", CHANNELS.get(channel, channel)
            name = path.relative_to(place).as_posix()
            z_um = PLANE_UM * (plane - focus)
            entry = Entry(path, name, stain, STACK, field, plane, z_um)
            stacks.setdefault((stain, field), []).append(entry)
    if not stacks:
        raise ZfocusError(
            f"expected images such as BBBC006_v1_images_z_16/mcf-z-stacks-03212011_a01_s1_w1*.tif "
            f"in {place}, got none: run zfocus data get bbbc006"
        )
    return [Item(tuple(stacks[key])) for key in sorted(stacks)]
