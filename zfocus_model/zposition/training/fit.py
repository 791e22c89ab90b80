"""Train a network to read z: seeded, logged, resumable after a kill, best weights by validation."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zfocus_model._errors import ZfocusError
from zfocus_model.training._keras import load_keras
from zfocus_model.training.loop import Now, Pace, as_dataset, run_epochs
from zfocus_model.training.warm import start_from
from zfocus_model.zposition.bins import bin_centres
from zfocus_model.zposition.training.crops import CropMaker, ZAugmentation
from zfocus_model.zposition.training.networks import NETWORKS, build_z_network
from zfocus_model.zposition.training.predict import predict
from zfocus_model.zposition.training.record import keep_z_recipe
from zfocus_model.zposition.training.targets import LOSSES, soft_labels, within_bin, z_loss

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from zfocus_model.zposition.training.stackset import StackSet


@dataclass(frozen=True)
class ZFitOptions:
    """How long and how to train. The defaults are the recipe of the shipped model."""

    network: str = "small"
    """``small`` or ``published``."""
    bin_width_um: float = 1.0
    """Width of a z bin in um."""
    reach_um: float = 20.0
    """Largest distance of a bin's centre from focus in um."""
    loss: str = "crossentropy"
    """``crossentropy``, ``rps`` or ``hard``; see `zfocus_model.zposition.training.targets`."""
    sides_px: tuple[int, ...] = (128, 176, 240)
    """Sides of the crops, in turns. The published network is trained on whole images instead."""
    batch_size: int = 64
    """Crops of the smallest side in a batch; larger ones in smaller numbers."""
    batches_per_epoch: int = 200
    """An epoch is this many batches of fresh crops, not a pass over the images."""
    epochs: int = 100
    """At most so many."""
    minutes: float | None = None
    """At most so many minutes; the learning rate falls with whichever of both ends first."""
    learning_rate: float = 2e-3
    """Peak of a cosine schedule; constant for the published network."""
    patience: int = 30
    """Stop after so many epochs without a better score on the validation stacks."""
    validation_images: int = 512
    """Planes of the validation stacks that are looked at after each epoch."""
    start: str = ""
    """What the weights start from, such as the SHA-256 of a package; empty: random weights."""
    seed: int = 0
    """Of everything random."""


PUBLISHED = ZFitOptions(
    network="published",
    loss="hard",
    batch_size=50,
    batches_per_epoch=200,
    learning_rate=1e-4,
)
"""The recipe of Wei & Roberts 2018: batches of 10 to 50, Adam at 1e-4, cross-entropy."""


def fit_z(
    training: StackSet,
    validation: StackSet,
    run: str | Path,
    options: ZFitOptions | None = None,
    augmentation: ZAugmentation | None = None,
    *,
    start: Any = None,
    about: Mapping[str, Any] | None = None,
    verbose: bool = True,
) -> Path:
    """Train and leave ``best.keras``, ``log.csv`` and ``run.json`` in a run folder.

    A run that was killed goes on after its last finished epoch when it is called again with the
    same options; another set of options in the same folder is refused.

    Parameters
    ----------
    training, validation
        Different stacks, on the same grid.
    run
        The run folder; made if missing.
    options, augmentation
        Defaults give the recipe of the shipped model.
    start : keras.Model, optional
        An exported model of the same network and bins, whose weights to start from; say which in
        ``options.start``.
    about
        What else ``run.json`` is to say, such as the path of the label table.
    verbose
        Print one line an epoch.

    Returns
    -------
    Path
        ``best.keras``.

    Raises
    ------
    ZfocusError
        If the folder holds another run, or options or images make no sense.
    """
    options = options or ZFitOptions()
    augmentation = augmentation or ZAugmentation()
    centres = _check(options, training, validation)
    side = _whole_side(training, validation) if options.network == "published" else None
    maker = CropMaker(
        training,
        centres,
        sides_px=(side,) if side else options.sides_px,
        batch_px=options.batch_size * (side or min(options.sides_px)) ** 2,
        loss=options.loss,
        seed=options.seed,
        augmentation=augmentation,
    )
    folder = Path(run)
    folder.mkdir(parents=True, exist_ok=True)
    keep_z_recipe(folder, options, augmentation, centres, training, validation, about or {})
    keras = load_keras()
    keras.utils.set_random_seed(options.seed)
    looked_at = _evenly(len(validation.z_um), options.validation_images)
    planes = validation.images()
    images: list[NDArray[Any]] = [planes[number] for number in looked_at.tolist()]
    labels = soft_labels(validation.z_um[looked_at], centres)

    def build() -> Any:
        model = build_z_network(options.network, len(centres), side_px=side)
        if start is not None:
            start_from(model, start, maker.batch(0)[0])
        return model

    def compile_model(model: Any) -> None:
        rate = options.learning_rate
        adam = keras.optimizers.Adam(rate)
        decaying = keras.optimizers.AdamW(rate, weight_decay=1e-3, clipnorm=1.0)
        model.compile(
            optimizer=adam if side else decaying,
            loss=z_loss(options.loss),
            metrics=[within_bin],
            # The sizes of the crops differ from batch to batch: compiling for each costs more.
            jit_compile=False,
        )

    def held_out(model: Any) -> dict[str, float]:
        return _scores(predict(model, images), labels, centres)

    steps = options.batches_per_epoch
    return run_epochs(
        folder,
        build=build,
        compile_model=compile_model,
        batches=lambda epoch: as_dataset(
            lambda i: maker.batch(epoch * steps + i), steps, threads=2
        ),
        held_out=held_out,
        pace=Pace(
            options.epochs,
            options.patience,
            lambda now: learning_rate(options, now),
            math.inf if options.minutes is None else options.minutes,
        ),
        speed=("images_per_s", sum(maker.size(i)[0] for i in range(steps))),
        verbose=verbose,
    )


