"""For tests of the lock at Micro-Manager: pictures that carry their z, and its reader."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from zfocus_model.zposition.bins import bin_centres
from zfocus_model.zposition.lock.mechanics import SimulatedScope
from zfocus_model.zposition.lock.protocol import Frame
from zfocus_model.zposition.lock.simulated import FastClock
from zfocus_model.zposition.reading import ZLimits, ZPosition, read_z

REACH_UM = 15.0


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


BINS_UM = bin_centres()
LIMITS = ZLimits(certainty_min=0.05, second_mode_max=0.3, sd_max_um=6.0)


def whole_reading(z_um: float, sd_um: float = 0.8) -> ZPosition:
    """A reading with all that a model gives."""
    p = np.exp(-(((BINS_UM - z_um) / sd_um) ** 2) / 2)
    return read_z(p / p.sum(), BINS_UM, LIMITS)


def locate_whole(frame: Frame) -> ZPosition:
    """Read z from such a picture, with its distribution."""
    if np.ptp(frame.pixels) == 0 and frame.pixels.flat[0] == 20:
        return read_z(np.full(len(BINS_UM), 1 / len(BINS_UM)), BINS_UM, LIMITS)
    return whole_reading(locate(frame).z_expected_um)


def scope_with(**options: Any) -> SimulatedScope:
    return SimulatedScope(picture_of, FastClock(), **options)
