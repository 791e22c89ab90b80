"""Loops without pictures: what must hold for any drift, noise, stage and reading."""

from __future__ import annotations

import math

import numpy as np
import pytest
from made_up_loop import Loop, Plant, Said, controller, run, says

from zfocus_model.zposition.lock.settings import LockSettings, soft_limits
from zfocus_model.zposition.lock.state import LockState, Observation

INTERVALS_S = (0.05, 1.0, 30.0)


def noisy(rng, *, sd_um=0.3, undecided=0.05, wrong=0.02):
    def read(_number, z_um):
        chance = rng.random()
        if chance < undecided:
            return says(z_um, status="undecided")
        if chance < undecided + wrong:
            return says(float(rng.uniform(-12, 12)))
        return says(z_um + float(rng.normal(0, sd_um)))

    return read


def drifting(rng, interval_s):
    """Warmth that comes and goes, and creep: 0.3 to 1.5 um in a minute at 20 Hz, else by hours."""
    amount, period = float(rng.uniform(2, 10)), float(rng.uniform(5, 12)) * 3600
    creep = float(rng.uniform(-20, 20)) / 86400
    if interval_s < 1:
        return lambda time_s: 0.005 * time_s * float(np.sign(creep))
    return lambda time_s: amount * math.sin(2 * math.pi * time_s / period) + creep * time_s


@pytest.mark.parametrize("seed", range(12))
def test_the_loop_holds_for_any_stage_within_its_calibration(seed):
    rng = np.random.default_rng([8, seed])
    interval_s = INTERVALS_S[seed % 3]
    sign, gain = int(rng.choice([-1, 1])), float(rng.uniform(0.5, 2))
    backlash, latency = float(rng.uniform(0, 1)), float(rng.uniform(0, 0.3))
    rules = controller(sign=sign, gain=gain, backlash_um=backlash, latency_s=latency)
    plant = Plant(
        sign,
        gain * float(rng.uniform(0.8, 1.25)),
        backlash * float(rng.uniform(0.5, 1.5)),
        latency * float(rng.uniform(0.7, 1.4)),
        drifting(rng, interval_s),
    )
    loop = run(plant, rules, 600, interval_s, noisy(rng))
    errors = np.abs(loop.z_um[100:])
    assert loop.held(skip=100) >= 0.995
    assert errors.max() < 1.6  # no oscillation that grows
    assert loop.state.mode in ("locked", "testing")


@pytest.mark.parametrize("seed", range(8))
def test_soft_limits_are_never_left_whatever_is_read(seed):
    rng = np.random.default_rng([9, seed])
    settings = LockSettings(range_um=float(rng.uniform(1, 20)))
    rules = controller(
        settings,
        sign=int(rng.choice([-1, 1])),
        gain=float(rng.uniform(0.3, 3)),
        backlash_um=float(rng.uniform(0, 2)),
        latency_s=float(rng.uniform(0, 0.5)),
    )
    awkward = (0.0, 1e9, -1e9, math.nan, math.inf, 14.9, -14.9)
    state, time_s, stage_um, told = LockState(), 0.0, 0.0, 0
    for _ in range(500):
        time_s += float(rng.choice([0, 0.05, 5, 100]))
        z = float(rng.choice([rng.uniform(-20, 20), rng.choice(awkward), 5.0, -5.0]))
        reading = None if rng.random() < 0.05 else Said(
            z, z, float(rng.choice([0.3, 5.0, math.nan])),
            str(rng.choice(["decided"] * 9 + ["undecided"])),
        )  # fmt: skip
        if rng.random() < 0.02:  # somebody moves the stage, or it tells nonsense
            stage_um = float(rng.choice([0.0, math.nan, rng.uniform(-1, 1) * settings.range_um]))
        state, decision = rules.decide(state, Observation(time_s, stage_um, reading))
        if decision.action == "move":
            told += 1
            assert rules.limits.contains(decision.stage_um)
            assert abs(decision.move_um) <= 2 * settings.max_step_um + 1e-9
            stage_um = decision.stage_um
            state = rules.moved(state, time_s + 0.01, decision, stage_um)
        if decision.action == "stop":
            state = LockState()
    assert told > 10


