"""The lock on the terminal: a panel that is drawn again and again, or plain lines."""

from __future__ import annotations

import contextlib
import math
import sys
from collections import deque
from collections.abc import Callable, Generator
from typing import IO, Any

from zfocus_model.zposition.lock.log import Event

SHOWN_EVENTS = 6
"""Last events in the panel."""
TRACE = 60
"""Errors in the trace, one a character."""
LINE_EVERY_S = 60.0
"""Plain lines come so often, and with everything that is no frame."""
REDRAWS_S = 0.1
"""The panel is not drawn more often than this, by the wall clock."""
_MARKS = "▁▂▃▄▅▆▇█"
MODES = {
    "searching": "looking for focus",
    "locked": "locked",
    "blind": "blind: no usable picture, the stage stays",
    "testing": "testing whether the image follows the stage",
    "suspended": "suspended: the image does not follow the stage",
    "stopped": "stopped",
    "paused": "paused",
    "no_camera": "no picture from the camera",
    "no_stage": "the stage fails, waiting",
    "hardware_focus": "the microscope's own focus is on",
}
"""Modes in words."""


def number(value: float, unit: str = "", digits: int = 2) -> str:
    """A signed number with its unit; a dash if there is none.

    Examples
    --------
    >>> number(0.5, "um"), number(float("nan"), "um")
    ('+0.50 um', '-')
    """
    return f"{value:+.{digits}f} {unit}".rstrip() if math.isfinite(value) else "-"


def clock(seconds: float) -> str:
    """Hours, minutes and seconds.

    Examples
    --------
    >>> clock(3725)
    '1:02:05'
    """
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


class Picture:
    """What the panel shows, gathered from events."""

    def __init__(self, tolerance_um: float = 1.0) -> None:
        self.tolerance_um = tolerance_um
        self.last: Event | None = None
        self.start_s = math.nan
        self.notes: deque[str] = deque(maxlen=SHOWN_EVENTS)
        self.errors: deque[float] = deque(maxlen=TRACE)
        self.times: deque[float] = deque(maxlen=20)
        self.frames = self.decided = self.held = self.moves = 0

    def add(self, event: Event) -> None:
        """Take one event."""
        if math.isnan(self.start_s):
            self.start_s = event.time_s
        if event.action == "none" or event.action == "stop":
            words = f"{clock(event.time_s - self.start_s)}  {event.reason}  {event.message}"
            self.notes.append(words.rstrip())
            if event.action == "none":
                return
        self.last = event
        self.frames += 1
        self.moves += event.action == "move"
        self.times.append(event.time_s)
        self.errors.append(event.error_um)
        if event.status == "decided" and math.isfinite(event.error_um):
            self.decided += 1
            self.held += abs(event.error_um) <= self.tolerance_um

    def rate_hz(self) -> float:
        """Frames a second."""
        if len(self.times) < 2 or self.times[-1] <= self.times[0]:
            return math.nan
        return (len(self.times) - 1) / (self.times[-1] - self.times[0])

    def trace(self) -> str:
        """The last errors as a line of small columns; the middle is no error."""
        return "".join(self._mark(error) for error in self.errors)

    def rows(self) -> list[tuple[str, str]]:
        """Names and values."""
        event = self.last
        if event is None:
            return [("state", "waiting for the first picture")]
        reading = f"{number(event.z_expected_um, 'um')}  sd {number(event.z_sd_um, 'um')[1:]}"
        if event.status != "decided":
            reading = event.status or "none"
            reading += f" ({event.why})" if event.why else ""
        rate = self.rate_hz()
        rate_words = f"{rate:.1f} a second" if rate >= 0.5 else f"one in {1 / rate:.0f} s"
        held = f"{self.held / self.decided:.1%}" if self.decided else "-"
        return [
            ("state", MODES.get(event.mode, event.mode)),
            ("z read", reading),
            ("z over time", number(event.estimate_um, "um")),
            ("target", number(event.target_um, "um")),
            ("error", number(event.error_um, "um")),
            ("drift", number(event.rate_um_h, "um/h", 1)),
            ("stage", number(event.stage_um, "um")),
            ("decision", f"{event.action}: {event.reason}"),
            ("frames", f"{self.frames}, {rate_words if math.isfinite(rate) else '-'}"),
            ("moves", str(self.moves)),
            (f"within {self.tolerance_um:g} um", f"{held} of {self.decided} readings"),
        ]

    def line(self) -> str:
        """One plain line of the state."""
        event = self.last
        if event is None:
            return "waiting for the first picture"
        return (
            f"{clock(event.time_s - self.start_s)}  {event.mode}  "
            f"z {number(event.estimate_um, 'um')}  error {number(event.error_um, 'um')}  "
            f"stage {number(event.stage_um, 'um')}  drift {number(event.rate_um_h, 'um/h', 1)}  "
            f"{self.frames} frames, {self.moves} moves"
        )

    def _mark(self, error_um: float) -> str:
        if not math.isfinite(error_um):
            return " "
        share = (error_um / self.tolerance_um + 1) / 2
        return _MARKS[min(max(int(share * len(_MARKS)), 0), len(_MARKS) - 1)]


