"""How the study of z-positions gets its stacks, trains on them and grades."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from _zposition_grading import Readings, grade
from _zposition_runs import EUGLENA, Run
from numpy.typing import NDArray

from zfocus_model.training._keras import load_keras
from zfocus_model.zposition.bins import bin_centres
from zfocus_model.zposition.labels import StackLabel, read_labels
from zfocus_model.zposition.training.fit import PUBLISHED, ZFitOptions, fit_z
from zfocus_model.zposition.training.networks import z_multiply_adds
from zfocus_model.zposition.training.predict import predict
from zfocus_model.zposition.training.stackset import (
    Parts,
    StackSet,
    load_stacks,
    split_labels,
)

VALIDATION_SHARE = 0.1
EPOCHS = 12


@dataclass(frozen=True)
class Budget:
    """How much a training may cost."""

    images: int
    """Images shown to the small network."""
    minutes: float
    """Wall clock of a training; a run that it stops says so."""
    published_minutes: float
    """Wall clock of the published network."""


class Material:
    """The label tables, and the stacks once they are needed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._parts: dict[str, Parts] = {}
        self._tests: dict[tuple[str, float], StackSet] = {}

    def there(self, specimen: str) -> bool:
        """Whether a set of stacks is there."""
        return (self.folder / specimen / "labels.csv").exists()

    def parts(self, specimen: str) -> Parts:
        """The split that `zfocus train` makes: whole experiments for the test."""
        if specimen not in self._parts:
            labels = read_labels(self.folder / specimen / "labels.csv")
            self._parts[specimen] = split_labels(labels)
        return self._parts[specimen]

    def train(self, specimen: str) -> list[StackLabel]:
        """All stacks that may be trained on, in an order of their own."""
        parts = self.parts(specimen)
        return nested([*parts.train, *parts.validation])

    def stacks(self, specimen: str, labels: Sequence[StackLabel], coarser: float = 1.0) -> StackSet:
        """Planes of some stacks on a grid so much coarser than that of the files."""
        pixel_um = coarser * float(labels[0].pixel_size_um or 0)
        return load_stacks(labels, self.folder / specimen, pixel_size_um=pixel_um)

    def test(self, specimen: str, coarser: float = 1.0) -> StackSet:
        """The test split, read once a grid."""
        key = (specimen, coarser)
        if key not in self._tests:
            self._tests[key] = self.stacks(specimen, self.parts(specimen).test, coarser)
        return self._tests[key]


def carry_out(run: Run, material: Material, folder: Path, budget: Budget) -> dict[str, Any] | None:
    """Train and grade; None if the stacks are not there."""
    if not material.there(run.specimen):
        return None
    chosen = disturbed(material.train(run.specimen)[: run.stacks], run)
    # The validation stacks come out of the chosen ones: fewer stacks, fewer to choose the best by.
    held_out = max(2, round(VALIDATION_SHARE * len(chosen)))
    validation = material.stacks(run.specimen, chosen[:held_out], run.coarser)
    training = material.stacks(run.specimen, chosen[held_out:], run.coarser)
    options = fit_options(run, budget)
    best = fit_z(training, validation, folder, options)
    model: Any = load_keras().models.load_model(best, compile=False)
    test = material.test(run.specimen, run.coarser)
    bins = bin_centres(options.bin_width_um, options.reach_um)
    log = np.atleast_1d(np.genfromtxt(folder / "log.csv", delimiter=",", names=True))
    return {
        **asdict(run),
        "options": asdict(options),
        "training_stacks": len(training.labels),
        "validation_stacks": held_out,
        "epochs": len(log),
        "stopped_by_the_clock": len(log) < options.epochs,
        "images_shown": len(log) * options.batches_per_epoch * options.batch_size,
        "parameters": int(model.count_params()),
        "multiply_adds": z_multiply_adds(run.network, len(bins), test.side_px),
        "training_loss": float(log["loss"][-1]),
        "held_out_loss": float(log["val_loss"].min()),
        "test": grade(read(model, test, bins)),
        "training_code": TRAINING_CODE,
    }


def training_code() -> str:
    """Start of the SHA-256 of the modules that train: runs of different code are not compared."""
    import zfocus_model

    package = Path(zfocus_model.__file__).parent
    files = sorted((package / "zposition" / "training").glob("*.py"))
    files += [package / "training" / f"{name}.py" for name in ("layers", "loop")]
    return sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]


TRAINING_CODE = training_code()
"""Of the modules as they were when this process began."""


def fit_options(run: Run, budget: Budget) -> ZFitOptions:
    """The shipped model's recipe, shorter; the published network has its own."""
    reach_um = 25 * run.bin_um if run.specimen == EUGLENA else 20.0
    if run.network == "published":
        # Short epochs: the clock is looked at between them, and a batch takes seconds.
        short = {"batches_per_epoch": 10, "epochs": 10_000, "validation_images": 100}
        return replace(
            PUBLISHED, minutes=budget.published_minutes, patience=10_000, seed=run.seed, **short
        )
    steps = run.share * budget.images / (EPOCHS * run.batch)
    return ZFitOptions(
        bin_width_um=run.bin_um,
        reach_um=reach_um,
        sides_px=run.sides_px,
        batch_size=run.batch,
        batches_per_epoch=max(1, round(steps)),
        epochs=EPOCHS,
        minutes=budget.minutes,
        patience=999,
        seed=run.seed,
    )


def read(model: Any, stacks: StackSet, bins_um: np.ndarray) -> Readings:
    """What a model says of each plane."""
    found = images_to_probabilities(model, np.concatenate(stacks.pixels))
    return Readings(found, bins_um, stacks.z_um, stacks.stack_of)


def images_to_probabilities(model: Any, images: NDArray[Any]) -> NDArray[np.float64]:
    """Probabilities of each image, (images, bins)."""
    found = np.asarray(predict(model, images), np.float64)
    return found / found.sum(axis=1, keepdims=True)


def nested(labels: Sequence[StackLabel]) -> list[StackLabel]:
    """Stacks in an order of their own: the first 100 hold the first 50."""
    return sorted(labels, key=lambda label: sha256(label.stack.encode()).hexdigest())


def disturbed(labels: Sequence[StackLabel], run: Run) -> list[StackLabel]:
    """Labels as a careless person would have made them, if the run asks for that."""
    if not run.label_noise_um:
        return list(labels)
    rng = np.random.default_rng(run.seed)
    moves = rng.uniform(-run.label_noise_um, run.label_noise_um, len(labels))
    return [
        replace(
            label,
            in_focus_plane=float(
                np.clip(label.in_focus_plane + move / label.z_step_um, 0, label.planes - 1)
            ),
        )
        for label, move in zip(labels, moves)
    ]