@pytest.mark.parametrize(
    "reading",
    [
        None,
        says(3.0, status="undecided"),
        says(math.nan),
        says(math.inf),
        Said(math.nan, 3.0),
        says(17.0),
    ],
    ids=["none", "undecided", "nan", "inf", "nan argmax", "at the end of the range"],
)
def test_what_cannot_be_used_causes_no_move(reading):
    plant, rules = Plant(drift_um=lambda time_s: -0.7), controller()
    loop = run(plant, rules, 30, 1.0, lambda _n, z: says(z))
    plant.drift_um = lambda time_s: -4.0
    moves = len(plant.told)
    loop = run(plant, rules, 60, 1.0, lambda _n, _z: reading, loop=loop, start_s=30)
    assert len(plant.told) == moves
    assert loop.state.mode == "blind"
    # And it goes on when there is something to see again.
    loop = run(plant, rules, 60, 1.0, lambda _n, z: says(z), loop=loop, start_s=90)
    assert loop.state.mode == "locked" and abs(loop.z_um[-1]) < 0.3


@pytest.mark.parametrize("start_um", [-6.0, 0.5])
@pytest.mark.parametrize("interval_s", INTERVALS_S)
def test_an_inverted_stage_is_found_before_the_error_grows(start_um, interval_s, rng):
    rules = controller(backlash_um=0.3, latency_s=0.05)
    rate = 0.01 if interval_s < 1 else 0.001
    plant = Plant(-1, 1.0, 0.3, 0.05, lambda time_s: -start_um - rate * time_s)
    loop = run(plant, rules, 600, interval_s, noisy(rng))
    assert loop.decisions[-1].action == "stop" and loop.state.stopping == "inverted"
    last = next(n for n, one in enumerate(loop.decisions) if one.action == "stop")
    drift = rate * interval_s * last
    assert np.max(np.abs(loop.z_um[: last + 1])) < abs(start_um) + drift + 5


def test_a_stage_that_turns_round_in_the_middle_is_found(rng):
    plant = Plant(drift_um=lambda time_s: 0.002 * time_s)
    rules = controller()
    loop = run(plant, rules, 1500, 1.0, noisy(rng), lambda n: plant.invert() if n == 300 else None)
    assert loop.state.stopping == "inverted"
    last = next(n for n, one in enumerate(loop.decisions) if one.action == "stop")
    assert np.max(np.abs(loop.z_um[:last])) < 4


@pytest.mark.parametrize("interval_s", INTERVALS_S)
def test_a_stuck_stage_is_not_sent_away_and_is_used_again_when_free(interval_s, rng):
    rate = {0.05: 0.01, 1.0: 0.002, 30.0: 0.001}[interval_s]
    plant = Plant(drift_um=lambda time_s: rate * time_s)
    rules = controller()
    stuck_for = max(60, round(120 / interval_s))

    def faults(number):
        plant.stuck = 100 <= number < 100 + stuck_for

    loop = run(plant, rules, 100 + stuck_for, interval_s, noisy(rng, wrong=0), faults)
    # A lock that believed the readings alone would have run to its limit of 50 um by now.
    wanted = rate * interval_s * (100 + stuck_for)
    assert abs(plant.stage_um - wanted) < 4
    plant.stuck = False
    frames = 60 + round(150 / interval_s)
    start_s = (100 + stuck_for) * interval_s
    run(plant, rules, frames, interval_s, noisy(rng, wrong=0), loop=loop, start_s=start_s)
    assert loop.state.mode == "locked"
    assert np.max(np.abs(loop.z_um[-10:])) < 1


def test_a_stage_that_stays_stuck_ends_the_lock(rng):
    plant = Plant(drift_um=lambda time_s: 0.002 * time_s, stuck=True)
    loop = run(plant, controller(), 700, 4.0, noisy(rng))
    assert loop.decisions[-1].action == "stop" and loop.state.stopping == "stuck"


