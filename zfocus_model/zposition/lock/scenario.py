"""A day at a microscope in minutes: drift, growth, faults, and what the lock makes of it.

The clock jumps over waits; the pictures, the network and the lock are real. The truth is written
down beside it, which no microscope could.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zfocus_model._errors import ZfocusError
from zfocus_model.zposition.lock.faults import Fault, Havoc
from zfocus_model.zposition.lock.mechanics import SimulatedScope, StageFaults
from zfocus_model.zposition.lock.settings import StageCalibration
from zfocus_model.zposition.lock.simulated import FastClock, SimulatedMicroscope

HOUR_S = 3600.0
DAY: tuple[Fault, ...] = (
    Fault("camera_hang", 2 * HOUR_S, 600),
    Fault("dropped", 3.5 * HOUR_S, 1800),
    Fault("stage_frozen", 5.5 * HOUR_S, 600),
    Fault("stage_stuck", 7 * HOUR_S, 600),
    Fault("stage_error", 8.5 * HOUR_S, 600),
    Fault("bump", 9.5 * HOUR_S, 0, 4.0),
    Fault("floating", 10.5 * HOUR_S, 1200, 8),
    Fault("dark", 11.5 * HOUR_S, 600),
    Fault("stage_hang", 12.5 * HOUR_S, 120),
    Fault("inverted", 14 * HOUR_S),
    Fault("hardware_focus", 16 * HOUR_S, 600),
    Fault("camera_error", 17.5 * HOUR_S, 600),
    Fault("stage_stuck", 18.5 * HOUR_S, 600),
    Fault("floating", 20 * HOUR_S, 1200, 25),
)
"""What goes wrong in the day, one thing after the other."""
LIVE: tuple[tuple[float, float], ...] = ((1 * HOUR_S, 20), (10 * HOUR_S, 20), (22 * HOUR_S, 20))
"""When the frames come 20 times a second, and for how many seconds."""


@dataclass(frozen=True)
class Scenario:
    """What happens; the defaults are the day of the benchmark."""

    hours: float = 24.0
    """How long it lasts."""
    interval_s: float = 30.0
    """Time from frame to frame when all is calm."""
    creep_um: float = 36.0
    """Slow drift, fast at first, um toward the sample in all."""
    degrees: float = 3.0
    """Temperature from its lowest to its highest."""
    um_per_degree: float = 5.0
    """How focus follows the temperature."""
    cycle_hours: float = 12.0
    """From warm to warm."""
    start_um: float = 3.0
    """z of the image when the lock is switched on."""
    cells_start: int = 15
    """Cells at the start."""
    cells_end: int = 300
    """Cells at the end."""
    stage: StageFaults = field(
        default_factory=lambda: StageFaults(
            sign=-1, gain=1.05, backlash_um=0.4, latency_s=0.08, speed_um_s=100.0
        )
    )
    """What the stage is truly like."""
    calibration: StageCalibration = field(
        default_factory=lambda: StageCalibration(-1, 1.0, 0.3, 0.1)
    )
    """What the lock believes of it."""
    operator_s: float = 300.0
    """How soon somebody comes when the lock has stopped, mends what is wrong, and starts it."""
    faults: tuple[Fault, ...] = DAY
    """What goes wrong."""
    live: tuple[tuple[float, float], ...] = LIVE
    """When the frames come at ``live_hz``, and for how long, s."""
    live_hz: float = 20.0
    """Frames a second then."""
    seed: int = 0
    """Of cells and noise."""

    def __post_init__(self) -> None:
        """Refuse what cannot happen."""
        for name in ("hours", "interval_s", "cycle_hours", "live_hz"):
            if not 0 < getattr(self, name) < math.inf:
                raise ZfocusError(f"expected {name} greater than 0, got {getattr(self, name)}")
        if not 1 <= self.cells_start <= self.cells_end:
            raise ZfocusError(
                f"expected 1 cell or more, and not fewer at the end, got {self.cells_start} and "
                f"{self.cells_end}"
            )

    def drift_um(self, time_s: float) -> float:
        """Where drift has taken focus, um toward the sample."""
        share = -math.expm1(-3 * time_s / (self.hours * HOUR_S)) / -math.expm1(-3)
        warm = math.sin(2 * math.pi * time_s / (self.cycle_hours * HOUR_S))
        return self.creep_um * share + self.degrees / 2 * self.um_per_degree * warm

    def cells(self, time_s: float) -> int:
        """Cells at a time: they double at an even pace."""
        growth = self.cells_end / self.cells_start
        return round(self.cells_start * growth ** min(time_s / (self.hours * HOUR_S), 1.0))

    def frame_interval_s(self, time_s: float) -> float:
        """Time to the next frame."""
        live = any(start <= time_s < start + duration for start, duration in self.live)
        return 1 / self.live_hz if live else self.interval_s


HOUR: tuple[Fault, ...] = (
    Fault("camera_hang", 600, 60),
    Fault("bump", 1200, 0, 3.0),
    Fault("stage_stuck", 1800, 120),
    Fault("floating", 2400, 300, 10),
)
"""What goes wrong in an hour for trying."""


def named_scenario(name: str) -> Scenario:
    """Return the scenario ``hour`` or ``day``, or that of a file."""
    if name == "day":
        return Scenario()
    if name == "hour":
        return Scenario(
            hours=1, interval_s=10, creep_um=2, degrees=0.4, cycle_hours=1, cells_end=60,
            faults=HOUR, live=((300, 10),),
        )  # fmt: skip
    return read_scenario(Path(name))


def read_scenario(path: Path) -> Scenario:
    """Read a scenario: a JSON object with the fields of ``Scenario``, those given.

    Raises
    ------
    ZfocusError
        If it is not one.
    """
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        unknown = content.keys() - {one.name for one in fields(Scenario)}
        if unknown:
            raise ZfocusError(f"there is no {', '.join(sorted(unknown))} in a scenario")
        if "faults" in content:
            content["faults"] = tuple(Fault(**fault) for fault in content["faults"])
        if "live" in content:
            content["live"] = tuple((float(a), float(b)) for a, b in content["live"])
        if "stage" in content:
            content["stage"] = StageFaults(**content["stage"])
        if "calibration" in content:
            content["calibration"] = StageCalibration(**content["calibration"])
        return Scenario(**content)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ZfocusError(f"expected a scenario at {path}, got {error}") from None


def scenario_json(scenario: Scenario) -> str:
    """Write a scenario as ``read_scenario`` reads it."""
    return json.dumps(asdict(scenario), indent=1) + "\n"


class SampledClock(FastClock):
    """A fast clock that calls somebody at even times, however far it jumps."""

    def __init__(self, every_s: float, call: Callable[[float], None]) -> None:
        super().__init__()
        self._every_s, self._call, self._number = every_s, call, 0

    def sleep(self, duration_s: float) -> None:
        """Let time pass."""
        end_s = self._now_s + max(duration_s, 0.0)
        while (next_s := self._number * self._every_s) <= end_s:
            self._number += 1
            self._now_s = max(self._now_s, next_s)
            self._call(next_s)
        self._now_s = end_s


class Sample:
    """What the camera of a scenario sees.

    Parameters
    ----------
    scenario
        What happens.
    scene
        A scene of the simulator (``simulator.scene.Scene``); None: pictures without anything in
        them, for readers that know the truth.
    """

    GROWS_EVERY_S = 900.0

    def __init__(self, scenario: Scenario, scene: Any = None) -> None:
        self.scenario, self.scene = scenario, scene
        self._rng = np.random.default_rng(scenario.seed)
        self._grown_s, self._floats = -math.inf, 0
        self.havoc = Havoc(scenario.faults, scenario.stage)

    def image(self, z_um: float, time_s: float) -> NDArray[Any]:
        """Take a picture."""
        if self.scene is None:
            return np.full((2, 2), 100, np.uint8)
        if time_s - self._grown_s >= self.GROWS_EVERY_S:
            self._grown_s = time_s
            self.scene.grow(self.scenario.cells(time_s))
        floats = self.havoc.floating(time_s)
        if floats != self._floats:
            self.scene.drift_in(floats)
            self._floats = floats
        return self.scene.image(z_um, self._rng)

    def microscope(self, clock: FastClock) -> SimulatedMicroscope:
        """Put it under a microscope whose drift, bumps and stage are those of the scenario."""
        start = self.scenario.start_um

        def drift(time_s: float) -> float:
            return self.scenario.drift_um(time_s) - start + self.havoc.jumped_um

        scope = SimulatedScope(self.image, clock, drift, stage_faults=replace(self.scenario.stage))
        return SimulatedMicroscope(scope, getattr(self.scene, "pixel_size_um", 0.24))
