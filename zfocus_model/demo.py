"""A small simulated plate with known focus, for a machine without images: ``zfocus demo``.

Cells, optics and camera are simulated (see :mod:`zfocus_model.scenes`), every field is drawn
anew, and the same seed gives the same files.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from zfocus_model import camera, optics, scenes

SHAPE_PX = (520, 696)
"""Height and width of an image: a screening camera's, binned 2 x 2."""

PIXEL_SIZE_UM = 0.65
"""Side of a pixel in the sample: 20x objective, NA 0.5."""

SITES = 2
"""Images a well."""


@dataclass(frozen=True)
class Truth:
    """What is known of one image of the plate."""

    image: str
    """File name."""
    well: str
    """Row and column, such as ``A01``."""
    site: int
    """Which image of the well, from 1."""
    kind: scenes.Kind
    """What is shown."""
    level: int | None
    """Level of its focus; None where nothing is to be seen."""
    note: str = ""
    """What is special about it."""


@dataclass(frozen=True)
class _Well:
    name: str
    kind: scenes.Kind
    level: int | None
    note: str = ""


_PLATE = (
    _Well("A01", "nuclei", 0),
    _Well("A02", "nuclei", 1),
    _Well("A03", "nuclei", 2),
    _Well("A04", "nuclei", 4),
    _Well("A05", "nuclei", 6),
    _Well("A06", "nuclei", 8),
    _Well("B01", "cytoplasm", 0),
    _Well("B02", "cytoplasm", 3),
    _Well("B03", "filaments", 0),
    _Well("B04", "filaments", 5),
    _Well("B05", "blank", None, "no cells"),
    _Well("B06", "nuclei", 0, "overexposed"),
)


def plate() -> tuple[Truth, ...]:
    """Return the images of the plate, 12 wells with 2 sites each, in order.

    Examples
    --------
    >>> [truth.image for truth in plate()][:2]
    ['demo_A01_s1_w1.tif', 'demo_A01_s2_w1.tif']
    """
    return tuple(
        Truth(f"demo_{well.name}_s{site}_w1.tif", well.name, site, well.kind, well.level, well.note)
        for well in _PLATE
        for site in range(1, SITES + 1)
    )


def draw(
    truth: Truth, rng: np.random.Generator, shape_px: tuple[int, int] = SHAPE_PX
) -> npt.NDArray[np.uint16]:
    """Simulate one image of the plate.

    Parameters
    ----------
    truth
        What it shows, and its level.
    rng
        A seeded generator.
    shape_px
        Height and width.

    Returns
    -------
    ndarray of uint16
        Counts of a 12-bit camera, (height, width).
    """
    image = np.asarray(scenes.field(rng, shape_px, truth.kind), np.float64)
    if truth.level is None:
        # The faint light of an empty well: the simulated peak is that of no cell at all.
        photons = 60.0 * image / max(float(image.max()), 1e-9)
        counts = camera.Camera(bits=12).record(photons, rng)
    else:
        image = optics.defocus(image, level=truth.level)
        peak = 14_000.0 if truth.note == "overexposed" else 2_000.0 * float(rng.uniform(0.5, 1.5))
        counts = camera.photograph(image, rng=rng, peak_photons=peak, bits=12)
    return counts.astype(np.uint16)


def write_image(path: Path, pixels: npt.NDArray[np.uint16]) -> None:
    """Write one image as TIFF, with its pixel size.

    Parameters
    ----------
    path
        File to be written; it is there whole or not at all.
    pixels
        (height, width), uint16.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    from PIL import Image

    from zfocus_model._files import write_whole
    from zfocus_model.report.drawing import encode

    per_cm = 1e4 / PIXEL_SIZE_UM
    # Resolution unit 3 is the centimetre. The bytes hold no date, so that they follow the seed.
    data = encode(
        Image.fromarray(pixels), "TIFF", resolution_unit=3, x_resolution=per_cm, y_resolution=per_cm
    )
    write_whole(path, data)


def truth_table(truths: Iterable[Truth]) -> str:
    """Return truth.csv: ``image, well, site, kind, level, note``; level is empty for no cells."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["image", "well", "site", "kind", "level", "note"])
    for t in truths:
        level = "" if t.level is None else t.level
        writer.writerow([t.image, t.well, t.site, t.kind, level, t.note])
    return stream.getvalue()


@dataclass(frozen=True)
class Score:
    """How the ratings of the plate compare with what is known."""

    rated: int
    """Images that show cells."""
    within_one: int
    """Of these, decided and at most one level off."""
    blank: int
    """Images that show none."""
    blank_undecided: int
    """Of these, undecided, as they should be."""


def score(truths: Iterable[Truth], rows: Iterable[Mapping[str, str]]) -> Score:
    """Compare rows of images.csv with what is known.

    Parameters
    ----------
    truths
        The plate.
    rows
        Rows of images.csv, as text.

    Returns
    -------
    Score
        Counts; an image without a row counts as wrong.
    """
    found = {row["image"].rpartition("/")[2]: row for row in rows}
    rated = right = blank = silent = 0
    for truth in truths:
        row = found.get(truth.image, {})
        undecided = row.get("status") == "undecided"
        if truth.level is None:
            blank, silent = blank + 1, silent + undecided
            continue
        rated += 1
        level = row.get("level", "")
        right += bool(level) and not undecided and abs(int(level) - truth.level) <= 1
    return Score(rated, right, blank, silent)
