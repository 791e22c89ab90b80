"""``zfocus lock --learn``: what the stage is like, and whether the model is good enough here.

Everything is measured within soft limits, by what the image does. At the end, on any error and on
Ctrl-C the stages go back to where they were.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path

from zfocus_model._errors import ZfocusError
from zfocus_model._files import write_whole
from zfocus_model.zposition.labels import StackLabel, write_labels, z_um_of_planes
from zfocus_model.zposition.lock.acquire import (
    LocateWhole,
    StackPlan,
    TakenStack,
    returning,
    take_stacks,
)
from zfocus_model.zposition.lock.calibration import Measuring, Response, measure_response
from zfocus_model.zposition.lock.held_out import LARGEST_UNDECIDED, HeldOut, held_out_error
from zfocus_model.zposition.lock.latency import measure_latency
from zfocus_model.zposition.lock.oneshot import OneShot
from zfocus_model.zposition.lock.protocol import HardwareFocusOn, LockError, Microscope
from zfocus_model.zposition.lock.settings import (
    CALIBRATION_NAME,
    SoftLimits,
    StageCalibration,
    soft_limits,
)
from zfocus_model.zposition.lock.table import Table
from zfocus_model.zposition.reading import ZPosition

TABLE = "labels.csv"
_TEST_EVERY = 3  # one field of three is held out


@dataclass(frozen=True)
class Model:
    """A model as ``learn`` needs it."""

    name: str
    """Name, or path of its folder."""
    sha256: str
    """Of its package."""
    locate: LocateWhole
    """Reads z from a picture."""


Tune = Callable[[Sequence[StackLabel], Path], Model]
"""Fine-tune on the stacks of a label table whose ``split`` is train; raises ZfocusError."""

Reread = Callable[[Model, StackLabel, Path], Sequence[ZPosition]]
"""What a model reads from the planes of a stack on disk."""


@dataclass(frozen=True)
class LearnPlan:
    """How far to go."""

    range_um: float = 20.0
    """Soft limits: how far the stage may go from where it is, each way, in its own um."""
    measuring: Measuring = field(default_factory=Measuring)
    """Of the stage."""
    stacks: StackPlan = field(default_factory=StackPlan)
    """Which stacks to take."""
    looking: OneShot = field(default_factory=OneShot)
    """How pictures are taken."""


@dataclass(frozen=True)
class Learned:
    """What came of it."""

    calibration: StageCalibration
    """As written to ``lock-calibration.json``."""
    response: Response
    """How the image follows the stage."""
    shipped: HeldOut
    """Errors of the model as it came."""
    tuned: HeldOut | None
    """Errors of the fine-tuned one; None if there is none."""
    model: Model
    """The better of the two."""
    held_out: HeldOut
    """Its errors."""
    notes: tuple[str, ...]
    """What a person should know."""


def learn(
    microscope: Microscope,
    model: Model,
    folder: Path,
    *,
    plan: LearnPlan | None = None,
    table: Table | None = None,
    stage_name: str = "",
    tune: Tune | None = None,
    reread: Reread | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> Learned:
    """Measure the stage, take stacks, fine-tune, and write the calibration.

    Parameters
    ----------
    microscope
        Near focus, with cells in view.
    model
        To begin with.
    folder
        Gets ``lock-calibration.json``, ``labels.csv``, ``stacks``, and what ``tune`` writes.
    plan
        How far to go.
    table
        The XY stage; None: all stacks are of one field.
    stage_name
        What the calibration is for.
    tune, reread
        Fine-tuning, and reading stacks with its model; None: the model stays as it is.
    progress
        Called with lines for a person.

    Returns
    -------
    Learned
        The lock refuses to begin where its held-out error is too large.

    Raises
    ------
    ZfocusError
        If something cannot be measured. The stages are back where they were.
    """
    plan = plan or LearnPlan()
    if microscope.hardware_focus_on():
        raise HardwareFocusOn(
            "expected the microscope's own continuous focus off, got it on: switch it off"
        )
    stage = microscope.stage
    limits = soft_limits(stage.z_um, plan.range_um, stage.limits_um)
    notes: list[str] = []
    with returning(microscope, table):
        response, calibration = _measure_stage(
            microscope, model, limits, plan, stage_name, notes, progress
        )
        taken = take_stacks(
            microscope,
            table,
            model.locate,
            calibration,
            limits,
            folder,
            plan.stacks,
            plan.looking,
            progress,
        )
    taken = _split(taken, notes)
    write_labels(folder / TABLE, [one.label for one in taken])
    test = [one for one in taken if one.label.split == "test"]
    shipped = held_out_error(
        pair for one in test for pair in zip(one.readings, z_um_of_planes(one.label).tolist())
    )
    progress(f"held out, {model.name}: {shipped}")
    better = _fine_tuned(taken, model, folder, tune, reread, notes, progress)
    chosen, held_out = model, shipped
    if better is not None and _key(better[1]) < _key(shipped):
        chosen, held_out = better
    elif better is not None:
        notes.append("fine-tuning did not help: the model stays as it was")
    if held_out.undecided > LARGEST_UNDECIDED:
        raise LockError(
            f"expected {chosen.name} to read half of the held-out images at least, got "
            f"{held_out}: train a model on stacks of this microscope (zfocus train)"
        )
    calibration = replace(calibration, p90_error_um=round(held_out.p90_um, 3), model=chosen.name)
    written = {
        **asdict(calibration),
        "package_sha256": chosen.sha256,
        "held_out": asdict(held_out),
        "response": asdict(response),
        "notes": notes,
    }
    write_whole(folder / CALIBRATION_NAME, (json.dumps(written, indent=1) + "\n").encode())
    tuned = better[1] if better is not None else None
    return Learned(calibration, response, shipped, tuned, chosen, held_out, tuple(notes))


def _measure_stage(
    microscope: Microscope,
    model: Model,
    limits: SoftLimits,
    plan: LearnPlan,
    stage_name: str,
    notes: list[str],
    progress: Callable[[str], None],
) -> tuple[Response, StageCalibration]:
    response = measure_response(
        microscope, model.locate, limits, plan.measuring, plan.looking, progress
    )
    latency_s = measure_latency(microscope, model.locate, limits, response, plan.measuring)
    if latency_s is None:
        notes.append("the latency could not be told from noise, 0 is taken")
    calibration = StageCalibration(
        sign=1 if response.slope > 0 else -1,
        gain=round(abs(response.slope), 4),
        backlash_um=round(response.backlash_um, 2),
        latency_s=round(latency_s or 0.0, 3),
        stage=stage_name,
        measured=date.today().isoformat(),
    )
    progress(
        f"stage: {'toward' if calibration.sign > 0 else 'away from'} the sample as its number "
        f"grows, {calibration.gain:g} +- {response.slope_error:.2g} um of the image a um, "
        f"backlash {calibration.backlash_um:g} um, latency {calibration.latency_s:g} s"
    )
    return response, calibration


def _split(taken: Sequence[TakenStack], notes: list[str]) -> list[TakenStack]:
    """Hold every third field out; a single one is not trained on at all."""
    last = len(taken) - 1
    held = {last} | set(range(_TEST_EVERY - 1, len(taken), _TEST_EVERY))
    if len(taken) < 3:
        held = set(range(len(taken)))
        notes.append(f"{len(taken)} field(s) only: too few to fine-tune, all are held out")
    return [
        TakenStack(replace(one.label, split="test" if number in held else "train"), one.readings)
        for number, one in enumerate(taken)
    ]


def _fine_tuned(
    taken: Sequence[TakenStack],
    model: Model,
    folder: Path,
    tune: Tune | None,
    reread: Reread | None,
    notes: list[str],
    progress: Callable[[str], None],
) -> tuple[Model, HeldOut] | None:
    """A fine-tuned model and its errors; or nothing, and a note why."""
    labels = [one.label for one in taken]
    if tune is None or reread is None or not any(label.split == "train" for label in labels):
        return None
    try:
        better = tune(labels, folder)
    except ZfocusError as error:
        notes.append(f"not fine-tuned: {error}")
        progress(notes[-1])
        return None
    tuned = held_out_error(
        pair
        for label in labels
        if label.split == "test"
        for pair in zip(reread(better, label, folder), z_um_of_planes(label).tolist())
    )
    progress(f"held out, fine-tuned: {tuned}")
    return better, tuned


def _key(held_out: HeldOut) -> tuple[float, float]:
    """Smaller is better."""
    p90_um = held_out.p90_um
    return (p90_um if math.isfinite(p90_um) else math.inf, held_out.undecided)
