"""What gives probabilities in an evaluation: a model package, or a run folder of the trainer."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from zfocus_model._errors import ZfocusError
from zfocus_model.training._keras import load_keras
from zfocus_model.training.temperature import at_temperature
from zfocus_model.zposition.bins import check_bins
from zfocus_model.zposition.model import load_z_model
from zfocus_model.zposition.reading import ZLimits
from zfocus_model.zposition.training.predict import predict

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rate = Callable[[Sequence[NDArray[Any]]], NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class ZRater:
    """A z model that is to be judged."""

    name: str
    """Of the package or run."""
    identity: str
    """SHA-256 of the package; of a run, the commit that it was trained with."""
    rate: Rate
    """Images on the model's grid to calibrated probabilities (images, bins)."""
    bins_um: NDArray[np.float64]
    """(bins,), centres in um."""
    pixel_size_um: float
    """Grid of the model in um."""
    limits: ZLimits
    """What counts as decided."""
    trained_on: frozenset[str]
    """Experiments that it has seen, where it is known."""


def open_rater(model: str | Path, *, engine: str = "auto", threads: int | None = None) -> ZRater:
    """Open a model package, or the run folder of a training.

    Parameters
    ----------
    model
        Name or path of a package, or a run folder of ``zfocus train --task z-position``.
    engine, threads
        Of a package.

    Returns
    -------
    ZRater
        Ready to rate.

    Raises
    ------
    ZfocusError
        If there is no such model, or the run is not finished.
    """
    folder = Path(model)
    if (folder / "run.json").is_file():
        return _of_run(folder)
    opened = load_z_model(model, engine=engine, threads=threads)

    def rate(images: Sequence[NDArray[Any]]) -> NDArray[np.float64]:
        pixels = (np.asarray(image, np.float32)[None] for image in images)
        return np.concatenate([opened.engine.probabilities(one) for one in pixels]).astype(float)

    training: dict[str, Any] = dict(opened.package.config.get("training") or {})
    return ZRater(
        opened.name,
        opened.package_sha256,
        rate,
        opened.bins_um,
        opened.pixel_size_um,
        opened.limits,
        _experiments(training),
    )


def _of_run(folder: Path) -> ZRater:
    try:
        about = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        found = json.loads((folder / "calibration.json").read_text(encoding="utf-8"))
        limits, temperature = ZLimits(**found["limits"]), float(found["temperature"])
        bins_um, pixel_size_um = check_bins(about["bins_um"]), float(about["pixel_size_um"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ZfocusError(
            f"expected a finished run of zfocus train --task z-position in {folder}, got none "
            f"({error}): let the training end"
        ) from None
    model: Any = load_keras().models.load_model(folder / "best.keras", compile=False)
    return ZRater(
        folder.name,
        str(about.get("commit", "")),
        lambda images: at_temperature(predict(model, images), temperature),
        bins_um,
        pixel_size_um,
        limits,
        _experiments(about),
    )


def _experiments(about: dict[str, Any]) -> frozenset[str]:
    parts = cast("list[dict[str, Any]]", about.get("data") or [])
    known = [cast("dict[str, int]", part.get("experiments") or {}) for part in parts]
    return frozenset(name for names in known for name in names)
