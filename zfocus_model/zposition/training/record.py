"""What ``run.json`` says of a training run."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from zfocus_model.training.provenance import all_licences, keep_recipe

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from zfocus_model.zposition.training.crops import ZAugmentation
    from zfocus_model.zposition.training.fit import ZFitOptions
    from zfocus_model.zposition.training.stackset import StackSet

TASK = "z-position"


def keep_z_recipe(
    folder: Path,
    options: ZFitOptions,
    augmentation: ZAugmentation,
    centres: NDArray[np.float64],
    training: StackSet,
    validation: StackSet,
    about: Mapping[str, Any],
) -> None:
    """Write ``run.json``, or check that the one that is there tells of the same run.

    Parameters
    ----------
    folder
        The run folder.
    options, augmentation
        The recipe.
    centres
        (bins,), centres of the z bins in um.
    training, validation
        The stacks.
    about
        What else is to be said.

    Raises
    ------
    ZfocusError
        If the folder holds a run with another recipe.
    """
    recipe = {
        "options": asdict(options),
        "augmentation": asdict(augmentation),
        "bins_um": centres.tolist(),
        "pixel_size_um": training.pixel_size_um,
        "data": [summary("train", training), summary("validation", validation)],
    }
    recipe = json.loads(json.dumps(recipe))  # as it will be read again
    keep_recipe(folder, recipe, {"task": TASK, "network": options.network, **about})


def summary(part: str, stacks: StackSet) -> dict[str, Any]:
    """What a part of the data consists of: stacks, images, experiments, how focus was found."""
    return {
        "part": part,
        "stacks": len(stacks.labels),
        "images": len(stacks.z_um),
        "experiments": dict(sorted(Counter(x.experiment for x in stacks.labels).items())),
        "methods": dict(sorted(Counter(x.method for x in stacks.labels).items())),
        "sources": _sources(stacks),
        "z_um": [round(float(stacks.z_um.min()), 3), round(float(stacks.z_um.max()), 3)],
        "image_px": list(stacks.pixels[0].shape[1:]),
    }


def _sources(stacks: StackSet) -> dict[str, dict[str, Any]]:
    """Stacks and images by experiment, with the licence where the label table has one."""
    found: dict[str, dict[str, Any]] = {}
    for label in stacks.labels:
        licence = label.further.get("licence", "")
        new = {"images": 0, "stacks": 0, "licence": licence, "method": label.method}
        entry = found.setdefault(label.experiment or "without a name", new)
        entry["licence"] = all_licences([entry["licence"], licence])
        entry["images"] += label.planes
        entry["stacks"] += 1
    return dict(sorted(found.items()))
