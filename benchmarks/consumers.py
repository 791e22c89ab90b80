"""The same 100 simulated patches through every program that may run a package.

The largest difference of any probability from the numpy engine; for a map the patches are the tiles
of one plane. Java needs java and mvn (ONNX Runtime comes from Maven Central). Options: --quick.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from _record import ROOT, Goal, Table, save

from zfocus_model.training.packaging import samples, verify
from zfocus_model.training.tiled import MAP_TASK
from zfocus_model.zoo.check import TOLERANCE, runners, task_of
from zfocus_model.zoo.consumers import pipeline_probabilities
from zfocus_model.zoo.index import packages_in

sys.path.insert(0, str(ROOT / "tests"))
import java_runtime

NAMES = {
    "onnxruntime": "ONNX Runtime, Python",
    "tensorflow": "TensorFlow, SavedModel",
    "keras": "Keras 3",
}
PIPELINES = ("onnx", "tensorflow_saved_model_bundle", "keras_v3")


def main() -> None:
    """Measure, print, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--zoo", type=Path, default=ROOT / "model_zoo")
    parser.add_argument("--quick", action="store_true", help="print only")
    arguments = parser.parse_args()
    patches = samples.check_patches()[:100]
    rows: list[list[object]] = []
    worst = 0.0
    jars = tempfile.TemporaryDirectory()
    for package in packages_in(arguments.zoo):
        tiled = task_of(package) == MAP_TASK
        images = verify.lay_out(patches) if tiled else patches
        python = runners(package)
        expected = python.pop("numpy")(patches)
        asked: dict[str, Callable[[], np.ndarray]] = {}
        for key, run in python.items():
            asked[NAMES[key]] = lambda run=run: run(patches)
        for kind in PIPELINES:
            asked[f"bioimageio.core, {kind}"] = lambda kind=kind, package=package, images=images: (
                pipeline_probabilities(package, images, kind)
            )
        if not java_runtime.missing():
            asked[f"ONNX Runtime {java_runtime.VERSION}, Java"] = (
                lambda package=package, images=images: java_runtime.run(
                    java_runtime.fetch_jar(Path(jars.name)), package.source / "model.onnx", images
                )
            )
        for name, ask in asked.items():
            found = verify.by_tile(ask())[: len(patches)]
            difference = float(np.abs(found - expected).max())
            worst = max(worst, difference)
            rows.append([package.name, name, difference])
    jars.cleanup()
    save(
        "consumers",
        title="One answer in every program",
        tables=[
            Table(
                "100 simulated patches (images, to zposition-yeast): largest difference of a "
                "probability from the numpy engine",
                ["package", "program", "largest difference"],
                rows,
                java_runtime.missing() and f"Java was not asked: {java_runtime.missing()}.",
            )
        ],
        goals=[
            Goal("every program agrees with the numpy engine to 1e-4", worst, worst <= TOLERANCE)
        ],
        keep=not arguments.quick,
    )


if __name__ == "__main__":
    main()
