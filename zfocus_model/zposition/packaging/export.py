"""Make a model package for bioimage.io and for zfocus out of a z training run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from zfocus_model._errors import ZfocusError
from zfocus_model.packages import Z_TASK
from zfocus_model.training.packaging import archives
from zfocus_model.training.packaging.libraries import load_libraries
from zfocus_model.training.packaging.place import Exported, check_name, make_package, write_text
from zfocus_model.training.packaging.samples import npy_bytes, tiff_bytes
from zfocus_model.zposition.packaging import card, pictures, samples
from zfocus_model.zposition.packaging.run_folder import ZRun, read_z_run

_TOLERANCE = 5e-5
"""Largest difference between formats: sums over whole images round more than those of patches."""


def export_z_run(
    run: str | Path,
    package: str | Path,
    *,
    name: str | None = None,
    title: str | None = None,
    version: str = "0.1.0",
    made_for: Mapping[str, str] | None = None,
) -> Exported:
    """Write the package of a z run: all weight formats, descriptions, test data and pictures.

    The package appears whole or not at all, and the same run gives the same bytes.

    Parameters
    ----------
    run : path
        Run folder of ``zfocus train --task z-position``, with ``best.keras``, ``run.json`` and
        ``calibration.json``.
    package : path
        Folder to write. An older package there is replaced; any other folder is refused.
    name : str, optional
        Name of the model; by default the folder's.
    title : str, optional
        Name for people.
    version : str
        Version of the model.
    made_for : mapping of str to str, optional
        ``objective``, ``modality`` and ``cells`` that the model is for, in words; they go before
        what the run says.

    Returns
    -------
    Exported
        Where it is, and how well the formats agree.

    Raises
    ------
    ZfocusError
        If the run is incomplete or of another task, the place is taken, the formats disagree, or
        a library is missing.
    """
    target = Path(package).absolute()
    chosen = check_name(target.name if name is None else name)
    found = read_z_run(Path(run))
    if made_for:
        found = replace(found, about={**found.about, "domain": {**found.domain, **made_for}})
    words = title or f"z-position of transmitted-light images ({chosen})"
    return make_package(
        target, lambda folder: _write(found, folder, name=chosen, title=words, version=version)
    )


def _write(run: ZRun, folder: Path, *, name: str, title: str, version: str) -> dict[str, float]:
    """Fill the folder and compare the weight formats."""
    from zfocus_model.training.packaging import verify
    from zfocus_model.training.packaging.onnx_graph import onnx_bytes
    from zfocus_model.training.packaging.saved_model import write_saved_model
    from zfocus_model.zposition.packaging.rdf import ZSubject, write_z_rdf

    keras = load_libraries()
    from zfocus_model.zposition.training.networks import (
        SMALLEST_PX,
        inference_z_network,
        z_network_layers,
    )

    trained = _load(keras, run)
    batches = samples.check_images()
    before = [verify.keras_probabilities(trained, images) for images in batches]
    keras.backend.clear_session()
    model = inference_z_network(trained, run.temperature)
    network, arrays = z_network_layers(model)
    bins = run.bins_um

    model.save(folder / "model.keras")
    archives.settle_keras(folder / "model.keras")
    write_saved_model(folder / "tf_saved_model.zip", network, arrays, side_px=None)
    onnx = onnx_bytes(network, arrays, classes=len(bins), side_px=None)
    (folder / "model.onnx").write_bytes(onnx)
    archives.write_npz(folder / "weights.npz", arrays)

    def predict(images: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return verify.keras_probabilities(model, images)

    image = samples.test_image()
    given = image[np.newaxis].astype(np.float32)
    answer = predict(given)
    (folder / "test_input.npy").write_bytes(npy_bytes(given[..., np.newaxis]))
    (folder / "test_output.npy").write_bytes(npy_bytes(answer))
    (folder / "sample_output.tif").write_bytes(tiff_bytes(answer))
    (folder / "sample_input.tif").write_bytes(tiff_bytes(image))
    cover = pictures.picture(samples.through_focus(), predict, bins, run.limits)
    (folder / "cover.png").write_bytes(cover)
    hard = samples.hard_cases()
    (folder / "hard_cases.png").write_bytes(pictures.picture(hard, predict, bins, run.limits))

    parameters = sum(array.size for array in arrays.values())
    text = card.readme(
        run,
        name=name,
        title=title,
        version=version,
        parameters=parameters,
        smallest_px=SMALLEST_PX,
        hard_cases=pictures.readings(hard, predict, bins, run.limits),
    )
    write_text(folder / "README.md", text)
    write_text(folder / "LICENSE", card.licence_note(run))
    config = _config(run, SMALLEST_PX)
    write_z_rdf(folder, run, ZSubject(name, title, version, parameters, SMALLEST_PX, config))
    description = {
        "schema": 1,
        "name": name,
        "version": version,
        "task": Z_TASK,
        "config": {"zfocus": config},
        "network": network,
        "files": archives.folder_sums(folder),
    }
    write_text(folder / "zfocus.json", json.dumps(description, indent=1) + "\n")
    worst: dict[str, float] = {}
    for images, first in zip(batches, before):
        found = verify.check_agreement(
            folder, images, first, run.temperature, task=Z_TASK, tolerance=_TOLERANCE
        )
        worst = {key: max(value, worst.get(key, 0.0)) for key, value in found.items()}
    return worst


def _load(keras: Any, run: ZRun) -> Any:
    try:
        trained = keras.models.load_model(run.weights, compile=False)
    except (ValueError, OSError, TypeError) as error:
        first = " ".join(str(error).split())[:200]
        raise ZfocusError(f"cannot read the weights {run.weights} ({first}): train again") from None
    sides, classes = trained.input_shape[1:3], int(trained.output_shape[-1])
    if sides != (None, None):
        raise ZfocusError(
            f"expected a network that takes images of any size, got one for {sides[0]} x "
            f"{sides[1]} px: train --network small for a package"
        )
    if classes != len(run.bins_um):
        raise ZfocusError(
            f"expected {classes} bins_um in run.json, one an output of best.keras, got "
            f"{len(run.bins_um)}: train again"
        )
    return trained


def _config(run: ZRun, smallest_px: int) -> dict[str, Any]:
    """``config.zfocus``: what the weights mean and where they come from."""
    limits = run.limits
    kept = ("command", "commit", "versions", "network", "options", "augmentation", "data")
    return {
        "bins_um": run.bins_um,
        "pixel_size_um": run.pixel_size_um,
        "smallest_px": smallest_px,
        "status": {
            "certainty_min": limits.certainty_min,
            "second_mode_max": limits.second_mode_max,
            "sd_max_um": limits.sd_max_um,
        },
        "card": run.domain,
        "evaluation": run.evaluation,
        "calibration": run.calibration,
        "training": {
            **{key: run.about[key] for key in kept if key in run.about},
            "temperature": run.temperature,
        },
    }