def learning_rate(options: ZFitOptions, now: Now) -> float:
    """Learning rate of the epoch that starts: a low first one, then half a cosine; or constant."""
    if options.network == "published":
        return options.learning_rate
    if now.epoch == 0:
        return options.learning_rate * 0.3
    progress = now.epoch / options.epochs
    if options.minutes is not None:
        # A training that ends by the clock takes its last steps slowly, too.
        a_step_ahead = now.minutes * (1 + 1 / now.epoch)
        progress = max(progress, a_step_ahead / options.minutes)
    cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
    return options.learning_rate * (0.005 + 0.995 * cosine)


def recipe_for(network: str) -> ZFitOptions:
    """The recipe of a network by name."""
    return PUBLISHED if network == "published" else replace(ZFitOptions(), network=network)


def _scores(
    probabilities: NDArray[np.float32], labels: NDArray[np.float32], centres: NDArray[np.float64]
) -> dict[str, float]:
    """Scores of the validation images; the cross-entropy is the one to be least."""
    logs = np.log(np.maximum(probabilities.astype(np.float64), 1e-7))
    error = probabilities @ centres - labels @ centres
    off = centres[probabilities.argmax(1)] - labels @ centres
    return {
        "loss": float(-(labels * logs).sum(1).mean()),
        "within_1um": float((np.abs(off) <= 1).mean()),
        "bias_um": float(error.mean()),
        "error_sd_um": float(error.std()),
    }


def _evenly(total: int, most: int) -> NDArray[np.intp]:
    """At most so many indices of ``total``, evenly spread; never one plane number of all stacks."""
    if total <= most:
        return np.arange(total)
    return np.unique(np.linspace(0, total - 1, most).astype(np.intp))


def _whole_side(*sets: StackSet) -> int:
    sides = {side for one in sets for planes in one.pixels for side in planes.shape[1:]}
    if len(sides) != 1:
        raise ZfocusError(
            f"expected square images of one size for the published network, got sides of "
            f"{', '.join(str(side) for side in sorted(sides)[:5])} px: train the small network"
        )
    return sides.pop()


def _check(options: ZFitOptions, training: StackSet, validation: StackSet) -> NDArray[np.float64]:
    if options.network not in NETWORKS or options.loss not in LOSSES:
        raise ZfocusError(
            f"expected the network {' or '.join(NETWORKS)} and the loss {', '.join(LOSSES)}, got "
            f"{options.network!r} and {options.loss!r}: choose others"
        )
    positive = (options.epochs, options.batch_size, options.batches_per_epoch, options.patience)
    if min(positive) < 1 or options.learning_rate <= 0 or not options.sides_px:
        raise ZfocusError(
            "expected epochs, batch size, batches, patience and learning rate above 0, got "
            f"{positive} and {options.learning_rate}: give larger ones"
        )
    if options.minutes is not None and not options.minutes > 0:
        raise ZfocusError(f"expected minutes above 0, got {options.minutes:g}: give more")
    if training.pixel_size_um != validation.pixel_size_um:
        raise ZfocusError(
            f"expected validation images of {training.pixel_size_um:g} um/px as in training, got "
            f"{validation.pixel_size_um:g}: load both alike"
        )
    return bin_centres(options.bin_width_um, options.reach_um)
