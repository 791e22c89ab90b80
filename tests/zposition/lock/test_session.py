from __future__ import annotations

import threading
import time

import pytest
from made_up_loop import says

from zfocus_model._errors import ZfocusError
from zfocus_model.zposition.lock.log import LockLog, read_log
from zfocus_model.zposition.lock.mechanics import SimulatedScope
from zfocus_model.zposition.lock.protocol import HardwareFocusOn, LockError
from zfocus_model.zposition.lock.session import Lock
from zfocus_model.zposition.lock.settings import (
    LockSettings,
    StageCalibration,
    read_calibration,
    write_calibration,
)
from zfocus_model.zposition.lock.simulated import FastClock, SimulatedMicroscope
from zfocus_model.zposition.lock.watchdog import Watchdog


class Bench:
    """A simulated microscope, a reader that knows the truth, and all events."""

    def __init__(self, start_um=3.0, rate_um_s=0.0005):
        self.scope = SimulatedScope(
            lambda _z, _t: [[0]], FastClock(), lambda time_s: rate_um_s * time_s - start_um
        )
        self.scope.snap = self._snap
        self.microscope = SimulatedMicroscope(self.scope)
        self.events = []
        self.commands = iter(())

    def _snap(self):
        faults = self.scope.camera_faults
        if faults.refuses:
            return SimulatedScope.snap(self.scope)
        self.scope.clock.sleep(0.01)
        return [[0]]

    def locate(self, _frame):
        return says(self.microscope.seen[-1].z_um)

    def lock(self, interval_s=10.0, **more):
        settings = more.pop("settings", LockSettings(interval_s=interval_s))
        return Lock(
            self.microscope, more.pop("locate", self.locate), settings=settings,
            view=self.events.append, commands=lambda: next(self.commands, ""), **more,
        )  # fmt: skip

    def reasons(self):
        return [event.reason for event in self.events]

    @property
    def z_um(self):
        return self.scope.z_um(self.scope.clock.now_s())


@pytest.fixture
def bench():
    return Bench()


def test_it_holds_and_counts(bench):
    outcome = bench.lock().run(frames=100)
    assert abs(bench.z_um) < 0.5
    assert (outcome.reason, outcome.message, outcome.frames) == ("frames", "", 100)
    assert outcome.decided == 100 and outcome.moves > 3 and outcome.held_share > 0.9
    assert bench.reasons()[0] == "start" and bench.reasons()[-1] == "end"


def test_it_ends_after_a_time_and_waits_between_frames_when_calm(bench):
    lock = bench.lock()
    lock.run(duration_s=1000)
    times = [event.time_s for event in bench.events if event.reason == "deadband"]
    assert times[-1] < 1015
    assert max(b - a for a, b in zip(times, times[1:])) == pytest.approx(10, abs=1.1)
    searching = [event.time_s for event in bench.events if event.reason == "searching"]
    assert searching[-1] - searching[0] <= 1.1  # what is to be found out does not wait


def test_a_dry_run_decides_and_never_moves(bench):
    outcome = bench.lock(dry_run=True).run(frames=30)
    assert bench.scope.visited_um == [] and outcome.moves == 0
    assert "correct" in bench.reasons()


def test_it_does_not_start_beside_a_hardware_focus_and_holds_still_while_one_is_on(bench):
    bench.scope.continuous_focus = True
    with pytest.raises(HardwareFocusOn, match="switch it off"):
        bench.lock()
    bench.scope.continuous_focus = False
    lock = bench.lock()
    lock.run(frames=5)
    bench.scope.continuous_focus = True
    moves = len(bench.scope.visited_um)
    lock.run(frames=20)
    assert len(bench.scope.visited_um) == moves
    assert bench.events[-2].mode == "hardware_focus"


def test_it_refuses_a_model_that_is_not_good_enough_here(bench):
    with pytest.raises(LockError, match=r"1\.20 um"):
        bench.lock(calibration=StageCalibration(p90_error_um=1.2))
    with pytest.raises(LockError):
        bench.lock(calibration=StageCalibration(p90_error_um=float("nan")))
    bench.lock(calibration=StageCalibration(p90_error_um=0.9))


def test_pause_relock_and_quit(bench):
    lock = bench.lock()
    bench.commands = iter(["pause"] + [""] * 10 + ["pause"] + [""] * 60 + ["quit"])
    outcome = lock.run()
    assert outcome.reason == "quit" and abs(bench.z_um) < 0.5
    held = bench.reasons()[: bench.reasons().index("resumed")]
    assert "correct" not in held and held.count("paused") > 5
    bench.commands = iter([""] * 5 + ["relock", "quit"])
    lock.run()
    assert lock.settings.target_um == pytest.approx(lock.state.z_um, abs=0.05)
    assert lock.settings.target_um != 0
    assert "relocked" in bench.reasons()


def test_it_can_hold_the_image_as_it_is(bench):
    lock = bench.lock(here=True)
    lock.run(frames=60)
    assert lock.settings.target_um == pytest.approx(3.0, abs=0.1)
    assert bench.z_um == pytest.approx(3.0, abs=0.5)
    far = Bench(start_um=14.5)
    assert far.lock(here=True).run(frames=60).reason == "here"
    assert far.scope.visited_um == []


