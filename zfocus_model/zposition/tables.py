"""Rows of positions.csv: names, order and notation of the columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zfocus_model.tables import KEY_COLUMNS, Value, notation
from zfocus_model.zposition.reading import BLANK, ZPosition

if TYPE_CHECKING:
    from zfocus_model.images import PlaneInfo

POSITION_COLUMNS = (
    *KEY_COLUMNS,
    *"z_um z_expected_um z_sd_um mode2_um status model".split(),
    *"reason certainty pixel_size_um package_sha256".split(),
)
"""Columns of positions.csv."""


def position_cells(
    image: str,
    info: PlaneInfo,
    found: ZPosition,
    *,
    pixel_size_um: float | None,
    model: str,
    package_sha256: str,
) -> list[str]:
    """Write the row of a plane in positions.csv.

    Parameters
    ----------
    image
        Name of the file in the tables.
    info
        Where the plane lies.
    found
        Its position.
    pixel_size_um
        Pixel size of the stored image in um; None: not known.
    model, package_sha256
        What read it.

    Returns
    -------
    list of str
        Cells in the order of :data:`POSITION_COLUMNS`; the position of a blank image is empty.
    """
    blank = found.reason == BLANK
    values: dict[str, Value] = {
        "image": image,
        "series": info.series,
        "t": info.t,
        "c": info.c,
        "z": info.z,
        "z_um": None if blank else found.z_um,
        "z_expected_um": None if blank else found.z_expected_um,
        "z_sd_um": None if blank else found.z_sd_um,
        "mode2_um": found.mode2_um,
        "status": found.status,
        "model": model,
        "reason": found.reason,
        "certainty": found.certainty,
        "pixel_size_um": pixel_size_um,
        "package_sha256": package_sha256,
    }
    return [notation(values[column]) for column in POSITION_COLUMNS]
