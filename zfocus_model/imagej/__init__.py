"""The pyimagej door: rate an image that is open in ImageJ, and get an overlay and a table back.

>>> import imagej  # doctest: +SKIP
>>> from zfocus_model.imagej import rate_image  # doctest: +SKIP
>>> ij = imagej.init("/Applications/Fiji.app", mode="interactive")  # doctest: +SKIP
>>> rated = rate_image(ij.py.active_imageplus())  # doctest: +SKIP
>>> rated.show()  # doctest: +SKIP

Everything is asked of ``ij.ImagePlus`` itself, through JPype, on which pyimagej is built. Pixels
are those that ImageJ holds, as the scripts in Fiji's menu take them: never rescaled, signed
16-bit values as stored, colour and palettes averaged to grey.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from zfocus_model._errors import ZfocusError
from zfocus_model.imagej.drawing import NAME, draw, table_of
from zfocus_model.imagej.java import imageplus, java_class
from zfocus_model.imagej.pixels import info_of, plane_of, position_of, selected, slice_numbers
from zfocus_model.model import Model, load_model
from zfocus_model.rating import Rating
from zfocus_model.tables import (
    IMAGE_COLUMNS,
    PATCH_COLUMNS,
    Value,
    image_cells,
    patch_cells,
    values_of,
)

IMAGES, PATCHES = "zfocus images", "zfocus patches"
"""Titles of the tables, as in Fiji's menu."""


@dataclass(frozen=True, eq=False)
class RatedImage:
    """Ratings of an image in ImageJ, and what ImageJ can show of them."""

    image: Any
    """The ``ij.ImagePlus``."""
    ratings: tuple[Rating, ...]
    """One a plane."""
    overlay: Any = field(repr=False)
    """``ij.gui.Overlay``: a box a patch; hue tells the level, brightness the certainty."""
    table: Any = field(repr=False)
    """``ij.measure.ResultsTable``: a row a plane, columns as in images.csv, in CamelCase."""
    patch_table: Any = field(repr=False)
    """``ij.measure.ResultsTable``: a row a patch, columns as in patches.csv, in CamelCase."""

    @property
    def rating(self) -> Rating:
        """The rating of the first plane, which is the only one unless ``planes`` was ``all``."""
        return self.ratings[0]

    def show(self) -> None:
        """Lay the overlay over the image, and open the table.

        What others drew there stays, and so do earlier ratings of other planes.
        """
        overlay: Any = self.overlay.duplicate()
        places = {_place(roi) for roi in _items(self.overlay)}
        for roi in _items(self.image.getOverlay()):
            ours = str(roi.getName() or "").startswith(NAME)
            if not ours or (places and _place(roi) not in places):
                overlay.add(roi)
        self.image.setOverlay(overlay)
        if not java_class("java.awt.GraphicsEnvironment").isHeadless():
            self.table.show(IMAGES)


def _items(overlay: Any) -> list[Any]:
    return [] if overlay is None else [overlay.get(number) for number in range(overlay.size())]


def _place(roi: Any) -> tuple[int, ...]:
    places = (roi.getPosition(), roi.getCPosition(), roi.getZPosition(), roi.getTPosition())
    return tuple(int(place) for place in places)


def rate_image(
    image: Any,
    *,
    planes: str = "current",
    model: Model | None = None,
    gateway: Any = None,
    border_px: float = 4,
) -> RatedImage:
    """Rate an image that is open in ImageJ.

    Parameters
    ----------
    image
        An ``ij.ImagePlus`` of 8, 16 or 32 bits, RGB, a stack or a hyperstack. Where it has an
        area selected, the selection's bounding box is rated, in patches of which at least half
        lies inside the selection. With ``gateway`` also a ``net.imagej.Dataset``.
    planes
        ``current``: the one in front; ``all``: each of the stack.
    model
        From ``load_model``; None: the default model, opened once.
    gateway
        What ``imagej.init()`` returned, to convert a Dataset. This path needs imagej-legacy and is
        not covered by the tests, which have ImageJ alone.
    border_px
        Width of the boxes' borders in px.

    Returns
    -------
    RatedImage
        Ratings, overlay and tables; nothing is shown yet.

    Raises
    ------
    ZfocusError
        If it is no image in ImageJ, or the selection lies outside it.
    """
    if planes not in ("current", "all"):
        raise ZfocusError(f"expected planes to be 'current' or 'all', got {planes!r}: choose one")
    imp = imageplus(image, gateway)
    opened = model or _default_model()
    ratings: list[Rating] = []
    rows: list[dict[str, Value]] = []
    patch_rows: list[dict[str, Value]] = []
    overlay = java_class("ij.gui.Overlay")()
    title = str(imp.getTitle())
    for number in slice_numbers(imp, planes):
        pixels, maximum = plane_of(imp, number)
        part, mask, origin = selected(imp, pixels)
        rating = opened.rate(part, mask, maximum=maximum)
        info = info_of(imp, number)
        height, width = part.shape
        cells = image_cells(
            title,
            info,
            (height, width),
            rating,
            saturated_fraction=rating.saturated_fraction,
            model=opened.name,
            package_sha256=opened.package_sha256,
        )
        ratings.append(rating)
        rows.append(values_of(IMAGE_COLUMNS, cells))
        patch_rows += [values_of(PATCH_COLUMNS, row) for row in patch_cells(title, info, rating)]
        draw(overlay, rating, origin, border_px, position_of(imp, number))
    table, patch_table = table_of(IMAGE_COLUMNS, rows), table_of(PATCH_COLUMNS, patch_rows)
    return RatedImage(imp, tuple(ratings), overlay, table, patch_table)


@lru_cache(maxsize=1)
def _default_model() -> Model:
    return load_model()
