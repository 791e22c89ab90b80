"""Whether a lock may begin."""

from __future__ import annotations

from zfocus_model.zposition.lock.protocol import HardwareFocusOn, LockError, Microscope
from zfocus_model.zposition.lock.settings import (
    LARGEST_P90_UM,
    LockSettings,
    SoftLimits,
    StageCalibration,
    soft_limits,
)


def checked_start(
    microscope: Microscope, settings: LockSettings, calibration: StageCalibration
) -> SoftLimits:
    """Say how far the stage may go, if a lock may begin at all.

    Parameters
    ----------
    microscope
        Camera, stage and clock.
    settings, calibration
        How to hold, and what the stage is like.

    Raises
    ------
    HardwareFocusOn
        If a focus of the microscope's own is on.
    LockError
        If the model is not good enough on this microscope, or the stage cannot be read.
    """
    p90 = calibration.p90_error_um
    if p90 is not None and not p90 <= LARGEST_P90_UM:
        raise LockError(
            f"expected a model that is within {LARGEST_P90_UM:g} um for 9 of 10 images of this "
            f"microscope, got {p90:.2f} um: run `zfocus lock --learn` with more stacks"
        )
    if microscope.hardware_focus_on():
        raise HardwareFocusOn(
            "expected the microscope's own continuous focus to be off, got it on: two locks on "
            "one stage would fight; switch it off"
        )
    stage = microscope.stage
    return soft_limits(stage.z_um, settings.range_um, stage.limits_um)
