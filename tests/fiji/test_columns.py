"""Fiji's tables have the columns, notation and CSV of `zfocus rate`."""

from __future__ import annotations

import csv
import io
from types import SimpleNamespace

import pytest
from zfocus_fiji import columns
from zfocus_fiji.rating import Limits, rate_patches

from zfocus_model import tables

PACKAGE = SimpleNamespace(name="some-model", sha256="ab" * 32)


def test_columns_are_those_of_the_package():
    assert columns.IMAGE_COLUMNS == tables.IMAGE_COLUMNS
    assert columns.PATCH_COLUMNS == tables.PATCH_COLUMNS


@pytest.mark.parametrize(
    "value", [None, "", "a b", 0, 12, 1 / 3, -0.0, 1e-9, 123456789.0, float("nan"), 0.30000001]
)
def test_notation_is_that_of_the_package(value):
    assert columns.notation(value) == tables.notation(value)


def test_names_in_camel_case():
    names = ["image", "p0", "p10", "pixel_size_um", "in_focus_probability", "package_sha256"]
    expected = ["Image", "P0", "P10", "PixelSizeUm", "InFocusProbability", "PackageSha256"]
    assert [columns.camel(name) for name in names] == expected


def test_rows():
    rating = rate_patches([[1.0] + [0.0] * 10, None], Limits(0.2, 0.5, None), 84, 170, 0.25)
    row = columns.image_row(rating, PACKAGE, "a.tif", (0, 1, 2, 3), pixel_size_um=0.5, well="B02")
    assert set(row) == set(columns.IMAGE_COLUMNS)
    expected = {
        "image": "a.tif", "series": 0, "t": 1, "c": 2, "z": 3, "well": "B02", "height": 84,
        "width": 170, "pixel_size_um": 0.5, "level": 0, "expected_level": 0.0, "status": "in_focus",
        "patches": 1, "blank_patches": 0, "saturated_fraction": 0.25, "out_of_domain": None,
        "p0": 1.0, "p10": 0.0, "model": "some-model", "package_sha256": "ab" * 32, "site": None,
    }  # fmt: skip
    assert {key: row[key] for key in expected} == expected
    first, second = columns.patch_rows(rating, "a.tif", (0, 1, 2, 3))
    assert (first["level"], first["x"], first["p0"]) == (0, 0, 1.0)
    assert (second["level"], second["x"], second["p0"]) == (None, 84, None)


def test_csv_is_read_back_whatever_is_in_a_name(tmp_path):
    name = 'comma, "quote" and\nline \u00b5'
    text = columns.csv_text(("image", "z", "p0"), [{"image": name, "z": 3, "p0": 1 / 3}, {}])
    columns.write_whole(str(tmp_path / "t.csv"), text)
    found = (tmp_path / "t.csv").read_bytes().decode("utf-8")
    assert list(csv.reader(io.StringIO(found))) == [
        ["image", "z", "p0"],
        [name, "3", "0.333333"],
        [""] * 3,
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]
