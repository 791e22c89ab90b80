"""How the lock holds, what the stage is like, and how far it may go.

``zfocus lock --learn`` measures the calibration and writes it to ``lock-calibration.json``.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, cast

from zfocus_model._errors import ZfocusError
from zfocus_model._files import write_whole

CALIBRATION_NAME = "lock-calibration.json"
LARGEST_P90_UM = 1.0
"""A model that is further off than this in a tenth of the held-out images cannot hold +-1 um."""


@dataclass(frozen=True)
class LockSettings:
    """How the loop behaves; the defaults hold +-1 um with frames from 20 a second to 2 a minute."""

    target_um: float = 0.0
    """Where to hold the image's z; 0 is focus."""
    tolerance_um: float = 1.0
    """Half the width of the band that counts as held."""
    deadband_um: float = 0.25
    """Errors smaller than this cause no move."""
    gain: float = 0.6
    """Share of the estimated error that one move takes away, 0 < gain <= 1."""
    max_step_um: float = 2.0
    """Longest single move."""
    max_speed_um_s: float = 5.0
    """Most movement in a second, over all moves."""
    range_um: float = 50.0
    """Soft limits: how far the stage may go from where it was at the start, each way."""
    reach_um: float = 15.0
    """Readings and targets beyond this are not trusted: the end of the model's range is near."""
    blind_after_s: float = 10.0
    """Without a usable reading for so long (and ten frames) the lock calls itself blind."""
    interval_s: float = 0.0
    """Time from frame to frame; 0: as fast as they come."""
    urgent_interval_s: float = 1.0
    """Time from frame to frame at most while something is to be found out or corrected."""
    camera_timeout_s: float = 5.0
    """How long to wait for a frame."""
    camera_longest_wait_s: float = 60.0
    """Waits between tries double from 0.5 s up to this while the camera is silent."""
    stage_timeout_s: float = 5.0
    """How long to wait for a move."""
    stage_give_up_s: float = 1800.0
    """A stage that fails, or does not show in the image, for so long ends the lock."""
    suspend_s: float = 30.0
    """First wait before a stage that does not show in the image is tested again; then up to 4
    times as long."""

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        positive = ("tolerance_um", "max_step_um", "max_speed_um_s", "range_um", "reach_um")
        positive += ("camera_timeout_s", "stage_timeout_s", "blind_after_s", "suspend_s")
        positive += ("urgent_interval_s", "stage_give_up_s", "camera_longest_wait_s")
        for name in positive:
            if not 0 < getattr(self, name) < math.inf:
                raise ZfocusError(f"expected {name} greater than 0, got {getattr(self, name)}")
        if not 0 <= self.interval_s < math.inf:
            raise ZfocusError(f"expected an interval of 0 s or more, got {self.interval_s}")
        if not 0 < self.gain <= 1:
            raise ZfocusError(f"expected a gain of the lock in 0 < gain <= 1, got {self.gain}")
        if not 0 <= self.deadband_um < self.tolerance_um:
            raise ZfocusError(
                f"expected a deadband from 0 to below the tolerance of {self.tolerance_um:g} um, "
                f"got {self.deadband_um:g} um"
            )
        if not abs(self.target_um) <= self.reach_um - 2 * self.tolerance_um:
            raise ZfocusError(
                f"expected a target within +-{self.reach_um - 2 * self.tolerance_um:g} um of "
                f"focus, where the model still sees both ways, got {self.target_um:g} um"
            )


@dataclass(frozen=True)
class StageCalibration:
    """How the image's z follows the stage; measured by ``zfocus lock --learn``."""

    sign: int = 1
    """+1: the objective moves toward the sample when the stage's number grows; -1: away."""
    gain: float = 1.0
    """um in the image for a um of the stage's own, > 0."""
    backlash_um: float = 0.0
    """What the stage must go, in its own um, after turning round before anything moves."""
    latency_s: float = 0.0
    """Time from the end of a move, as the stage reports it, until the image stands still."""
    stage: str = ""
    """Name of the stage that this is true for."""
    p90_error_um: float | None = None
    """Error that a tenth of the held-out images exceeds; None if it was not measured."""
    model: str = ""
    """Name or path of the model that was checked or fine-tuned with it."""
    measured: str = ""
    """When, as YYYY-MM-DD."""

    def __post_init__(self) -> None:
        """Refuse what no stage is like."""
        if self.sign not in (1, -1):
            raise ZfocusError(f"expected a stage sign of 1 or -1, got {self.sign}")
        if not 0.05 <= self.gain <= 20:
            raise ZfocusError(f"expected a stage gain from 0.05 to 20, got {self.gain}")
        if not 0 <= self.backlash_um <= 20:
            raise ZfocusError(f"expected a backlash from 0 to 20 um, got {self.backlash_um}")
        if not 0 <= self.latency_s <= 60:
            raise ZfocusError(f"expected a latency from 0 to 60 s, got {self.latency_s}")

    def um_from_stage(self, stage_um: float) -> float:
        """Position toward the sample, in um of the image, of a position of the stage."""
        return self.sign * self.gain * stage_um

    def stage_from_um(self, position_um: float) -> float:
        """Position of the stage of a position toward the sample."""
        return self.sign * position_um / self.gain


@dataclass(frozen=True)
class SoftLimits:
    """Where the stage may be, in its own um."""

    low_um: float
    """Lowest position."""
    high_um: float
    """Highest position."""

    def contains(self, stage_um: float) -> bool:
        """Whether a position is allowed; never for NaN."""
        return self.low_um <= stage_um <= self.high_um

    def clip(self, stage_um: float) -> float:
        """Nearest allowed position."""
        return min(max(stage_um, self.low_um), self.high_um)


def soft_limits(
    start_um: float, range_um: float, device_um: tuple[float, float] | None = None
) -> SoftLimits:
    """Limits around the start, within those of the device.

    Parameters
    ----------
    start_um
        Where the stage is when the lock starts.
    range_um
        How far it may go each way, in the stage's um.
    device_um
        Limits of the device, if it has some.

    Raises
    ------
    ZfocusError
        If the start is not a position, or lies outside the device's limits.
    """
    low, high = start_um - range_um, start_um + range_um
    if device_um is not None:
        low, high = max(low, device_um[0]), min(high, device_um[1])
    if not low <= start_um <= high:
        raise ZfocusError(
            f"expected the stage within its limits {device_um}, got {start_um:g} um: move it there"
        )
    return SoftLimits(low, high)


def write_calibration(calibration: StageCalibration, path: Path) -> None:
    """Write a calibration as JSON, whole or not at all."""
    write_whole(path, (json.dumps(asdict(calibration), indent=1) + "\n").encode())


def read_calibration(path: Path) -> StageCalibration:
    """Read what ``write_calibration`` wrote; fields of later versions are ignored.

    Raises
    ------
    ZfocusError
        If there is none, or it is not one.
    """
    told = "run `zfocus lock --learn` to measure one"
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
        if not (isinstance(content, dict) and "sign" in content and "gain" in content):
            raise ValueError("something else")
        known = {field.name for field in fields(StageCalibration)}
        values = cast("dict[str, Any]", content)
        return StageCalibration(**{key: values[key] for key in values if key in known})
    except ZfocusError as error:
        raise ZfocusError(f"{path}: {error}: {told}") from None
    except (OSError, ValueError, TypeError) as error:
        raise ZfocusError(f"expected a stage calibration at {path}, got {error}: {told}") from None
