from __future__ import annotations

import json
import math

import numpy as np
import pytest

from zfocus_model.images import PlaneInfo
from zfocus_model.rating import Rating, StatusLimits, rate_patches
from zfocus_model.tables import (
    IMAGE_COLUMNS,
    PATCH_COLUMNS,
    csv_text,
    image_cells,
    json_object,
    notation,
    patch_cells,
    value_of,
    values_of,
)

P = ",".join(f"p{level}" for level in range(11))


def rating(*levels: int | None) -> Rating:
    """One row of patches, each sure of a level; None: not rated."""
    p = np.full((1, len(levels), 11), np.nan)
    for column, level in enumerate(levels):
        if level is not None:
            p[0, column] = np.eye(11)[level]
    return rate_patches(p, StatusLimits(0.2, 0.5), shape_px=(90, 84 * len(levels)))


def row(rated: Rating, info: PlaneInfo, saturated: float | None = None) -> dict[str, object]:
    cells = image_cells(
        "w/a.tif", info, (90, 252), rated, saturated_fraction=saturated, model="m",
        package_sha256="ab",
    )  # fmt: skip
    return dict(values_of(IMAGE_COLUMNS, cells))


def test_columns_are_the_contract() -> None:
    assert ",".join(IMAGE_COLUMNS) == (
        "image,series,t,c,z,channel,plate,well,site,height,width,pixel_size_um,level,"
        "expected_level,level_sd,defocus_px,defocus_um,in_focus_probability,status,reason,"
        "certainty_mean,certainty_max,certainty_aggregate,certainty_weighted,patches,"
        f"blank_patches,rated_fraction,saturated_fraction,out_of_domain,{P},model,package_sha256"
    )
    assert ",".join(PATCH_COLUMNS) == (
        f"image,series,t,c,z,row,column,y,x,level,expected_level,certainty,{P}"
    )


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (1 / 3, "0.333333"),
        (1e-9, "1e-09"),
        (12_345_678.0, "1.23457e+07"),
        (1.0, "1"),
        (-0.0, "0"),
        (7, "7"),
        (math.nan, ""),
        (None, ""),
        ("a,b", "a,b"),
    ],
)
def test_notation(value: str | float | None, cell: str) -> None:
    assert notation(value) == cell


def test_values_come_back_with_their_type() -> None:
    assert value_of("image", "12") == "12"
    assert value_of("z", "12") == 12
    assert isinstance(value_of("p3", "1"), float)
    assert value_of("level", "") is None


def test_row_of_a_rated_plane() -> None:
    info = PlaneInfo(0, 1, 2, 3, "DAPI", 0.65, 0.5, 1.0)
    found = row(rating(4, 4, None), info, 0.25)
    expected = {
        "image": "w/a.tif", "t": 1, "c": 2, "z": 3, "channel": "DAPI", "height": 90, "width": 252,
        "pixel_size_um": 0.65, "level": 4, "expected_level": 4.0, "level_sd": 0.0,
        "defocus_px": 12.3077, "defocus_um": 8.0, "in_focus_probability": 0.0,
        "status": "out_of_focus", "reason": None, "certainty_aggregate": 1.0, "patches": 2,
        "blank_patches": 0, "rated_fraction": 0.622222, "saturated_fraction": 0.25,
        "out_of_domain": None, "p4": 1.0, "p0": 0.0, "plate": None, "well": None, "site": None,
        "model": "m", "package_sha256": "ab",
    }  # fmt: skip
    assert {column: found[column] for column in expected} == expected


def test_defocus_in_um_needs_all_three() -> None:
    for info in (
        PlaneInfo(0, 0, 0, 0, "", None, 0.5, 1.0),
        PlaneInfo(0, 0, 0, 0, "", 0.65, None, 1.0),
        PlaneInfo(0, 0, 0, 0, "", 0.65, 0.5, None),
    ):
        assert row(rating(4), info)["defocus_um"] is None


def test_nothing_rated_is_empty() -> None:
    found = row(rating(None, None), PlaneInfo(0, 0, 0, 0))
    undefined = (
        "level expected_level level_sd defocus_px in_focus_probability certainty_mean p0 p10"
    )
    assert {found[column] for column in undefined.split()} == {None}
    assert (found["status"], found["reason"], found["patches"]) == ("undecided", "masked", 0)
    assert found["rated_fraction"] == 0.0


def test_rows_of_patches() -> None:
    rows = patch_cells("a.tif", PlaneInfo(0, 0, 1, 0), rating(0, None, 10))
    key = ["a.tif", "0", "0", "1", "0"]
    zeros = ["0"] * 10
    assert rows == [
        [*key, "0", "0", "0", "0", "0", "0", "1", "1", *zeros],
        [*key, "0", "1", "0", "84", *[""] * 14],
        [*key, "0", "2", "0", "168", "10", "10", "1", *zeros, "1"],
    ]


def test_json_is_strict_and_has_null_for_undefined() -> None:
    rated = rating(0, None)
    info = PlaneInfo(0, 0, 0, 0)
    patches = [values_of(PATCH_COLUMNS, cells) for cells in patch_cells("a", info, rated)]
    found = json.loads(json.dumps(json_object(values_of(IMAGE_COLUMNS, image_cells(
        "a", info, (90, 168), rated, saturated_fraction=None, model="m", package_sha256="s",
    )), patches), allow_nan=False))  # fmt: skip
    assert found["schema"] == 1
    assert list(found) == ["schema", *IMAGE_COLUMNS]
    assert found["saturated_fraction"] is None
    assert [patch["level"] for patch in found["patches"]] == [0, None]


def test_csv_quotes_what_must_be() -> None:
    assert csv_text([["a,b", 'say "x"', "plain"], ["1", "", "2"]]) == (
        '"a,b","say ""x""",plain\n1,,2\n'
    )
