"""Measure what a focus stage is like by what the image does: sign, gain, backlash.

The stage goes up and down around where it is, by a few um and never beyond its soft limits; z is
read from the image at every stop. A line through readings against the positions that a stage with
play would really have, with a drift of focus, gives them all. ``latency.py`` measures the latency.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from zfocus_model.zposition.lock.oneshot import Locate, NotRead, OneShot, read_z_um
from zfocus_model.zposition.lock.protocol import LockError, Microscope
from zfocus_model.zposition.lock.settings import SoftLimits

_LEAST_STOPS = 10
_LEAST_SWING_UM = 1.5
_PLAY_STEP_UM = 0.02


@dataclass(frozen=True)
class Measuring:
    """How far and how often to move."""

    swing_um: float = 4.0
    """How far to go from the start, each way, in um of the stage."""
    stops: int = 4
    """Stops on each such way."""
    latency_step_um: float = 3.0
    """Move after which the image is watched."""
    latency_moves: int = 4
    """How many of these."""
    watch_s: float = 2.0
    """How long the image is watched after each."""
    stage_timeout_s: float = 5.0
    """How long to wait for a move."""


@dataclass(frozen=True)
class Response:
    """How the image's z follows the stage."""

    slope: float
    """um of the image for a um of the stage; negative for an inverted stage."""
    slope_error: float
    """Standard error of the slope."""
    backlash_um: float
    """Play, in um of the stage; 0 where it cannot be told from none."""
    drift_um_s: float
    """Change of the image's z with time while it was measured."""
    noise_um: float
    """Standard deviation of the readings about the line."""
    stops: int
    """Readings that it was measured from."""


def measure_response(
    microscope: Microscope,
    locate: Locate,
    limits: SoftLimits,
    how: Measuring | None = None,
    looking: OneShot | None = None,
    progress: Callable[[str], None] | None = None,
) -> Response:
    """Go up and down twice and see what the image does; ends where it began, but for play.

    Parameters
    ----------
    microscope
        With the image within a few um of focus.
    locate
        Reads z from a picture.
    limits
        Where the stage may be; the way is shorter where they are near.
    how
        How far and how often.
    looking
        Pictures for one reading.
    progress
        Called with a line now and then.

    Returns
    -------
    Response
        Sign and gain are certain: else there is an error.

    Raises
    ------
    LockError
        If z cannot be read, there is no room to move, or the image does not follow the stage.
    """
    how, looking = how or Measuring(), looking or OneShot()
    start_um = microscope.stage.z_um
    low_um = max(limits.low_um, start_um - how.swing_um)
    high_um = min(limits.high_um, start_um + how.swing_um)
    if high_um - low_um < 2 * _LEAST_SWING_UM:
        raise LockError(
            f"expected room to move the stage by {2 * _LEAST_SWING_UM:g} um within its soft limits "
            f"of {limits.low_um:g} to {limits.high_um:g} um, got it at {start_um:g} um"
        )
    read_z_um(microscope, locate, looking)  # says so if there is nothing to see from the start
    way = _way(low_um, high_um, start_um, how.stops)
    times_s: list[float] = []
    z_um: list[float] = []
    for number, stop_um in enumerate(way):
        microscope.stage.move_to(stop_um, how.stage_timeout_s)
        microscope.clock.sleep(0.2)  # most of what lags behind is over by then
        try:
            z_um.append(read_z_um(microscope, locate, looking))
        except NotRead:
            z_um.append(math.nan)
        times_s.append(microscope.clock.now_s())
        if progress is not None:
            progress(f"stop {number + 1} of {len(way)}: stage {stop_um:g} um, z {z_um[-1]:.2f} um")
    # Where the play was at the start is not known: the first way only takes it up.
    lead = how.stops
    return fit_response(way, z_um, times_s, lead=lead)


def fit_response(
    stage_um: Sequence[float], z_um: Sequence[float], times_s: Sequence[float], *, lead: int
) -> Response:
    """Fit slope, play and drift to readings at stops of the stage, in the order they were made.

    Parameters
    ----------
    stage_um
        Where the stage was sent.
    z_um
        What was read there; NaN where nothing could be.
    times_s
        When.
    lead
        Stops at the beginning that all go one way; their readings are not used.

    Returns
    -------
    Response
        Of least squares; the play is 0 unless the fit is clearly worse without.

    Raises
    ------
    LockError
        If too few stops could be read, or the readings do not follow the stage.
    """
    where, z, t = (np.asarray(values, dtype=np.float64) for values in (stage_um, z_um, times_s))
    used = np.isfinite(z) & (np.arange(len(z)) >= lead)
    if used.sum() < _LEAST_STOPS:
        raise LockError(
            f"expected to read z at {_LEAST_STOPS} stops or more, got {int(used.sum())}: start "
            "nearer to focus, with cells in view and the light on"
        )
    span = float(np.ptp(where))
    plays = np.arange(0.0, 0.8 * span, _PLAY_STEP_UM)
    fits = [_line(_played(where, play)[used], z[used], t[used]) for play in plays]
    squares = np.array([fit[1] for fit in fits])
    best = int(squares.argmin())
    degrees = int(used.sum()) - 4
    noise2 = max(squares[best] / max(degrees, 1), 1e-12)
    if squares[0] - squares[best] < 6 * noise2:  # about 1 in 70 by chance
        best = 0
    (slope, drift, _), square, inverse = fits[best]
    sd = math.sqrt(max(square / max(degrees, 1), 1e-12))
    error = sd * math.sqrt(inverse)
    if abs(slope) < max(5 * error, 0.05) or abs(slope) > 20:
        raise LockError(
            f"expected the image to follow the stage, got {slope:.2f} +- {error:.2f} um in z for "
            "a um of the stage: is this the focus stage, and are there cells in view?"
        )
    return Response(slope, error, float(plays[best]), drift, sd, int(used.sum()))


def _way(low_um: float, high_um: float, start_um: float, stops: int) -> list[float]:
    """Up, down, up, and back to the start; the first way up is the lead."""
    up = np.linspace(start_um, high_um, stops + 1)[1:]
    down = np.linspace(high_um, low_um, 2 * stops + 1)[1:]
    again = np.linspace(low_um, high_um, 2 * stops + 1)[1:]
    back = np.linspace(high_um, start_um, stops + 1)[1:]
    return [float(stop) for stop in (*up, *down, *again, *back)]


def _played(stage_um: npt.NDArray[np.float64], play_um: float) -> npt.NDArray[np.float64]:
    """Positions of a part with so much play, after the first way has taken it up."""
    part = np.empty_like(stage_um)
    at = float(stage_um[0]) - play_um
    for number, target in enumerate(stage_um.tolist()):
        at = min(max(at, target - play_um), target)
        part[number] = at
    return part


def _line(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], t: npt.NDArray[np.float64]
) -> tuple[tuple[float, float, float], float, float]:
    """Fit y = slope x + drift t + offset: the three, sum of squares, error factor of the slope."""
    design = np.stack([x, t - t.mean(), np.ones_like(x)], axis=1)
    values, *_ = np.linalg.lstsq(design, y, rcond=None)
    rest = y - design @ values
    inverse = float(np.linalg.pinv(design.T @ design)[0, 0])
    slope, drift, offset = values.tolist()
    return (slope, drift, offset), float(rest @ rest), inverse
