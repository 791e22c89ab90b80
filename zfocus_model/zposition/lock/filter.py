"""Where focus is, and how fast it drifts, from readings that are noisy, sometimes wrong, and late.

A Kalman filter over two numbers: the focal plane's position (um toward the sample, in the frame
of the stage) and its rate. The stage's own moves do not appear in it: a reading z, taken with
the stage at position s, says that focus is at s - z. Readings far from the prediction are put
aside; when enough of them agree with each other for long enough, focus has jumped, and the
filter begins again there.

R. E. Kalman 1960, doi 10.1115/1.3662552.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import median

POSITION_NOISE_UM = 0.02
"""Wandering of focus in a second (grows with the root of time)."""
RATE_NOISE_UM_S = 1e-4
"""Change of the drift rate in a second (grows with the root of time)."""
FIRST_RATE_SD_UM_S = 0.005
"""Drift rates that are usual when nothing is known."""
FASTEST_RATE_UM_S = 0.05
"""Estimates of the rate end here: what moves faster is a jump."""
LEAST_SD_UM = 0.25
"""No single reading is believed to be better than this, whatever the network says."""
GATE_SD = 3.5
"""Readings further from the prediction than this are put aside."""
FIRST_READINGS = 3
"""Readings that must agree before focus is known at all."""
JUMP_READINGS = 5
"""Readings in a row that must agree away from the prediction to be a jump ..."""
JUMP_S = 2.0
"""... and how long they must last: something that floats past quickly is none."""

KEPT_ASIDE = 400
"""Readings that are remembered while they do not fit."""


@dataclass(frozen=True)
class Measured:
    """One reading, as the filter sees it."""

    time_s: float
    """When the frame was exposed."""
    focus_um: float
    """Where it says focus is, um toward the sample."""
    sd_um: float
    """Its standard deviation, at least ``LEAST_SD_UM``."""


@dataclass(frozen=True)
class Track:
    """The filter's state; make the first with ``Track()``."""

    known: bool = False
    """Whether focus has been found."""
    time_s: float = 0.0
    """When the estimate was true."""
    focus_um: float = math.nan
    """Position of the focal plane, um toward the sample."""
    rate_um_s: float = 0.0
    """Its drift."""
    variance: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Of position (um2), both (um2/s), and rate (um2/s2)."""
    aside: tuple[Measured, ...] = ()
    """Readings in a row that did not fit; before focus is known, all readings."""

    @property
    def sd_um(self) -> float:
        """Standard deviation of the position."""
        return math.sqrt(max(self.variance[0], 0.0)) if self.known else math.inf


def measured(time_s: float, position_um: float, z_um: float, sd_um: float) -> Measured:
    """Turn a reading at a position of the stage into a position of focus.

    Parameters
    ----------
    time_s
        When the frame was exposed.
    position_um
        Where the objective was, um toward the sample.
    z_um
        The reading.
    sd_um
        Its standard deviation; not finite: taken as 1 um.
    """
    sd = sd_um if math.isfinite(sd_um) else 1.0
    return Measured(time_s, position_um - z_um, max(sd, LEAST_SD_UM))


def predict(track: Track, time_s: float) -> Track:
    """Let time pass: focus drifts on, and is known less well."""
    passed = time_s - track.time_s
    if not track.known or passed <= 0:
        return track
    position, both, rate = track.variance
    wander, change = POSITION_NOISE_UM**2, RATE_NOISE_UM_S**2
    return replace(
        track,
        time_s=time_s,
        focus_um=track.focus_um + track.rate_um_s * passed,
        variance=(
            position
            + 2 * passed * both
            + passed**2 * rate
            + wander * passed
            + change * passed**3 / 3,
            both + passed * rate + change * passed**2 / 2,
            rate + change * passed,
        ),
    )


def update(track: Track, reading: Measured) -> tuple[Track, str]:
    """Take a reading into account.

    Returns
    -------
    Track
        The new estimate, at the time of the reading.
    str
        ``used``; ``first`` (focus is not known yet); ``outlier`` (put aside); ``jump`` (several
        outliers agree, the filter began again there).
    """
    if not track.known:
        waiting = (*track.aside, reading)[-FIRST_READINGS:]
        if len(waiting) < FIRST_READINGS or not _agree(waiting):
            return Track(time_s=reading.time_s, aside=waiting), "first"
        return _begin(waiting, 0.0), "used"
    ahead = predict(track, reading.time_s)
    surprise = reading.focus_um - ahead.focus_um
    spread = ahead.variance[0] + reading.sd_um**2
    if surprise**2 > GATE_SD**2 * spread:
        aside = (*track.aside, reading)[-KEPT_ASIDE:]
        recent = aside[-JUMP_READINGS:]
        if len(recent) == JUMP_READINGS and _agree(recent) and _lasted_s(aside, recent) >= JUMP_S:
            return _begin(recent, ahead.rate_um_s), "jump"
        return replace(ahead, aside=aside), "outlier"
    return replace(_corrected(ahead, surprise, spread), aside=()), "used"


def _corrected(ahead: Track, surprise: float, spread: float) -> Track:
    position, both, rate = ahead.variance
    to_position, to_rate = position / spread, both / spread
    drift = ahead.rate_um_s + to_rate * surprise
    return replace(
        ahead,
        focus_um=ahead.focus_um + to_position * surprise,
        rate_um_s=min(max(drift, -FASTEST_RATE_UM_S), FASTEST_RATE_UM_S),
        variance=(
            (1 - to_position) * position,
            (1 - to_position) * both,
            max(rate - to_rate * both, 0.0),
        ),
    )


def _agree(readings: tuple[Measured, ...]) -> bool:
    middle = median(reading.focus_um for reading in readings)
    return all(abs(one.focus_um - middle) <= GATE_SD * one.sd_um for one in readings)


def _lasted_s(aside: tuple[Measured, ...], recent: tuple[Measured, ...]) -> float:
    """For how long the readings have been where the recent ones are."""
    middle = median(reading.focus_um for reading in recent)
    since = recent[-1].time_s
    for one in reversed(aside):
        if abs(one.focus_um - middle) > GATE_SD * one.sd_um:
            break
        since = one.time_s
    return recent[-1].time_s - since


def _begin(readings: tuple[Measured, ...], rate_um_s: float) -> Track:
    sd = median(reading.sd_um for reading in readings)
    return Track(
        known=True,
        time_s=readings[-1].time_s,
        focus_um=median(reading.focus_um for reading in readings),
        rate_um_s=rate_um_s,
        variance=(sd**2 / 2, 0.0, FIRST_RATE_SD_UM_S**2),
    )
