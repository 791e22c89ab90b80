"""What the controller sees, says and remembers."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from zfocus_model.zposition.lock.filter import Track
from zfocus_model.zposition.lock.protocol import Reading
from zfocus_model.zposition.lock.response import StageTest

ADVICE = {
    "inverted": "the stage moves the other way than its calibration says, or a stage was swapped; "
    "nothing moves any more: run `zfocus lock --learn` and start again",
    "stuck": "moves of the stage do not show in the image; nothing moves any more: look whether "
    "it is blocked, switched off, or another stage, then run `zfocus lock --learn`",
    "outside": "the stage is outside the soft limits, moved by something else; nothing moves any "
    "more: bring it back and start again",
}
"""What to say when the lock stops."""


@dataclass(frozen=True)
class Observation:
    """One frame's news."""

    time_s: float
    """When the frame was exposed."""
    stage_um: float
    """Where the stage said that it was, in its own um."""
    reading: Reading | None
    """What the model says; None if there is no picture or it cannot be rated."""
    hold: str = ""
    """A reason of somebody else's not to move now (``paused``, ``stage``); else empty."""


@dataclass(frozen=True)
class Decision:
    """What to do."""

    action: str
    """``move``, ``hold`` or ``stop``."""
    reason: str
    """Why, in one word: see docs/focus-lock.md."""
    move_um: float = 0.0
    """How far, um toward the sample, of the image; 0 unless ``move``."""
    stage_um: float = math.nan
    """Where to send the stage, in its own um; within the soft limits; NaN unless ``move``."""


@dataclass(frozen=True)
class LockState:
    """All that is remembered from frame to frame; make the first with ``LockState()``."""

    mode: str = "searching"
    """``searching`` (no focus known yet), ``locked``, ``blind``, ``testing``, ``suspended``,
    ``stopped``."""
    track: Track = field(default_factory=Track)
    """Where focus is, and its drift."""
    play_um: float = math.nan
    """Where the stage is behind its backlash, in its own um."""
    settled_s: float = -math.inf
    """Frames before this saw the last move."""
    moved_s: float = -math.inf
    """When the last move ended."""
    usable_s: float = math.nan
    """When a reading was last used (or the lock began)."""
    unusable: int = 0
    """Frames in a row without."""
    expected_um: float = math.nan
    """Where focus can be by drift alone, um toward the sample; NaN: begin anew."""
    test: StageTest | None = None
    """The stage's test under way."""
    test_at_s: float = math.inf
    """When a suspended lock tests again."""
    failing_s: float = math.nan
    """Since when the stage has failed its tests."""
    suspensions: int = 0
    """Failed tests in a row."""
    trusted_um: float = math.nan
    """Where the stage was, in its own um, when focus last did as expected."""
    stopping: str = ""
    """Why the lock stops with the next frame, after a last move back."""
    outside: int = 0
    """Frames in a row with the stage outside the soft limits."""
    z_um: float = math.nan
    """Estimate of the image's z now."""


@dataclass(frozen=True)
class Outcome:
    """How a lock ended."""

    reason: str
    """``quit``, ``time`` (as long as asked), ``frames`` (as many), or why it stopped:
    ``inverted``, ``stuck``, ``outside``, ``stage``."""
    message: str
    """What to do now; empty if nothing went wrong."""
    frames: int
    """Frames that were looked at."""
    decided: int
    """Frames with a reading that could be used."""
    moves: int
    """Moves made."""
    held_share: float
    """Share of the frames with a reading whose estimated error was within the tolerance."""
