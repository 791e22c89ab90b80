"""Compare CellProfiler's measurements with the rows of `zfocus rate`."""

from __future__ import annotations

import csv
import math
from pathlib import Path

PLUGIN = Path(__file__).resolve().parents[2] / "cellprofiler_plugin"

PROBABILITIES = [f"P{level}" for level in range(11)]
OTHERS = {
    "expected_level": "ExpectedLevel",
    "level_sd": "LevelSd",
    "in_focus_probability": "InFocusProbability",
    "certainty_mean": "CertaintyMean",
    "certainty_max": "CertaintyMax",
    "certainty_aggregate": "CertaintyAggregate",
    "certainty_weighted": "CertaintyWeighted",
    "rated_fraction": "RatedFraction",
    "saturated_fraction": "SaturatedFraction",
    "out_of_domain": "OutOfDomain",
    "patches": "Patches",
    "blank_patches": "BlankPatches",
    "height": "Height",
    "width": "Width",
}


def number(cell: str) -> float | None:
    """A number of a CSV file, None where it is undefined."""
    value = float(cell) if cell else math.nan
    return None if math.isnan(value) else value


def assert_same(measured, row, image="DNA", *, flags=True):
    """Assert that a row of Image.csv says what a row of images.csv says."""

    def cell(feature):
        return measured[f"ImageFocus_{feature}_{image}"]

    for feature in PROBABILITIES:
        expected = row[feature.lower()]
        assert close(number(cell(feature)), expected, 1e-4), feature
    for column, feature in OTHERS.items():
        assert close(number(cell(feature)), row[column], 2e-3), feature
    assert close(number(cell("DefocusPx")), row["defocus_px"], 1e-2)
    for feature in ("Score", "Level"):
        assert number(cell(feature)) == row["level"]
    assert close(number(cell("Certainty")), row["certainty_aggregate"], 1e-3)
    assert cell("Status") == row["status"]
    assert (cell("Reason") or None) == row["reason"]
    assert cell("PackageSha256") == row["package_sha256"]
    assert cell("Model") == row["model"]
    for feature, status in (
        ("InFocus", "in_focus"),
        ("OutOfFocus", "out_of_focus"),
        ("Undecided", "undecided"),
    ):
        assert float(cell(feature)) == (row["status"] == status)


def close(measured, expected, tolerance):
    """Equal within a tolerance, or both undefined."""
    if measured is None or expected is None:
        return measured is expected
    return abs(measured - expected) <= tolerance


def write_csv(path: Path, images, rows, metadata=()):
    """Write the list of images that LoadData reads."""
    header = [f"Image_{part}_{name}" for name in images for part in ("FileName", "PathName")]
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([*header, *(f"Metadata_{name}" for name in metadata)])
        writer.writerows(rows)
