"""BBBC006: z-stacks of 34 planes of U2OS cells, of the Broad Bioimage Benchmark Collection.

Human U2OS cells in a 384-well plate, two sites a well, Hoechst (w1) and phalloidin (w2), 20x, 2 um
between planes, focus near plane 16; no rights reserved (CC0). Ljosa et al., Nature Methods 2012
(doi 10.1038/nmeth.2083).
"""

from __future__ import annotations

import re

from zfocus_model._errors import ZfocusError

NAME = "bbbc006"
ADDRESS = "https://data.broadinstitute.org/bbbc/BBBC006/"
"""Where the publisher keeps the archives."""
PLANES = 34
"""Planes of each stack, 0 to 33."""
CITATION = (
    "We used image set BBBC006v1 from the Broad Bioimage Benchmark Collection "
    "[Ljosa et al., Nature Methods, 2012, doi 10.1038/nmeth.2083]."
)
MEMBER = re.compile(r"mcf-z-stacks-03212011_[a-p]\d\d_s\d_w\d[0-9a-zA-Z-]*\.tif", re.ASCII)
"""Names of the images of a plane: well, site, stain and an identifier of the file."""


def folder_name(plane: int) -> str:
    """Name of the folder of a plane, and of its archive without ``.zip``.

    Examples
    --------
    >>> folder_name(3)
    'BBBC006_v1_images_z_03'
    """
    return f"BBBC006_v1_images_z_{plane:02d}"


def parse_planes(text: str) -> list[int]:
    """Read which planes are wanted.

    Parameters
    ----------
    text
        Numbers and ranges with commas between them, or ``all``.

    Returns
    -------
    list of int
        Sorted, each once.

    Raises
    ------
    ZfocusError
        If that is not what it is, or a plane is not 0 to 33.

    Examples
    --------
    >>> parse_planes("16, 0-2")
    [0, 1, 2, 16]
    """
    if text.strip().lower() == "all":
        return list(range(PLANES))
    planes: set[int] = set()
    for part in text.split(","):
        found = re.fullmatch(r"\s*(\d{1,3})(?:\s*-\s*(\d{1,3}))?\s*", part)
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, -1)
        if not first <= last < PLANES:
            raise ZfocusError(
                f"expected planes from 0 to {PLANES - 1} such as 0-33 or 0,16, got {text!r}"
            )
        planes.update(range(first, last + 1))
    return sorted(planes)
