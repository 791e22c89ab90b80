"""What a training run left behind, read and checked before anything is written."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from zfocus_model._errors import ZfocusError
from zfocus_model.rating import StatusLimits
from zfocus_model.training.packaging.archives import keras_date
from zfocus_model.training.provenance import all_licences


@dataclass(frozen=True)
class Run:
    """A run folder of ``zfocus train``."""

    weights: Path
    """``best.keras``."""
    about: dict[str, Any] = field(repr=False)
    """``run.json``: command, commit, options, data with licences, versions."""
    calibration: dict[str, Any] = field(repr=False)
    """``calibration.json``: temperature, limits and, where known, training-domain statistics."""
    evaluation: dict[str, Any] = field(repr=False)
    """``evaluation.json``; empty if the run was not evaluated."""
    saved: str
    """When the weights were saved, ISO 8601; empty if the file does not say."""

    @property
    def temperature(self) -> float:
        """What the logits are divided by, > 0."""
        return read_number(self.calibration, "temperature", 1e-3, 1e3)

    @property
    def limits(self) -> StatusLimits:
        """The limits that turn a rating into a status."""
        return StatusLimits(
            certainty_min=read_number(self.calibration, "certainty_min", 0.0, 1.0),
            in_focus_min=read_number(self.calibration, "in_focus_min", 0.0, 1.0),
        )

    @property
    def sources(self) -> dict[str, dict[str, Any]]:
        """Images and licence by source, training and held-out images together, sorted."""
        return sources_of(self.about)


def sources_of(about: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Images and licence by source in the ``run.json`` of a run, all parts together, sorted."""
    total: dict[str, dict[str, Any]] = {}
    for part in cast("list[dict[str, Any]]", about.get("data") or []):
        for name, entry in cast("dict[str, Any]", part.get("sources") or {}).items():
            given = str(entry.get("licence", ""))
            known = total.setdefault(name, {"images": 0, "licence": given})
            known["images"] += int(entry.get("images", 0))
            known["licence"] = all_licences([known["licence"], given])
    return dict(sorted(total.items()))


def read_run(folder: Path) -> Run:
    """Read a run folder.

    Parameters
    ----------
    folder : Path
        What ``zfocus train -o`` was given.

    Returns
    -------
    Run
        The run.

    Raises
    ------
    ZfocusError
        If there is no such folder, or weights, description or calibration are missing or damaged.
    """
    if not folder.is_dir():
        raise ZfocusError(f"expected the run folder of zfocus train, got {folder}: no such folder")
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
    run = Run(
        weights=weights,
        about=read_json(folder / "run.json"),
        calibration=read_json(folder / "calibration.json"),
        evaluation=read_json(folder / "evaluation.json", missing_ok=True),
        saved=saved,
    )
    _ = (run.temperature, run.limits)
    return run


def read_json(path: Path, *, missing_ok: bool = False) -> dict[str, Any]:
    """Read a JSON object of a run folder; empty if the file is missing and may be."""
    if missing_ok and not path.exists():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ZfocusError(
            f"expected {path.name} in the run {path.parent}, found none: "
            "let zfocus train finish, or train again"
        ) from None
    except (OSError, ValueError) as error:
        raise ZfocusError(f"expected JSON in {path} ({error}): train again") from None
    if not isinstance(found, dict):
        raise ZfocusError(
            f"expected a JSON object in {path}, got {type(found).__name__}: train again"
        )
    return cast("dict[str, Any]", found)


def read_number(values: dict[str, Any], name: str, low: float, high: float) -> float:
    """Take a number out of ``calibration.json``."""
    value = values.get(name)
    # Not a number, or NaN, falls through the comparison; booleans are integers to Python.
    if isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high:
        return float(value)
    raise ZfocusError(
        f"expected {name} from {low:g} to {high:g} in calibration.json, got {value!r}: "
        "calibrate the run again"
    )
