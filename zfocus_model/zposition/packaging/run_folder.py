"""What a z training run left behind, read and checked before anything is written."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from zfocus_model._errors import ZfocusError
from zfocus_model.packages import Z_TASK
from zfocus_model.training.packaging.archives import keras_date
from zfocus_model.training.packaging.run_folder import read_json, read_number
from zfocus_model.zposition.bins import check_bins
from zfocus_model.zposition.reading import ZLimits

NOT_STATED = "not stated"

CARD = ("objective", "modality", "cells")
"""What every card says, if only that it is not stated."""

_SIMULATED = "simulated"

_PLACE = re.compile(r"(?<![\w.])/(?:[\w.+-]+/)*([\w.+-]+/[\w.+-]+)")
"""A path from the root, of which the last two names are kept: the rest is nobody's business."""


@dataclass(frozen=True)
class ZRun:
    """A run folder of ``zfocus train --task z-position``."""

    weights: Path
    """``best.keras``."""
    about: dict[str, Any] = field(repr=False)
    """``run.json``: command, commit, options, bins, pixel size, data."""
    calibration: dict[str, Any] = field(repr=False)
    """``calibration.json``: temperature and limits."""
    evaluation: dict[str, Any] = field(repr=False)
    """``evaluation.json``; empty if the run was not evaluated."""
    saved: str
    """When the weights were saved, ISO 8601; empty if the file does not say."""

    @property
    def temperature(self) -> float:
        """What the logits are divided by, > 0."""
        return read_number(self.calibration, "temperature", 1e-3, 1e3)

    @property
    def limits(self) -> ZLimits:
        """The limits that turn a reading into a status."""
        found: Any = self.calibration.get("limits")
        given = cast("dict[str, Any]", found if isinstance(found, dict) else {})
        return ZLimits(
            certainty_min=read_number(given, "certainty_min", 0.0, 1.0),
            second_mode_max=read_number(given, "second_mode_max", 0.0, 1.0),
            sd_max_um=read_number(given, "sd_max_um", 1e-6, 1e6),
        )

    @property
    def bins_um(self) -> list[float]:
        """Centres of the z bins in um."""
        return [float(z_um) for z_um in check_bins(self.about.get("bins_um") or [])]

    @property
    def pixel_size_um(self) -> float:
        """Pixel size that the network was trained at, in um."""
        value = self.about.get("pixel_size_um")
        if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1e6:
            return float(value)
        raise ZfocusError(
            f"expected pixel_size_um above 0 in run.json, got {value!r}: train again with labels "
            "that give the pixel size"
        )

    @property
    def parts(self) -> list[dict[str, Any]]:
        """Training and validation stacks, as ``run.json`` counts them."""
        found: Any = self.about.get("data")
        parts = cast("list[Any]", found) if isinstance(found, list) else []
        return [cast("dict[str, Any]", part) for part in parts if isinstance(part, dict)]

    @property
    def simulated(self) -> bool:
        """Whether every stack was simulated."""
        methods = [part.get("methods") for part in self.parts]
        return bool(methods) and all(
            isinstance(found, dict) and set(cast("dict[str, int]", found)) == {_SIMULATED}
            for found in methods
        )

    @property
    def domain(self) -> dict[str, str]:
        """Objective, modality and cells that the model is for, and what else the run tells."""
        found: Any = self.about.get("domain")
        given = cast("dict[str, Any]", found if isinstance(found, dict) else {})
        known = {key: str(given.get(key) or NOT_STATED) for key in CARD}
        return {**known, **{key: str(given[key]) for key in given if key not in CARD}}


def read_z_run(folder: Path) -> ZRun:
    """Read a run folder.

    Parameters
    ----------
    folder : Path
        What ``zfocus train --task z-position -o`` was given.

    Returns
    -------
    ZRun
        The run.

    Raises
    ------
    ZfocusError
        If weights, description or calibration are missing, damaged or of another task.
    """
    weights = folder / "best.keras"
    if not weights.is_file():
        raise ZfocusError(
            f"expected trained weights best.keras in the run {folder}, found none: "
            "let zfocus train finish an epoch first"
        )
    try:
        saved = keras_date(weights)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ZfocusError(f"cannot read the weights {weights} ({error}): train again") from None
    about = read_json(folder / "run.json")
    if about.get("task") != Z_TASK:
        raise ZfocusError(
            f"expected a run of zfocus train --task {Z_TASK} in {folder}, got one for "
            f"{about.get('task')!r}: export it without z options"
        )
    if about.get("network") == "published":
        raise ZfocusError(
            "expected a network that takes images of any size, got the published one, which is "
            "bound to one size: train --network small for a package"
        )
    if "command" in about:
        about["command"] = _PLACE.sub(r"\1", str(about["command"]))
    run = ZRun(
        weights=weights,
        about=about,
        calibration=read_json(folder / "calibration.json"),
        evaluation=read_json(folder / "evaluation.json", missing_ok=True),
        saved=saved,
    )
    _ = (run.temperature, run.limits, run.bins_um, run.pixel_size_um)
    return run
