"""The best plane of a stack: the public ``best_plane``, for fluorescence and transmitted light."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from zfocus_model._errors import ModelError
from zfocus_model.rating import BLANK, OUT_OF_DOMAIN, TOO_SMALL, UNCERTAIN
from zfocus_model.zposition.best_choice import NO_FOCUS, NO_MODEL, NO_ORDER, Choice
from zfocus_model.zposition.best_fluorescence import choose_by_level
from zfocus_model.zposition.best_transmitted import choose_by_z
from zfocus_model.zposition.modality import AUTO, FLUORESCENCE, check_modality, modality_of
from zfocus_model.zposition.reading import DECIDED, UNDECIDED
from zfocus_model.zposition.stack_files import StackSource
from zfocus_model.zposition.stacks import ZStack, open_stack
from zfocus_model.zposition.zstack import uneven

if TYPE_CHECKING:
    from zfocus_model.model import Model
    from zfocus_model.rating import Rating
    from zfocus_model.zposition.model import ZModel

MESSAGES = {
    NO_FOCUS: "no plane of the stack is in focus, focus lies beyond an end: acquire a stack that "
    "goes further",
    NO_ORDER: "the z readings do not follow the planes: check modality, z step and pixel size, and "
    "whether the model was made for such cells and objective",
    NO_MODEL: "transmitted light needs a z model and none is installed: install one with zfocus "
    "zoo install, or name it with --model",
    UNCERTAIN: "no plane is clearly better than the others",
    BLANK: "all planes are blank: take another field",
    OUT_OF_DOMAIN: "the planes are unlike fluorescence: if this is transmitted light, say "
    "--modality transmitted",
    TOO_SMALL: "the planes are too small to be rated: take a larger region",
}
"""Why a stack is undecided, in words, by its reason."""


@dataclass(frozen=True)
class PlaneReading:
    """What the model says of one plane of a stack."""

    plane: int
    """Index in the stack, from 0."""
    share: float
    """Probability to be the best plane, 0 to 1."""
    status: str
    """Fluorescence: ``in_focus``, ``out_of_focus`` or ``undecided``; else ``decided`` or
    ``undecided``."""
    reason: str
    """Why undecided; else empty."""
    expected_level: float = math.nan
    """Mean level, 0 to 10; NaN for transmitted light."""
    level_sd: float = math.nan
    """Standard deviation of the level; NaN for transmitted light."""
    z_um: float = math.nan
    """Mean z in um that the plane reads for itself; NaN for fluorescence."""
    z_sd_um: float = math.nan
    """Standard deviation of that z in um; NaN for fluorescence."""


@dataclass(frozen=True)
class BestPlane:
    """The best plane of a stack, and how sure that is."""

    index: int | None
    """The best plane, from 0; None if undecided."""
    position: float | None
    """Where focus lies in planes from 0, between planes as well; None if undecided."""
    confidence: float
    """Probability that the best plane is this one or one beside it, 0 to 1."""
    status: str
    """``decided`` or ``undecided``."""
    reason: str
    """Why undecided: a key of :data:`MESSAGES`, or why the planes are; else empty."""
    modality: str
    """``fluorescence`` or ``transmitted``."""
    readings: tuple[PlaneReading, ...]
    """One a plane; empty if there is no model to read them."""
    direction: int | None
    """1: the objective moves toward the sample as the index grows, -1: away; None: not known."""
    z_step_um: float | None
    """Distance of neighbouring planes in um: given, or as the readings tell; None: not known."""
    model: str
    """Name of the model; empty if there is none."""
    package_sha256: str
    """SHA-256 of its package; empty if there is none."""

    @property
    def message(self) -> str:
        """One line that says why the stack is undecided; empty if it is not."""
        return MESSAGES.get(self.reason, self.reason.replace("_", " ")) if self.reason else ""


def best_plane(
    stack: ZStack | StackSource | str | Path | Sequence[npt.ArrayLike],
    *,
    modality: str = AUTO,
    model: Model | None = None,
    z_model: ZModel | None = None,
    z_step_um: float | None = None,
    pixel_size_um: float | None = None,
    direction: int | None = None,
) -> BestPlane:
    """Find the plane of a stack that is best in focus.

    Fluorescence: the decided plane of the least expected level. Transmitted light: each plane reads
    its signed distance from focus, and all vote on where focus is; the sharpest plane would be the
    wrong one, as a phase object has the least contrast in focus.

    Parameters
    ----------
    stack
        An open stack, what ``open_stack`` takes, or planes: (planes, height, width) or a sequence.
    modality
        ``fluorescence``, ``transmitted``, or ``auto``: as the fluorescence model's domain tells.
    model
        Level model, from ``load_model``; None: the default one.
    z_model
        z model, from ``load_z_model``; None: the default one, if it is installed.
    z_step_um
        Distance of neighbouring planes in um; None: as the stack's file or the readings tell.
    pixel_size_um
        Side of a pixel in um; None: as the stack's file says. Transmitted light needs it.
    direction
        1 if the objective moves toward the sample as the index grows, -1 if away; None: the
        readings tell.

    Returns
    -------
    BestPlane
        Also where no plane could be chosen: ``status`` and ``reason`` say so.

    Raises
    ------
    ZfocusError
        If this is no stack, its planes cannot be read, differ in size or (transmitted light) in
        distance, the modality cannot be told, or the pixel size is missing or unfit.
    """
    check_modality(modality)
    opened, ours = _open(stack)
    try:
        z_step_um, pixel_size_um = (
            z_step_um or opened.z_step_um,
            pixel_size_um or opened.pixel_size_um,
        )
        ratings: dict[int, Rating] = {}

        def rate(plane: int) -> Rating:
            if plane not in ratings:
                ratings[plane] = levels.rate(opened[plane])
            return ratings[plane]

        if modality in (AUTO, FLUORESCENCE):
            levels = model or _default_model()
            if modality == AUTO:
                modality = modality_of(len(opened), rate, levels.package.limits)
            if modality == FLUORESCENCE:
                return _by_level([rate(plane) for plane in range(len(opened))], levels, z_step_um)
        return _by_z(opened, z_model, z_step_um, pixel_size_um, direction)
    finally:
        if ours:
            opened.close()


def _open(stack: Any) -> tuple[ZStack, bool]:
    """The open stack, and whether it is ours to close."""
    if isinstance(stack, ZStack):
        return stack, False
    if isinstance(stack, StackSource):
        return open_stack(stack), True
    if isinstance(stack, (str, Path)):
        return open_stack(stack), True
    return ZStack.of_arrays(stack), True


def _by_level(ratings: Sequence[Rating], model: Model, z_step_um: float | None) -> BestPlane:
    choice = choose_by_level(ratings)
    readings = tuple(
        PlaneReading(
            plane,
            float(choice.share[plane]),
            rating.status,
            rating.reason,
            expected_level=rating.expected_level,
            level_sd=rating.level_sd,
        )
        for plane, rating in enumerate(ratings)
    )
    return _result(choice, FLUORESCENCE, readings, z_step_um, model)


def _by_z(
    stack: ZStack,
    model: ZModel | None,
    z_step_um: float | None,
    pixel_size_um: float | None,
    direction: int | None,
) -> BestPlane:
    if not stack.even:
        raise uneven(stack)
    try:
        model = model or _default_z_model()
    except ModelError:
        nothing = Choice(None, None, 0.0, np.zeros(len(stack)), NO_MODEL)
        return _result(nothing, "transmitted", (), z_step_um, None)
    found = model.locate_stack(stack, pixel_size_um=pixel_size_um)
    choice = choose_by_z(found, z_step_um, direction)
    readings = tuple(
        PlaneReading(
            plane,
            float(choice.share[plane]),
            reading.status,
            reading.reason,
            z_um=reading.z_expected_um,
            z_sd_um=reading.z_sd_um,
        )
        for plane, reading in enumerate(found)
    )
    return _result(choice, "transmitted", readings, z_step_um or choice.z_step_um, model)


def _result(
    choice: Choice,
    modality: str,
    readings: tuple[PlaneReading, ...],
    z_step_um: float | None,
    model: Model | ZModel | None,
) -> BestPlane:
    return BestPlane(
        choice.index,
        choice.position,
        choice.confidence,
        UNDECIDED if choice.reason else DECIDED,
        choice.reason,
        modality,
        readings,
        choice.direction,
        z_step_um,
        model.name if model else "",
        model.package_sha256 if model else "",
    )


def _default_model() -> Model:
    from zfocus_model.model import load_model

    return load_model()


def _default_z_model() -> ZModel:
    from zfocus_model.zposition.model import load_z_model

    return load_z_model()