def test_a_bump_is_corrected_in_seconds(rng):
    plant = Plant(drift_um=lambda time_s: 4.0 if time_s >= 50 else 0.0)
    loop = run(plant, controller(), 80, 1.0, noisy(rng, wrong=0, undecided=0))
    assert max(np.abs(loop.z_um[50:56])) > 3 and max(np.abs(loop.z_um[62:])) < 1


def test_steps_and_speed_are_limited():
    settings = LockSettings(max_step_um=1.0, max_speed_um_s=0.5, gain=1.0)
    plant = Plant(drift_um=lambda time_s: -8.0)
    rules = controller(settings)
    loop = run(plant, rules, 60, 1.0, lambda _n, z: says(z))
    steps = np.abs(np.diff([0.0, *plant.told]))
    assert steps[0] == pytest.approx(1.0)
    assert steps[1:].max() <= 0.5 + 1e-9
    assert abs(loop.z_um[-1]) < 0.3


def test_at_a_soft_limit_it_waits_there():
    plant = Plant(drift_um=lambda time_s: -8.0)
    rules = controller(LockSettings(range_um=3.0))
    loop = run(plant, rules, 60, 1.0, lambda _n, z: says(z))
    assert plant.stage_um == -3.0
    assert loop.decisions[-1].reason == "limit"
    plant.drift_um = lambda time_s: 0.0
    loop = run(plant, rules, 60, 1.0, lambda _n, z: says(z), loop=loop, start_s=60)
    assert abs(loop.z_um[-1]) < 0.3


def test_a_stage_outside_its_limits_stops_the_lock_but_one_wrong_number_does_not():
    rules = controller(LockSettings(range_um=3.0))
    state = LockState()
    for time_s, stage_um in enumerate([0, 0, 0, 500, 0, 0]):
        state, decision = rules.decide(state, Observation(time_s, stage_um, says(0.0)))
        assert decision.action == "hold"
    for time_s in (6, 7, 8):
        state, decision = rules.decide(state, Observation(time_s, 20.0, says(0.0)))
    assert (decision.action, decision.reason) == ("stop", "outside")


def test_a_reason_to_hold_holds_and_readings_still_count():
    plant, rules, state = Plant(drift_um=lambda time_s: -2.0), controller(), LockState()
    for time_s in range(20):
        seen = Observation(time_s, plant.stage_um, says(plant.z_um(time_s)), "paused")
        state, decision = rules.decide(state, seen)
        assert decision.action == "hold"
    assert decision.reason == "paused" and state.z_um == pytest.approx(2.0)


def test_frames_of_a_stage_that_still_settles_are_left_out():
    plant, rules = Plant(drift_um=lambda time_s: -2.0), controller(latency_s=1.0)
    loop = run(plant, rules, 12, 0.5, lambda _n, z: says(z))
    first = next(n for n, one in enumerate(loop.decisions) if one.action == "move")
    assert [one.reason for one in loop.decisions[first + 1 : first + 4]] == ["settling"] * 3


def test_decisions_are_the_same_for_the_same_frames(rng):
    z = rng.normal(0, 1, 200)
    loops = [
        run(Plant(), controller(), 200, 1.0, lambda n, t: says(t + z[n]), loop=Loop())
        for _ in range(2)
    ]
    assert _same(*loops)


def _same(first, second):
    return [(d.action, d.reason, d.move_um) for d in first.decisions] == [
        (d.action, d.reason, d.move_um) for d in second.decisions
    ]


def test_the_target_can_be_away_from_focus():
    plant = Plant(drift_um=lambda time_s: 0.001 * time_s)
    rules = controller(LockSettings(target_um=-3.0))
    loop = run(plant, rules, 300, 1.0, lambda _n, z: says(z))
    assert loop.z_um[-1] == pytest.approx(-3.0, abs=0.4)


def test_limits_come_from_the_start_and_the_device():
    limits = soft_limits(10.0, 50.0, (0.0, 40.0))
    assert (limits.low_um, limits.high_um) == (0.0, 40.0)
    assert not limits.contains(math.nan)
