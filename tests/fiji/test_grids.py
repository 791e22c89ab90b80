from __future__ import annotations

import pytest
from zfocus_fiji import grids
from zfocus_fiji.words import ZfocusError


def test_fields_of_a_montage():
    assert grids.cells(30, 20, 2, 3) == [
        (0, 0, 10, 10),
        (10, 0, 10, 10),
        (20, 0, 10, 10),
        (0, 10, 10, 10),
        (10, 10, 10, 10),
        (20, 10, 10, 10),
    ]
    assert grids.cells(32, 10, 1, 3, 1) == [(0, 0, 10, 10), (11, 0, 10, 10), (22, 0, 10, 10)]
    # ImageJ adds half the border's width once, at the right and bottom.
    assert grids.cells(32, 22, 2, 3) == [(x, y, 10, 11) for y in (0, 11) for x in (0, 10, 20)]


def test_more_fields_than_pixels():
    with pytest.raises(ZfocusError, match="2 rows and 40 columns, got an image of 30 x 20 px"):
        grids.cells(30, 20, 2, 40)


def test_pictures_are_laid_out_as_squarely_as_can_be():
    assert [grids.tile_fields(n) for n in (1, 2, 3, 4, 9, 10)] == [
        (1, 1),
        (1, 2),
        (1, 3),
        (2, 2),
        (3, 3),
        (3, 4),
    ]
    for count in range(1, 300):
        rows, columns = grids.sheet(count)
        assert rows * columns >= count > (rows - 1) * columns


def test_pictures_are_reduced_never_enlarged():
    assert grids.fit(696, 520, 174, 1000) == (174, 130)
    assert grids.fit(10, 20, 100, 100) == (10, 20)
    assert grids.fit(5000, 1, 50, 50) == (50, 1)
