"""Rows of the tables: names, order and notation of the columns, in this one place."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Union

from zfocus_model.levels import LEVELS, PATCH_PX, z_um_from_disc_px

if TYPE_CHECKING:
    from zfocus_model.images import PlaneInfo
    from zfocus_model.rating import Rating

Value = Union[str, int, float, None]
"""A value in a table; None where it is undefined."""

JSON_SCHEMA = 1
"""Version of the objects that ``zfocus rate --json`` prints."""

KEY_COLUMNS = ("image", "series", "t", "c", "z")
"""What tells planes apart."""

_LEVEL_COLUMNS = tuple(f"p{level}" for level in range(LEVELS))

IMAGE_COLUMNS = (
    *KEY_COLUMNS,
    *"channel plate well site height width pixel_size_um".split(),
    *"level expected_level level_sd defocus_px defocus_um in_focus_probability".split(),
    *"status reason".split(),
    *"certainty_mean certainty_max certainty_aggregate certainty_weighted".split(),
    *"patches blank_patches rated_fraction saturated_fraction out_of_domain".split(),
    *_LEVEL_COLUMNS,
    *"model package_sha256".split(),
)
"""Columns of images.csv."""

PATCH_COLUMNS = (
    *KEY_COLUMNS,
    *"row column y x level expected_level certainty".split(),
    *_LEVEL_COLUMNS,
)
"""Columns of patches.csv."""

ERROR_COLUMNS = ("input", "error")
"""Columns of errors.csv."""

_PATCH_NUMBERS = " ".join(["%.6g"] * (2 + LEVELS))
"""Expected level, certainty and probabilities of a patch, none of them undefined or negative."""

_TEXT = frozenset("image channel plate well site status reason model package_sha256".split())
_WHOLE = frozenset("series t c z height width level patches blank_patches row column y x".split())


def notation(value: Value) -> str:
    """Write a value as in the tables: floats with six digits, undefined empty.

    Parameters
    ----------
    value
        The value; NaN counts as undefined.

    Returns
    -------
    str
        Text of the cell.

    Examples
    --------
    >>> notation(1 / 3), notation(2), notation(float("nan")), notation(None), notation(-0.0)
    ('0.333333', '2', '', '', '0')
    """
    if value is None:
        return ""
    if isinstance(value, (str, int)):
        return str(value)
    return "" if math.isnan(value) else f"{value + 0.0:.6g}"  # + 0.0: no minus at zero


def value_of(column: str, cell: str) -> Value:
    """Read a cell back; the inverse of :func:`notation`, to six digits.

    Parameters
    ----------
    column
        Name of the column.
    cell
        Text of the cell.

    Returns
    -------
    str, int, float or None
        None where the cell is empty.
    """
    if cell == "":
        return None
    if column in _TEXT:
        return cell
    return int(cell) if column in _WHOLE else float(cell)


def image_cells(
    image: str,
    info: PlaneInfo,
    shape_px: tuple[int, ...],
    rating: Rating,
    *,
    saturated_fraction: float | None,
    model: str,
    package_sha256: str,
) -> list[str]:
    """Write the row of a plane in images.csv.

    Parameters
    ----------
    image
        Name of the file in the tables.
    info
        Where the plane lies, and what the file says of it.
    shape_px
        (height, width).
    rating
        Its rating.
    saturated_fraction
        Share of pixels at the maximum, None if that is not defined.
    model, package_sha256
        What rated it.

    Returns
    -------
    list of str
        Cells in the order of :data:`IMAGE_COLUMNS`.
    """
    rated = rating.rated_patches > 0
    sure = rating.certainty
    values: dict[str, Value] = {
        "image": image,
        "series": info.series,
        "t": info.t,
        "c": info.c,
        "z": info.z,
        "channel": info.channel,
        "plate": None,
        "well": None,
        "site": None,
        "height": shape_px[0],
        "width": shape_px[1],
        "pixel_size_um": info.pixel_size_um,
        "level": rating.level,
        "expected_level": rating.expected_level,
        "level_sd": rating.level_sd,
        "defocus_px": rating.defocus_px,
        "defocus_um": defocus_um(info, rating.defocus_px),
        "in_focus_probability": rating.in_focus_probability if rated else None,
        "status": rating.status,
        "reason": rating.reason,
        "certainty_mean": sure.mean,
        "certainty_max": sure.max,
        "certainty_aggregate": sure.aggregate,
        "certainty_weighted": sure.weighted,
        "patches": rating.rated_patches,
        "blank_patches": rating.blank_patches,
        "rated_fraction": rating.rated_fraction,
        "saturated_fraction": saturated_fraction,
        "out_of_domain": rating.out_of_domain,
        "model": model,
        "package_sha256": package_sha256,
    }
    for column, probability in zip(_LEVEL_COLUMNS, rating.probabilities.tolist()):
        values[column] = probability if rated else None
    return [notation(values[column]) for column in IMAGE_COLUMNS]


def defocus_um(info: PlaneInfo, defocus_px: float) -> float | None:
    """Distance from focus in um, where the file tells pixel size, aperture and index.

    Parameters
    ----------
    info
        What the file says of the plane.
    defocus_px
        Diameter of the defocus disc in px.

    Returns
    -------
    float or None
        At least 0; None where something is not known.
    """
    size, aperture, index = info.pixel_size_um, info.numerical_aperture, info.refractive_index
    if size is None or aperture is None or index is None or math.isnan(defocus_px):
        return None
    return z_um_from_disc_px(
        defocus_px, numerical_aperture=aperture, refractive_index=index, pixel_size_um=size
    )


def patch_cells(image: str, info: PlaneInfo, rating: Rating) -> list[list[str]]:
    """Write the rows of a plane in patches.csv: all its patches, empty where not rated.

    Parameters
    ----------
    image
        Name of the file in the tables.
    info
        Where the plane lies.
    rating
        Its rating.

    Returns
    -------
    list of list of str
        Rows from the top left, cells in the order of :data:`PATCH_COLUMNS`.
    """
    patches = rating.patches
    key = [image, *(str(number) for number in info.index)]
    certain, probable = patches.certainty.tolist(), patches.probabilities.tolist()
    expected, levels = patches.expected_level.tolist(), patches.level.tolist()
    rows: list[list[str]] = []
    for row, column in ((r, c) for r in range(len(certain)) for c in range(len(certain[r]))):
        place = [str(row), str(column), str(row * PATCH_PX), str(column * PATCH_PX)]
        level = levels[row][column]
        if level < 0:
            cells = [""] * (3 + LEVELS)
        else:
            # One formatting a row: a plate has millions of them, and notation() takes its time.
            numbers = (expected[row][column], certain[row][column], *probable[row][column])
            cells = [str(level), *(_PATCH_NUMBERS % numbers).split()]
        rows.append([*key, *place, *cells])
    return rows


def values_of(columns: Iterable[str], cells: Iterable[str]) -> dict[str, Value]:
    """Read a row back.

    Parameters
    ----------
    columns
        Names of the columns.
    cells
        The row.

    Returns
    -------
    dict
        Value by column.
    """
    return {column: value_of(column, cell) for column, cell in zip(columns, cells)}


def json_object(
    row: Mapping[str, Value], patches: Iterable[Mapping[str, Value]]
) -> dict[str, object]:
    """Make the object that ``zfocus rate --json`` prints for a plane.

    Parameters
    ----------
    row
        The plane's row of images.csv.
    patches
        Its rows of patches.csv; they stand where the row has their number.

    Returns
    -------
    dict
        Ready for ``json.dumps``.
    """
    return {"schema": JSON_SCHEMA, **row, "patches": [dict(patch) for patch in patches]}


def csv_text(rows: Iterable[Iterable[str]]) -> str:
    """Write rows of cells as CSV: commas, quotes where needed, one line feed a row.

    Parameters
    ----------
    rows
        Rows of cells.

    Returns
    -------
    str
        The lines.
    """
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
