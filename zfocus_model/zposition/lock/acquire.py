"""Z-stacks of a few fields, taken with the stage of the lock, and where they are in focus."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zfocus_model._errors import ZfocusError
from zfocus_model._files import whole_file
from zfocus_model.zposition.best_transmitted import choose_by_z
from zfocus_model.zposition.labels import StackLabel
from zfocus_model.zposition.lock.oneshot import OneShot, focus_once
from zfocus_model.zposition.lock.protocol import CameraError, Frame, LockError, Microscope
from zfocus_model.zposition.lock.settings import SoftLimits, StageCalibration
from zfocus_model.zposition.lock.table import Table
from zfocus_model.zposition.reading import ZPosition

LocateWhole = Callable[[Frame], ZPosition]
"""The z-position of one picture with its whole distribution: a ``ZModel.locate``."""

LEAST_PLANES = 7
_TRIES = 4


@dataclass(frozen=True)
class StackPlan:
    """Which stacks to take."""

    fields: int = 6
    """Fields of view, in rows of three beside each other; 1 without an XY stage."""
    field_step_um: float | None = None
    """Distance of neighbouring fields; None: the width of a picture."""
    reach_um: float = 10.0
    """How far from focus planes are taken, each way, um of the image."""
    z_step_um: float = 1.0
    """Distance of planes, um of the image."""
    move_timeout_s: float = 30.0
    """How long to wait for a move of the XY stage."""


@dataclass(frozen=True, eq=False)
class TakenStack:
    """A stack on disk, what the model reads from its planes, and where they were taken."""

    label: StackLabel
    """As in the label table."""
    readings: tuple[ZPosition, ...]
    """One a plane."""


@contextmanager
def returning(
    microscope: Microscope, table: Table | None, timeout_s: float = 10.0
) -> Generator[None, None, None]:
    """Bring the stages back to where they are now, whatever happens, Ctrl-C included."""
    stage = microscope.stage
    z_um = stage.z_um
    xy_um = table.xy_um if table is not None else (0.0, 0.0)
    try:
        yield
    finally:
        with suppress(ZfocusError):
            stage.move_to(z_um, timeout_s)
        if table is not None:
            with suppress(ZfocusError):
                table.move_to(*xy_um, timeout_s)


def fields_around(
    xy_um: tuple[float, float], count: int, step_um: float
) -> list[tuple[float, float]]:
    """Fields in rows of three, from where the table is.

    Examples
    --------
    >>> fields_around((0.0, 0.0), 4, 100.0)
    [(0.0, 0.0), (100.0, 0.0), (200.0, 0.0), (0.0, 100.0)]
    """
    return [
        (xy_um[0] + number % 3 * step_um, xy_um[1] + number // 3 * step_um)
        for number in range(count)
    ]


def take_stacks(
    microscope: Microscope,
    table: Table | None,
    locate: LocateWhole,
    calibration: StageCalibration,
    limits: SoftLimits,
    folder: Path,
    plan: StackPlan,
    looking: OneShot,
    progress: Callable[[str], None],
) -> list[TakenStack]:
    """Take a stack at every field, focus each first, and find where it is in focus.

    Parameters
    ----------
    microscope, table
        Stages are left at the last field: see ``returning``.
    locate
        The model as it is.
    calibration
        Sign, gain and backlash of the stage.
    limits
        Where the stage may be.
    folder
        Gets ``stacks/field-1.ome.tif`` and so on.
    plan, looking
        Which stacks; how pictures are taken.
    progress
        Called with a line a field.

    Returns
    -------
    list of TakenStack
        Those with a plane in focus; the objective moves toward the sample with the plane's index.

    Raises
    ------
    ZfocusError
        If there is no pixel size, none of the stacks has a plane in focus, or a stage fails.
    """
    first = _snap(microscope, looking)
    pixel_size_um = first.pixel_size_um
    if pixel_size_um is None:
        raise LockError(
            "expected a microscope that knows its pixel size, got none: give --pixel-size-um"
        )
    step_um = plan.field_step_um or first.pixels.shape[1] * pixel_size_um
    places = [None] if table is None else fields_around(table.xy_um, plan.fields, step_um)
    taken: list[TakenStack] = []
    for number, place in enumerate(places, 1):
        if table is not None and place is not None:
            table.move_to(*place, plan.move_timeout_s)
        found = focus_once(microscope, locate, calibration, limits, 0.0, looking)
        if not found.succeeded:
            progress(f"field {number} of {len(places)}: left out: {found.reason}")
            continue
        planes = _take_stack(microscope, calibration, limits, plan, looking)
        readings = tuple(locate(Frame(plane, 0.0, pixel_size_um)) for plane in planes)
        choice = choose_by_z(readings, plan.z_step_um, 1)
        if choice.position is None:
            progress(f"field {number} of {len(places)}: left out: focus is {choice.reason}")
            continue
        name = f"stacks/field-{number}.ome.tif"
        _write_stack(folder / name, planes, pixel_size_um, plan.z_step_um)
        position = min(max(choice.position, 0.0), len(planes) - 1.0)
        label = StackLabel(
            stack=name,
            experiment=f"field-{number}",
            planes=len(planes),
            in_focus_plane=position,
            z_step_um=plan.z_step_um,
            pixel_size_um=pixel_size_um,
            direction=1,
            method="found",
        )
        taken.append(TakenStack(label, readings))
        progress(f"field {number} of {len(places)}: {len(planes)} planes, focus at {position:.1f}")
    if not taken:
        raise LockError(
            "expected at least one field with cells and a plane in focus, got none: go to a field "
            "with cells, near focus, or train a model on stacks of this microscope"
        )
    return taken


def _take_stack(
    microscope: Microscope,
    calibration: StageCalibration,
    limits: SoftLimits,
    plan: StackPlan,
    looking: OneShot,
) -> list[NDArray[Any]]:
    """Planes in order of nearness to the sample, approached from one side only."""
    stage = microscope.stage
    centre_um = stage.z_um
    count = math.floor(plan.reach_um / plan.z_step_um)
    offsets_um = plan.z_step_um * np.arange(-count, count + 1)
    stops = [centre_um + calibration.stage_from_um(float(offset)) for offset in offsets_um]
    stops = [stop for stop in stops if limits.contains(stop)]
    if len(stops) < LEAST_PLANES:
        raise LockError(
            f"expected room for {LEAST_PLANES} planes within the soft limits of {limits.low_um:g} "
            f"to {limits.high_um:g} um, got {len(stops)}: allow a larger range"
        )
    before_um = stops[0] - calibration.sign * (1.0 + calibration.backlash_um)
    stage.move_to(limits.clip(before_um), looking.stage_timeout_s)
    planes: list[NDArray[Any]] = []
    for stop in stops:
        if microscope.hardware_focus_on():
            raise LockError("expected the hardware focus to stay off, got it on: switch it off")
        stage.move_to(stop, looking.stage_timeout_s)
        microscope.clock.sleep(calibration.latency_s)
        planes.append(_snap(microscope, looking).pixels)
    stage.move_to(centre_um, looking.stage_timeout_s)  # not near the sample when it moves sideways
    return planes


def _snap(microscope: Microscope, looking: OneShot) -> Frame:
    """Take a picture; one that is lost is taken again."""
    for left in range(_TRIES - 1, -1, -1):
        try:
            return microscope.camera.snap(looking.camera_timeout_s)
        except CameraError:
            if not left:
                raise
    raise AssertionError("unreachable")


def _write_stack(
    path: Path, planes: list[NDArray[Any]], pixel_size_um: float, z_step_um: float
) -> None:
    import tifffile

    metadata = {"axes": "ZYX", "PhysicalSizeZ": z_step_um, "PhysicalSizeZUnit": "µm"}
    for axis in "XY":
        metadata |= {f"PhysicalSize{axis}": pixel_size_um, f"PhysicalSize{axis}Unit": "µm"}
    with whole_file(path) as part, tifffile.TiffWriter(part, ome=True) as writer:
        writer.write(np.stack(planes), photometric="minisblack", metadata=metadata)
