"""Single keys from the terminal, without waiting for one."""

from __future__ import annotations

import os
import sys
from types import TracebackType
from typing import Any

from zfocus_model.zposition.lock.session import PAUSED, QUIT, RELOCK

COMMANDS = {"p": PAUSED, "l": RELOCK, "q": QUIT}
"""What the keys do."""


class Keys:
    """Keys pressed in a terminal; none where there is no terminal.

    Use it as a context: the terminal is set back at the end, whatever happened.
    """

    def __init__(self) -> None:
        self._before: Any = None
        self._number = -1

    def __enter__(self) -> Keys:
        """Let keys arrive at once, and unseen."""
        if os.name == "nt" or not sys.stdin.isatty():
            return self
        import termios
        import tty

        self._number = sys.stdin.fileno()
        self._before = termios.tcgetattr(self._number)
        tty.setcbreak(self._number)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Set the terminal back."""
        if self._before is not None:
            import termios

            termios.tcsetattr(self._number, termios.TCSADRAIN, self._before)
            self._before = None

    def command(self) -> str:
        """Return the command of the next key that has one; empty if there is none."""
        while key := self._key():
            if key.lower() in COMMANDS:
                return COMMANDS[key.lower()]
        return ""

    def _key(self) -> str:
        if os.name == "nt":
            return _windows_key()
        if self._before is None:
            return ""
        import select

        ready, _, _ = select.select([self._number], [], [], 0)
        return os.read(self._number, 1).decode("latin-1") if ready else ""


def _windows_key() -> str:
    import msvcrt

    console: Any = msvcrt
    return str(console.getwch()) if sys.stdin.isatty() and console.kbhit() else ""
