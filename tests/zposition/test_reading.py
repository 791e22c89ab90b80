import numpy as np
import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.zposition.bins import bin_centres
from zfocus_model.zposition.reading import ZLimits, read_z, second_mode

BINS = bin_centres()
LIMITS = ZLimits(certainty_min=0.2, second_mode_max=0.15, sd_max_um=4.0)


def normal(z_um, sd_um=1.0, centres=BINS):
    p = np.exp(-(((centres - z_um) / sd_um) ** 2) / 2)
    return p / p.sum()


def delta(index, bins=41):
    return np.eye(bins)[index]


def test_all_in_one_bin():
    found = read_z(delta(23), BINS, LIMITS)
    assert (found.z_um, found.z_expected_um, found.z_sd_um) == (3, 3, 0)
    assert (found.mode2_um, found.mode2_share) == (None, 0)
    assert (found.certainty, found.status, found.reason) == (1, "decided", "")
    assert found.decided


def test_expected_z_is_finer_than_the_bins():
    found = read_z(normal(2.3), BINS, LIMITS)
    assert found.z_um == 2
    assert found.z_expected_um == pytest.approx(2.3, abs=1e-3)
    assert found.z_sd_um == pytest.approx(1, abs=1e-2)
    assert found.decided


def test_ties_go_to_the_lowest_bin():
    p = np.zeros(41)
    p[[20, 21]] = 0.5
    assert read_z(p, BINS, LIMITS).z_um == 0


def test_two_depths_are_bimodal():
    found = read_z(0.55 * normal(-4) + 0.45 * normal(5), BINS, LIMITS)
    assert (found.status, found.reason) == ("undecided", "bimodal")
    assert (found.z_um, found.mode2_um) == (-4, 5)
    assert found.mode2_share == pytest.approx(0.45, abs=0.01)


def test_the_lower_mode_may_hold_more():
    # High and narrow against low and wide: argmax is the first, the second holds more.
    found = read_z(0.4 * normal(-6, 0.5) + 0.6 * normal(6, 2), BINS, LIMITS)
    assert (found.z_um, found.mode2_um, found.reason) == (-6, 6, "bimodal")
    assert found.mode2_share == pytest.approx(0.6, abs=0.01)


def test_a_notable_second_mode_is_named_although_decided():
    found = read_z(0.92 * normal(-2) + 0.08 * normal(8), BINS, LIMITS)
    assert found.decided
    assert found.mode2_um == 8


def test_a_tiny_second_mode_is_not_named():
    found = read_z(0.98 * normal(-2) + 0.02 * normal(8), BINS, LIMITS)
    assert found.mode2_um is None
    assert found.mode2_share == pytest.approx(0.02, abs=1e-3)


def test_neighbours_are_one_mode():
    # A saddle, 2 bins apart; and 4 um apart but without a clear valley.
    p = np.zeros(41)
    p[[20, 21, 22]] = 0.5, 0.0, 0.5
    assert second_mode(p, BINS) == (None, 0)
    assert second_mode(0.5 * normal(0, 1.5) + 0.5 * normal(4, 1.5), BINS) == (None, 0)


@pytest.mark.parametrize(("apart", "mode"), [(2, None), (3, 3), (4, 4)])
def test_two_single_bins_are_two_modes_from_three_um_on(apart, mode):
    p = np.zeros(41)
    p[[20, 20 + apart]] = 0.6, 0.4
    assert second_mode(p, BINS) == (mode, pytest.approx(0.4 if mode else 0))


def test_fine_bins_need_three_um():
    fine = bin_centres(0.25, 5)
    assert second_mode(0.5 * normal(0, 0.2, fine) + 0.5 * normal(2, 0.2, fine), fine)[0] is None
    assert second_mode(0.5 * normal(0, 0.2, fine) + 0.5 * normal(3.5, 0.2, fine), fine)[0] == 3.5


def test_of_three_modes_the_higher_other_one_counts():
    p = 0.5 * normal(0) + 0.2 * normal(-10) + 0.3 * normal(10)
    assert second_mode(p, BINS) == (10, pytest.approx(0.3, abs=1e-3))


def test_broad():
    found = read_z(normal(10, 6), BINS, LIMITS)
    assert (found.status, found.reason) == ("undecided", "broad")
    strict = ZLimits(certainty_min=0.9, second_mode_max=0.15, sd_max_um=4.0)
    assert read_z(normal(10, 2), BINS, strict).reason == "broad"


def test_at_the_edge():
    for index in (0, 40):
        found = read_z(delta(index), BINS, LIMITS)
        assert (found.status, found.reason) == ("undecided", "edge")
    assert read_z(delta(1), BINS, LIMITS).decided


def test_uniform_is_blank():
    for bins in (9, 41):
        found = read_z(np.full(bins, 1 / bins, np.float32), bin_centres(40 / (bins - 1)), LIMITS)
        assert (found.status, found.reason, found.certainty) == ("undecided", "blank", 0)
        assert found.z_expected_um == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize("seed", range(20))
def test_a_mirrored_distribution_gives_the_mirrored_reading(seed):
    rng = np.random.default_rng(seed)
    p = sum(
        rng.uniform(0.1, 1) * normal(rng.uniform(-18, 18), rng.uniform(0.5, 3)) for _ in range(3)
    ) + 1e-3 * rng.random(41)
    p /= p.sum()
    one, other = (read_z(q, BINS, LIMITS) for q in (p, p[::-1]))
    assert other.z_um == -one.z_um
    assert other.z_expected_um == pytest.approx(-one.z_expected_um)
    assert other.z_sd_um == pytest.approx(one.z_sd_um)
    assert (other.status, other.reason) == (one.status, one.reason)
    assert other.mode2_um == (None if one.mode2_um is None else -one.mode2_um)
    assert other.mode2_share == pytest.approx(one.mode2_share)


def test_what_is_no_distribution_of_these_bins():
    for p in (np.ones(41), normal(0)[:40], -delta(3), np.full(41, np.nan)):
        with pytest.raises(ZfocusError, match="41 probabilities"):
            read_z(p, BINS, LIMITS)


@pytest.mark.parametrize(
    "limits", [(-0.1, 0.2, 3), (0.1, 1.2, 3), (0.1, 0.2, 0), (float("nan"), 0.2, 3)]
)
def test_limits_that_make_no_sense(limits):
    with pytest.raises(ZfocusError, match="sd_max_um"):
        ZLimits(*limits)
