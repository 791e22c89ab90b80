"""`zfocus lock --learn`, with pictures that carry their z, and models that err as told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from simulated_lock import locate_whole, scope_with, whole_reading

from zfocus_model._errors import ZfocusError
from zfocus_model.zposition.labels import StackLabel, read_labels, z_um_of_planes
from zfocus_model.zposition.lock.acquire import StackPlan, fields_around
from zfocus_model.zposition.lock.calibration import Measuring
from zfocus_model.zposition.lock.held_out import HeldOut, held_out_error
from zfocus_model.zposition.lock.learn import Learned, LearnPlan, Model, learn
from zfocus_model.zposition.lock.mechanics import SimulatedScope, StageFaults
from zfocus_model.zposition.lock.oneshot import OneShot
from zfocus_model.zposition.lock.protocol import HardwareFocusOn, LockError
from zfocus_model.zposition.lock.settings import LockSettings, read_calibration
from zfocus_model.zposition.lock.simulated import SimulatedMicroscope
from zfocus_model.zposition.lock.start import checked_start
from zfocus_model.zposition.stacks import open_stack

QUICK = LearnPlan(
    measuring=Measuring(watch_s=0.5, latency_moves=2),
    stacks=StackPlan(fields=4, reach_um=5),
    looking=OneShot(looks=1),
)
HEIGHTS_UM = {0.0: 1.0, 100.0: -2.0, 200.0: 3.0}


class ScopeTable:
    """The scope's XY stage."""

    def __init__(self, scope: SimulatedScope) -> None:
        self.scope, self.went = scope, []

    @property
    def xy_um(self) -> tuple[float, float]:
        return self.scope.xy_um

    def move_to(self, x_um: float, y_um: float, timeout_s: float) -> None:
        self.scope.xy_um = (x_um, y_um)
        self.went.append((x_um, y_um))


class Rig:
    """A scope whose fields are in focus at different heights, and a model that errs."""

    def __init__(self, sd_um: float = 0.1, **faults: Any) -> None:
        self.scope = scope_with(stage_faults=StageFaults(**faults), exposure_s=0.03)
        self.scope.drift_um = lambda time_s: HEIGHTS_UM.get(self.scope.xy_um[0], 0.0)
        self.table = ScopeTable(self.scope)
        self.rng, self.sd_um = np.random.default_rng(5), sd_um
        self.model = Model("made-up", "0" * 64, self.read)

    def read(self, frame: Any) -> Any:
        found = locate_whole(frame)
        if found.reason == "blank":
            return found
        return whole_reading(found.z_expected_um + self.sd_um * self.rng.standard_normal())

    def learn(self, folder: Path, plan: LearnPlan = QUICK, **options: Any) -> Learned:
        options = {"table": self.table, "stage_name": "Focus", **options}
        return learn(SimulatedMicroscope(self.scope), self.model, folder, plan=plan, **options)

    @property
    def stages(self) -> tuple[Any, ...]:
        return (self.scope.reported_um, self.scope.xy_um)


def test_it_measures_takes_stacks_and_writes_what_the_lock_reads(tmp_path: Path) -> None:
    rig = Rig(sign=-1, gain=0.8, backlash_um=1.0)
    plan = replace(QUICK, stacks=replace(QUICK.stacks, field_step_um=100))
    lines: list[str] = []
    learned = rig.learn(tmp_path, plan, progress=lines.append)
    calibration = read_calibration(tmp_path / "lock-calibration.json")
    assert calibration == learned.calibration
    assert (calibration.sign, calibration.stage, calibration.model) == (-1, "Focus", "made-up")
    assert calibration.gain == pytest.approx(0.8, rel=0.05)
    assert calibration.backlash_um == pytest.approx(1.0, abs=0.2)
    assert calibration.p90_error_um == pytest.approx(0.2, abs=0.12)
    assert learned.held_out.good_enough
    written = json.loads((tmp_path / "lock-calibration.json").read_text())
    assert written["package_sha256"] == "0" * 64
    assert written["held_out"]["images"] == 2 * 11
    assert rig.stages == (0.0, (0.0, 0.0))
    assert max(np.abs(rig.scope.visited_um)) <= 20
    assert any("away from the sample" in line for line in lines)


def test_the_stacks_are_labelled_where_they_are_in_focus(tmp_path: Path) -> None:
    rig = Rig(sign=-1)
    plan = replace(QUICK, stacks=replace(QUICK.stacks, field_step_um=100))
    rig.learn(tmp_path, plan)
    labels = read_labels(tmp_path / "labels.csv")
    assert [label.split for label in labels] == ["train", "train", "test", "test"]
    assert len({label.experiment for label in labels}) == 4
    for label in labels:
        with open_stack(tmp_path / label.stack) as stack:
            assert (len(stack), stack.z_step_um, stack.pixel_size_um) == (11, 1.0, 0.24)
            true_um = [(float(plane.mean()) - 1000) / 100 for plane in stack]
        assert z_um_of_planes(label) == pytest.approx(np.array(true_um), abs=0.3)


def test_a_model_that_errs_too_much_is_told_and_the_lock_refuses(tmp_path: Path) -> None:
    rig = Rig(sd_um=1.2)
    looking = OneShot(looks=9, tries=20, tolerance_um=1)
    learned = rig.learn(tmp_path, replace(QUICK, looking=looking))
    assert learned.held_out.p90_um > 1
    assert not learned.held_out.good_enough
    calibration = read_calibration(tmp_path / "lock-calibration.json")
    with pytest.raises(LockError, match="within 1 um for 9 of 10 images"):
        checked_start(SimulatedMicroscope(rig.scope), LockSettings(), calibration)


