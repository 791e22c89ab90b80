from __future__ import annotations

import math

import numpy as np
import pytest

from zfocus_model.zposition.lock.filter import (
    JUMP_READINGS,
    JUMP_S,
    LEAST_SD_UM,
    Track,
    measured,
    predict,
    update,
)


def fed(values, *, sd_um=0.3, interval_s=1.0, track=None, start_s=0.0):
    """The track after readings of focus at even times, and what was made of each."""
    track = track or Track()
    verdicts = []
    for number, value in enumerate(values):
        track, verdict = update(track, measured(start_s + number * interval_s, value, 0.0, sd_um))
        verdicts.append(verdict)
    return track, verdicts


def test_a_reading_says_where_focus_is():
    reading = measured(7.0, 12.0, 2.5, 0.4)
    assert (reading.time_s, reading.focus_um, reading.sd_um) == (7.0, 9.5, 0.4)
    assert measured(0, 0, 0, 0.01).sd_um == LEAST_SD_UM
    assert measured(0, 0, 0, math.nan).sd_um == 1.0


def test_focus_is_known_after_three_readings_that_agree():
    track, verdicts = fed([1.0, 1.2, 0.9])
    assert verdicts == ["first", "first", "used"]
    assert track.known and track.focus_um == 1.0
    assert not fed([1.0, 9.0, 1.0])[0].known
    assert fed([9.0, 1.0, 1.1, 0.9])[0].focus_um == 1.0


def test_many_readings_are_better_than_one(rng):
    track, _ = fed(5 + rng.normal(0, 0.5, 200), sd_um=0.5)
    assert abs(track.focus_um - 5) < 0.2
    assert track.sd_um < 0.2


def test_a_single_wrong_reading_changes_nothing():
    before, _ = fed([0.0] * 20)
    after, verdict = update(before, measured(20.0, 8.0, 0.0, 0.3))
    assert verdict == "outlier"
    assert after.focus_um == pytest.approx(before.focus_um, abs=1e-9)


def test_readings_that_agree_elsewhere_for_long_enough_are_a_jump():
    before, _ = fed([0.0] * 20)
    after, verdicts = fed([5.0] * JUMP_READINGS, track=before, start_s=20)
    assert verdicts == ["outlier"] * (JUMP_READINGS - 1) + ["jump"]
    assert after.focus_um == 5.0
    # The same number of frames in a quarter of a second is something that floats past.
    quick, verdicts = fed([5.0] * JUMP_READINGS, track=before, start_s=20, interval_s=0.05)
    assert "jump" not in verdicts and abs(quick.focus_um) < 0.1
    long = round(JUMP_S / 0.05) + 2
    assert "jump" in fed([5.0] * long, track=before, start_s=20, interval_s=0.05)[1]
    # Wrong readings that do not agree are no jump, however many.
    scattered = [5.0, -5.0, 8.0, -9.0] * 10
    assert set(fed(scattered, track=before, start_s=20)[1]) == {"outlier"}


def test_drift_is_followed_and_its_rate_found(rng):
    rate = 0.002
    times = np.arange(400) * 10.0
    track = Track()
    for time_s in times:
        focus = rate * time_s + rng.normal(0, 0.2)
        track, _ = update(track, measured(float(time_s), focus, 0.0, 0.25))
    assert track.rate_um_s == pytest.approx(rate, rel=0.3)
    assert track.focus_um == pytest.approx(rate * times[-1], abs=0.3)


def test_time_makes_focus_less_certain_and_drift_go_on():
    track, _ = fed([0.0, 0.0, 0.0, 0.1, 0.2, 0.3, 0.4])
    later = predict(track, track.time_s + 60)
    assert later.sd_um > track.sd_um
    assert later.focus_um == pytest.approx(track.focus_um + 60 * track.rate_um_s)
    assert predict(track, track.time_s - 5) is track


def test_nothing_that_it_says_is_not_finite(rng):
    track = Track()
    time_s = 0.0
    for _ in range(500):
        time_s += float(rng.choice([0.0, 0.05, 1, 30, 4000]))
        z = float(rng.choice([rng.normal(0, 1), rng.uniform(-20, 20)]))
        track, _ = update(track, measured(time_s, z, 0.0, float(rng.uniform(0, 5))))
        if track.known:
            assert math.isfinite(track.focus_um) and math.isfinite(track.rate_um_s)
            assert track.variance[0] >= 0 and track.variance[2] >= 0
