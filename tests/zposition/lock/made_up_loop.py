"""A loop without pictures: a stage with its faults, drift, noise, and the controller between."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from zfocus_model.zposition.lock.controller import Controller
from zfocus_model.zposition.lock.settings import LockSettings, StageCalibration, soft_limits
from zfocus_model.zposition.lock.state import Decision, LockState, Observation


@dataclass(frozen=True)
class Said:
    """A reading."""

    z_um: float
    z_expected_um: float
    z_sd_um: float = 0.4
    status: str = "decided"
    reason: str = ""


def says(z_um: float, **more) -> Said:
    return Said(z_um, z_um, **more)


@dataclass
class Plant:
    """A stage that is truly like this, above a sample that drifts."""

    sign: int = 1
    gain: float = 1.0
    backlash_um: float = 0.0
    latency_s: float = 0.0
    drift_um: Callable[[float], float] = lambda time_s: 0.0
    stuck: bool = False
    stage_um: float = 0.0
    told: list[float] = field(default_factory=list[float])
    offset_um: float = 0.0
    _moves: list[tuple[float, float]] = field(default_factory=lambda: [(-math.inf, 0.0)])

    def move(self, stage_um: float, time_s: float) -> None:
        self.told.append(stage_um)
        self.stage_um = stage_um
        if self.stuck:
            return
        half = self.backlash_um / 2
        before = self._moves[-1][1]
        after = min(max(before, stage_um - half), stage_um + half)
        self._moves.append((time_s + self.latency_s, after))

    def invert(self) -> None:
        """From now on it goes the other way, from where it is."""
        self.offset_um += 2 * self.sign * self.gain * self._moves[-1][1]
        self.sign = -self.sign

    def z_um(self, time_s: float) -> float:
        behind = next(where for since, where in reversed(self._moves) if since <= time_s)
        return self.sign * self.gain * behind + self.offset_um - self.drift_um(time_s)


@dataclass
class Loop:
    """What a run left behind."""

    z_um: list[float] = field(default_factory=list[float])
    decisions: list[Decision] = field(default_factory=list[Decision])
    state: LockState = field(default_factory=LockState)

    def reasons(self) -> set[str]:
        return {decision.reason for decision in self.decisions}

    def held(self, skip: int = 0, tolerance_um: float = 1.0) -> float:
        return float(np.mean(np.abs(self.z_um[skip:]) <= tolerance_um))


def controller(settings: LockSettings | None = None, **calibration) -> Controller:
    settings = settings or LockSettings()
    return Controller(
        settings, StageCalibration(**calibration), soft_limits(0.0, settings.range_um)
    )


def run(
    plant: Plant,
    rules: Controller,
    frames: int,
    interval_s: float,
    read: Callable[[int, float], Said | None],
    before: Callable[[int], None] = lambda number: None,
    loop: Loop | None = None,
    start_s: float = 0.0,
) -> Loop:
    """Let it go for some frames; `read` turns number and true z into a reading."""
    loop = loop or Loop()
    for number in range(frames):
        before(number)
        time_s = start_s + number * interval_s
        z_um = plant.z_um(time_s)
        seen = Observation(time_s, plant.stage_um, read(number, z_um))
        loop.state, decision = rules.decide(loop.state, seen)
        loop.z_um.append(z_um)
        loop.decisions.append(decision)
        if decision.action == "move":
            plant.move(decision.stage_um, time_s + 0.01)
            loop.state = rules.moved(loop.state, time_s + 0.01, decision, plant.stage_um)
    return loop
