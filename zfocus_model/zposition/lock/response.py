"""Whether the image follows the stage: a suspicion from ordinary moves, then a test.

The readings alone cannot tell a stage that sticks from focus that drifts: a lock that went on
correcting would run to its limits, and with an inverted stage away from the sample's focus, or
into it. So moves that do not show are counted, and soon a test decides: stand still, read; make
one move in the direction that should help; read again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import median

from zfocus_model.zposition.lock.filter import Track

ERROR_SHARE = 0.6
"""Errors below this share of the tolerance cannot be a failing stage's."""
SUSPECT_UM = 0.7
"""So much movement, in one direction, must have been commanded ..."""
SUSPECT_SLOPE = 0.4
"""... and less than this share of it have shown."""
TEST_UM = 1.5
"""The move of a test."""
USUAL_RATE_UM_S = 0.01
"""Drift that is believed while the stage is in question."""
TEST_READINGS = 4
"""Readings before and after it."""
FOLLOWS, INVERTED = 0.5, -0.5
"""Shares of the move that must show to call the stage good, or inverted; stuck is between."""


@dataclass(frozen=True)
class Correction:
    """Moves since the error left the middle of the band."""

    from_z_um: float
    """The image's z when it did."""
    from_s: float
    """When it did."""
    rate_um_s: float
    """Drift of focus then: a stage that fails looks like drift later."""
    moved_um: float = 0.0
    """What was commanded since, um toward the sample."""


def follow(
    correction: Correction | None, z_um: float, error_um: float, tolerance_um: float, track: Track
) -> Correction | None:
    """Keep account of one excursion: from when the error grows large until it is small again.

    Parameters
    ----------
    correction
        The excursion so far; None if there is none.
    z_um, error_um
        Estimates of the image's z, and of z minus the target.
    tolerance_um
        Half the width of the band.
    track
        The estimate that they come from.
    """
    if abs(error_um) < ERROR_SHARE * tolerance_um:
        return None
    rate = min(max(track.rate_um_s, -USUAL_RATE_UM_S), USUAL_RATE_UM_S)
    return correction or Correction(z_um, track.time_s, rate)


def suspicious(correction: Correction | None, z_um: float, time_s: float) -> bool:
    """Whether the moves of an excursion should have shown by now, and have not."""
    if correction is None or abs(correction.moved_um) < SUSPECT_UM:
        return False
    # Focus that moves toward the sample leaves the image's z smaller.
    drifted = -correction.rate_um_s * (time_s - correction.from_s)
    return (z_um - correction.from_z_um - drifted) / correction.moved_um < SUSPECT_SLOPE


@dataclass(frozen=True)
class StageTest:
    """A test under way."""

    step_um: float
    """The move, um toward the sample."""
    before: tuple[float, ...] = ()
    """z of the readings before the move."""
    after: tuple[float, ...] = ()
    """z of the readings after it."""
    moved: bool = False
    """Whether the move has been made."""
    confirms: bool = False
    """Whether this is the move back, after a test that said inverted."""

    @property
    def move_now(self) -> bool:
        """Whether the readings before the move are complete."""
        return not self.moved and len(self.before) >= TEST_READINGS

    @property
    def verdict(self) -> str:
        """``follows``, ``stuck``, ``inverted``; empty while readings are missing."""
        if len(self.after) < TEST_READINGS:
            return ""
        slope = (median(self.after) - median(self.before)) / self.step_um
        if not math.isfinite(slope):
            return "stuck"
        return "follows" if slope > FOLLOWS else "inverted" if slope < INVERTED else "stuck"

    def read(self, z_um: float) -> StageTest:
        """Take one reading."""
        if self.moved:
            return replace(self, after=(*self.after, z_um))
        return replace(self, before=(*self.before, z_um)[-TEST_READINGS:])

    def back(self) -> StageTest:
        """Return the test that goes back and must say the same."""
        return StageTest(-self.step_um, before=self.after, confirms=True)
