"""Train a network: seeded, logged, resumable after a kill, best weights by held-out images."""

from __future__ import annotations

import json
import math
import time
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zfocus_model._errors import ZfocusError
from zfocus_model._files import whole_file, write_json
from zfocus_model.training._keras import load_keras
from zfocus_model.training.data import Augmentation, PatchMaker
from zfocus_model.training.losses import loss_function, within_one
from zfocus_model.training.networks import build_network
from zfocus_model.training.provenance import describe_run
from zfocus_model.training.simulated import simulated_images
from zfocus_model.training.stream import BatchStream
from zfocus_model.training.warm import start_from

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zfocus_model.training.sources import SourceImage


@dataclass(frozen=True)
class FitOptions:
    """How long and how to train."""

    network: str = "small"
    """``small`` or ``reference``."""
    loss: str = "rps"
    """``rps`` (ranked probability score) or ``crossentropy``."""
    epochs: int = 60
    """An epoch is `patches_per_epoch` fresh patches, not a pass over the images."""
    patches_per_epoch: int = 25_600
    batch_size: int = 128
    learning_rate: float = 2e-3
    """Peak of a cosine schedule with one epoch of warm-up."""
    patience: int = 15
    """Stop after so many epochs without a better score on the held-out images."""
    validation_patches: int = 4_096
    simulated: int = 160
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
        data={"train": training, "validation": validation},
    )
    keras = load_keras()
    keras.utils.set_random_seed(options.seed)
    training = [*training, *simulated_images(options.simulated, options.seed)]
    maker = PatchMaker(training, seed=options.seed, augmentation=augmentation)
    # Other kernels and other noise than in training, and always the same ones.
    held_out = PatchMaker(validation, seed=options.seed + 1_000_003, augmentation=augmentation)
    patches, levels = held_out.batch(0, options.validation_patches)

    state_file, last = folder / "state.json", folder / "last.keras"
    state: dict[str, Any] = {"epoch": 0, "best": math.inf, "waited": 0}
    model: Any = build_network(options.network)
    if state_file.exists() and last.exists():
        state = json.loads(state_file.read_text(encoding="utf-8"))
        model = keras.models.load_model(last, compile=False)
    elif start is not None:
        start_from(model, start, maker.batch(-1 % 2**31, 1024)[0])
    model.compile(
        optimizer=keras.optimizers.AdamW(options.learning_rate, weight_decay=1e-4),
        loss=loss_function(options.loss),
        metrics=[within_one],
    )
    if state["epoch"]:
        _restore_optimiser(model, folder / "last_optimiser.npz")
    steps = options.patches_per_epoch // options.batch_size
    writer = _tensorboard(folder)
    stream = BatchStream(maker, options.batch_size, workers=workers)
    for epoch in range(state["epoch"], options.epochs):
        if state["waited"] >= options.patience:
            break
        started = time.perf_counter()
        model.optimizer.learning_rate = _learning_rate(options, epoch)
        batches = _batches(stream, epoch * steps, steps)
        history = model.fit(batches, epochs=1, verbose=0, shuffle=False)
        scores = model.evaluate(patches, levels, batch_size=256, verbose=0, return_dict=True)
        row = {
            "epoch": epoch + 1,
            "loss": history.history["loss"][0],
            "within_one": history.history["within_one"][0],
            "val_loss": scores["loss"],
            "val_within_one": scores["within_one"],
            "learning_rate": _learning_rate(options, epoch),
            "patches_per_s": options.patches_per_epoch / (time.perf_counter() - started),
        }
        better = row["val_loss"] < state["best"]
        if better:
            with whole_file(folder / "best.keras") as part:
                model.save(part)
        state = {
            "epoch": epoch + 1,
            "best": min(state["best"], row["val_loss"]),
            "waited": 0 if better else state["waited"] + 1,
        }
        with whole_file(last) as part:
            model.save(part)
        _save_optimiser(model, folder / "last_optimiser.npz")
        _log(folder / "log.csv", row)
        writer(row)
        # Last of all: a kill before this line repeats the epoch, never skips it.
        write_json(state_file, state)
        if verbose:
            print("  ".join(f"{k} {v:.5g}" for k, v in row.items()), flush=True)
    stream.close()
    return folder / "best.keras"


def _learning_rate(options: FitOptions, epoch: int) -> float:
    if epoch == 0:
        return options.learning_rate * 0.3
    progress = (epoch - 1) / max(1, options.epochs - 1)
    return options.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress)))


def _batches(stream: BatchStream, first: int, count: int) -> Any:
    dataset: Any = load_keras().utils.PyDataset

    class Batches(dataset):
        """One epoch of the stream."""

        def __len__(self) -> int:
            return count

        def __getitem__(self, index: int) -> Any:
            return stream[first + index]

    return Batches(workers=1, use_multiprocessing=False, max_queue_size=4)


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


def _save_optimiser(model: Any, path: Path) -> None:
    numpy_from = load_keras().ops.convert_to_numpy
    values: dict[str, Any] = {
        f"v{i}": numpy_from(variable) for i, variable in enumerate(model.optimizer.variables)
    }
    with whole_file(path) as part:
        np.savez(part, **values)


def _restore_optimiser(model: Any, path: Path) -> None:
    if not path.exists():
        return
    model.optimizer.build(model.trainable_variables)
    with np.load(path, allow_pickle=False) as saved:
        for i, variable in enumerate(model.optimizer.variables):
            variable.assign(saved[f"v{i}"])


def _log(path: Path, row: dict[str, Any]) -> None:
    new = not path.exists()
    with path.open("a", encoding="utf-8") as stream:
        if new:
            stream.write(",".join(row) + "\n")
        stream.write(",".join(f"{value:.6g}" for value in row.values()) + "\n")


def _ignore(row: dict[str, float]) -> None:
    pass


def _tensorboard(folder: Path) -> Callable[[dict[str, float]], None]:
    """A function that logs a row for TensorBoard, where TensorFlow is there to write it."""
    try:
        tf: Any = import_module("tensorflow")
    except ImportError:
        return _ignore  # Keras on JAX or PyTorch: log.csv holds the same numbers
    writer: Any = tf.summary.create_file_writer(str(folder / "tensorboard"))

    def write(row: dict[str, float]) -> None:
        with writer.as_default(step=int(row["epoch"])):
            for name, value in row.items():
                tf.summary.scalar(name, value)
        writer.flush()

    return write
