from __future__ import annotations

import pytest
from zfocus_fiji import plates
from zfocus_fiji.words import ZfocusError


def test_names_and_places_of_wells_undo_each_other():
    assert plates.well_name(0, 0) == "A01"
    assert plates.well_name(31, 47) == "AF48"  # the last of 1536
    for row in range(32):
        for column in (0, 8, 9, 47):
            assert plates.well_place(plates.well_name(row, column)) == (row, column)
    assert plates.well_place("h1") == plates.well_place(" H01 ") == (7, 0)


@pytest.mark.parametrize("wrong", ["", "A", "01", "A00", "ABC1", "A100", "A-1"])
def test_no_well(wrong):
    with pytest.raises(ZfocusError, match="expected a well such as A01"):
        plates.well_place(wrong)


def test_shape_from_number_product_or_wells():
    assert [plates.plate_shape(text) for text in ("6", "96", "384", "1536")] == [
        (2, 3),
        (8, 12),
        (16, 24),
        (32, 48),
    ]
    assert plates.plate_shape(" 3 X 5 ") == (3, 5)
    assert plates.plate_shape("auto", [(0, 0), (1, 2)]) == (2, 3)
    assert plates.plate_shape("auto", [(7, 12)]) == (16, 24)
    assert plates.plate_shape("auto", [(40, 3)]) == (41, 4)  # no standard plate holds it


@pytest.mark.parametrize("wrong", ["", "97", "8x", "0x4", "plate", "100x2"])
def test_shape_that_is_none(wrong):
    with pytest.raises(ZfocusError, match="expected a plate of 6, 12"):
        plates.plate_shape(wrong)


def test_wells_outside_the_plate():
    with pytest.raises(ZfocusError, match=r"8 rows and 12 columns, got I01: name a larger plate"):
        plates.plate_shape("96", [(0, 0), (8, 0)])


def test_wells_that_a_person_names():
    chosen = plates.wells_of("A01, b2 - C3; H*  *12")
    found = {plates.well_name(r, c) for r in range(8) for c in range(12) if chosen(r, c)}
    rows = {plates.well_name(7, c) for c in range(12)}
    last = {plates.well_name(r, 11) for r in range(8)}
    assert found == {"A01", "B02", "B03", "C02", "C03"} | rows | last
    assert not plates.wells_of("")(0, 0)


@pytest.mark.parametrize("wrong", ["A01-B02-C03", "all", "*", "A01-"])
def test_words_that_are_no_wells(wrong):
    with pytest.raises(ZfocusError, match="expected"):
        plates.wells_of(wrong)
