"""Play a scenario: lock, faults, somebody who comes when it has stopped, and the truth."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from zfocus_model.zposition.lock.faults import Fault
from zfocus_model.zposition.lock.log import Event, LockLog
from zfocus_model.zposition.lock.protocol import Frame, Reading
from zfocus_model.zposition.lock.scenario import HOUR_S, Sample, SampledClock, Scenario
from zfocus_model.zposition.lock.session import QUIT, Lock
from zfocus_model.zposition.lock.settings import LockSettings, SoftLimits, StageCalibration
from zfocus_model.zposition.lock.simulated import SimulatedMicroscope
from zfocus_model.zposition.lock.state import Outcome

SAMPLE_S = 10.0
"""The truth is written down so often."""
RECOVERED_S = 60.0
"""A fault is over when the image has been within the band for so long."""


@dataclass
class Played:
    """A scenario that was played, and the truth about it."""

    scenario: Scenario
    """What happened."""
    tolerance_um: float
    """Half the width of the band."""
    target_um: float
    """Where the lock should hold."""
    samples: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    """Time in s and true z in um, every ``SAMPLE_S``, lock or no lock."""
    frames: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    """The same for every frame that the camera delivered."""
    outcomes: list[tuple[float, Outcome]] = field(default_factory=list[tuple[float, Outcome]])
    """When locks ended, and how."""
    limits: list[SoftLimits] = field(default_factory=list[SoftLimits])
    """Soft limits of each lock."""
    told: list[tuple[float, int]] = field(default_factory=list[tuple[float, int]])
    """Every position that the stage was sent to, in its own um, and by which lock."""

    def held_frames(self) -> float:
        """Share of the frames within the band, those since it was first reached."""
        return self._share(self.frames)

    def held_time(self) -> float:
        """Share of the time within the band, since it was first reached."""
        return self._share(self.samples)

    def held_calm(self) -> float:
        """Share of the frames within the band, without those of faults until recovery."""
        troubled = [
            (fault.start_s, max(fault.end_s, fault.start_s + (self.recovery_s(fault) or 0.0)))
            for fault in self.scenario.faults
            if fault.kind != "floating" and fault.kind != "dropped"
        ]
        return self._share(
            [(t, z) for t, z in self.frames if not any(a <= t <= b for a, b in troubled)]
        )

    def limits_left(self) -> int:
        """How often the stage was sent out of its soft limits."""
        return sum(not self.limits[lock].contains(where) for where, lock in self.told)

    def worst_um(self, fault: Fault, until_s: float) -> float:
        """Largest error from a fault until a time."""
        errors = [abs(z - self.target_um) for t, z in self.samples if fault.start_s <= t <= until_s]
        return max(errors, default=math.nan)

    def recovery_s(self, fault: Fault) -> float | None:
        """Time from the end of a fault until the image was out of the band for the last time.

        Looked for until the next fault begins; 0 if it stayed inside; None if it never came back.
        """
        later = [one.start_s for one in self.scenario.faults if one.start_s > fault.start_s]
        until_s = min(later, default=math.inf)
        span = [(t, z) for t, z in self.samples if fault.start_s <= t < until_s]
        outside = [t for t, z in span if abs(z - self.target_um) > self.tolerance_um]
        if not outside:
            return 0.0
        if outside[-1] + RECOVERED_S > span[-1][0]:
            return None
        return max(outside[-1] + SAMPLE_S - fault.end_s, 0.0)

    def _share(self, points: list[tuple[float, float]]) -> float:
        inside = np.array([abs(z - self.target_um) <= self.tolerance_um for _, z in points])
        reached = np.flatnonzero(inside)
        return float(inside[reached[0] :].mean()) if reached.size else 0.0


def play(
    scenario: Scenario,
    locate: Callable[[Frame, SimulatedMicroscope], Reading],
    *,
    scene: Any = None,
    settings: LockSettings | None = None,
    log: LockLog | None = None,
    view: Callable[[Event], None] | None = None,
    commands: Callable[[], str] | None = None,
    dry_run: bool = False,
) -> Played:
    """Play a scenario.

    Parameters
    ----------
    scenario
        What happens.
    locate
        Reads z from a frame; also given the microscope, for readers that know the truth.
    scene
        The simulator's scene; None: pictures without anything in them.
    settings, log, view, commands, dry_run
        As for ``Lock``.
    """
    settings = replace(settings or LockSettings(), interval_s=scenario.interval_s)
    sample = Sample(scenario, scene)
    played = Played(scenario, settings.tolerance_um, settings.target_um)

    def tick(time_s: float) -> None:
        sample.havoc.apply(microscope.scope, time_s)
        played.samples.append((time_s, microscope.scope.z_um(time_s)))

    clock = SampledClock(SAMPLE_S, tick)
    microscope = sample.microscope(clock)
    calibration = scenario.calibration
    end_s = scenario.hours * HOUR_S
    while clock.now_s() < end_s:
        lock = Lock(
            microscope, lambda frame: locate(frame, microscope), settings=settings,
            calibration=calibration, log=log, view=view, commands=commands, dry_run=dry_run,
            interval_s=scenario.frame_interval_s,
        )  # fmt: skip
        played.limits.append(lock.limits)
        told = len(microscope.scope.visited_um)
        outcome = lock.run(duration_s=end_s - clock.now_s())
        number = len(played.limits) - 1
        played.told += [(where, number) for where in microscope.scope.visited_um[told:]]
        played.outcomes.append((clock.now_s(), outcome))
        if outcome.reason in (QUIT, "time"):
            break
        calibration = _somebody_comes(scenario, microscope, calibration, outcome)
    played.frames = [(seen.time_s, seen.z_um) for seen in microscope.seen]
    return played


def _somebody_comes(
    scenario: Scenario,
    microscope: SimulatedMicroscope,
    calibration: StageCalibration,
    outcome: Outcome,
) -> StageCalibration:
    """Wait for a person, who measures the stage again if that is what the lock asks for."""
    microscope.clock.sleep(scenario.operator_s)
    if outcome.reason == "inverted":
        return replace(calibration, sign=-calibration.sign)
    return calibration
