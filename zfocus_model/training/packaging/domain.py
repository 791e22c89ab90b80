"""The second network of a package: it knows images that the first was not made for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zfocus_model._errors import ZfocusError
from zfocus_model.training.packaging.run_folder import read_json, read_number, sources_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

TASK = "domain"
"""What a run folder of ``zfocus train-domain`` says that it is for."""

OUTPUT = "domain"
"""Name of the output of ``domain.onnx``."""

CLASSES = 2

_PREFIX = "domain/"


@dataclass(frozen=True)
class DomainRun:
    """A run folder of ``zfocus train-domain``."""

    weights: Path
    """``best.keras``."""
    about: dict[str, Any] = field(repr=False)
    """``run.json``: command, commit, options, data with licences, versions."""
    statistics: dict[str, Any] = field(repr=False)
    """``calibration.json``: the limit, false alarms, and what it recognises."""

    @property
    def limit(self) -> float:
        """Scores above this are out of the domain, 0.5 to 1."""
        return read_number(self.statistics, "out_of_domain_max", 0.5, 1.0)

    @property
    def sources(self) -> dict[str, dict[str, Any]]:
        """Images and licence by source, sorted."""
        return sources_of(self.about)

    @property
    def config(self) -> dict[str, Any]:
        """What ``config.zfocus.domain`` says."""
        kept = ("command", "commit", "options", "data")
        training = {key: self.about[key] for key in kept if key in self.about}
        return {**self.statistics, "training": training}


def read_domain_run(folder: Path) -> DomainRun:
    """Read a run folder of ``zfocus train-domain``.

    Raises
    ------
    ZfocusError
        If it is of another kind, or weights, description or limit are missing or damaged.
    """
    weights = folder / "best.keras"
    if not weights.is_file():
        raise ZfocusError(
            f"expected trained weights best.keras in the run {folder}, found none: "
            "let zfocus train-domain finish first"
        )
    run = DomainRun(weights, read_json(folder / "run.json"), read_json(folder / "calibration.json"))
    task = run.about.get("task")
    if task != TASK:
        raise ZfocusError(
            f"expected a run of zfocus train-domain in {folder}, got one for {task!r}: "
            "give it as RUN, not as --domain"
        )
    _ = run.limit
    return run


@dataclass(frozen=True)
class DomainNetwork:
    """A trained domain network, ready to be written."""

    trained: Any
    """The Keras model as it was trained."""
    folded: Any
    """The Keras model with convolutions and dense layers only."""
    layers: list[dict[str, Any]]
    """The entry ``domain_network`` of ``zfocus.json``."""
    arrays: dict[str, NDArray[np.float32]]
    """Its arrays in ``weights.npz``."""

    def predict(self, patches: NDArray[np.float32]) -> NDArray[np.float32]:
        """Probabilities (n, 2) of patches (n, 84, 84)."""
        from zfocus_model.training.packaging.verify import keras_probabilities

        return keras_probabilities(self.folded, patches)

    def onnx(self) -> bytes:
        """``domain.onnx``: patches (batch, 84, 84, 1) in, ``domain`` (batch, 2) out."""
        from zfocus_model.training.packaging.onnx_graph import onnx_bytes

        return onnx_bytes(self.layers, self.arrays, output=OUTPUT, classes=CLASSES)


def load_domain_network(run: DomainRun) -> DomainNetwork:
    """Load and fold the network of a run."""
    from zfocus_model.training._keras import load_keras
    from zfocus_model.training.networks import inference_network, network_layers

    trained = load_keras().models.load_model(run.weights, compile=False)
    folded = inference_network(trained)
    layers, arrays = network_layers(folded)
    named = [
        {k: _PREFIX + v if k in ("kernel", "bias") else v for k, v in layer.items()}
        for layer in layers
    ]
    prefixed = {_PREFIX + name: array for name, array in arrays.items()}
    return DomainNetwork(trained, folded, named, prefixed)


def check_domain_agreement(
    folder: Path, network: DomainNetwork, patches: NDArray[np.float32]
) -> dict[str, float]:
    """Compare what the package's engines say with the folded network in TensorFlow.

    Parameters
    ----------
    folder
        A complete package.
    network
        The network that was written into it.
    patches
        (n, 84, 84); constant ones must come out undecided.

    Returns
    -------
    dict of str to float
        Largest difference of a probability, by engine.

    Raises
    ------
    ZfocusError
        If an engine differs by more than 1e-5, folding by more than 1e-4, or a constant patch is
        anything but undecided.
    """
    from zfocus_model.engines import ENGINES, open_engine
    from zfocus_model.packages import open_package
    from zfocus_model.training.packaging import verify

    package = open_package(folder)
    expected = verify.keras_probabilities(network.folded, patches)
    found = {
        name: open_engine(package, name, domain=True).probabilities(patches) for name in ENGINES
    }
    found["trained"] = verify.keras_probabilities(network.trained, patches)
    constant = patches.min(axis=(1, 2)) == patches.max(axis=(1, 2))
    differences: dict[str, float] = {}
    for name, answer in found.items():
        difference = float(np.abs(answer - expected).max())
        allowed = verify.FOLD_TOLERANCE if name == "trained" else verify.TOLERANCE
        if not (difference <= allowed and np.allclose(answer[constant], 0.5, rtol=0, atol=1e-7)):
            raise ZfocusError(
                f"expected the domain network to say the same everywhere to {allowed:g}, but "
                f"{name} differs by {difference:.2g}: the package was not written, report this"
            )
        differences[f"domain {name}"] = difference
    return differences
