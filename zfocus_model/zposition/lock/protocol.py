"""What the lock asks of a microscope: a camera, a stage, a clock, and whether another focus is on.

Signs: the stage counts in its own direction. The image's z is positive when the objective has
moved toward the sample; ``StageCalibration`` (settings.py) says how the two go together. All
lengths in um, all times in s of the microscope's clock, which a simulation may let run fast.

Limits: the lock never asks for a position outside its soft limits, nor outside ``limits_um``.
An adapter does not clip: a position that it cannot reach is a ``StageError``.

Hanging: every call comes back or raises within ``timeout_s`` as well as the adapter can; one
around drivers that may block for ever uses ``watchdog.Watchdog``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from numpy.typing import NDArray

from zfocus_model._errors import ZfocusError


class LockError(ZfocusError):
    """Something at the microscope that the lock cannot work with."""


class CameraError(LockError):
    """The camera gave no frame; the lock tries again, and goes on when frames come."""


class CameraTimeout(CameraError):
    """The camera did not answer in time: it hangs, or the exposure is too long."""


class FrameDropped(CameraError):
    """One frame is missing, as happens; the next is expected as usual."""


class StageError(LockError):
    """The stage did not do what it was asked; the lock tries again, then stops."""


class StageTimeout(StageError):
    """The stage did not answer in time; where it is, is not known until it is read."""


class HardwareFocusOn(LockError):
    """A continuous focus of the microscope's own is on: two loops on one stage would fight."""


@dataclass(frozen=True)
class Frame:
    """One picture, as stored by the camera."""

    pixels: NDArray[Any]
    """(height, width), any real type, as stored: not scaled, not turned."""
    time_s: float
    """The clock in the middle of the exposure."""
    pixel_size_um: float | None = None
    """Size of a pixel in the sample; None if the microscope does not know."""


class Camera(Protocol):
    """Takes pictures."""

    def snap(self, timeout_s: float) -> Frame:
        """Take a picture that was exposed wholly after this call began.

        Raises
        ------
        CameraTimeout
            If there is none after ``timeout_s``.
        CameraError
            If the camera says that there will be none (``FrameDropped``: just this once).
        """
        ...


class Stage(Protocol):
    """Moves the objective or the sample along the optical axis."""

    @property
    def z_um(self) -> float:
        """Where the stage says that it is, in its own direction. Raises StageError."""
        ...

    @property
    def limits_um(self) -> tuple[float, float] | None:
        """Lowest and highest position that the device allows; None if it does not say."""
        ...

    def move_to(self, z_um: float, timeout_s: float) -> None:
        """Go to a position and return when there.

        Raises
        ------
        StageTimeout
            If it has not arrived after ``timeout_s``.
        StageError
            If it refuses, or the position lies outside its limits.
        """
        ...

    def stop(self) -> None:
        """End a movement where it is, if the device can; never raises."""
        ...


class Clock(Protocol):
    """Time; a simulated one passes when somebody sleeps, moves or exposes."""

    def now_s(self) -> float:
        """Seconds since some moment; never goes back."""
        ...

    def sleep(self, duration_s: float) -> None:
        """Wait; nothing for zero and less."""
        ...


class Microscope(Protocol):
    """The whole of it: an adapter to real devices, or a simulation."""

    @property
    def camera(self) -> Camera:
        """The camera that looks at the sample in transmitted light."""
        ...

    @property
    def stage(self) -> Stage:
        """The stage for z."""
        ...

    @property
    def clock(self) -> Clock:
        """The time that frames are stamped with."""
        ...

    def hardware_focus_on(self) -> bool:
        """Whether a continuous focus of the microscope's own is on (asked before every move)."""
        ...


class Reading(Protocol):
    """What the lock needs of one z reading; ``zposition.reading.ZPosition`` is one."""

    @property
    def z_um(self) -> float:
        """Centre of the most probable bin, um; positive: objective too near to the sample."""
        ...

    @property
    def z_expected_um(self) -> float:
        """Mean z under the probabilities, um."""
        ...

    @property
    def z_sd_um(self) -> float:
        """Standard deviation of z under the probabilities, um."""
        ...

    @property
    def status(self) -> str:
        """``decided`` or ``undecided``."""
        ...

    @property
    def reason(self) -> str:
        """Why undecided; else empty."""
        ...
