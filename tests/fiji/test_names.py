from __future__ import annotations

import re

import pytest
from zfocus_fiji import names, plates
from zfocus_fiji.words import ZfocusError


@pytest.mark.parametrize(
    ("name", "well", "site", "channel"),
    [
        ("TestDataSet_WellA01_Site000_DAPI.tif", "A01", 0, "DAPI"),
        ("WellA01_Site0_DAPI", "A01", 0, "DAPI"),
        ("day 1/WellP24_Site12_CY3-AGP.tiff", "P24", 12, "CY3-AGP"),
        ("Well_B03_Site2.tif", "B03", 2, ""),
        ("demo_A01_s2_w1.tif", "A01", 2, "w1"),
        ("r03c11f02p01-ch1sk1fk1fl1.tiff", "C11", 2, "ch1"),
        ("plate1_A01_T0001F002L01A01Z01C03.tif", "A01", 2, "C03"),
        ("screen__a14__s1__w2_0A.png", "A14", 1, "w2"),
        ("day_a02_s2_w1B5E7A6C2-4D3F.tif", "A02", 2, "w1"),  # ImageXpress adds an identifier
        ("b2-site3-w2.png", "B02", 3, "w2"),
        ("H12_field2_ch01.tif", "H12", 2, "ch01"),
        ("day1_D04_s3_DAPI.tif", "D04", 3, "DAPI"),
        ("AF48.ome.tif", "AF48", 0, ""),
        ("C05_s3.tif", "C05", 3, ""),  # not channel 5
        ("A01/site_3.tif", "A01", 3, ""),
        ("plate/C02/c02_s4.tif", "C02", 4, "c02"),
    ],
)
def test_known_notations(name, well, site, channel):
    place, found_site, found_channel = names.place_of(name)
    assert (plates.well_name(*place), found_site, found_channel) == (well, site, channel)


@pytest.mark.parametrize(
    "name", ["image.tif", "DAPI_stack.tif", "s1_w1.tif", "scan_w1.tif", "t01_c2.tif", "A1B2.tif"]
)
def test_names_without_a_well(name):
    assert names.place_of(name) is None


def test_a_pattern_of_ones_own():
    pattern = names.own_pattern(r"(?P<site>\d+)=(?P<well>[a-h]\d+)(?:,(?P<channel>\w+))?")
    assert names.place_of("x/3=B7,red.tif", pattern) == ((1, 6), 3, "red")
    assert names.place_of("x/3=b7.tif", pattern) == ((1, 6), 3, "")
    assert names.place_of("B07_s3.tif", pattern) is None
    assert names.own_pattern(names.EXAMPLE).search("B07_s3_DAPI")


@pytest.mark.parametrize("wrong", [r"(?P<site>\d)", "(", ""])
def test_patterns_that_cannot_be_used(wrong):
    with pytest.raises(ZfocusError, match=re.escape(names.EXAMPLE)):
        names.own_pattern(wrong)
