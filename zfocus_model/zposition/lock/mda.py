"""Focus by the z model in the multi-position acquisitions of pymmcore-plus.

``focus_engine(core, locate, calibration)`` makes an acquisition engine that answers the
``HardwareAutofocus`` actions of useq sequences with pictures and the z model, where no hardware
autofocus is named: it takes a few pictures with a light and an exposure of its own, moves the focus
stage until the image is where it should be, and puts everything else back. What it found at a
position shifts all planes of the acquisition there, at that and later time points.

Nothing is seen or moved between such actions: how often they come is the sequence's to say
(``AxesBasedAF(axes=("p", "t"))``).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from zfocus_model._errors import ZfocusError
from zfocus_model.zposition.lock.look import Look
from zfocus_model.zposition.lock.micromanager import MicroManagerMicroscope
from zfocus_model.zposition.lock.mmcore import pymmcore_plus
from zfocus_model.zposition.lock.oneshot import Focused, Locate, OneShot, focus_once, read_z_um
from zfocus_model.zposition.lock.protocol import Clock
from zfocus_model.zposition.lock.settings import SoftLimits, StageCalibration, soft_limits

DEVICE_NAME = "zfocus"
"""``autofocus_device_name`` of actions that are meant for the z model; none does as well."""

_logger = logging.getLogger("zfocus")


@dataclass(frozen=True)
class ActionPlan:
    """How autofocus actions are answered."""

    offsets_um: Mapping[str, float] | None = None
    """z at which to hold a position, um, by the position's name or number ("0"); an offset in
    the action itself comes first; 0, focus, without either."""
    hold_first: bool = False
    """Positions without an offset: hold the z at which they are first seen, as chosen by eye."""
    range_um: float = 20.0
    """How far focus may be from the planned z of a position, each way, in um of the stage."""
    min_interval_s: float = 0.0
    """A position that was focused less than this ago is not looked at again: spares light."""


@dataclass(frozen=True)
class ActionResult:
    """How one autofocus action went."""

    position: str
    """Name or number of the position; empty if the sequence has none."""
    index: Mapping[str, int]
    """Indices of the event, such as t and p."""
    focused: Focused | None
    """What focusing came to; None: the position was focused a moment ago, and left as it was."""
    correction_um: float
    """What is added to the planned z of this position from here on, um of the stage."""


def focus_engine(
    core: Any,
    locate: Locate,
    calibration: StageCalibration,
    *,
    look: Look | None = None,
    how: OneShot | None = None,
    plan: ActionPlan | None = None,
    on_result: Callable[[ActionResult], None] | None = None,
    clock: Clock | None = None,
    **options: Any,
) -> Any:
    """Make an acquisition engine whose autofocus is the z model; register it to use it.

    Parameters
    ----------
    core
        The core that acquires; its current camera and focus stage are used.
    locate
        Reads z from a picture, such as a ``ZModel.locate`` of its pixels.
    calibration
        Of the focus stage.
    look
        Light, exposure and region of the pictures for focusing.
    how
        Tolerance, number of pictures and moves.
    plan
        Offsets and limits.
    on_result
        Called after every autofocus action, in the thread of the acquisition.
    clock
        Time; None: the computer's.
    **options
        For the constructor of pymmcore-plus' ``MDAEngine``.

    Returns
    -------
    MDAEngine
        With ``results``, a list of ``ActionResult``, and ``corrections_um`` by position.

    Raises
    ------
    ZfocusError
        If pymmcore-plus is missing, or the core has no camera or focus stage.

    Examples
    --------
    >>> engine = focus_engine(core, locate, calibration)  # doctest: +SKIP
    >>> core.register_mda_engine(engine)  # doctest: +SKIP
    >>> core.run_mda(MDASequence(  # doctest: +SKIP
    ...     stage_positions=[(0, 0, 10), (500, 0, 12)],
    ...     time_plan={"interval": 600, "loops": 144},
    ...     autofocus_plan={"axes": ("t", "p")},
    ... ))
    """
    engine = _engine_class()(core, **options)
    # Made now, so that a core without camera or stage is refused before the acquisition starts.
    microscope = MicroManagerMicroscope(core, look=look, clock=clock)
    engine.zfocus = Autofocus(
        microscope, locate, calibration, how or OneShot(), plan or ActionPlan(), on_result
    )
    return engine


class Autofocus:
    """Focus of all positions of one acquisition."""

    def __init__(
        self,
        microscope: MicroManagerMicroscope,
        locate: Locate,
        calibration: StageCalibration,
        how: OneShot,
        plan: ActionPlan,
        on_result: Callable[[ActionResult], None] | None,
    ) -> None:
        self.microscope = microscope
        self.corrections_um: dict[int | None, float] = {}
        self.results: list[ActionResult] = []
        self._locate, self._calibration, self._how = locate, calibration, how
        self._plan, self._on_result = plan, on_result
        self._held_um: dict[int | None, float] = {}
        self._focused_s: dict[int | None, float] = {}

    def forget(self) -> None:
        """Start a new acquisition."""
        self.corrections_um.clear()
        self.results.clear()
        self._held_um.clear()
        self._focused_s.clear()

    def shifted(self, event: Any) -> Any:
        """Return the event with its planes shifted by what was found at its position."""
        correction_um = self.corrections_um.get(event.index.get("p"), 0.0)
        if not correction_um:
            return event
        update: dict[str, Any] = {}
        if event.z_pos is not None:
            update["z_pos"] = event.z_pos + correction_um
        if planes_um := getattr(event, "z_sequence", ()):
            update["z_sequence"] = tuple(z_um + correction_um for z_um in planes_um)
        return event.model_copy(update=update)

    def run(self, event: Any) -> ActionResult:
        """Answer one action; the hardware is where the event's planned, shifted z put it."""
        place: int | None = event.index.get("p")
        now_s = self.microscope.clock.now_s()
        focused: Focused | None = None
        last_s = self._focused_s.get(place, -float("inf"))
        if now_s - last_s >= max(self._plan.min_interval_s, 1e-9):
            focused = self._focus(event, place)
            if focused.succeeded:
                self._focused_s[place] = self.microscope.clock.now_s()
                before_um = self.corrections_um.get(place, 0.0)
                self.corrections_um[place] = before_um + focused.moved_um
            else:
                _logger.warning(
                    "no focus at position %s: %s", _name(event) or "(unnamed)", focused.reason
                )
        result = ActionResult(
            _name(event), dict(event.index), focused, self.corrections_um.get(place, 0.0)
        )
        self.results.append(result)
        if self._on_result is not None:
            self._on_result(result)
        return result

    def _focus(self, event: Any, place: int | None) -> Focused:
        try:
            target_um = self._target_um(event, place)
            limits = self._limits(event)
        except ZfocusError as error:
            return Focused(False, float("nan"), (), (), str(error))
        return focus_once(
            self.microscope, self._locate, self._calibration, limits, target_um, self._how
        )

    def _target_um(self, event: Any, place: int | None) -> float:
        """Where to hold: the action's offset, else the position's, else as first seen, else 0."""
        if (given := event.action.autofocus_motor_offset) is not None:
            return float(given)
        offsets = self._plan.offsets_um or {}
        for key in (_name(event), str(place)):
            if key in offsets:
                return float(offsets[key])
        if not self._plan.hold_first:
            return 0.0
        if place not in self._held_um:
            self._held_um[place] = read_z_um(self.microscope, self._locate, self._how)
        return self._held_um[place]

    def _limits(self, event: Any) -> SoftLimits:
        stage = self.microscope.stage
        planned_um = event.z_pos
        if planned_um is None:  # no z in the plan: from where the position was first focused
            place = event.index.get("p")
            planned_um = stage.z_um - self.corrections_um.get(place, 0.0)
        return soft_limits(float(planned_um), self._plan.range_um, stage.limits_um)


