"""For tests of the lock at Micro-Manager: pictures that carry their z, and its reader."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from zfocus_model.zposition.lock.mechanics import SimulatedScope
from zfocus_model.zposition.lock.protocol import Frame

REACH_UM = 15.0


class ManualClock:
    """Time passes when somebody sleeps."""

    def __init__(self) -> None:
        self.time_s = 0.0

    def now_s(self) -> float:
        return self.time_s

    def sleep(self, duration_s: float) -> None:
        self.time_s += max(0.0, duration_s)


def picture_of(z_um: float, _time_s: float = 0.0) -> Any:
    """A picture whose pixels are 1000 + 100 z."""
    return np.full((64, 64), 1000 + 100 * z_um, np.float32)


@dataclass(frozen=True)
class Reading:
    z_um: float
    z_expected_um: float
    z_sd_um: float = 0.5
    status: str = "decided"
    reason: str = ""


def locate(frame: Frame) -> Reading:
    """Read z from such a picture; beyond the reach there is no answer."""
    z_um = float(frame.pixels.mean(dtype=np.float64) - 1000) / 100
    if abs(z_um) > REACH_UM or (frame.pixels == 20).all():
        return Reading(0.0, 0.0, 9.0, "undecided", "broad")
    return Reading(round(z_um), z_um)


def scope_with(**options: Any) -> SimulatedScope:
    return SimulatedScope(picture_of, ManualClock(), **options)


class PlainMicroscope:
    """The protocol's camera and stage straight from a simulated scope, without any core."""

    def __init__(self, scope: SimulatedScope) -> None:
        self.scope, self.clock = scope, scope.clock
        self.camera, self.stage = self, self

    def snap(self, timeout_s: float) -> Frame:
        return Frame(self.scope.snap(), self.clock.now_s(), 0.24)

    @property
    def z_um(self) -> float:
        return self.scope.reported_um

    @property
    def limits_um(self) -> tuple[float, float]:
        return self.scope.limits_um

    def move_to(self, z_um: float, timeout_s: float) -> None:
        self.scope.command(z_um)
        while self.scope.busy():
            self.clock.sleep(0.01)

    def stop(self) -> None:
        pass

    def hardware_focus_on(self) -> bool:
        return self.scope.continuous_focus
