"""A simulated stage and camera with the faults that real ones have, on any clock.

``SimulatedScope`` is the sample, the stage and the camera in one; ``devices.py`` puts it behind
the device classes of Micro-Manager's core.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zfocus_model.zposition.lock.protocol import CameraError, Clock, FrameDropped, StageError


@dataclass
class StageFaults:
    """What is wrong with a stage; may be changed while it works."""

    sign: int = 1
    """-1: the objective moves away from the sample as the stage's number grows."""
    gain: float = 1.0
    """um of the objective for a um of the stage."""
    backlash_um: float = 0.0
    """Play: what the stage goes after turning round before the objective follows."""
    latency_s: float = 0.0
    """The objective arrives so long after the stage says that it has."""
    speed_um_s: float = float("inf")
    """The stage is busy for as long as this takes."""
    stuck: bool = False
    """It takes commands and says that it obeys, but nothing moves."""
    frozen: bool = False
    """It takes commands, and its number stays."""
    refuses: bool = False
    """Every command is an error."""
    hang_s: float = 0.0
    """The next command blocks for so long."""


@dataclass
class CameraFaults:
    """What is wrong with a camera; may be changed while it works."""

    drop_every: int = 0
    """Every so-manieth frame is missing; 0: none is."""
    refuses: bool = False
    """Every picture is an error."""
    hang_s: float = 0.0
    """The next picture blocks for so long."""
    blank: bool = False
    """No light: pictures are all of one value."""


@dataclass
class SimulatedScope:
    """A microscope: what the camera sees depends on where the objective is and what drifts."""

    image: Callable[[float, float], NDArray[Any]]
    """Picture of the sample at a z in um (+: objective too near) at a time in s: (y, x)."""
    clock: Clock
    """Its time; exposures and moves take some of it."""
    drift_um: Callable[[float], float] = lambda time_s: 0.0
    """How far focus has moved away from where it was, in um toward the sample, at a time in s."""
    limits_um: tuple[float, float] = (-100.0, 100.0)
    """Ends of the stage's travel."""
    exposure_s: float = 0.01
    """Time that a picture takes."""
    stage_faults: StageFaults = field(default_factory=StageFaults)
    """Faults of the stage."""
    camera_faults: CameraFaults = field(default_factory=CameraFaults)
    """Faults of the camera."""
    continuous_focus: bool = False
    """Whether a hardware focus of its own is on."""
    visited_um: list[float] = field(default_factory=list[float])
    """Every position that the stage was told to go to."""
    xy_um: tuple[float, float] = (0.0, 0.0)
    """Where the XY stage is."""
    reported_um: float = 0.0
    """Where the stage says that it is."""
    _mechanical_um: float = 0.0  # where the play lets the moving part be
    _before_um: float = 0.0  # the same, before the last command
    _busy_until_s: float = -1e9
    _snaps: int = 0

    def command(self, target_um: float) -> None:
        """Send the stage somewhere."""
        faults = self.stage_faults
        if (hang_s := faults.hang_s) > 0:
            faults.hang_s = 0.0
            self.clock.sleep(hang_s)
        if faults.refuses:
            raise StageError("expected the stage to move, got error 7 of its controller")
        low, high = self.limits_um
        if not low <= target_um <= high:
            raise StageError(f"expected {low:g} to {high:g} um, got {target_um:g} um")
        self.visited_um.append(target_um)
        if faults.frozen:
            return
        now_s = self.clock.now_s()
        self._before_um = self._at(now_s)
        self._busy_until_s = now_s + abs(target_um - self.reported_um) / faults.speed_um_s
        self.reported_um = target_um
        if not faults.stuck:
            play = faults.backlash_um  # the part is pushed from below, or pulled from above
            self._mechanical_um = min(max(self._mechanical_um, target_um - play), target_um)

    def busy(self) -> bool:
        """Whether the stage says that it still moves."""
        return self.clock.now_s() < self._busy_until_s

    def z_um(self, time_s: float) -> float:
        """True z of the image at a time: the objective's position less the drifting focus."""
        faults = self.stage_faults
        return faults.sign * faults.gain * self._at(time_s) - self.drift_um(time_s)

    def snap(self) -> NDArray[Any]:
        """Take a picture."""
        faults = self.camera_faults
        if (hang_s := faults.hang_s) > 0:
            faults.hang_s = 0.0
            self.clock.sleep(hang_s)
        if faults.refuses:
            raise CameraError("expected a picture, got error 12 of the camera")
        self._snaps += 1
        if faults.drop_every and self._snaps % faults.drop_every == 0:
            raise FrameDropped("expected a picture, got none: it was lost on the way")
        self.clock.sleep(self.exposure_s / 2)
        now_s = self.clock.now_s()
        pixels = self.image(self.z_um(now_s), now_s)
        self.clock.sleep(self.exposure_s / 2)
        return np.full_like(pixels, 20) if faults.blank else pixels

    def _at(self, time_s: float) -> float:
        """Where the moving part is: on its way from where it was, at even speed."""
        faults = self.stage_faults
        way = self._mechanical_um - self._before_um
        took_s = max(abs(way) / faults.speed_um_s + faults.latency_s, 1e-9)
        left_s = self._busy_until_s + faults.latency_s - time_s
        share = 1.0 if left_s <= 0 else max(0.0, 1 - left_s / took_s)
        return self._before_um + share * way
