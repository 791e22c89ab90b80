"""The bioimage.io description of a package, ``rdf.yaml``, in the newest format."""

from __future__ import annotations

import datetime
import io
import logging
import tempfile
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from zfocus_model._errors import ZfocusError
from zfocus_model.levels import LEVELS, PATCH_PX
from zfocus_model.packages import DOMAIN_ONNX
from zfocus_model.training.packaging.card import (
    LIMITS,
    OUT_OF_SCOPE,
    REFERENCE_DOI,
    REFERENCE_TEXT,
)
from zfocus_model.training.packaging.fiji import FIJI, for_fiji
from zfocus_model.training.packaging.onnx_builder import INPUT_NAME, OUTPUT_NAME
from zfocus_model.training.packaging.onnx_graph import OPSET

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
    try:
        spec: Any = import_module("bioimageio.spec")
        ruyaml: Any = import_module("ruyaml")
    except ImportError as error:
        raise ZfocusError(
            f"expected the packages of the extra 'zoo' ({error}): pip install 'zfocus[train,zoo]'"
        ) from None
    _quiet()
    try:
        description = _describe(folder, subject)
    except ValueError as error:
        first = " ".join(str(error).split())[:300]
        raise ZfocusError(f"expected a description that bioimage.io accepts: {first}") from None
    yaml: Any = ruyaml.YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False
    yaml.allow_unicode = True
    yaml.width = 100
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary) / "package"
        written = spec.save_bioimageio_package_as_folder(description, output_path=place)
        found: dict[str, Any] = yaml.load((Path(written) / "rdf.yaml").read_text("utf-8"))
    # zfocus.json holds the sum of this file, so this file cannot hold that of zfocus.json.
    # Nor is the other flavour written yet.
    unsigned = [{"source": name} for name in (FIJI, "zfocus.json")]
    found["attachments"] = [*found.get("attachments", []), *unsigned]
    for name, content in (("rdf.yaml", found), (FIJI, for_fiji(found, subject.name))):
        stream = io.StringIO()
        yaml.dump(content, stream)
        (folder / name).write_text(stream.getvalue(), encoding="utf-8", newline="\n")


def _quiet() -> None:
    """Keep the library's progress messages off the person's screen."""
    import_module("loguru").logger.disable("bioimageio")
    logging.getLogger("bioimageio").setLevel(logging.ERROR)


def _describe(folder: Path, subject: Subject) -> Any:
    m: Any = import_module("bioimageio.spec.model.v0_5")

    def file(name: str) -> Any:
        return m.FileDescr(source=folder / name)

    what = (
        f"every tile of {PATCH_PX} x {PATCH_PX} px of a microscope image"
        if subject.tiled
        else "a patch of a microscope image"
    )
    # Not the moment of export, which would change the bytes of every export of one run.
    saved = datetime.datetime.fromisoformat(subject.saved or "1980-01-01")
    return m.ModelDescr(
        name=subject.title,
        description=(
            f"Tells how far out of focus {what} is: probabilities of "
            f"{LEVELS} levels of added defocus, whatever the camera's gain and offset."
        ),
        authors=[m.Author(name="zfocus developers")],
        cite=[m.CiteEntry(text=REFERENCE_TEXT, doi=m.Doi(REFERENCE_DOI))],
        license=m.LicenseId("BSD-3-Clause"),
        tags=list(_TAGS),
        version=m.Version(subject.version),
        documentation=file("README.md"),
        covers=[file("cover.png")],
        attachments=[
            file(name)
            for name in ("weights.npz", DOMAIN_ONNX, "LICENSE")
            if (folder / name).exists()
        ],
        inputs=[_input(m, file, subject.tiled)],
        outputs=[_output(m, file, subject.tiled)],
        weights=_weights(m, file),
        config=m.Config(
            bioimageio=m.BioimageioConfig(
                architecture_type="CNN",
                modality=subject.modality,
                task="image classification, tile by tile"
                if subject.tiled
                else "image classification",
                out_of_scope_use=OUT_OF_SCOPE,
                bias_risks_limitations=m.BiasRisksLimitations(limitations=" ".join(LIMITS)),
                model_parameter_count=subject.parameters,
                reproducibility_tolerance=[
                    m.ReproducibilityTolerance(relative_tolerance=1e-4, absolute_tolerance=1e-4)
                ],
            ),
            zfocus=subject.config,
        ),
        timestamp=m.Datetime(saved.replace(tzinfo=datetime.timezone.utc)),
    )


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


def _weights(m: Any, file: Any) -> Any:
    keras: Any = import_module("keras")
    tf: Any = import_module("tensorflow")
    version = m.Version(tf.__version__)
    return m.WeightsDescr(
        keras_v3=m.KerasV3WeightsDescr(
            source=file("model.keras").source,
            keras_version=m.Version(keras.__version__),
            backend=("tensorflow", version),
        ),
        tensorflow_saved_model_bundle=m.TensorflowSavedModelBundleWeightsDescr(
            source=file("tf_saved_model.zip").source,
            parent="keras_v3",
            tensorflow_version=version,
        ),
        onnx=m.OnnxWeightsDescr(
            source=file("model.onnx").source, parent="keras_v3", opset_version=OPSET
        ),
    )