def test_a_camera_that_hangs_is_asked_again_and_the_lock_goes_on(bench):
    lock = bench.lock()
    lock.run(frames=20)
    bench.scope.camera_faults.hang_s = 30
    outcome = lock.run(frames=60)
    assert outcome.frames == 60 and "camera_back" in bench.reasons()
    waits = [event.message for event in bench.events if event.reason == "camera_failed"]
    assert len(waits) >= 3 and "again in 0.5 s" in waits[0] and "again in 1 s" in waits[1]
    assert abs(bench.z_um) < 0.5


def test_a_dropped_frame_is_no_trouble(bench):
    def drop(timeout_s, snap=bench.microscope.snap):
        from zfocus_model.zposition.lock.protocol import FrameDropped

        drop.number += 1
        if drop.number % 3 == 0:
            raise FrameDropped("lost")
        return snap(timeout_s)

    drop.number = 0
    bench.microscope.snap = drop
    bench.lock().run(frames=40)
    assert bench.reasons().count("dropped") >= 10 and abs(bench.z_um) < 0.5


@pytest.mark.parametrize("fault", ["refuses", "frozen"])
def test_a_stage_that_fails_is_asked_again_then_the_lock_stops(bench, fault):
    lock = bench.lock()
    setattr(bench.scope.stage_faults, fault, True)
    outcome = lock.run(duration_s=300)
    assert outcome.reason == "time" and outcome.moves == 0
    assert 3 <= bench.reasons().count("stage_failed") <= 12
    setattr(bench.scope.stage_faults, fault, False)
    lock.run(duration_s=200)
    assert "stage_back" in bench.reasons() and abs(bench.z_um) < 0.5
    broken = Bench()
    setattr(broken.scope.stage_faults, fault, True)
    outcome = broken.lock().run(duration_s=10_000)
    assert outcome.reason == "stage" and "nothing moves any more" in outcome.message


def test_a_picture_that_cannot_be_read_is_said_and_nothing_moves(bench):
    def locate(_frame):
        raise ZfocusError("expected an image of at least 64 px, got 2 px")

    outcome = bench.lock(locate=locate).run(frames=15)
    assert outcome.decided == 0 and bench.scope.visited_um == []
    assert "64 px" in bench.events[5].message


def test_ctrl_c_leaves_the_stage_and_the_log_whole(bench, tmp_path):
    def locate(frame):
        if len(bench.microscope.seen) == 40:
            raise KeyboardInterrupt
        return bench.locate(frame)

    log = LockLog(tmp_path / "lock.csv")
    with pytest.raises(KeyboardInterrupt):
        bench.lock(locate=locate, log=log).run()
    where = bench.scope.reported_um
    events = read_log(tmp_path / "lock.csv")
    assert events[-1].reason == "interrupted"
    assert [event.to_um for event in events if event.action == "move"][-1] == pytest.approx(
        where, abs=1e-4
    )


def test_a_calibration_survives_its_file(tmp_path):
    calibration = StageCalibration(
        -1, 0.97, 0.2, 0.08, "Focus", 0.6, "zposition-yeast", "2026-11-21"
    )
    path = tmp_path / "lock-calibration.json"
    write_calibration(calibration, path)
    assert read_calibration(path) == calibration
    path.write_text('{"sign": 2, "gain": 1}')
    with pytest.raises(ZfocusError, match=r"sign of 1 or -1.*--learn"):
        read_calibration(path)
    path.write_text("[1]")
    with pytest.raises(ZfocusError, match="--learn"):
        read_calibration(path)
    with pytest.raises(ZfocusError, match="--learn"):
        read_calibration(tmp_path / "none.json")


@pytest.mark.parametrize(
    "wrong",
    [
        {"target_um": 14.0}, {"gain": 0}, {"deadband_um": 1.5}, {"range_um": -1},
        {"range_um": float("nan")}, {"interval_s": -1.0},
    ],
)  # fmt: skip
def test_settings_that_cannot_work_are_refused(wrong):
    with pytest.raises(ZfocusError, match="expected"):
        LockSettings(**wrong)


def test_the_watchdog_comes_back_from_a_driver_that_does_not():
    dog, free = Watchdog("camera"), threading.Event()
    assert dog.call(lambda: 3, 1.0, LockError) == 3
    with pytest.raises(LockError, match=r"within 0\.05 s"):
        dog.call(free.wait, 0.05, LockError)
    with pytest.raises(LockError, match="still hangs"):
        dog.call(lambda: 3, 1.0, LockError)
    free.set()
    for _ in range(100):
        try:
            assert dog.call(lambda: 4, 1.0, LockError) == 4
            break
        except LockError:
            time.sleep(0.01)
    else:
        raise AssertionError("it never came back")
    with pytest.raises(ZeroDivisionError):
        dog.call(lambda: 1 // 0, 1.0, LockError)
    dog.close()
