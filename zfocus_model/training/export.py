"""Make a model package for bioimage.io and for zfocus out of a training run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zfocus_model._errors import ZfocusError
from zfocus_model.levels import DISC_PX_PER_LEVEL, LEVELS, PATCH_PX
from zfocus_model.packages import DOMAIN_ONNX
from zfocus_model.training.packaging import archives, card, failures, samples
from zfocus_model.training.packaging.domain import (
    DomainRun,
    check_domain_agreement,
    load_domain_network,
    read_domain_run,
)
from zfocus_model.training.packaging.failures import FAILURES
from zfocus_model.training.packaging.libraries import load_libraries
from zfocus_model.training.packaging.place import Exported, check_name, make_package, write_text
from zfocus_model.training.packaging.run_folder import Run, read_run

if TYPE_CHECKING:
    import numpy.typing as npt


def export_run(
    run: str | Path,
    package: str | Path,
    *,
    name: str | None = None,
    title: str | None = None,
    version: str = "0.1.0",
    modality: str = "fluorescence microscopy",
    tiled: bool = False,
    domain: str | Path | None = None,
) -> Exported:
    """Write the package of a run: all weight formats, descriptions, test data and pictures.

    The package appears whole or not at all: it is made beside its place, its weight formats are
    compared, and only then does it replace what was there. The same run gives the same bytes.

    Parameters
    ----------
    run : path
        Run folder of ``zfocus train``, with ``best.keras``, ``run.json`` and ``calibration.json``.
    package : path
        Folder to write. An older package there is replaced; any other folder is refused.
    name : str, optional
        Name of the model, lower-case letters, digits, ``.``, ``_`` and ``-``; by default the
        folder's.
    title : str, optional
        Name for people.
    version : str
        Version of the model.
    modality : str
        What kind of images it is for, in the zoo's words.
    tiled : bool
        Make the map variant: the same weights on every whole tile of a plane. Other programs run
        it; zfocus cuts tiles by itself and refuses it.
    domain : path, optional
        Run folder of ``zfocus train-domain``: its network goes into the package, too, and tells
        images that the first was not made for.

    Returns
    -------
    Exported
        Where it is, and how well the formats agree.

    Raises
    ------
    ZfocusError
        If the run is incomplete, the place is taken, the formats disagree, or a library is missing.

    Notes
    -----
    Keras' counters of layer names are reset, so that names do not depend on what ran before.
    """
    target = Path(package).absolute()
    chosen = check_name(target.name if name is None else name)
    found = read_run(Path(run))
    second = None if domain is None else read_domain_run(Path(domain))
    if second and tiled:
        raise ZfocusError(
            "expected a patch model for a domain network, got a map, which other programs run: "
            "leave --domain or --map out"
        )
    return make_package(
        target,
        lambda folder: _write(
            found,
            folder,
            name=chosen,
            title=title or f"Focus {'map' if tiled else 'level'} of microscope images ({chosen})",
            version=version,
            modality=modality,
            tiled=tiled,
            domain=second,
        ),
    )


def _write(
    run: Run,
    folder: Path,
    *,
    name: str,
    title: str,
    version: str,
    modality: str,
    tiled: bool,
    domain: DomainRun | None,
) -> dict[str, float]:
    """Fill the folder and compare the weight formats."""
    from zfocus_model.training.packaging import rdf, verify
    from zfocus_model.training.packaging.onnx_graph import onnx_bytes
    from zfocus_model.training.packaging.saved_model import write_saved_model

    keras = load_libraries()
    from zfocus_model.training.networks import inference_network, network_layers
    from zfocus_model.training.tiled import MAP_TASK, map_network

    try:
        trained = keras.models.load_model(run.weights, compile=False)
    except (ValueError, OSError, TypeError) as error:
        first = " ".join(str(error).split())[:200]
        raise ZfocusError(f"cannot read the weights {run.weights} ({first}): train again") from None
    patches = samples.check_patches()
    before = verify.keras_probabilities(trained, patches)
    keras.backend.clear_session()
    model = inference_network(trained, run.temperature)
    network, arrays = network_layers(model)
    parameters = sum(array.size for array in arrays.values())

    saved = map_network(model) if tiled else model
    saved.save(folder / "model.keras")
    archives.settle_keras(folder / "model.keras")
    write_saved_model(folder / "tf_saved_model.zip", network, arrays, tiled=tiled)
    (folder / "model.onnx").write_bytes(onnx_bytes(network, arrays, tiled=tiled))
    second = load_domain_network(domain) if domain else None
    if second:
        arrays |= second.arrays
        (folder / DOMAIN_ONNX).write_bytes(second.onnx())
    archives.write_npz(folder / "weights.npz", arrays)

    def predict(some: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return verify.keras_probabilities(model, some)

    patch = samples.test_patch()
    pixels = patch[np.newaxis].astype(np.float32)
    sample = samples.test_plane() if tiled else patch
    given = sample[np.newaxis].astype(np.float32)
    answer = verify.keras_probabilities(saved, given)
    (folder / "test_input.npy").write_bytes(samples.npy_bytes(given[..., np.newaxis]))
    (folder / "test_output.npy").write_bytes(samples.npy_bytes(answer))
    # A patch's eleven numbers as one row of pixels, a map's as eleven pages.
    drawn = answer[0] if tiled else answer
    (folder / "sample_output.tif").write_bytes(samples.tiff_bytes(drawn))
    (folder / "sample_input.tif").write_bytes(samples.tiff_bytes(sample))
    (folder / "cover.png").write_bytes(samples.cover_bytes(predict, run.limits))

    hard: list[str] = []
    if not tiled:
        limits = replace(run.limits, out_of_domain_max=domain.limit if domain else None)
        cases = failures.rate_cases(predict, limits, second.predict if second else None)
        (folder / FAILURES).write_bytes(failures.picture_bytes(cases))
        hard = failures.words(cases, FAILURES)

    weighted = sum("kernel" in layer for layer in network)
    words = card.readme(
        run,
        name=name,
        title=title,
        version=version,
        parameters=parameters,
        weighted_layers=weighted,
        tiled=tiled,
        domain=domain,
        hard=hard,
    )
    write_text(folder / "README.md", words)
    write_text(folder / "LICENSE", card.licence_note(run, domain))
    config = _config(run, domain)
    subject = rdf.Subject(name, title, version, modality, parameters, run.saved, config, tiled)
    rdf.write_rdf(folder, subject)
    description = {
        "schema": 1,
        "name": name,
        "version": version,
        "task": MAP_TASK if tiled else str(run.about.get("task", "focus-level")),
        "config": {"zfocus": config},
        "network": network,
        **({"domain_network": second.layers} if second else {}),
        "files": archives.folder_sums(folder),
    }
    write_text(folder / "zfocus.json", json.dumps(description, indent=1) + "\n")
    every = np.concatenate([pixels, patches])
    first = _first(trained, pixels, before)
    found = verify.check_agreement(folder, every, first, run.temperature, tiled=tiled)
    return {**found, **(check_domain_agreement(folder, second, every) if second else {})}


def _first(
    trained: Any, pixels: npt.NDArray[np.float32], others: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """The trained model's probabilities of the test patch, before those of the other patches."""
    from zfocus_model.training.packaging.verify import keras_probabilities

    return np.concatenate([keras_probabilities(trained, pixels), others])


def _config(run: Run, domain: DomainRun | None) -> dict[str, Any]:
    """``config.zfocus``: what the weights mean and where they come from."""
    limits = run.limits
    status: dict[str, float] = {
        "certainty_min": limits.certainty_min,
        "in_focus_min": limits.in_focus_min,
    }
    kept = ("command", "commit", "versions", "options", "augmentation", "optics", "data")
    return {
        "levels": LEVELS,
        "patch_px": PATCH_PX,
        "disc_px_per_level": DISC_PX_PER_LEVEL,
        "status": status,
        "domain": domain.config if domain else None,
        "evaluation": run.evaluation,
        "calibration": run.calibration,
        "training": {
            **{key: run.about[key] for key in kept if key in run.about},
            "temperature": run.temperature,
        },
    }
