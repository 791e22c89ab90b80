"""Do all weight formats of a package say the same? Asked before a package is put in place."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from zfocus_model._errors import ZfocusError
from zfocus_model.levels import LEVELS, PATCH_PX
from zfocus_model.training.packaging.onnx_builder import INPUT_NAME, OUTPUT_NAME
from zfocus_model.training.packaging.saved_model import SIGNATURE
from zfocus_model.training.tiled import MAP_TASK

TOLERANCE = 1e-5
"""Largest difference of a probability between two formats."""

FOLD_TOLERANCE = 1e-4
"""Largest difference from the model as trained: folding changes the order of float32 sums."""

Probabilities = npt.NDArray[np.float32]


def keras_probabilities(model: Any, patches: npt.NDArray[np.float32]) -> Probabilities:
    """Probabilities (n, 11) of patches (n, 84, 84) from a Keras model."""
    return np.asarray(model(patches[..., np.newaxis], training=False), dtype=np.float32)


def check_agreement(
    folder: Path,
    patches: npt.NDArray[np.float32],
    trained: Probabilities,
    temperature: float,
    *,
    tiled: bool = False,
    task: str = "",
    tolerance: float = TOLERANCE,
) -> dict[str, float]:
    """Compare the weight formats of a package on patches or images.

    Parameters
    ----------
    folder : Path
        A complete package.
    patches : ndarray of float32
        (n, 84, 84), or images that the model takes; constant ones must come out uniform.
    trained : ndarray of float32
        (n, classes), what the model says as it was trained, before folding.
    temperature : float
        What folding divides the logits by.
    tiled : bool
        The package's model takes planes; the patches are laid out as one.
    task : str
        What the package is for, if not for the levels of patches or planes.
    tolerance : float
        Largest difference of a probability between two formats.

    Returns
    -------
    dict of str to float
        Largest difference from Keras of ``tensorflow``, ``onnxruntime``, ``numpy`` and
        ``trained``.

    Raises
    ------
    ZfocusError
        If a format differs by more than the tolerance, or rates a constant patch.
    """
    from zfocus_model.engines import open_engine
    from zfocus_model.packages import TASK, open_package

    package = open_package(folder, task=task or (MAP_TASK if tiled else TASK))
    images = lay_out(patches) if tiled else patches
    readers: dict[str, Callable[[], Probabilities]] = {
        "tensorflow": lambda: bundle_probabilities(folder / "tf_saved_model.zip", images),
        "onnxruntime": lambda: (
            onnx_probabilities(folder / "model.onnx", images)
            if tiled
            else open_engine(package, "onnxruntime").probabilities(patches)
        ),
        "numpy": lambda: open_engine(package, "numpy").probabilities(patches),
        "trained": lambda: _tempered(trained, temperature),
    }
    expected = by_tile(keras_file_probabilities(folder / "model.keras", images))[: len(patches)]
    constant = patches.min(axis=(1, 2)) == patches.max(axis=(1, 2))
    uniform = 1 / package.meaning.classes
    differences: dict[str, float] = {}
    for name, read in readers.items():
        found = by_tile(read())[: len(patches)]
        difference = float(np.abs(found - expected).max())
        allowed = FOLD_TOLERANCE if name == "trained" else tolerance
        if not difference <= allowed:
            raise ZfocusError(
                f"expected all weight formats to agree to {allowed:g}, but {name} differs from "
                f"Keras by {difference:.2g}: the package was not written, report this"
            )
        if not np.allclose(found[constant], uniform, rtol=0, atol=1e-7):
            raise ZfocusError(
                f"expected uniform probabilities for constant patches, but {name} rates them: "
                "end the network with gate and softmax"
            )
        differences[name] = difference
    return differences


def keras_file_probabilities(path: Path, patches: npt.NDArray[np.float32]) -> Probabilities:
    """Probabilities of patches (n, 84, 84), or of planes, from a ``.keras`` file."""
    keras: Any = import_module("keras")
    return keras_probabilities(keras.models.load_model(path, compile=False), patches)


def lay_out(patches: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """One plane (1, y, x) of patches (n, 84, 84) in three rows; the last row is filled up."""
    rows, px = 3, PATCH_PX
    columns = -(-len(patches) // rows)
    filled = np.concatenate([patches, patches[: rows * columns - len(patches)]])
    grid = filled.reshape(rows, columns, px, px).swapaxes(1, 2)
    plane = grid.reshape(rows * px, columns * px)
    # Remainders, which must not matter.
    return np.pad(plane, ((0, 5), (0, 11)), constant_values=7)[np.newaxis]


def by_tile(found: Probabilities) -> Probabilities:
    """Probabilities (n, 11); those of a map (batch, 11, rows, columns) tile by tile."""
    return found.transpose(0, 2, 3, 1).reshape(-1, LEVELS) if found.ndim == 4 else found


def onnx_probabilities(path: Path, images: npt.NDArray[np.float32]) -> Probabilities:
    """What ONNX Runtime says of images (n, y, x)."""
    runtime: Any = import_module("onnxruntime")
    session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (answer,) = session.run([OUTPUT_NAME], {INPUT_NAME: images[..., np.newaxis]})
    return answer


def bundle_probabilities(path: Path, patches: npt.NDArray[np.float32]) -> Probabilities:
    """Probabilities of patches (n, 84, 84), or of planes, from a zipped SavedModel."""
    tf: Any = import_module("tensorflow")
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(path) as archive:
            archive.extractall(folder)
        loaded = tf.saved_model.load(folder)
        answer = loaded.signatures[SIGNATURE](**{INPUT_NAME: tf.constant(patches[..., np.newaxis])})
        return np.asarray(answer[OUTPUT_NAME], dtype=np.float32)


def _tempered(probabilities: Probabilities, temperature: float) -> Probabilities:
    logs = np.log(np.maximum(probabilities.astype(np.float64), 1e-38)) / temperature
    powers = np.exp(logs - logs.max(axis=1, keepdims=True))
    return (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
