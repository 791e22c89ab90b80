"""Bring the image to a z once: look, move, look again, until it is there; or go back and say why.

This is the focus lock for an acquisition that looks only now and then: no filter over time, as
minutes may lie between two looks.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from statistics import median

from zfocus_model._errors import ZfocusError
from zfocus_model.zposition.lock.protocol import (
    CameraError,
    Frame,
    FrameDropped,
    HardwareFocusOn,
    LockError,
    Microscope,
    Reading,
)
from zfocus_model.zposition.lock.settings import SoftLimits, StageCalibration

Locate = Callable[[Frame], Reading]
"""The z-position of one picture, such as a ``ZModel.locate``."""

FOLLOWS_SHARE = 0.3
"""A move that shows less than this share of itself in the image did not happen as it should."""
_DAMPED = 0.6
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.1, 2.0  # for a camera that fails


@dataclass(frozen=True)
class OneShot:
    """How to focus once."""

    tolerance_um: float = 0.5
    """In focus is within this of the target, in um of the image."""
    looks: int = 3
    """Pictures that one reading is the median of."""
    tries: int = 9
    """Most pictures for one reading, as some may be undecided or missing."""
    max_moves: int = 6
    """Most moves before giving up."""
    max_step_um: float = 10.0
    """Longest single move, um of the stage."""
    camera_timeout_s: float = 5.0
    """How long to wait for a picture."""
    stage_timeout_s: float = 5.0
    """How long to wait for a move."""


@dataclass(frozen=True)
class Focused:
    """What focusing once came to."""

    succeeded: bool
    """Whether the image is within the tolerance of the target; if not, the stage went back."""
    target_um: float
    """Where the image's z should be."""
    z_um: tuple[float, ...]
    """Readings of the image's z, before the first and after every move."""
    stage_um: tuple[float, ...]
    """Positions of the stage that belong to them, and where it was left."""
    reason: str = ""
    """Why it did not succeed, one line."""

    @property
    def moved_um(self) -> float:
        """How far the stage is from where it was before, in its own um."""
        return self.stage_um[-1] - self.stage_um[0] if self.stage_um else 0.0


class NotRead(LockError):
    """No usable reading among the pictures that were taken."""


def read_z_um(microscope: Microscope, locate: Locate, how: OneShot) -> float:
    """Median z of a few pictures, um; undecided and missing ones are taken again.

    Raises
    ------
    NotRead
        If too few could be read; says why the last could not.
    """
    found: list[float] = []
    why, wait_s = "", _FIRST_WAIT_S
    for _ in range(max(how.tries, how.looks)):
        try:
            reading = locate(microscope.camera.snap(how.camera_timeout_s))
        except CameraError as error:
            why = str(error)
            if not isinstance(error, FrameDropped):
                microscope.clock.sleep(wait_s)
                wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
            continue
        if reading.status == "decided":
            found.append(reading.z_expected_um)
            if len(found) == how.looks:
                return median(found)
        else:
            why = f"undecided ({reading.reason})"
    raise NotRead(
        f"expected {how.looks} readings of z in {how.tries} pictures, got {len(found)}: {why}: "
        "look at light, focus and cells"
    )


def focus_once(
    microscope: Microscope,
    locate: Locate,
    calibration: StageCalibration,
    limits: SoftLimits,
    target_um: float = 0.0,
    how: OneShot | None = None,
) -> Focused:
    """Move the stage until the image's z is at the target.

    Parameters
    ----------
    microscope
        Its stage is moved within the limits only.
    locate
        Reads z from a picture.
    calibration
        Sign, gain, backlash and latency of the stage.
    limits
        Where the stage may be, in its own um.
    target_um
        Wanted z of the image in um; 0 is focus.
    how
        Tolerance, pictures, moves.

    Returns
    -------
    Focused
        If it did not succeed, for whatever reason, the stage was sent back to where it was.
    """
    how = how or OneShot()
    z_um: list[float] = []
    stage_um: list[float] = []
    try:
        _approach(microscope, locate, calibration, limits, target_um, how, (z_um, stage_um))
    except ZfocusError as error:
        if stage_um and not isinstance(error, HardwareFocusOn):
            _go_back(microscope, stage_um, how)
        return Focused(False, target_um, tuple(z_um), tuple(stage_um), str(error))
    except BaseException:
        if stage_um:
            _go_back(microscope, stage_um, how)
        raise
    return Focused(True, target_um, tuple(z_um), tuple(stage_um))


def _approach(
    microscope: Microscope,
    locate: Locate,
    calibration: StageCalibration,
    limits: SoftLimits,
    target_um: float,
    how: OneShot,
    so_far: tuple[list[float], list[float]],
) -> None:
    z_um, stage_um = so_far
    stage = microscope.stage
    stage_um.append(stage.z_um)
    direction = 0.0  # of the last move; how the stage got here is not known
    share = 1.0  # of the error that a move takes away
    while True:
        if microscope.hardware_focus_on():
            raise HardwareFocusOn(
                "expected the microscope's own continuous focus off, it is on: switch it off, two "
                "loops on one stage would fight"
            )
        z_um.append(read_z_um(microscope, locate, how))
        error_um = z_um[-1] - target_um
        if len(z_um) > 1:
            _check_followed(calibration, z_um, stage_um)
        if abs(error_um) <= how.tolerance_um:
            return
        if len(z_um) > how.max_moves:
            raise LockError(
                f"expected z within {how.tolerance_um:g} um of {target_um:g} um after "
                f"{how.max_moves} moves, got {z_um[-1]:.2f} um: is the calibration of this stage?"
            )
        if len(z_um) > 1 and error_um * (z_um[-2] - target_um) < 0:
            share *= _DAMPED  # it went too far: smaller moves, or it would swing for ever
        step_um = share * calibration.stage_from_um(-error_um)
        step_um = min(max(step_um, -how.max_step_um), how.max_step_um)
        if step_um * direction < 0:
            step_um += calibration.backlash_um if step_um > 0 else -calibration.backlash_um
        to_um = stage_um[-1] + step_um
        if not limits.contains(to_um):
            raise LockError(
                f"expected focus between {limits.low_um:g} and {limits.high_um:g} um of the "
                f"stage, got a reading of {z_um[-1]:.2f} um at {stage_um[-1]:g} um: move the "
                "stage near focus by hand, or allow a larger range"
            )
        direction = step_um
        stage_um.append(to_um)
        stage.move_to(to_um, how.stage_timeout_s)
        microscope.clock.sleep(calibration.latency_s)


def _check_followed(
    calibration: StageCalibration, z_um: list[float], stage_um: list[float]
) -> None:
    """Refuse to go on with a stage that sticks, or that goes the other way."""
    went_um = calibration.um_from_stage(stage_um[-1] - stage_um[-2])
    if abs(went_um) < 1.0 + 2 * calibration.gain * calibration.backlash_um:
        return  # too little to tell from noise, play and drift
    share = (z_um[-1] - z_um[-2]) / went_um
    if share < FOLLOWS_SHARE:
        raise LockError(
            f"expected the image to move by {went_um:.2f} um with the stage, got "
            f"{z_um[-1] - z_um[-2]:.2f} um: does the stage stick, or is its sign wrong?"
        )


def _go_back(microscope: Microscope, stage_um: list[float], how: OneShot) -> None:
    """Send the stage to where it was; what cannot be helped is left."""
    with suppress(ZfocusError):
        if len(stage_um) > 1:
            stage_um.append(stage_um[0])
            microscope.stage.move_to(stage_um[0], how.stage_timeout_s)
