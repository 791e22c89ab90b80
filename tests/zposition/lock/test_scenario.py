from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_up_loop import says

from zfocus_model._errors import ZfocusError
from zfocus_model.zposition.lock.faults import Fault
from zfocus_model.zposition.lock.log import LockLog, read_log
from zfocus_model.zposition.lock.play import play
from zfocus_model.zposition.lock.plot import draw
from zfocus_model.zposition.lock.scenario import (
    HOUR_S,
    SampledClock,
    Scenario,
    named_scenario,
    read_scenario,
    scenario_json,
)

DAY = Scenario()


def truthful(seed=0, *, sd_um=0.3):
    """A reader that knows the truth, with noise, some undecided and some wrong readings."""
    rng = np.random.default_rng(seed)

    def locate(_frame, microscope):
        z_um = microscope.seen[-1].z_um
        chance = rng.random()
        if microscope.scope.camera_faults.blank or chance < 0.05 or abs(z_um) > 15:
            return says(z_um, status="undecided", reason="blank")
        if chance < 0.06:
            return says(float(rng.uniform(-12, 12)))
        return says(z_um + float(rng.normal(0, sd_um)))

    return locate


def test_the_day_is_as_asked_for():
    times = np.arange(0, 24 * HOUR_S, 60.0)
    drift = np.array([DAY.drift_um(time_s) for time_s in times])
    assert np.ptp(drift) == pytest.approx(40, abs=1)
    assert (DAY.cells(0), DAY.cells(24 * HOUR_S)) == (15, 300)
    assert all(DAY.cells(a) <= DAY.cells(b) for a, b in zip(times, times[1:]))
    assert DAY.frame_interval_s(0) == 30 and DAY.frame_interval_s(HOUR_S + 1) == 0.05


def test_the_loop_holds_through_the_day_and_recovers_from_each_fault(tmp_path):
    log = LockLog(tmp_path / "lock.csv")
    played = play(replace(DAY, live=((HOUR_S, 5),)), truthful(), log=log)
    assert played.limits_left() == 0
    assert played.held_time() > 0.99 and played.held_calm() > 0.995
    assert [outcome.reason for _, outcome in played.outcomes] == ["inverted", "time"]
    for fault in played.scenario.faults:
        seconds = played.recovery_s(fault)
        assert seconds is not None and seconds < 900, fault
    svg = draw(read_log(log.path), truth=played.samples)
    assert "no camera" in svg and svg.startswith("<svg")


def test_without_the_lock_nothing_is_held():
    played = play(replace(DAY, faults=(), live=(), hours=6), truthful(), dry_run=True)
    assert played.held_time() < 0.2


def test_recovery_is_counted_from_the_end_of_a_fault():
    scenario = replace(DAY, faults=(Fault("dark", 100, 50), Fault("bump", 1000, 0, 3.0)))
    played = play(replace(scenario, hours=0.5, live=(), start_um=0.0, interval_s=5), truthful())
    played.samples = [(t, 5.0 if 120 <= t < 180 or 1000 <= t else 0.0) for t in range(0, 1800, 10)]
    assert played.recovery_s(scenario.faults[0]) == 30
    assert played.recovery_s(scenario.faults[1]) is None
    assert played.held_time() == pytest.approx(1 - (6 + 80) / 180)


def test_a_scenario_survives_its_file(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(scenario_json(DAY))
    assert read_scenario(path) == DAY == named_scenario("day")
    path.write_text('{"hours": 2, "faults": [{"kind": "bump", "start_s": 60, "amount": 2}]}')
    mine = named_scenario(str(path))
    assert mine.hours == 2 and mine.faults == (Fault("bump", 60, 0, 2),)
    assert named_scenario("hour").hours == 1


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"hour": 1}', '{"hours": -1}', '{"faults": [{"kind": "flood"}]}']
)
def test_what_is_no_scenario_is_refused_in_one_line(tmp_path, text):
    path = tmp_path / "mine.json"
    path.write_text(text)
    with pytest.raises(ZfocusError, match="expected a scenario at") as caught:
        read_scenario(path)
    assert "\n" not in str(caught.value)


def test_a_sampled_clock_calls_at_even_times():
    called = []
    clock = SampledClock(10.0, called.append)
    for _ in range(7):
        clock.sleep(5.0)
    assert called == [0.0, 10.0, 20.0, 30.0] and clock.now_s() == 35.0