def _name(event: Any) -> str:
    return str(event.pos_name or event.index.get("p", ""))


@cache
def _engine_class() -> Any:
    mda = pymmcore_plus("mda")
    Engine: Any = mda.MDAEngine
    Action: Any = import_module("useq").HardwareAutofocus

    class FocusEngine(Engine):
        """Acquires as pymmcore-plus does, and focuses with the z model."""

        zfocus: Autofocus

        @property
        def results(self) -> list[ActionResult]:
            """How the autofocus actions of the last acquisition went."""
            return self.zfocus.results

        @property
        def corrections_um(self) -> Mapping[int | None, float]:
            """What is added to the planned z, by number of the position."""
            return self.zfocus.corrections_um

        def setup_sequence(self, sequence: Any) -> Any:
            """Forget what the acquisition before found."""
            self.zfocus.forget()
            return Engine.setup_sequence(self, sequence)

        def setup_event(self, event: Any) -> None:
            """Go to the event's place; its planes are shifted by what was found there."""
            Engine.setup_event(self, self.zfocus.shifted(event))

        def exec_event(self, event: Any) -> Iterable[Any]:
            """Take a picture, or focus where the event asks for that."""
            action = getattr(event, "action", None)
            named = getattr(action, "autofocus_device_name", None)
            if isinstance(action, Action) and named in (None, "", DEVICE_NAME):
                self.zfocus.run(event)
            else:
                yield from Engine.exec_event(self, event) or ()

    return FocusEngine