def tuned_by(sd_um: float) -> tuple[Any, Any, list[Sequence[StackLabel]]]:
    """Fine-tuning that leaves an error of so much."""
    given: list[Sequence[StackLabel]] = []

    def tune(labels: Sequence[StackLabel], folder: Path) -> Model:
        given.append(labels)
        return Model("tuned", "1" * 64, locate_whole)

    def reread(model: Model, label: StackLabel, folder: Path) -> Any:
        rng = np.random.default_rng(1)
        errors = sd_um * rng.standard_normal(label.planes)
        return [whole_reading(z) for z in (z_um_of_planes(label) + errors).tolist()]

    return tune, reread, given


@pytest.mark.parametrize(("sd_um", "chosen"), [(0.05, "tuned"), (3.0, "made-up")])
def test_the_better_of_both_models_is_taken(tmp_path: Path, sd_um: float, chosen: str) -> None:
    tune, reread, given = tuned_by(sd_um)
    learned = Rig(sd_um=0.4).learn(tmp_path, tune=tune, reread=reread)
    assert learned.model.name == learned.calibration.model == chosen
    assert learned.tuned is not None
    assert learned.held_out == (learned.tuned if chosen == "tuned" else learned.shipped)
    assert ("fine-tuning did not help" in " ".join(learned.notes)) == (chosen == "made-up")
    assert [label.split for label in given[0]].count("train") == 2


def test_missing_extras_leave_the_model_as_it_is(tmp_path: Path) -> None:
    def tune(labels: Any, folder: Path) -> Model:
        raise ZfocusError("expected TensorFlow: pip install 'zfocus[train,zoo]'")

    learned = Rig().learn(tmp_path, tune=tune, reread=lambda *_: [])
    assert learned.model.name == "made-up"
    assert learned.notes == (
        "not fine-tuned: expected TensorFlow: pip install 'zfocus[train,zoo]'",
    )


def test_without_an_xy_stage_there_is_one_field(tmp_path: Path) -> None:
    learned = Rig().learn(tmp_path, table=None)
    assert [label.split for label in read_labels(tmp_path / "labels.csv")] == ["test"]
    assert learned.notes == ("1 field(s) only: too few to fine-tune, all are held out",)


def test_it_refuses_beside_hardware_focus(tmp_path: Path) -> None:
    rig = Rig()
    rig.scope.continuous_focus = True
    with pytest.raises(HardwareFocusOn, match="switch it off"):
        rig.learn(tmp_path)
    assert (rig.scope.visited_um, list(tmp_path.iterdir())) == ([], [])


@pytest.mark.parametrize("after", [15, 60, 90])
@pytest.mark.parametrize("kind", [KeyboardInterrupt, ZfocusError])
def test_stages_return_on_ctrl_c_and_errors(
    tmp_path: Path, after: int, kind: type[BaseException]
) -> None:
    rig = Rig()
    rig.scope.command(2.5)
    rig.scope.xy_um = (50.0, 60.0)
    pictures = iter(range(after))

    def read(frame: Any) -> Any:
        if next(pictures, None) is None:
            raise kind("stop")
        return rig.read(frame)

    with pytest.raises(kind):
        learn(
            SimulatedMicroscope(rig.scope),
            Model("made-up", "", read),
            tmp_path,
            plan=QUICK,
            table=rig.table,
        )
    assert rig.stages == (2.5, (50.0, 60.0))
    assert max(np.abs(np.array(rig.scope.visited_um) - 2.5)) <= 20
    assert not (tmp_path / "lock-calibration.json").exists()


def test_soft_limits_hold_for_everything(tmp_path: Path) -> None:
    rig = Rig()
    learned = rig.learn(tmp_path, replace(QUICK, range_um=4.5))
    assert max(np.abs(rig.scope.visited_um)) <= 4.5
    assert learned.calibration.gain == pytest.approx(1, abs=0.05)
    with pytest.raises(LockError, match="7 planes within the soft limits of -2 to 2"):
        Rig().learn(tmp_path, replace(QUICK, range_um=2))


def test_dark_fields_are_left_out_and_all_dark_is_an_error(tmp_path: Path) -> None:
    rig = Rig()
    plan = replace(QUICK, stacks=replace(QUICK.stacks, field_step_um=100))
    move = rig.table.move_to

    def dark_beyond(x_um: float, y_um: float, timeout_s: float) -> None:
        move(x_um, y_um, timeout_s)
        rig.scope.camera_faults.blank = x_um > 0

    rig.table.move_to = dark_beyond
    lines: list[str] = []
    rig.learn(tmp_path, plan, progress=lines.append)
    assert [label.experiment for label in read_labels(tmp_path / "labels.csv")] == [
        "field-1",
        "field-4",
    ]
    assert sum("left out" in line for line in lines) == 2


def test_held_out_numbers() -> None:
    pairs = [(whole_reading(z + error), z) for z, error in zip(range(-5, 6), [0.5] * 10 + [2.5])]
    blank = locate_whole(type("F", (), {"pixels": np.full((4, 4), 20.0)})())
    found = held_out_error([*pairs, (blank, 0.0)])
    assert found.images == 12
    assert found.undecided == pytest.approx(1 / 12)
    assert found.median_um == pytest.approx(0.5, abs=0.02)
    assert found.bias_um == pytest.approx(7.5 / 11, abs=0.02)
    assert found.good_enough == (found.p90_um <= 1)
    assert not held_out_error([(blank, 0.0)]).good_enough
    assert "nan" in str(HeldOut(1, 1.0, *[float("nan")] * 3))


def test_fields_lie_in_rows_of_three() -> None:
    assert fields_around((5, 7), 5, 10) == [(5, 7), (15, 7), (25, 7), (5, 17), (15, 17)]