def panel(picture: Picture, *, keys: bool = False, dry_run: bool = False) -> Any:
    """Draw the panel, for ``rich``."""
    from rich.console import Group
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    colours = {"locked": "green", "searching": "yellow", "testing": "yellow", "paused": "cyan"}
    mode = picture.last.mode if picture.last else "searching"
    colour = colours.get(mode, "red")
    table = Table.grid(padding=(0, 2))
    for name, value in picture.rows():
        style = f"bold {colour}" if name == "state" else ""
        table.add_row(Text(name, "dim"), Text(value, style))
    trace = Text(f"-{picture.tolerance_um:g} um {picture.trace()} +{picture.tolerance_um:g} um")
    notes = [Text(note, "dim", overflow="ellipsis", no_wrap=True) for note in picture.notes]
    foot = "p pause   l re-lock here   q quit" if keys else "Ctrl-C ends; the stage stays"
    title = "zfocus lock" + (" (dry run: nothing moves)" if dry_run else "")
    content = Group(table, Text(""), trace, Text(""), *notes)
    return Panel(content, title=title, subtitle=foot, border_style=colour)


@contextlib.contextmanager
def shown(
    tolerance_um: float, *, keys: bool = False, dry_run: bool = False, to: IO[str] | None = None
) -> Generator[Callable[[Event], None], None, None]:
    """Show a lock on standard error while it runs.

    Parameters
    ----------
    tolerance_um
        Half the width of the band.
    keys
        Whether keys are listened to.
    dry_run
        Whether nothing moves.
    to
        Another stream; a panel on terminals, plain lines elsewhere.

    Yields
    ------
    callable
        To be given every event.
    """
    stream = to or sys.stderr
    picture = Picture(tolerance_um)
    if not stream.isatty():
        yield _plain(picture, stream)
        return
    import time

    from rich.console import Console
    from rich.live import Live

    with Live(console=Console(file=stream), auto_refresh=False) as live:
        drawn = -math.inf

        def show(event: Event) -> None:
            nonlocal drawn
            picture.add(event)
            now = time.monotonic()
            if now - drawn >= REDRAWS_S or event.action in ("none", "stop"):
                drawn = now
                live.update(panel(picture, keys=keys, dry_run=dry_run), refresh=True)

        yield show


def _plain(picture: Picture, stream: IO[str]) -> Callable[[Event], None]:
    said_s, mode = -math.inf, ""

    def show(event: Event) -> None:
        nonlocal said_s, mode
        picture.add(event)
        if event.action in ("none", "stop"):
            print(picture.notes[-1], file=stream, flush=True)
        elif event.mode != mode or event.time_s - said_s >= LINE_EVERY_S:
            said_s, mode = event.time_s, event.mode
            print(picture.line(), file=stream, flush=True)

    return show
