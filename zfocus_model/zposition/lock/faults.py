"""What goes wrong in a scenario, and when: hardware, light, people at the bench."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from zfocus_model._errors import ZfocusError
from zfocus_model.zposition.lock.mechanics import SimulatedScope, StageFaults

KINDS = {
    "camera_hang": "the camera does not answer",
    "camera_error": "the camera answers with errors",
    "dropped": "every third frame is lost",
    "dark": "the lamp is out",
    "bump": "somebody bumps into the microscope: focus jumps",
    "stage_stuck": "the stage obeys, as it says, but nothing moves",
    "stage_frozen": "the stage takes commands and stays where it is, as its number says",
    "stage_error": "the stage refuses to move",
    "stage_hang": "the stage does not answer",
    "inverted": "the stage goes the other way, until somebody measures it again",
    "hardware_focus": "somebody switches the microscope's own focus on",
    "floating": "cells float through the field",
}
"""Kinds of faults, in words."""
DROP_EVERY = 3


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong."""

    kind: str
    """One of ``KINDS``."""
    start_s: float
    """When, from the start of the scenario."""
    duration_s: float = 0.0
    """For how long; a bump and an inverted stage stay."""
    amount: float = 0.0
    """um of a bump; number of cells that float."""

    def __post_init__(self) -> None:
        """Refuse what is none."""
        if self.kind not in KINDS:
            raise ZfocusError(f"expected a fault of {', '.join(KINDS)}, got {self.kind!r}")
        if not (self.start_s >= 0 and 0 <= self.duration_s < math.inf):
            raise ZfocusError(
                f"expected a fault that starts at 0 s or later and ends, got {self.start_s} s "
                f"for {self.duration_s} s"
            )

    @property
    def end_s(self) -> float:
        """When it is over."""
        return self.start_s + self.duration_s

    def on(self, time_s: float) -> bool:
        """Whether it is there at a time."""
        return self.start_s <= time_s < self.end_s


@dataclass
class Havoc:
    """Does to a simulated microscope what a list of faults says."""

    faults: tuple[Fault, ...]
    """What happens."""
    stage: StageFaults
    """What the stage is like when nothing is wrong with it."""
    jumped_um: float = 0.0
    """Where bumps, and changes of the stage's sign, have left focus."""
    inverted: bool = False
    """Whether the stage goes the other way at present."""
    _done: int = 0

    def apply(self, scope: SimulatedScope, time_s: float) -> None:
        """Bring a microscope to the state of a time; times must not go back."""
        once = sorted(
            (fault for fault in self.faults if fault.kind in ("bump", "inverted")),
            key=lambda fault: fault.start_s,
        )
        for fault in once[self._done :]:
            if fault.start_s <= time_s:
                self._done += 1
                if fault.kind == "bump":
                    self.jumped_um += fault.amount
                else:
                    self.turn_round(scope, time_s)
        kinds = {fault.kind: fault for fault in self.faults if fault.on(time_s)}
        scope.continuous_focus = "hardware_focus" in kinds
        camera = scope.camera_faults
        hang = kinds.get("camera_hang")
        camera.hang_s = hang.end_s - time_s if hang else 0.0
        camera.refuses = "camera_error" in kinds
        camera.drop_every = DROP_EVERY if "dropped" in kinds else 0
        camera.blank = "dark" in kinds
        hang = kinds.get("stage_hang")
        before = scope.stage_faults
        released = before.stuck and "stage_stuck" not in kinds
        scope.stage_faults = replace(
            self.stage,
            sign=-self.stage.sign if self.inverted else self.stage.sign,
            stuck="stage_stuck" in kinds,
            frozen="stage_frozen" in kinds,
            refuses="stage_error" in kinds,
            hang_s=hang.end_s - time_s if hang else 0.0,
        )
        if released:  # what was blocked catches up with what it was told
            scope.command(scope.reported_um)

    def turn_round(self, scope: SimulatedScope, time_s: float) -> None:
        """Invert the stage (or mend it) where it is: the image does not change by that."""
        before = scope.z_um(time_s)
        self.inverted = not self.inverted
        scope.stage_faults = replace(scope.stage_faults, sign=-scope.stage_faults.sign)
        self.jumped_um += scope.z_um(time_s) - before

    def floating(self, time_s: float) -> int:
        """Count the cells that float through the field at a time."""
        kinds = [fault for fault in self.faults if fault.kind == "floating" and fault.on(time_s)]
        return int(sum(fault.amount for fault in kinds))
