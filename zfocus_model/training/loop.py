"""Epochs of training: logged, resumable after a kill, best weights by held-out images."""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from zfocus_model._files import whole_file, write_json
from zfocus_model.training._keras import load_keras

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True)
class Now:
    """How far a training has come when an epoch starts."""

    epoch: int
    """Finished epochs."""
    minutes: float
    """Minutes that they took, in all starts of the run together."""


@dataclass(frozen=True)
class Pace:
    """How long a training lasts and how fast it learns."""

    epochs: int
    """At most so many epochs."""
    patience: int
    """Stop after so many epochs without a better score on the held-out images."""
    learning_rate: Callable[[Now], float]
    """The learning rate of the epoch that starts."""
    minutes: float = math.inf
    """Start no epoch after so many minutes."""


def run_epochs(
    folder: Path,
    *,
    build: Callable[[], Any],
    compile_model: Callable[[Any], None],
    batches: Callable[[int], Any],
    held_out: Callable[[Any], dict[str, float]],
    pace: Pace,
    speed: tuple[str, int],
    verbose: bool = True,
) -> Path:
    """Train, and leave ``best.keras``, ``last.keras`` and ``log.csv`` in a run folder.

    A run that was killed goes on after its last finished epoch when it is called again.

    Parameters
    ----------
    folder : Path
        The run folder; it exists.
    build : callable
        Makes the model of a fresh start.
    compile_model : callable
        Compiles a fresh or loaded model.
    batches : callable
        The batches of an epoch, counted from 0, as Keras' ``fit`` takes them.
    held_out : callable
        Scores of a model on held-out images, by name; the least ``loss`` is the best.
    pace : Pace
        How long and how fast.
    speed : tuple
        Name of the column that says how many images a second were seen, and how many an epoch
        has.
    verbose : bool
        Print one line an epoch.

    Returns
    -------
    Path
        ``best.keras``.
    """
    state_file, last = folder / "state.json", folder / "last.keras"
    state: dict[str, Any] = {"epoch": 0, "best": math.inf, "waited": 0, "minutes": 0.0}
    if state_file.exists() and last.exists():
        state |= json.loads(state_file.read_text(encoding="utf-8"))
        model: Any = load_keras().models.load_model(last, compile=False)
    else:
        model = build()
    compile_model(model)
    if state["epoch"]:
        _restore_optimiser(model, folder / "last_optimiser.npz")
    writer = _tensorboard(folder)
    for epoch in range(state["epoch"], pace.epochs):
        if state["waited"] >= pace.patience or state["minutes"] >= pace.minutes:
            break
        started = time.perf_counter()
        rate = pace.learning_rate(Now(epoch, state["minutes"]))
        model.optimizer.learning_rate = rate
        history = model.fit(batches(epoch), epochs=1, verbose=0, shuffle=False).history
        scores = held_out(model)
        seconds = time.perf_counter() - started
        row = {
            "epoch": epoch + 1,
            **{name: values[0] for name, values in history.items()},
            **{f"val_{name}": value for name, value in scores.items()},
            "learning_rate": rate,
            speed[0]: speed[1] / seconds,
        }
        better = row["val_loss"] < state["best"]
        if better:
            with whole_file(folder / "best.keras") as part:
                model.save(part)
        state = {
            "epoch": epoch + 1,
            "best": min(state["best"], row["val_loss"]),
            "waited": 0 if better else state["waited"] + 1,
            "minutes": state["minutes"] + seconds / 60,
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
    return folder / "best.keras"


def as_dataset(batch: Callable[[int], Any], count: int, *, threads: int = 1) -> Any:
    """Batches 0 to ``count - 1`` of an epoch, as Keras takes them.

    With one thread Keras asks for a batch when it needs one; with more, which must not disturb
    each other, batches are made while it trains.
    """
    dataset: Any = load_keras().utils.PyDataset

    class Batches(dataset):
        """One epoch."""

        def __len__(self) -> int:
            return count

        def __getitem__(self, index: int) -> Any:
            return batch(index)

    return Batches(workers=threads, use_multiprocessing=False, max_queue_size=4)


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
