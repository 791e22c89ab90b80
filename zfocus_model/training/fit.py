"""Train a network: seeded, logged, resumable after a kill, best weights by held-out images."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zfocus_model._errors import ZfocusError
from zfocus_model.training._keras import load_keras
from zfocus_model.training.data import Augmentation, PatchMaker
from zfocus_model.training.kernels import described
from zfocus_model.training.loop import Pace, as_dataset, run_epochs
from zfocus_model.training.losses import loss_function, within_one
from zfocus_model.training.networks import build_network
from zfocus_model.training.provenance import describe_run
from zfocus_model.training.simulated import simulated_images
from zfocus_model.training.stream import BatchStream
from zfocus_model.training.warm import start_from

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zfocus_model.training.sources import SourceImage


@dataclass(frozen=True)
class FitOptions:
    """How long and how to train."""

    network: str = "small"
    """``small`` or ``reference``."""
    loss: str = "crossentropy"
    """``crossentropy``, or ``rps`` (ranked probability score): less exact, see docs/studies.md."""
    epochs: int = 60
    """An epoch is `patches_per_epoch` fresh patches, not a pass over the images."""
    patches_per_epoch: int = 25_600
    batch_size: int = 128
    learning_rate: float = 2e-3
    """Peak of a cosine schedule with one epoch of warm-up."""
    patience: int = 15
    """Stop after so many epochs without a better score on the held-out images."""
    validation_patches: int = 4_096
    simulated: int = 0
    """Simulated sharp fields that are trained on beside the images."""
    start: str = ""
    """SHA-256 of the package whose weights the training starts from; empty: random weights."""
    seed: int = 0


def fit(
    training: Sequence[SourceImage],
    validation: Sequence[SourceImage],
    run: str | Path,
    options: FitOptions | None = None,
    augmentation: Augmentation | None = None,
    *,
    start: Any = None,
    workers: int = 2,
    verbose: bool = True,
) -> Path:
    """Train and leave ``best.keras``, ``log.csv`` and ``run.json`` in a run folder.

    A run that was killed goes on after its last finished epoch when it is called again with the
    same options; another set of options in the same folder is refused.

    Parameters
    ----------
    training, validation : sequence of SourceImage
        Split by image (`zfocus_model.training.sources.split_images`).
    run : path
        The run folder; made if missing.
    options, augmentation
        Defaults give the recipe of the shipped model.
    start : keras.Model, optional
        An exported model of the same network whose weights to start from; say which in
        ``options.start``.
    workers : int
        Processes that make patches; 0 makes them between the steps.
    verbose : bool
        Print one line an epoch.

    Returns
    -------
    Path
        ``best.keras``.

    Raises
    ------
    ZfocusError
        If the folder holds another run, or the options make no sense.
    """
    options = options or FitOptions()
    augmentation = augmentation or Augmentation()
    _check(options)
    folder = Path(run)
    folder.mkdir(parents=True, exist_ok=True)
    describe_run(
        folder,
        options=asdict(options),
        augmentation=asdict(augmentation),
        optics=described(
            aberrated=augmentation.aberrated_share, scattered=augmentation.scattered_share
        ),
        data={"train": training, "validation": validation},
    )
    keras = load_keras()
    keras.utils.set_random_seed(options.seed)
    training = [*training, *simulated_images(options.simulated, options.seed)]
    maker = PatchMaker(training, seed=options.seed, augmentation=augmentation)
    # Other kernels and other noise than in training, and always the same ones.
    held_out = PatchMaker(validation, seed=options.seed + 1_000_003, augmentation=augmentation)
    patches, levels = held_out.batch(0, options.validation_patches)

    def build() -> Any:
        model = build_network(options.network)
        if start is not None:
            start_from(model, start, maker.batch(-1 % 2**31, 1024)[0])
        return model

    def compile_model(model: Any) -> None:
        model.compile(
            optimizer=keras.optimizers.AdamW(options.learning_rate, weight_decay=1e-4),
            loss=loss_function(options.loss),
            metrics=[within_one],
        )

    def held_out_scores(model: Any) -> dict[str, float]:
        return model.evaluate(patches, levels, batch_size=256, verbose=0, return_dict=True)

    steps = options.patches_per_epoch // options.batch_size
    stream = BatchStream(maker, options.batch_size, workers=workers)
    try:
        return run_epochs(
            folder,
            build=build,
            compile_model=compile_model,
            batches=lambda epoch: as_dataset(lambda i: stream[epoch * steps + i], steps),
            held_out=held_out_scores,
            pace=Pace(
                options.epochs, options.patience, lambda now: _learning_rate(options, now.epoch)
            ),
            speed=("patches_per_s", options.patches_per_epoch),
            verbose=verbose,
        )
    finally:
        stream.close()


def _learning_rate(options: FitOptions, epoch: int) -> float:
    if epoch == 0:
        return options.learning_rate * 0.3
    progress = (epoch - 1) / max(1, options.epochs - 1)
    return options.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress)))


def _check(options: FitOptions) -> None:
    if options.epochs < 1 or options.batch_size < 1 or options.learning_rate <= 0:
        raise ZfocusError(
            "expected epochs, batch size and learning rate above 0, got "
            f"{options.epochs}, {options.batch_size}, {options.learning_rate}: give larger ones"
        )
    if options.patches_per_epoch < options.batch_size:
        raise ZfocusError(
            f"expected at least one batch of {options.batch_size} patches an epoch, got "
            f"{options.patches_per_epoch} patches: ask for more, or for smaller batches"
        )
