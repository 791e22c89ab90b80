"""Fine-tune a z model on the stacks of its microscope, and read stacks with what comes of it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from zfocus_model._errors import ZfocusError
from zfocus_model._files import write_json
from zfocus_model.zposition.labels import StackLabel
from zfocus_model.zposition.lock.learn import Model, Tune
from zfocus_model.zposition.lock.protocol import Frame
from zfocus_model.zposition.model import ZModel, load_z_model
from zfocus_model.zposition.reading import ZPosition
from zfocus_model.zposition.stacks import open_labelled

RUN, PACKAGE = "run", "model"
"""Folders that fine-tuning leaves beside the label table: the training, and the package."""


def model_of(z_model: ZModel, name: str | None = None) -> Model:
    """A z model as ``learn`` needs it.

    Parameters
    ----------
    z_model
        The model.
    name
        Name or path that finds it again; None: its name.
    """

    def locate(frame: Frame) -> ZPosition:
        if frame.pixel_size_um is None:
            raise ZfocusError(
                "expected a microscope that knows its pixel size, got none: give --pixel-size-um"
            )
        return z_model.locate(frame.pixels, pixel_size_um=frame.pixel_size_um)

    return Model(name or z_model.name, z_model.package_sha256, locate)


def tuner(start: ZModel, minutes: float = 4.0) -> Tune:
    """Fine-tuning of a model; it needs the extras ``train`` and ``zoo``.

    Parameters
    ----------
    start
        The model whose weights to start from.
    minutes
        Longest time.
    """

    def tune(labels: Sequence[StackLabel], folder: Path) -> Model:
        from zfocus_model.training.packaging.libraries import load_libraries
        from zfocus_model.training.warm import exported_model
        from zfocus_model.zposition.packaging.export import export_z_run
        from zfocus_model.zposition.training.fit import ZFitOptions, fit_z
        from zfocus_model.zposition.training.networks import network_kind
        from zfocus_model.zposition.training.stackset import load_stacks

        load_libraries()  # says which extras are missing
        exported = exported_model(start.package)
        known = [label for label in labels if label.split == "train"]
        if len(known) < 2:
            raise ZfocusError(f"expected 2 stacks to train on at least, got {len(known)}")
        stacks = load_stacks(known, folder, pixel_size_um=start.pixel_size_um)
        run = folder / RUN
        if (run / "run.json").exists():  # of an earlier --learn; it would be gone on with
            shutil.rmtree(run)
        options = ZFitOptions(
            network=network_kind(exported),
            bin_width_um=float(start.bins_um[1] - start.bins_um[0]),
            reach_um=float(start.bins_um[-1]),
            sides_px=(96, 128),
            batch_size=32,
            batches_per_epoch=30,
            epochs=10,
            minutes=minutes,
            learning_rate=3e-4,
            patience=4,
            validation_images=64,
            start=start.package_sha256,
        )
        last = len(known) - 1  # the best epoch is chosen on another field than those trained on
        fit_z(
            stacks.take(range(last)),
            stacks.take([last]),
            run,
            options,
            start=exported,
            verbose=False,
        )
        # The weights carry the old temperature; a few images are too few for new limits.
        calibration = {"temperature": 1.0, "limits": asdict(start.limits)}
        write_json(run / "calibration.json", calibration)
        package = folder / PACKAGE
        export_z_run(run, package, name=f"{start.name}-tuned")
        found = load_z_model(package)
        return model_of(found, str(package))

    return tune


def reread(model: Model, label: StackLabel, folder: Path) -> list[ZPosition]:
    """Read the planes of a stack on disk with a fine-tuned model."""
    pixel_size_um = label.pixel_size_um
    with open_labelled(label, folder) as stack:
        return [model.locate(Frame(plane, 0.0, pixel_size_um)) for plane in stack]
