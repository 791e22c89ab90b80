"""What a stage is like, from what the image does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from simulated_lock import Reading, locate, scope_with

from zfocus_model.zposition.lock.calibration import (
    Measuring,
    fit_response,
    measure_response,
)
from zfocus_model.zposition.lock.latency import measure_latency, settled_after_s
from zfocus_model.zposition.lock.mechanics import SimulatedScope, StageFaults
from zfocus_model.zposition.lock.oneshot import NotRead
from zfocus_model.zposition.lock.protocol import Frame, LockError
from zfocus_model.zposition.lock.settings import SoftLimits
from zfocus_model.zposition.lock.simulated import SimulatedMicroscope

WIDE = SoftLimits(-20, 20)


def noisy(sd_um: float) -> Any:
    """A reader that errs by so much."""
    rng = np.random.default_rng(3)

    def read(frame: Frame) -> Reading:
        z_um = locate(frame).z_expected_um + sd_um * float(rng.standard_normal())
        return Reading(round(z_um), z_um)

    return read


@pytest.mark.parametrize(
    ("sign", "gain", "backlash_um", "drift_um_s"),
    [(1, 1.0, 0.0, 0.0), (-1, 0.7, 0.0, 0.05), (1, 1.5, 1.2, 0.0), (-1, 1.0, 2.5, -0.05)],
)
def test_sign_gain_backlash_and_drift_are_found(
    sign: int, gain: float, backlash_um: float, drift_um_s: float
) -> None:
    scope = scope_with(
        stage_faults=StageFaults(sign=sign, gain=gain, backlash_um=backlash_um),
        drift_um=lambda time_s: drift_um_s * time_s,
    )
    found = measure_response(SimulatedMicroscope(scope), noisy(0.2), WIDE)
    assert found.slope == pytest.approx(sign * gain, rel=0.06)
    assert found.backlash_um == pytest.approx(backlash_um, abs=0.25)
    assert found.drift_um_s == pytest.approx(-drift_um_s, abs=0.03)
    assert 0.05 < found.noise_um < 0.3
    assert max(np.abs(scope.visited_um)) <= 4


def test_no_play_is_made_up_from_noise() -> None:
    for seed in range(5):
        rng = np.random.default_rng(seed)
        way = [*range(1, 5), *range(3, -5, -1), *range(-3, 5), *range(3, -1, -1)]
        z_um = 0.9 * np.array(way) + 0.3 * rng.standard_normal(len(way))
        found = fit_response(way, z_um.tolist(), list(range(len(way))), lead=4)
        assert found.backlash_um <= 0.5
        assert found.slope == pytest.approx(0.9, abs=0.15)


def test_the_way_stays_within_the_limits() -> None:
    scope = scope_with()
    measure_response(SimulatedMicroscope(scope), locate, SoftLimits(-1, 2.5))
    assert (min(scope.visited_um), max(scope.visited_um)) == (-1, 2.5)
    with pytest.raises(LockError, match="room to move the stage by 3 um within its soft limits"):
        measure_response(SimulatedMicroscope(scope_with()), locate, SoftLimits(-1, 1))


def test_a_stage_that_moves_nothing_is_not_calibrated() -> None:
    scope = scope_with(stage_faults=StageFaults(stuck=True))
    with pytest.raises(LockError, match="expected the image to follow the stage"):
        measure_response(SimulatedMicroscope(scope), noisy(0.2), WIDE)


def test_nothing_to_see_is_said_before_anything_moves() -> None:
    scope = scope_with()
    scope.camera_faults.blank = True
    with pytest.raises(NotRead, match="look at light"):
        measure_response(SimulatedMicroscope(scope), locate, WIDE)
    assert scope.visited_um == []


def latency_of(scope: SimulatedScope, read: Any) -> float | None:
    microscope = SimulatedMicroscope(scope)
    response = measure_response(microscope, locate, WIDE)
    return measure_latency(microscope, read, WIDE, response, Measuring(watch_s=4))


@pytest.mark.parametrize("latency_s", [0.0, 0.3, 1.5])
def test_latency_is_found(latency_s: float) -> None:
    scope = scope_with(
        exposure_s=0.05, stage_faults=StageFaults(latency_s=latency_s, backlash_um=1, sign=-1)
    )
    found = latency_of(scope, noisy(0.1))
    assert found is not None
    assert 0.7 * latency_s - 0.06 <= found <= latency_s + 0.06


def test_latency_that_cannot_be_told_is_not_made_up() -> None:
    assert latency_of(scope_with(exposure_s=0.05), noisy(3.0)) is None
    assert latency_of(scope_with(exposure_s=1.5), locate) is None
    assert settled_after_s([(i, 4.0 * (i > 90)) for i in range(100)], 4.0) is None
