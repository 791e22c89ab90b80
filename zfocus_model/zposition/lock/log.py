"""Every decision on disk the moment it is made: a CSV file that is only ever appended to."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO, Any

from zfocus_model._errors import ZfocusError
from zfocus_model.zposition.lock.state import Decision, LockState, Observation


@dataclass(frozen=True)
class Event:
    """What happened with one frame, or instead of one; the columns of the log."""

    time_s: float
    """The microscope's clock; for a frame the middle of its exposure."""
    frame: int
    """Number of the frame, from 0; of the last one for what is not a frame."""
    mode: str
    """``searching``, ``locked``, ``blind``, ``testing``, ``suspended``, ``stopped``; or of the
    session: ``paused``, ``no_camera``, ``no_stage``, ``hardware_focus``."""
    action: str
    """``move``, ``hold``, ``stop``; ``none`` for what is not a frame."""
    reason: str
    """Why, in one word."""
    z_um: float = math.nan
    """The reading: centre of the most probable bin."""
    z_expected_um: float = math.nan
    """The reading: mean."""
    z_sd_um: float = math.nan
    """The reading: standard deviation."""
    status: str = ""
    """The reading: ``decided`` or ``undecided``; empty without one."""
    why: str = ""
    """The reading: why undecided."""
    estimate_um: float = math.nan
    """Estimate of the image's z over time, before a move."""
    error_um: float = math.nan
    """Estimate minus target."""
    rate_um_h: float = math.nan
    """Estimate of the drift of focus, in um an hour, toward the sample."""
    target_um: float = math.nan
    """Where to hold the image's z."""
    stage_um: float = math.nan
    """Where the stage said that it was, in its own um."""
    move_um: float = 0.0
    """The move, um toward the sample."""
    to_um: float = math.nan
    """Where the stage was sent, in its own um."""
    snap_ms: float = math.nan
    """Wall time of taking the picture."""
    locate_ms: float = math.nan
    """Wall time of reading z from it."""
    decide_ms: float = math.nan
    """Wall time of filter and decision."""
    message: str = ""
    """What a person should know."""


def event_of(
    frame: int, mode: str, state: LockState, target_um: float, seen: Observation,
    decision: Decision, message: str = "",
) -> Event:  # fmt: skip
    """Put together what is known after a decision."""
    reading = seen.reading
    return Event(
        seen.time_s, max(frame, 0), mode, decision.action, decision.reason,
        z_um=reading.z_um if reading else math.nan,
        z_expected_um=reading.z_expected_um if reading else math.nan,
        z_sd_um=reading.z_sd_um if reading else math.nan,
        status=reading.status if reading else "",
        why=reading.reason if reading else "",
        estimate_um=state.z_um,
        error_um=state.z_um - target_um,
        rate_um_h=3600 * state.track.rate_um_s if state.track.known else math.nan,
        target_um=target_um,
        stage_um=seen.stage_um,
        move_um=decision.move_um,
        to_um=decision.stage_um,
        message=message,
    )  # fmt: skip


COLUMNS = tuple(field.name for field in fields(Event))
_NUMBERS = {field.name for field in fields(Event) if field.type == "float"}


class LockLog:
    """The log's file, open for appending.

    Parameters
    ----------
    path
        File to append to; made with a line of headings if there is none.

    Raises
    ------
    ZfocusError
        If it cannot be written, or is a table of something else.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: IO[str] = path.open("a+", encoding="utf-8", newline="")
        except OSError as error:
            raise ZfocusError(
                f"expected a log that can be written at {path}, got {error.strerror}: "
                "name another with --log"
            ) from None
        self._file.seek(0)
        first = self._file.readline().rstrip("\r\n")
        if first and first != ",".join(COLUMNS):
            self._file.close()
            raise ZfocusError(f"expected a log of the focus lock, got another table: {path}")
        if not first:
            self._write([",".join(COLUMNS)])
            return
        self._file.seek(0)
        if not self._file.read().endswith("\n"):  # cut short by a kill
            self._write([""])

    def add(self, event: Event) -> None:
        """Write one line; it is with the system when this returns."""
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow(_cell(event, name) for name in COLUMNS)
        self._write([line.getvalue()])

    def close(self) -> None:
        """Close the file; closing twice is no error."""
        self._file.close()

    def _write(self, lines: list[str]) -> None:
        try:
            self._file.write("".join(line + "\n" for line in lines))
            self._file.flush()
        except OSError as error:
            raise ZfocusError(
                f"expected space for the log at {self.path}, got {error.strerror}: make some; "
                "without its log, the lock does not go on"
            ) from None


def read_log(path: Path) -> list[Event]:
    """Read a log; lines that were cut short are left out.

    Raises
    ------
    ZfocusError
        If it is not one.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
    except OSError as error:
        raise ZfocusError(f"expected a log at {path}, got {error.strerror}") from None
    if not rows or tuple(rows[0]) != COLUMNS:
        raise ZfocusError(f"expected a log of the focus lock, got another file: {path}")
    return [event for row in rows[1:] if (event := _event(row)) is not None]


def _cell(event: Event, name: str) -> str:
    value: Any = getattr(event, name)
    if name == "time_s":
        return f"{value:.3f}"
    if isinstance(value, float):
        return f"{value:.6g}" if math.isfinite(value) else ""
    # One line an event, whatever a driver says.
    return " ".join(str(value).split())


def _event(row: list[str]) -> Event | None:
    if len(row) != len(COLUMNS):
        return None
    values: dict[str, Any] = dict(zip(COLUMNS, row))
    try:
        for name in _NUMBERS:
            values[name] = float(values[name]) if values[name] else math.nan
        values["frame"] = int(values["frame"])
    except ValueError:
        return None
    return Event(**values)
