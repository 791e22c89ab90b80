"""The XY stage of a Micro-Manager core, for going to a few fields of view beside each other."""

from __future__ import annotations

from typing import Any, Protocol

from zfocus_model.zposition.lock.mmcore import said
from zfocus_model.zposition.lock.protocol import Clock, StageError, StageTimeout
from zfocus_model.zposition.lock.simulated import RealClock
from zfocus_model.zposition.lock.watchdog import Watchdog

_POLL_S = 0.005


class Table(Protocol):
    """Moves the sample sideways."""

    @property
    def xy_um(self) -> tuple[float, float]:
        """Where it is."""
        ...

    def move_to(self, x_um: float, y_um: float, timeout_s: float) -> None:
        """Go somewhere and return when there. Raises StageError."""
        ...


class MicroManagerTable:
    """The XY stage of a core.

    Parameters
    ----------
    core
        A ``CMMCorePlus`` or ``UniMMCore``.
    label
        The device.
    clock
        Time; None: the computer's.
    """

    def __init__(self, core: Any, label: str, clock: Clock | None = None) -> None:
        self.label = label
        self._core, self._clock = core, clock or RealClock()
        self._watchdog = Watchdog(f"the XY stage {label}")

    @property
    def xy_um(self) -> tuple[float, float]:
        """Where it says that it is."""
        return self._watchdog.call(self._read, 5.0, StageTimeout)

    def move_to(self, x_um: float, y_um: float, timeout_s: float) -> None:
        """Go somewhere and return when it says that it is there."""
        deadline_s = self._clock.now_s() + timeout_s

        def move() -> None:
            with said(f"the XY stage {self.label}", StageError):
                self._core.setXYPosition(self.label, x_um, y_um)
                while self._core.deviceBusy(self.label):
                    if self._clock.now_s() >= deadline_s:
                        raise StageTimeout(
                            f"expected the XY stage {self.label} to arrive within {timeout_s:g} s"
                        )
                    self._clock.sleep(_POLL_S)

        self._watchdog.call(move, timeout_s + 0.5, StageTimeout)

    def close(self) -> None:
        """End the thread that watches the driver."""
        self._watchdog.close()

    def _read(self) -> tuple[float, float]:
        with said(f"the XY stage {self.label}", StageError):
            x_um, y_um = self._core.getXYPosition(self.label)
            return float(x_um), float(y_um)


def table_of(core: Any, clock: Clock | None = None) -> MicroManagerTable | None:
    """The current XY stage of a core; None if it has none."""
    label = core.getXYStageDevice()
    return MicroManagerTable(core, label, clock) if label else None
