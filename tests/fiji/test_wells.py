from __future__ import annotations

import pytest
from zfocus_fiji import rating, wells

LIMITS = rating.Limits(0.2, 0.5, 0.9)
SHARP = [0.9, 0.1] + [0.0] * 9
SOFT = [0.0] * 7 + [0.9, 0.1, 0.0, 0.0]
BLANK = [1 / 11] * 11


def rated(*patches, out_of_domain=None):
    height, width = 84, 84 * len(patches)
    return rating.rate_patches(list(patches), LIMITS, height, width, None, out_of_domain)


def test_percent_is_of_the_decided_patches_of_all_images():
    row = wells.well_row("B03", (1, 2), [rated(SHARP, SOFT, BLANK), rated(SHARP, SHARP)], LIMITS)
    assert (row["well"], row["row"], row["column"], row["images"]) == ("B03", 1, 2, 2)
    counts = ("patches", "decided_patches", "in_focus_patches", "undecided_patches")
    assert [row[name] for name in counts] == [5, 4, 3, 1]
    assert row["percent_in_focus"] == 75
    assert row["status"] == "in_focus"
    assert row["level"] == 0
    one = rated(SHARP, SOFT, BLANK, SHARP, SHARP)  # the same patches in one image
    assert row["expected_level"] == pytest.approx(one.expected_level)
    assert set(row) == set(wells.COLUMNS)


def test_a_well_without_a_decided_patch_has_no_percent():
    row = wells.well_row("A01", (0, 0), [rated(BLANK, BLANK)], LIMITS)
    assert row["percent_in_focus"] is None
    assert (row["undecided_patches"], row["status"], row["reason"]) == (2, "undecided", "blank")


def test_images_out_of_the_domain_decide_nothing():
    row = wells.well_row("A01", (0, 0), [rated(SHARP, out_of_domain=0.95)], LIMITS)
    assert (row["percent_in_focus"], row["undecided_patches"]) == (None, 1)
    assert (row["status"], row["reason"]) == ("undecided", "out_of_domain")


def test_a_well_without_a_rated_patch():
    row = wells.well_row("A01", (0, 0), [rated(None, None)], LIMITS)
    assert (row["patches"], row["level"], row["status"]) == (0, None, "undecided")
    assert row["reason"] == "masked"


def test_the_plate_counts_patches_not_wells():
    rows = [
        wells.well_row("A01", (0, 0), [rated(SHARP)], LIMITS),
        wells.well_row("A02", (0, 1), [rated(SOFT, SOFT, SOFT)], LIMITS),
        wells.well_row("A03", (0, 2), [rated(BLANK)], LIMITS),
    ]
    assert wells.plate_percent(rows) == 25
    assert wells.plate_percent(rows[2:]) is None


def test_a_patch_alone_is_held_against_the_images_limits():
    sharp, soft, blank = rated(SHARP, SOFT, BLANK).patches
    found = [wells.patch_status(patch, LIMITS) for patch in (sharp, soft, blank)]
    assert found == ["in_focus", "out_of_focus", "undecided"]
