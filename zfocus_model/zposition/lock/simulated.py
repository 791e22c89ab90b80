"""A microscope that exists in this process only, on a clock that need not wait."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from zfocus_model.zposition.lock.mechanics import SimulatedScope
from zfocus_model.zposition.lock.protocol import CameraTimeout, Clock, Frame, StageTimeout


class RealClock:
    """The computer's clock."""

    def now_s(self) -> float:
        """Seconds since the computer started, or so."""
        return time.monotonic()

    def sleep(self, duration_s: float) -> None:
        """Wait."""
        if duration_s > 0:
            time.sleep(duration_s)


class FastClock:
    """A clock that jumps over every wait: a day passes in minutes.

    Parameters
    ----------
    start_s
        What it shows at first.
    """

    def __init__(self, start_s: float = 0.0) -> None:
        self._now_s = start_s

    def now_s(self) -> float:
        """Simulated seconds."""
        return self._now_s

    def sleep(self, duration_s: float) -> None:
        """Let time pass."""
        self._now_s += max(duration_s, 0.0)


@dataclass
class Seen:
    """The truth about a frame, which a real microscope does not tell."""

    time_s: float
    """Middle of the exposure."""
    z_um: float
    """True z of the image."""


@dataclass
class SimulatedMicroscope:
    """Camera and stage of a ``SimulatedScope``, as the lock wants them; both are this object."""

    scope: SimulatedScope
    """The simulated hardware."""
    pixel_size_um: float = 0.24
    """Size of a pixel of its pictures."""
    seen: list[Seen] = field(default_factory=list[Seen])
    """The truth about every frame that was delivered."""

    @property
    def camera(self) -> SimulatedMicroscope:
        """The camera."""
        return self

    @property
    def stage(self) -> SimulatedMicroscope:
        """The stage."""
        return self

    @property
    def clock(self) -> Clock:
        """The clock of the hardware."""
        return self.scope.clock

    def hardware_focus_on(self) -> bool:
        """Whether the simulated continuous focus is on."""
        return self.scope.continuous_focus

    def snap(self, timeout_s: float) -> Frame:
        """Take a picture, or fail as the faults say."""
        faults = self.scope.camera_faults
        if faults.hang_s > timeout_s:
            faults.hang_s -= timeout_s
            self.clock.sleep(timeout_s)
            raise CameraTimeout(f"expected a picture within {timeout_s:g} s, got none: it hangs")
        begun_s = self.clock.now_s() + faults.hang_s
        pixels = self.scope.snap()
        middle_s = (begun_s + self.clock.now_s()) / 2
        self.seen.append(Seen(middle_s, self.scope.z_um(middle_s)))
        return Frame(pixels, middle_s, self.pixel_size_um)

    @property
    def z_um(self) -> float:
        """Where the stage says that it is."""
        return self.scope.reported_um

    @property
    def limits_um(self) -> tuple[float, float] | None:
        """Ends of its travel."""
        return self.scope.limits_um

    def move_to(self, z_um: float, timeout_s: float) -> None:
        """Go there."""
        begun_s = self.clock.now_s()
        faults = self.scope.stage_faults
        if faults.hang_s > timeout_s:
            faults.hang_s -= timeout_s
            self.clock.sleep(timeout_s)
            raise StageTimeout(f"expected the stage to arrive within {timeout_s:g} s, it hangs")
        self.scope.command(z_um)
        while self.scope.busy():
            self.clock.sleep(0.005)
            if self.clock.now_s() - begun_s > timeout_s:
                raise StageTimeout(f"expected the stage to arrive within {timeout_s:g} s")

    def stop(self) -> None:
        """Nothing to do: moves are over when ``move_to`` returns."""
