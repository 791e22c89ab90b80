"""The lock at a microscope: frames in, decisions, moves out; devices that fail are asked again."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace

from zfocus_model._errors import ZfocusError
from zfocus_model.zposition.lock.controller import Controller
from zfocus_model.zposition.lock.log import Event, LockLog, event_of
from zfocus_model.zposition.lock.protocol import (
    CameraError,
    Frame,
    FrameDropped,
    LockError,
    Microscope,
    Reading,
    StageError,
)
from zfocus_model.zposition.lock.retry import Retry
from zfocus_model.zposition.lock.settings import LockSettings, SoftLimits, StageCalibration
from zfocus_model.zposition.lock.start import checked_start
from zfocus_model.zposition.lock.state import ADVICE, Decision, LockState, Observation, Outcome

ARRIVAL_UM, ARRIVAL_SHARE = 0.3, 0.25
"""How far from where it was sent a stage may say that it is: so much, and this share of a move."""
URGENT = {"searching", "testing", "outlier", "settling", "stage_follows", "unsure", "slow", "here"}
"""Decisions after which the next frame does not wait for the usual interval."""
PAUSED, QUIT, RELOCK = "pause", "quit", "relock"


class Lock:
    """A focus lock.

    Parameters
    ----------
    microscope
        Camera, stage and clock.
    locate
        Reads z from a frame.
    settings, calibration
        How to hold, and what the stage is like.
    log
        Where every decision is written.
    view
        Called with every event.
    commands
        Asked before every frame for ``pause``, ``relock``, ``quit`` or nothing.
    dry_run
        Decide and log, never move.
    here
        Hold the image as it is when its z is first known, instead of the target.
    interval_s
        Time from frame to frame at a time of the clock, if it is not that of the settings.

    Raises
    ------
    HardwareFocusOn
        If a focus of the microscope's own is on.
    LockError
        If the model is not good enough on this microscope.
    """

    def __init__(
        self,
        microscope: Microscope,
        locate: Callable[[Frame], Reading],
        *,
        settings: LockSettings | None = None,
        calibration: StageCalibration | None = None,
        log: LockLog | None = None,
        view: Callable[[Event], None] | None = None,
        commands: Callable[[], str] | None = None,
        dry_run: bool = False,
        here: bool = False,
        interval_s: Callable[[float], float] | None = None,
    ) -> None:
        self.microscope, self.locate = microscope, locate
        self.settings = settings or LockSettings()
        self.dry_run = dry_run
        self.paused = False
        self._log, self._view, self._commands = log, view, commands
        self._interval_s = interval_s
        calibration = calibration or StageCalibration()
        self.limits: SoftLimits = checked_start(microscope, self.settings, calibration)
        self.rules = Controller(self.settings, calibration, self.limits)
        self.state = LockState()
        self._frame = -1
        self._counts = {"decided": 0, "moves": 0, "held": 0}
        self._camera = Retry(self.settings.camera_longest_wait_s)
        self._stage = Retry(60.0)
        self._due_s = -math.inf
        self._urgent = False
        self._here = here

    def run(self, *, duration_s: float = math.inf, frames: float = math.inf) -> Outcome:
        """Hold focus until told to quit, or for some time, or so many frames, or it must stop.

        Ctrl-C leaves the stage where it is.
        """
        clock = self.microscope.clock
        end_s = clock.now_s() + duration_s
        self._note("start", f"soft limits {self.limits.low_um:.1f} to {self.limits.high_um:.1f} um")
        try:
            while True:
                if self._command() == QUIT:
                    return self._end("quit", "")
                if clock.now_s() >= end_s:
                    return self._end("time", "")
                if self._frame + 1 >= frames:
                    return self._end("frames", "")
                stopped = self.step()
                if stopped is not None:
                    return self._end(*stopped)
                if not self._camera.failing:
                    self._pace()
        except KeyboardInterrupt:
            self._note("interrupted", "")
            raise
        finally:
            self.microscope.stage.stop()

    def step(self) -> tuple[str, str] | None:
        """Take one frame and act on it; reason and advice if the lock must stop."""
        try:
            stage_um = self.microscope.stage.z_um
        except StageError as error:
            stopped = self._stage_failed(error)
            if stopped is not None:
                return stopped
            stage_um = math.nan
        begun = time.perf_counter()
        try:
            frame = self.microscope.camera.snap(self.settings.camera_timeout_s)
        except CameraError as error:
            self._camera_failed(error)
            return None
        snapped = time.perf_counter()
        if self._camera.worked():
            self._note("camera_back", "frames come again")
        self._frame += 1
        reading, message = self._locate(frame)
        located = time.perf_counter()
        hold = self._hold(frame.time_s)
        seen = Observation(frame.time_s, stage_um, reading, hold)
        self.state, decision = self.rules.decide(self.state, seen)
        event = self._event(seen, decision, message or ADVICE.get(decision.reason, ""))
        event = replace(
            event,
            snap_ms=1e3 * (snapped - begun),
            locate_ms=1e3 * (located - snapped),
            decide_ms=1e3 * (time.perf_counter() - located),
        )
        self._count(seen, event)
        self._emit(event)
        urgent = decision.reason in URGENT or decision.action == "move"
        self._urgent = urgent and hold in ("", "here")
        if self._here and self.state.mode == "locked":
            self._here = False
            if refused := self.relock():
                return "here", refused
        if decision.action == "stop":
            return decision.reason, ADVICE.get(decision.reason, "")
        return self._move(decision) if decision.action == "move" else None

    def relock(self) -> str:
        """Make where the image is now the new target; why not, if that is not possible."""
        z_um = self.state.z_um
        try:
            if not (self.state.mode == "locked" and math.isfinite(z_um)):
                raise ZfocusError("expected a lock that knows where it is: re-lock later")
            settings = replace(self.settings, target_um=z_um)
        except ZfocusError as error:
            self._note("not_relocked", str(error))
            return str(error)
        self.settings = settings
        self.rules = replace(self.rules, settings=settings)
        self._note("relocked", f"new target {z_um:+.2f} um")
        return ""

    def _command(self) -> str:
        command = self._commands() if self._commands else ""
        if command == PAUSED:
            self.paused = not self.paused
            self._note("paused" if self.paused else "resumed", "")
        elif command == RELOCK:
            self.relock()
        return command

    def _hold(self, now_s: float) -> str:
        """Reason not to move that is no matter of the image."""
        if self._hardware_focus_on():
            return "hardware_focus"
        if self.paused:
            return "paused"
        if self._here:
            return "here"
        return "stage" if now_s < self._stage.again_s else ""

    def _hardware_focus_on(self) -> bool:
        try:
            return self.microscope.hardware_focus_on()
        except LockError:  # who cannot be asked is taken to be on
            return True

    def _locate(self, frame: Frame) -> tuple[Reading | None, str]:
        try:
            return self.locate(frame), ""
        except ZfocusError as error:
            return None, str(error)

    def _move(self, decision: Decision) -> tuple[str, str] | None:
        if self.dry_run or not self.limits.contains(decision.stage_um):
            return None
        stage, clock = self.microscope.stage, self.microscope.clock
        try:
            from_um = stage.z_um
            stage.move_to(decision.stage_um, self.settings.stage_timeout_s)
            to_um = stage.z_um
            allowed = ARRIVAL_UM + ARRIVAL_SHARE * abs(decision.stage_um - from_um)
            if not abs(to_um - decision.stage_um) <= allowed:
                raise StageError(
                    f"expected the stage at {decision.stage_um:.2f} um, it says {to_um:.2f} um"
                )
        except StageError as error:
            stage.stop()
            return self._stage_failed(error)
        self.state = self.rules.moved(self.state, clock.now_s(), decision, to_um)
        self._counts["moves"] += 1
        if self._stage.worked():
            self._note("stage_back", "the stage moves again")
        return None

    def _stage_failed(self, error: StageError) -> tuple[str, str] | None:
        failing_s = self._stage.failed(self.microscope.clock.now_s())
        self._note("stage_failed", f"{error}; again in {self._stage.wait_s:g} s")
        if failing_s <= self.settings.stage_give_up_s:
            return None
        return "stage", f"the stage fails, nothing moves any more: {error}"

    def _camera_failed(self, error: CameraError) -> None:
        if isinstance(error, FrameDropped):
            self._note("dropped", str(error))
            return
        clock = self.microscope.clock
        self._camera.failed(clock.now_s())
        self._note("camera_failed", f"{error}; again in {self._camera.wait_s:g} s")
        clock.sleep(self._camera.wait_s)

    def _pace(self) -> None:
        clock = self.microscope.clock
        now_s = clock.now_s()
        interval_s = self._interval_s(now_s) if self._interval_s else self.settings.interval_s
        if self._urgent:
            interval_s = min(interval_s, self.settings.urgent_interval_s)
        # What was missed is not made up for.
        self._due_s = max(self._due_s + interval_s, now_s)
        if interval_s > 0:
            clock.sleep(self._due_s - now_s)

    def _event(self, seen: Observation, decision: Decision, message: str) -> Event:
        mode, target_um = self._mode(seen.hold), self.settings.target_um
        return event_of(self._frame, mode, self.state, target_um, seen, decision, message)

    def _mode(self, hold: str) -> str:
        if self._camera.failing:
            return "no_camera"
        held = {"paused": "paused", "stage": "no_stage", "hardware_focus": "hardware_focus"}
        return held.get(hold, self.state.mode)

    def _note(self, reason: str, message: str) -> None:
        """Log what is no frame."""
        seen = Observation(self.microscope.clock.now_s(), math.nan, None)
        event = self._event(seen, Decision("none", reason), message)
        self._emit(event)

    def _emit(self, event: Event) -> None:
        if self._log is not None:
            self._log.add(event)
        if self._view is not None:
            self._view(event)

    def _count(self, seen: Observation, event: Event) -> None:
        if seen.reading is not None and seen.reading.status == "decided":
            self._counts["decided"] += 1
            self._counts["held"] += abs(event.error_um) <= self.settings.tolerance_um

    def _end(self, reason: str, message: str) -> Outcome:
        self._note("end", message or reason)
        counts = self._counts
        return Outcome(
            reason, message, self._frame + 1, counts["decided"], counts["moves"],
            counts["held"] / counts["decided"] if counts["decided"] else math.nan,
        )  # fmt: skip
