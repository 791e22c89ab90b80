"""Focus once: there, or back."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from simulated_lock import Reading, locate, scope_with

from zfocus_model.zposition.lock.mechanics import SimulatedScope, StageFaults
from zfocus_model.zposition.lock.oneshot import Focused, OneShot, focus_once
from zfocus_model.zposition.lock.settings import SoftLimits, StageCalibration
from zfocus_model.zposition.lock.simulated import SimulatedMicroscope

WIDE = SoftLimits(-30, 30)


def focus(scope: SimulatedScope, limits: SoftLimits = WIDE, **options: Any) -> Focused:
    calibration = options.pop("calibration", StageCalibration())
    read = options.pop("locate", locate)
    return focus_once(SimulatedMicroscope(scope), read, calibration, limits, **options)


def true_z_um(scope: SimulatedScope) -> float:
    return scope.z_um(scope.clock.now_s())


def test_one_move_is_enough_where_all_is_as_calibrated() -> None:
    scope = scope_with(drift_um=lambda time_s: 7.25)
    found = focus(scope, target_um=-2)
    assert found == Focused(True, -2, (-7.25, -2.0), (0.0, 5.25))
    assert found.moved_um == 5.25
    assert true_z_um(scope) == -2


def test_in_focus_means_no_move() -> None:
    scope = scope_with(drift_um=lambda time_s: 0.4)
    found = focus(scope)
    assert (found.succeeded, found.z_um, scope.visited_um) == (True, (-0.4,), [])


@pytest.mark.parametrize("start_um", [-12.5, 9.0])
def test_sign_gain_play_and_lag_are_taken_into_account(start_um: float) -> None:
    faults = StageFaults(sign=-1, gain=0.8, backlash_um=2, latency_s=3)
    scope = scope_with(drift_um=lambda time_s: start_um, stage_faults=faults)
    calibration = StageCalibration(sign=-1, gain=0.8, backlash_um=2, latency_s=3)
    assert focus(scope, calibration=calibration).succeeded
    assert abs(true_z_um(scope)) <= 0.5


def test_far_away_takes_several_moves() -> None:
    scope = scope_with(drift_um=lambda time_s: 14.0)
    found = focus(scope, how=OneShot(max_step_um=4))
    assert found.stage_um == (0, 4, 8, 12, 14)


def test_a_model_that_exaggerates_does_not_make_it_swing() -> None:
    def doubled(frame: Any) -> Reading:
        z_um = 2 * locate(frame).z_expected_um
        return Reading(round(z_um), z_um)

    scope = scope_with(drift_um=lambda time_s: 5.0)
    found = focus(scope, locate=doubled)
    assert found.succeeded
    assert found.z_um[:2] == (-10, 10)
    assert abs(found.z_um[-1]) <= 0.5


@pytest.mark.parametrize(
    ("faults", "reason"),
    [
        ({"sign": -1}, "sign wrong"),
        ({"stuck": True}, "does the stage stick"),
        ({"gain": 0.1}, "move by 6.00 um with the stage, got 0.60 um"),
    ],
)
def test_a_stage_that_does_not_follow_is_sent_back(faults: dict[str, Any], reason: str) -> None:
    scope = scope_with(drift_um=lambda time_s: 6.0, stage_faults=StageFaults(**faults))
    found = focus(scope)
    assert not found.succeeded
    assert reason in found.reason
    assert scope.visited_um == [6.0, 0.0]
    assert (found.moved_um, found.stage_um[-1]) == (0, 0)


def test_focus_beyond_the_limits_is_not_gone_to() -> None:
    scope = scope_with(drift_um=lambda time_s: 6.0)
    found = focus(scope, SoftLimits(-5, 5))
    assert "between -5 and 5 um" in found.reason
    assert scope.visited_um == []


def test_undecided_pictures_are_taken_again() -> None:
    scope = scope_with()
    answers = iter([Reading(0, 9, status="undecided", reason="broad"), Reading(0, 0.2)] * 3)
    assert focus(scope, locate=lambda frame: next(answers)).z_um == (0.2,)


def test_without_light_it_says_why_and_stays() -> None:
    scope = scope_with()
    scope.camera_faults.blank = True
    found = focus(scope)
    assert "3 readings of z in 9 pictures, got 0: undecided (broad)" in found.reason
    assert scope.visited_um == []


def test_lost_pictures_do_not_matter() -> None:
    scope = scope_with(drift_um=lambda time_s: 3.0)
    scope.camera_faults.drop_every = 2
    assert focus(scope).succeeded


def test_a_camera_that_hangs_for_a_while_is_waited_for() -> None:
    scope = scope_with(drift_um=lambda time_s: 3.0)
    scope.camera_faults.refuses = True
    microscope = SimulatedMicroscope(scope)

    class Mends:
        """A clock by which the camera works again after 4 s."""

        def now_s(self) -> float:
            return scope.clock.now_s()

        def sleep(self, duration_s: float) -> None:
            scope.clock.sleep(duration_s)
            scope.camera_faults.refuses = scope.clock.now_s() < 4

    rig = SimpleNamespace(
        camera=microscope,
        stage=microscope,
        clock=Mends(),
        hardware_focus_on=microscope.hardware_focus_on,
    )
    assert focus_once(rig, locate, StageCalibration(), WIDE).succeeded
    assert 4 <= scope.clock.now_s() < 8


def test_it_refuses_beside_a_hardware_focus_even_half_way() -> None:
    scope = scope_with(drift_um=lambda time_s: 6.0)
    scope.continuous_focus = True
    assert "continuous focus off" in focus(scope).reason
    assert scope.visited_um == []


def test_an_interrupt_goes_back_and_on() -> None:
    scope = scope_with(drift_um=lambda time_s: 6.0)
    seen: list[float] = []

    def interrupted(frame: Any) -> Reading:
        seen.append(0.0)
        if len(seen) > 4:
            raise KeyboardInterrupt
        return locate(frame)

    with pytest.raises(KeyboardInterrupt):
        focus(scope, locate=interrupted)
    assert scope.visited_um == [6.0, 0.0]
