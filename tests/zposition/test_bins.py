import numpy as np
import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.zposition.bins import bin_centres, check_bins, nearest_bin


@pytest.mark.parametrize(("width", "count"), [(1, 41), (2, 21), (3, 13), (4, 11), (5, 9)])
def test_the_papers_bin_counts(width, count):
    assert bin_centres(width).size == count


def test_centres_are_symmetric_around_zero():
    for width, reach in ((1, 20), (0.1, 2), (3, 20), (12, 300)):
        centres = bin_centres(width, reach)
        assert centres.dtype == np.float64
        np.testing.assert_array_equal(centres, -centres[::-1])
        assert centres[centres.size // 2] == 0
        assert centres[-1] == pytest.approx(reach - reach % width if width == 3 else reach)


def test_rounding_does_not_lose_the_last_bin():
    assert bin_centres(0.1, 0.3).size == 7


@pytest.mark.parametrize(
    ("width", "reach"), [(0, 20), (-1, 20), (21, 20), (float("nan"), 20), (1, float("inf"))]
)
def test_impossible_bins_are_refused(width, reach):
    with pytest.raises(ZfocusError, match="width"):
        bin_centres(width, reach)


def test_nearest_bin():
    centres = bin_centres(5)
    z_um = [-100, -22.5, -2.6, -2.5, 0, 2.4, 2.5, 100]
    np.testing.assert_array_equal(nearest_bin(z_um, centres), [0, 0, 3, 4, 4, 4, 5, 8])


def test_every_centre_is_its_own_bin():
    for width in (0.1, 0.3, 1, 5, 12):
        centres = bin_centres(width, 20 * width)
        np.testing.assert_array_equal(nearest_bin(centres, centres), np.arange(41))


def test_halves_that_rounding_hides_go_up():
    centres = bin_centres(0.1, 1)
    # 0.35 / 0.1 is 3.4999999999999996.
    assert nearest_bin(0.35, centres) == 10 + 4


def test_positions_that_are_not_numbers_are_refused():
    with pytest.raises(ZfocusError, match="finite"):
        nearest_bin([0, np.nan], bin_centres())


@pytest.mark.parametrize("centres", [[0, 1], [0, 1, 3], [2, 1, 0], [[0, 1, 2]], [0, 1, np.nan], []])
def test_what_is_no_bins(centres):
    with pytest.raises(ZfocusError, match="evenly spaced"):
        check_bins(centres)
