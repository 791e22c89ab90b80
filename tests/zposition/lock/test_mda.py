"""Autofocus actions in acquisitions of pymmcore-plus' real engine and runner."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest
from simulated_lock import Reading, locate, picture_of

from zfocus_model._errors import ZfocusError
from zfocus_model.zposition.lock.look import Look
from zfocus_model.zposition.lock.mda import ActionPlan, focus_engine
from zfocus_model.zposition.lock.mechanics import SimulatedScope, StageFaults
from zfocus_model.zposition.lock.settings import StageCalibration
from zfocus_model.zposition.lock.simulated import FastClock

pytest.importorskip("pymmcore_plus", reason="extra autofocus is not installed")
useq = pytest.importorskip("useq")

HEIGHTS_UM = {0.0: 4.0, 100.0: -3.0, 200.0: 6.5}
"""Where focus is, by x of the position, beside what is planned."""


class Rig:
    """A core with simulated devices, focus at another height at each position, and its drift."""

    def __init__(self, **options: Any) -> None:
        from zfocus_model.zposition.lock.devices import simulated_core

        self.drifted_um = 0.0
        self.scope = SimulatedScope(picture_of, FastClock(), **options)
        self.scope.drift_um = lambda time_s: (
            HEIGHTS_UM.get(self.scope.xy_um[0], 0.0) + self.drifted_um
        )
        self.core = simulated_core(self.scope)
        self.z_um: dict[tuple[int, ...], float] = {}

    def acquire(self, engine: Any, sequence: Any) -> dict[tuple[int, ...], float]:
        """Run the sequence; z of the pictures by their indices."""
        self.core.mda.set_engine(engine)
        seen: dict[tuple[int, ...], float] = {}

        def ready(image: np.ndarray[Any, Any], event: Any) -> None:
            seen[tuple(event.index.values())] = round((float(image.mean()) - 1000) / 100, 3)

        self.core.mda.events.frameReady.connect(ready)
        self.core.mda.run(sequence)
        self.core.mda.events.frameReady.disconnect(ready)
        return seen


def sequence_of(**options: Any) -> Any:
    positions = [useq.Position(x=x, y=0, z=0, name=f"well {x:g}") for x in HEIGHTS_UM]
    chosen = {"stage_positions": positions, "autofocus_plan": {"axes": ("t", "p")}, **options}
    return useq.MDASequence(axis_order="tpcz", **chosen)


def test_every_position_is_brought_into_focus_and_stays_so() -> None:
    rig = Rig()
    engine = focus_engine(rig.core, locate, StageCalibration())

    def drift(result: Any) -> None:
        if result.index["p"] == 2:  # after the last position of a time point
            rig.drifted_um += 2.0

    engine.zfocus._on_result = drift
    plan = sequence_of(time_plan={"interval": 0, "loops": 3})
    seen = rig.acquire(engine, plan)
    assert seen == {
        (t, p): (-2.0 if p == 2 else 0.0)  # drifted between focusing and the picture
        for t in range(3)
        for p in range(3)
    }
    assert [result.position for result in engine.results] == ["well 0", "well 100", "well 200"] * 3
    assert engine.corrections_um == {0: 8.0, 1: 1.0, 2: 10.5}


def test_planes_of_a_stack_are_shifted_with_their_position() -> None:
    rig = Rig()
    engine = focus_engine(rig.core, locate, StageCalibration())
    plan = sequence_of(z_plan={"range": 4, "step": 2}, autofocus_plan={"axes": ("p",)})
    assert rig.acquire(engine, plan) == {(p, z): 2.0 * z - 2 for p in range(3) for z in range(3)}


def test_offsets_come_from_the_action_then_the_position_then_the_first_look() -> None:
    rig = Rig()
    engine = focus_engine(
        rig.core,
        locate,
        StageCalibration(),
        plan=ActionPlan(offsets_um={"well 100": 1.5}, hold_first=True),
    )
    offset = {"autofocus_plan": {"axes": ("p",), "autofocus_motor_offset": -2}}
    positions = [
        useq.Position(x=0, y=0, z=0, sequence=useq.MDASequence(**offset)),
        useq.Position(x=100, y=0, z=0, name="well 100"),
        useq.Position(x=200, y=0, z=0),
    ]
    plan = sequence_of(stage_positions=positions, autofocus_plan={"axes": ("p",)})
    assert rig.acquire(engine, plan) == {(0,): -2.0, (1,): 1.5, (2,): -6.5}


def test_a_second_acquisition_starts_anew() -> None:
    rig = Rig()
    engine = focus_engine(rig.core, locate, StageCalibration())
    for _ in range(2):
        rig.acquire(engine, sequence_of())
        assert engine.corrections_um == {0: 4.0, 1: -3.0, 2: 6.5}


def test_failure_is_said_and_the_acquisition_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    rig = Rig()
    engine = focus_engine(rig.core, locate, StageCalibration(), plan=ActionPlan(range_um=5))
    with caplog.at_level(logging.WARNING, "zfocus"):
        seen = rig.acquire(engine, sequence_of())
    assert seen == {(0,): 0.0, (1,): 0.0, (2,): -6.5}  # the last is out of range: as planned
    assert [result.focused.succeeded for result in engine.results] == [True, True, False]
    assert "no focus at position well 200: expected focus between -5 and 5 um" in caplog.text


def test_an_inverted_stage_is_found_out_and_left_where_it_was() -> None:
    rig = Rig(stage_faults=StageFaults(sign=-1))
    engine = focus_engine(rig.core, locate, StageCalibration())
    assert rig.acquire(engine, sequence_of()) == {(0,): -4.0, (1,): 3.0, (2,): -6.5}
    assert not any(result.focused.succeeded for result in engine.results)


def test_a_model_that_refuses_the_pictures_does_not_end_the_acquisition() -> None:
    def refuses(frame: Any) -> Reading:
        raise ZfocusError("expected 0.24 um/px")

    rig = Rig()
    engine = focus_engine(rig.core, refuses, StageCalibration())
    assert len(rig.acquire(engine, sequence_of())) == 3
    assert engine.results[0].focused.reason == "expected 0.24 um/px"


def test_positions_that_were_focused_a_moment_ago_are_left_alone() -> None:
    rig = Rig()
    spared = ActionPlan(min_interval_s=3600)
    engine = focus_engine(rig.core, locate, StageCalibration(), plan=spared)
    rig.acquire(engine, sequence_of(time_plan={"interval": 0, "loops": 2}))
    assert [result.focused is None for result in engine.results] == [False] * 3 + [True] * 3
    assert engine.results[5].correction_um == 6.5


def test_focus_has_an_exposure_of_its_own_and_the_acquisition_keeps_its() -> None:
    rig, exposures_ms = Rig(), []

    def reads(frame: Any) -> Reading:
        exposures_ms.append(round(rig.scope.exposure_s * 1e3))
        return locate(frame)

    taken: list[float] = []
    snap = rig.scope.snap
    rig.scope.snap = lambda: taken.append(round(rig.scope.exposure_s * 1e3)) or snap()
    engine = focus_engine(rig.core, reads, StageCalibration(), look=Look(exposure_ms=7))
    rig.acquire(engine, sequence_of(channels=[], stage_positions=[(0, 0, 4)]))
    assert taken == [7, 7, 7, 10]
    assert exposures_ms == [10, 10, 10]  # put back before the model reads


def test_hardware_autofocus_that_is_named_stays_hardware() -> None:
    pytest.importorskip("mm_test_adapters", reason="Micro-Manager's demo drivers are missing")
    from zfocus_model.zposition.lock.mmcore import load_core

    core = load_core("MMConfig_demo.cfg")
    looked: list[Any] = []
    engine = focus_engine(
        core, lambda frame: looked.append(frame) or Reading(0, 0), StageCalibration()
    )
    core.mda.set_engine(engine)
    for name, looks in (("Autofocus", 0), ("zfocus", 3), (None, 6)):
        plan = {"axes": ("p",), "autofocus_device_name": name}
        core.mda.run(useq.MDASequence(stage_positions=[(0, 0, 1)], autofocus_plan=plan))
        assert len(looked) == looks


def test_hardware_continuous_focus_stops_ours() -> None:
    rig = Rig()
    rig.core.enableContinuousFocus(True)
    engine = focus_engine(rig.core, locate, StageCalibration())
    rig.acquire(engine, sequence_of())
    assert "continuous focus" in engine.results[0].focused.reason
    assert engine.corrections_um == {}
