"""bioimage.io's prediction pipeline, asked as its users ask it."""

from __future__ import annotations

import os
import tempfile
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zfocus_model.packages import Package
from zfocus_model.zoo.bundle import write_bundle

if TYPE_CHECKING:
    from zfocus_model.training.packaging.verify import Probabilities


def pipeline_probabilities(
    package: Package, images: Probabilities, weight_format: str = "onnx"
) -> Probabilities:
    """What bioimageio.core says of images.

    Parameters
    ----------
    package : Package
        A package for patches, for maps or for images of any size.
    images : ndarray of float32
        (n, y, x); what lies beyond the last whole tile is cut off, as the description asks.
    weight_format : str
        ``onnx``, ``keras_v3`` or ``tensorflow_saved_model_bundle``.

    Returns
    -------
    ndarray of float32
        (n, 11) or (n, bins), or (n, 11, rows, columns) of a map.
    """
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    core: Any = import_module("bioimageio.core")
    import_module("loguru").logger.disable("bioimageio")
    step = package.meaning.patch_px or 1
    height, width = (side // step * step for side in images.shape[1:])
    pixels = images[:, :height, :width, np.newaxis]
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as temporary:
        archive = write_bundle(package, Path(temporary))
        os.chdir(temporary)  # weights are unpacked into the working folder
        try:
            model = core.load_model_description(archive, perform_io_checks=False)
            with core.create_prediction_pipeline(model, weight_format=weight_format) as pipeline:
                sample = core.digest_spec.create_sample_for_model(model, inputs={"image": pixels})
                answer = pipeline.predict_sample_without_blocking(sample)
        finally:
            os.chdir(before)
    return np.asarray(answer.members["probabilities"].data.data, dtype=np.float32)
