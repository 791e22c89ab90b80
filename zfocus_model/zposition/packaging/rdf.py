"""What ``rdf.yaml`` says of a package that reads z-positions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zfocus_model.training.packaging.description import Words, write_description
from zfocus_model.training.packaging.onnx_builder import INPUT_NAME, OUTPUT_NAME
from zfocus_model.zposition.packaging.card import (
    LIMITS,
    OUT_OF_SCOPE,
    REFERENCE_DOI,
    REFERENCE_TEXT,
)
from zfocus_model.zposition.packaging.run_folder import ZRun

_TAGS = (
    "focus",
    "defocus",
    "autofocus",
    "focus-lock",
    "z-position",
    "z-stack",
    "time-lapse",
    "brightfield",
    "transmitted-light",
    "yeast",
    "classification",
    "2d",
)


@dataclass(frozen=True)
class ZSubject:
    """What ``rdf.yaml`` says of a z package beyond its files."""

    name: str
    """Name of the package."""
    title: str
    """Name for people; letters, digits, spaces, ``_ - ( )``."""
    version: str
    """Version of the model."""
    parameters: int
    """Number of weights."""
    smallest_px: int
    """Shortest side of an image."""
    config: dict[str, Any]
    """``config.zfocus``."""


def write_z_rdf(folder: Path, run: ZRun, subject: ZSubject) -> None:
    """Write ``rdf.yaml`` into a package whose other files (but ``zfocus.json``) are there.

    Parameters
    ----------
    folder : Path
        The package.
    run : ZRun
        The training run.
    subject : ZSubject
        What else to say.
    """
    bins, size = run.bins_um, run.pixel_size_um
    words = Words(
        name=subject.name,
        title=subject.title,
        version=subject.version,
        description=(
            "Reads the signed distance from focus off a single transmitted-light image: "
            f"probabilities of {len(bins)} z bins from {bins[0]:g} to {bins[-1]:g} um, positive "
            "where the objective is too near to the sample."
        ),
        citation=(REFERENCE_TEXT, REFERENCE_DOI),
        tags=_TAGS,
        modality=run.domain["modality"],
        task="image classification",
        out_of_scope=OUT_OF_SCOPE,
        limitations=" ".join(LIMITS),
        parameters=subject.parameters,
        saved=run.saved,
        config=subject.config,
        attachments=("weights.npz", "hard_cases.png", "LICENSE"),
    )

    def tensors(m: Any, file: Callable[[str], Any]) -> tuple[Any, Any]:
        sides = [
            m.SpaceInputAxis(
                id=m.AxisId(axis),
                size=m.ParameterizedSize(min=subject.smallest_px, step=1),
                scale=size,
                unit="micrometer",
            )
            for axis in "yx"
        ]
        given = m.InputTensorDescr(
            id=m.TensorId(INPUT_NAME),
            description=f"one image, averaged to pixels of about {size:g} um, not rescaled",
            axes=[m.BatchAxis(), *sides, m.ChannelAxis(channel_names=["intensity"])],
            data=m.IntervalOrRatioDataDescr(type="float32"),
            test_tensor=file("test_input.npy"),
            sample_tensor=file("sample_input.tif"),
            preprocessing=[m.EnsureDtypeDescr(kwargs=m.EnsureDtypeKwargs(dtype="float32"))],
        )
        names = [f"z_{number:02d}" for number in range(len(bins))]
        answer = m.OutputTensorDescr(
            id=m.TensorId(OUTPUT_NAME),
            description=f"softmax over z bins with centres from {bins[0]:g} to {bins[-1]:g} um",
            axes=[m.BatchAxis(), m.ChannelAxis(channel_names=names)],
            data=m.IntervalOrRatioDataDescr(type="float32", range=(0.0, 1.0)),
            test_tensor=file("test_output.npy"),
            sample_tensor=file("sample_output.tif"),
        )
        return given, answer

    write_description(folder, words, tensors)
