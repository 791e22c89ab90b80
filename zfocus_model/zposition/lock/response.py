"""Whether the image follows the stage: a suspicion from ordinary moves, then a test.

A stage that sticks looks like focus that runs ahead of every move: a lock that went on
correcting would send it to its limits, from where it may one day catch up. With an inverted
stage, focus runs twice as fast. So when focus runs faster than drift can, a test decides: stand
still, read; make one move in the direction that should help; read again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import median

from zfocus_model.zposition.lock.filter import Track

RUNAWAY_UM = 1.0
"""Focus that runs so far ahead of what drift can do is a stage's doing, or must be looked into."""
TRUSTED_UM = 0.4
"""Focus that is so near to where drift can have taken it does as expected."""
USUAL_RATE_UM_S = 0.005
"""What drift can do: 18 um in an hour."""
TEST_UM = 1.5
"""The move of a test."""
TEST_READINGS = 4
"""Readings before and after it."""
FOLLOWS, INVERTED = 0.5, -0.5
"""Shares of the move that must show to call the stage good, or inverted; stuck is between."""


def expected_focus(expected_um: float, passed_s: float, track: Track) -> float:
    """Where focus can be by drift alone: it follows the estimate, never faster than drift can.

    Parameters
    ----------
    expected_um
        Where it could be, some time ago; NaN at the start.
    passed_s
        How long ago.
    track
        The estimate now.
    """
    if not math.isfinite(expected_um):
        return track.focus_um
    most = USUAL_RATE_UM_S * max(passed_s, 0.0)
    return expected_um + min(max(track.focus_um - expected_um, -most), most)


def trusted(expected_um: float, track: Track) -> bool:
    """Whether focus is where drift alone can have taken it."""
    return abs(track.focus_um - expected_um) <= TRUSTED_UM


def suspicious(expected_um: float, track: Track) -> bool:
    """Whether focus ran away; moves that do not show in the image look like that."""
    return abs(track.focus_um - expected_um) > RUNAWAY_UM


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
