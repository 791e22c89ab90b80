"""What to do after each frame: a pure function of what is known and what was just seen.

No clock, no devices, no chance in here: the same observations give the same decisions, which is
what the log relies on and the tests of safety use.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from zfocus_model.zposition.lock.filter import Measured, measured, predict, update
from zfocus_model.zposition.lock.response import (
    TEST_UM,
    StageTest,
    expected_focus,
    suspicious,
    trusted,
)
from zfocus_model.zposition.lock.settings import LockSettings, SoftLimits, StageCalibration
from zfocus_model.zposition.lock.state import Decision, LockState, Observation

SETTLE_SHARE, SETTLE_S = 1.5, 0.02
"""Frames are believed so many latencies, and so many seconds, after a move."""
BLIND_FRAMES = 10
"""So many unusable frames in a row, at least, make a lock blind."""
OUTSIDE_FRAMES, OUTSIDE_UM = 3, 1.0
"""So many frames with the stage so far outside the soft limits stop the lock."""
LEAST_MOVE_UM = 0.02
"""Moves shorter than this are not worth the backlash."""


@dataclass(frozen=True)
class Controller:
    """The rules; ``decide`` is pure."""

    settings: LockSettings
    """How to hold."""
    calibration: StageCalibration
    """What the stage is like."""
    limits: SoftLimits
    """Where it may go."""

    def decide(self, state: LockState, seen: Observation) -> tuple[LockState, Decision]:
        """Say what to do after a frame.

        Parameters
        ----------
        state
            What is remembered.
        seen
            The frame.

        Returns
        -------
        LockState
            To be handed in with the next frame; after a move that was made, through ``moved``.
        Decision
            Its ``stage_um``, if any, lies within the soft limits for whatever was seen.
        """
        if state.mode == "stopped":
            return state, Decision("stop", state.stopping)
        if not math.isfinite(seen.stage_um):
            return self._unusable(state, seen, "stage")
        if self._outside(seen.stage_um):
            state = replace(state, outside=state.outside + 1)
            if state.outside < OUTSIDE_FRAMES:
                return self._unusable(state, seen, "outside")
            state = replace(state, mode="stopped", stopping="outside")
            return state, Decision("stop", "outside")
        state = replace(state, outside=0, play_um=self._play(state.play_um, seen.stage_um))
        if seen.time_s < state.settled_s:
            return state, Decision("hold", "settling")
        z_um = self._usable_z(seen)
        if isinstance(z_um, str):
            return self._unusable(state, seen, z_um)
        sd = seen.reading.z_sd_um if seen.reading else math.nan
        position = self.calibration.um_from_stage(state.play_um)
        reading = measured(seen.time_s, position, z_um, sd)
        if state.test is not None:
            return self._testing(state, seen, z_um, reading)
        return self._ordinary(state, seen, position, reading)

    def moved(self, state: LockState, time_s: float, decision: Decision, to_um: float) -> LockState:
        """Remember a move that was made.

        Parameters
        ----------
        state
            As returned with the decision.
        time_s
            When the stage arrived.
        decision
            What was decided.
        to_um
            Where the stage says that it is now, in its own um.
        """
        test = state.test
        if test is not None:
            test = replace(test, moved=True, step_um=decision.move_um)
        return replace(
            state,
            play_um=self._play(state.play_um, to_um),
            settled_s=time_s + SETTLE_SHARE * self.calibration.latency_s + SETTLE_S,
            moved_s=time_s,
            test=test,
            z_um=state.z_um + decision.move_um,
        )

    def _outside(self, stage_um: float) -> bool:
        slack = self.calibration.backlash_um + OUTSIDE_UM
        return not self.limits.low_um - slack <= stage_um <= self.limits.high_um + slack

    def _usable_z(self, seen: Observation) -> float | str:
        """The reading's z, or why there is none."""
        reading = seen.reading
        if reading is None:
            return "no_reading"
        if reading.status != "decided":
            return "undecided"
        z_um = reading.z_expected_um
        if not (math.isfinite(z_um) and math.isfinite(reading.z_um)):
            return "not_finite"
        if not math.isfinite(seen.time_s):
            return "not_finite"
        return z_um if abs(z_um) <= self.settings.reach_um else "out_of_reach"

    def _unusable(
        self, state: LockState, seen: Observation, reason: str
    ) -> tuple[LockState, Decision]:
        since = seen.time_s if math.isnan(state.usable_s) else state.usable_s
        frames = state.unusable + 1
        blind = frames >= BLIND_FRAMES and seen.time_s - since > self.settings.blind_after_s
        state = replace(state, usable_s=since, unusable=frames)
        if blind and state.mode in ("locked", "searching", "testing"):
            state = replace(state, mode="blind", test=None)
        return state, Decision("hold", reason)

    def _ordinary(
        self, state: LockState, seen: Observation, position: float, reading: Measured
    ) -> tuple[LockState, Decision]:
        track, verdict = update(state.track, reading)
        before, state = state, replace(state, track=track)
        if verdict == "outlier":
            return self._unusable(state, seen, "outlier")
        state = replace(state, usable_s=seen.time_s, unusable=0)
        if verdict == "first":
            return replace(state, mode="searching"), Decision("hold", "searching")
        # A jump is believed, unless the stage was just moved: then that may have done it.
        jumped = verdict == "jump" and before.moved_s < before.usable_s
        expected = math.nan if jumped else before.expected_um
        expected = expected_focus(expected, track.time_s - before.track.time_s, track)
        mode = "suspended" if state.mode == "suspended" else "locked"
        z_um = position - track.focus_um
        state = replace(state, mode=mode, z_um=z_um, expected_um=expected)
        if trusted(expected, track):
            state = replace(state, trusted_um=seen.stage_um)
        error = z_um - self.settings.target_um
        if seen.hold:
            return state, Decision("hold", seen.hold)
        if mode == "suspended":
            if seen.time_s < state.test_at_s:
                return state, Decision("hold", "suspended")
            return self._begin_test(state, error)
        if suspicious(expected, track):
            return self._begin_test(state, error)
        return state, self._correct(state, seen, error)

    def _correct(self, state: LockState, seen: Observation, error: float) -> Decision:
        settings = self.settings
        if abs(error) <= settings.deadband_um:
            return Decision("hold", "deadband")
        if state.track.sd_um > settings.tolerance_um:
            return Decision("hold", "unsure")
        longest = settings.max_step_um
        if math.isfinite(state.moved_s):
            longest = min(longest, settings.max_speed_um_s * (seen.time_s - state.moved_s))
        wanted = min(settings.gain * abs(error), longest)
        return self._move(state, seen.stage_um, math.copysign(wanted, -error), "correct")

    def _move(self, state: LockState, stage_um: float, wanted_um: float, reason: str) -> Decision:
        """A move through the backlash and within the soft limits, or none."""
        if abs(wanted_um) < LEAST_MOVE_UM:
            return Decision("hold", "slow")
        half = self.calibration.backlash_um / 2
        way = self.calibration.stage_from_um(wanted_um)
        goal = state.play_um + way + math.copysign(half, way)
        clipped = self.limits.clip(goal)
        possible = self._play(state.play_um, clipped) - state.play_um
        move_um = self.calibration.um_from_stage(possible)
        # At the limit what is left of a move may be nothing, or (after something else moved the
        # stage) even the other way.
        if move_um * wanted_um <= 0 or abs(move_um) < LEAST_MOVE_UM:
            return Decision("hold", "limit")
        if (clipped - stage_um) * way < 0:
            return Decision("hold", "limit")
        return Decision("move", reason, move_um, clipped)

    def _play(self, play_um: float, stage_um: float) -> float:
        """Where the stage is behind its backlash, which it drags along."""
        half = self.calibration.backlash_um / 2
        if not (math.isfinite(play_um) and math.isfinite(stage_um)):
            return play_um if math.isfinite(play_um) else stage_um
        return min(max(play_um, stage_um - half), stage_um + half)

    def _begin_test(self, state: LockState, error: float) -> tuple[LockState, Decision]:
        test = StageTest(math.copysign(min(TEST_UM, self.settings.max_step_um), -error))
        state = replace(state, mode="testing", test=test, expected_um=math.nan)
        return state, Decision("hold", "testing")

    def _testing(
        self, state: LockState, seen: Observation, z_um: float, reading: Measured
    ) -> tuple[LockState, Decision]:
        assert state.test is not None
        if seen.hold:
            return replace(state, test=None, mode="locked"), Decision("hold", seen.hold)
        test = state.test.read(z_um)
        state = replace(
            state, test=test, usable_s=seen.time_s, unusable=0,
            track=predict(state.track, reading.time_s),
        )  # fmt: skip
        if test.move_now:
            decision = self._move(state, seen.stage_um, test.step_um, "test")
            if abs(decision.move_um) < 0.5 * abs(test.step_um):  # at a limit: the other way
                test = replace(test, step_um=-test.step_um)
                state = replace(state, test=test)
                decision = self._move(state, seen.stage_um, test.step_um, "test")
            return state, decision
        verdict = test.verdict
        if not verdict:
            return state, Decision("hold", "testing")
        if verdict == "follows":
            # Begin again at the readings after the move: what came before may have misled.
            state = LockState(play_um=state.play_um, settled_s=state.settled_s,
                              moved_s=state.moved_s, usable_s=seen.time_s)  # fmt: skip
            return state, Decision("hold", "stage_follows")
        if verdict == "inverted":
            if test.confirms:
                # What the lock did before it knew is taken back, then it stops.
                state = replace(state, mode="stopped", test=None, stopping="inverted")
                return state, self._undo(state, seen, 0.0)
            return replace(state, test=test.back()), Decision("hold", "testing")
        return self._suspend(state, seen, test)

    def _suspend(
        self, state: LockState, seen: Observation, test: StageTest
    ) -> tuple[LockState, Decision]:
        since = seen.time_s if math.isnan(state.failing_s) else state.failing_s
        if seen.time_s - since > self.settings.stage_give_up_s:
            state = replace(state, mode="stopped", test=None, stopping="stuck")
            return state, Decision("stop", "stuck")
        # The stage may catch up one day with all it was told: take that back.
        decision = self._undo(state, seen, -test.step_um)
        wait = min(self.settings.suspend_s * 2**state.suspensions, 4 * self.settings.suspend_s)
        state = replace(
            state, mode="suspended", test=None, failing_s=since,
            test_at_s=seen.time_s + wait, suspensions=state.suspensions + 1,
        )  # fmt: skip
        return state, decision

    def _undo(self, state: LockState, seen: Observation, otherwise_um: float) -> Decision:
        """A move back to where the stage was when all was well, if that is near; or another."""
        way_um = self.calibration.um_from_stage(state.trusted_um - seen.stage_um)
        near = abs(way_um) <= 2 * self.settings.max_step_um
        if near and self.limits.contains(state.trusted_um):
            return Decision("move", "undo", way_um, state.trusted_um)
        return self._move(state, seen.stage_um, otherwise_um, "undo")
