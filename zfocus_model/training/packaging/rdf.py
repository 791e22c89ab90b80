"""What ``rdf.yaml`` says of a package that tells levels of defocus."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zfocus_model.levels import LEVELS, PATCH_PX
from zfocus_model.packages import DOMAIN_ONNX
from zfocus_model.training.packaging.card import (
    LIMITS,
    OUT_OF_SCOPE,
    REFERENCE_DOI,
    REFERENCE_TEXT,
)
from zfocus_model.training.packaging.description import Words, write_description
from zfocus_model.training.packaging.failures import FAILURES
from zfocus_model.training.packaging.onnx_builder import INPUT_NAME, OUTPUT_NAME

_TAGS = (
    "focus",
    "defocus",
    "blur",
    "image-quality",
    "quality-control",
    "autofocus",
    "classification",
    "ordinal-regression",
    "fluorescence-light-microscopy",
    "high-content-screening",
    "2d",
)


@dataclass(frozen=True)
class Subject:
    """What ``rdf.yaml`` says of a package beyond its files."""

    name: str
    """Name of the package."""
    title: str
    """Name for people; letters, digits, spaces, ``_ - ( )``."""
    version: str
    """Version of the model."""
    modality: str
    """Such as ``fluorescence microscopy``."""
    parameters: int
    """Number of weights."""
    saved: str
    """When the weights were saved, ISO 8601; empty: not known."""
    config: dict[str, Any]
    """``config.zfocus``."""
    tiled: bool = False
    """Planes in and maps out, not patches."""


def write_rdf(folder: Path, subject: Subject) -> None:
    """Write ``rdf.yaml`` into a package whose other files (but ``zfocus.json``) are there.

    Parameters
    ----------
    folder : Path
        The package.
    subject : Subject
        What to say.

    Raises
    ------
    ZfocusError
        If the description does not hold against the format, or bioimageio.spec is missing.
    """
    what = (
        f"every tile of {PATCH_PX} x {PATCH_PX} px of a microscope image"
        if subject.tiled
        else "a patch of a microscope image"
    )
    words = Words(
        name=subject.name,
        title=subject.title,
        version=subject.version,
        description=(
            f"Tells how far out of focus {what} is: probabilities of "
            f"{LEVELS} levels of added defocus, whatever the camera's gain and offset."
        ),
        citation=(REFERENCE_TEXT, REFERENCE_DOI),
        tags=_TAGS,
        modality=subject.modality,
        task="image classification, tile by tile" if subject.tiled else "image classification",
        out_of_scope=OUT_OF_SCOPE,
        limitations=" ".join(LIMITS),
        parameters=subject.parameters,
        saved=subject.saved,
        config=subject.config,
        attachments=("weights.npz", DOMAIN_ONNX, FAILURES, "LICENSE"),
    )

    def tensors(m: Any, file: Callable[[str], Any]) -> tuple[Any, Any]:
        return _input(m, file, subject.tiled), _output(m, file, subject.tiled)

    write_description(folder, words, tensors)


def _input(m: Any, file: Any, tiled: bool) -> Any:
    # Steps of whole tiles: a program that works in blocks then cuts between tiles.
    size = m.ParameterizedSize(min=PATCH_PX, step=PATCH_PX) if tiled else PATCH_PX
    return m.InputTensorDescr(
        id=m.TensorId(INPUT_NAME),
        description=f"one {'plane' if tiled else 'patch of one plane'}, "
        "pixels as stored, not rescaled",
        axes=[
            m.BatchAxis(),
            *[m.SpaceInputAxis(id=m.AxisId(axis), size=size) for axis in "yx"],
            m.ChannelAxis(channel_names=["intensity"]),
        ],
        data=m.IntervalOrRatioDataDescr(type="float32"),
        test_tensor=file("test_input.npy"),
        sample_tensor=file("sample_input.tif"),
        preprocessing=[m.EnsureDtypeDescr(kwargs=m.EnsureDtypeKwargs(dtype="float32"))],
    )


def _output(m: Any, file: Any, tiled: bool) -> Any:
    names = [f"level_{level:02d}" for level in range(LEVELS)]
    cells = [
        m.SpaceOutputAxis(
            id=m.AxisId(axis),
            scale=float(PATCH_PX),
            size=m.SizeReference(tensor_id=m.TensorId(INPUT_NAME), axis_id=m.AxisId(axis)),
        )
        for axis in ("yx" if tiled else "")
    ]
    return m.OutputTensorDescr(
        id=m.TensorId(OUTPUT_NAME),
        description=f"softmax over {LEVELS} levels of defocus, 0 is in focus",
        axes=[m.BatchAxis(), m.ChannelAxis(channel_names=names), *cells],
        data=m.IntervalOrRatioDataDescr(type="float32", range=(0.0, 1.0)),
        test_tensor=file("test_output.npy"),
        sample_tensor=file("sample_output.tif"),
    )
