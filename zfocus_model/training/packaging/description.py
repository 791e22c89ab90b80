"""The bioimage.io description of any package, in the newest format and for Fiji."""

from __future__ import annotations

import datetime
import io
import logging
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from zfocus_model._errors import ZfocusError
from zfocus_model.training.packaging.fiji import FIJI, for_fiji
from zfocus_model.training.packaging.onnx_graph import OPSET


@dataclass(frozen=True)
class Words:
    """What a description says of a package beyond its files and tensors."""

    name: str
    """Name of the package."""
    title: str
    """Name for people; letters, digits, spaces, ``_ - ( )``."""
    version: str
    """Version of the model."""
    description: str
    """One sentence: what it does."""
    citation: tuple[str, str]
    """Text and DOI of what it follows."""
    tags: tuple[str, ...]
    """Words to find it by."""
    modality: str
    """Such as ``fluorescence microscopy``."""
    task: str
    """In the zoo's words, such as ``image classification``."""
    out_of_scope: str
    """What it must not be used for."""
    limitations: str
    """What it cannot do."""
    parameters: int
    """Number of weights."""
    saved: str
    """When the weights were saved, ISO 8601; empty: not known."""
    config: dict[str, Any]
    """``config.zfocus``."""
    attachments: tuple[str, ...]
    """Files that are neither weights nor named elsewhere; those that exist are attached."""


Tensors = Callable[[Any, Callable[[str], Any]], "tuple[Any, Any]"]
"""(the module of the format, name of a file -> its description) -> input and output."""


def write_description(folder: Path, words: Words, tensors: Tensors) -> None:
    """Write ``rdf.yaml`` into a package whose other files (but ``zfocus.json``) are there.

    Parameters
    ----------
    folder : Path
        The package.
    words : Words
        What to say.
    tensors : callable
        Describes the input and the output.

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
        description = _describe(folder, words, tensors)
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
    for name, content in (("rdf.yaml", found), (FIJI, for_fiji(found, words.name))):
        stream = io.StringIO()
        yaml.dump(content, stream)
        (folder / name).write_text(stream.getvalue(), encoding="utf-8", newline="\n")


def _quiet() -> None:
    """Keep the library's progress messages off the person's screen."""
    import_module("loguru").logger.disable("bioimageio")
    logging.getLogger("bioimageio").setLevel(logging.ERROR)


def _describe(folder: Path, words: Words, tensors: Tensors) -> Any:
    m: Any = import_module("bioimageio.spec.model.v0_5")

    def file(name: str) -> Any:
        return m.FileDescr(source=folder / name)

    given, answer = tensors(m, file)
    text, doi = words.citation
    # Not the moment of export, which would change the bytes of every export of one run.
    saved = datetime.datetime.fromisoformat(words.saved or "1980-01-01")
    return m.ModelDescr(
        name=words.title,
        description=words.description,
        authors=[m.Author(name="zfocus developers")],
        cite=[m.CiteEntry(text=text, doi=m.Doi(doi))],
        license=m.LicenseId("BSD-3-Clause"),
        tags=list(words.tags),
        version=m.Version(words.version),
        documentation=file("README.md"),
        covers=[file("cover.png")],
        attachments=[file(name) for name in words.attachments if (folder / name).exists()],
        inputs=[given],
        outputs=[answer],
        weights=_weights(m, file),
        config=m.Config(
            bioimageio=m.BioimageioConfig(
                architecture_type="CNN",
                modality=words.modality,
                task=words.task,
                out_of_scope_use=words.out_of_scope,
                bias_risks_limitations=m.BiasRisksLimitations(limitations=words.limitations),
                model_parameter_count=words.parameters,
                reproducibility_tolerance=[
                    m.ReproducibilityTolerance(relative_tolerance=1e-4, absolute_tolerance=1e-4)
                ],
            ),
            zfocus=words.config,
        ),
        timestamp=m.Datetime(saved.replace(tzinfo=datetime.timezone.utc)),
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
