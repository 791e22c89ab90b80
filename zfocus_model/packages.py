"""Find and read model packages: a folder or a .zip, described by its ``zfocus.json``.

Every file of a package is listed there with its SHA-256, and is checked when the package is
opened; the package's own identity, ``sha256``, is that of the bytes of ``zfocus.json``.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt

from zfocus_model._description import (
    DESCRIPTION,
    MAX_DESCRIPTION_BYTES,
    Z_TASK,
    Meaning,
    as_object,
    invalid,
    listed_files,
    meaning,
    network_layers,
    parse,
)
from zfocus_model._errors import ModelError
from zfocus_model._package_files import PackageFiles, load_arrays, open_files
from zfocus_model._package_search import (
    find_package,
    installed_models,
    model_folders,
    package_task,
    user_data_folder,
)
from zfocus_model.rating import StatusLimits

SCHEMA = 1
"""Version of the layout of ``zfocus.json`` that this code reads."""

TASK = "focus-level"
"""What a package must be for."""

DEFAULT_MODEL = "focus-fluorescence"
"""Name of the model that is used if none is named."""

__all__ = [
    "DEFAULT_MODEL",
    "DESCRIPTION",
    "DOMAIN_ONNX",
    "ONNX",
    "SCHEMA",
    "TASK",
    "WEIGHTS",
    "Z_TASK",
    "Package",
    "find_package",
    "installed_models",
    "model_folders",
    "open_package",
    "package_task",
    "user_data_folder",
]

ONNX = "model.onnx"
DOMAIN_ONNX = "domain.onnx"
WEIGHTS = "weights.npz"

_WEIGHT_SUFFIXES = frozenset(
    ".onnx .ort .npz .npy .keras .h5 .hdf5 .pb .tflite .pt .pth .safetensors .pkl .pickle".split()
)


@dataclass(frozen=True, eq=False)
class Package:
    """A model package whose files have been checked."""

    name: str
    """Name of the model."""
    version: str
    """Version of the model."""
    sha256: str
    """SHA-256 of ``zfocus.json``: outputs name the package by it (``package_sha256``)."""
    source: Path
    """The folder or .zip file."""
    task: str
    """What it is for, such as ``focus-level``."""
    meaning: Meaning
    """What goes into the network and what comes out."""
    config: dict[str, Any]
    """``config.zfocus``: levels, limits, domain, evaluation, training."""
    network: tuple[dict[str, Any], ...] = field(repr=False)
    """The layers, in order, for the numpy engine."""
    domain_network: tuple[dict[str, Any], ...] = field(repr=False)
    """The layers of the network that knows images out of the domain; empty: there is none."""
    files: Mapping[str, str] = field(repr=False)
    """Names and SHA-256 of all files but ``zfocus.json``."""
    _contents: PackageFiles = field(repr=False)

    @property
    def limits(self) -> StatusLimits:
        """The limits that turn a rating into a status; packages for focus levels have them."""
        if self.meaning.limits is None:
            raise _other_task(self.source, TASK, self.task)
        return self.meaning.limits

    def read(self, name: str) -> bytes:
        """Read a listed file and check it again.

        Parameters
        ----------
        name
            Relative POSIX path, as listed.

        Returns
        -------
        bytes
            What the file holds.

        Raises
        ------
        ModelError
            If it is not listed, missing or changed.
        """
        if name not in self.files:
            raise ModelError(
                f"expected the model {self.name} to hold {name}, but its {DESCRIPTION} does not "
                "list it: choose another engine or export the model again"
            )
        try:
            data = self._contents.read(name)
        except (OSError, KeyError, zipfile.BadZipFile) as error:
            raise ModelError(
                f"cannot read {name} of {self.source} ({error}): fetch the package again"
            ) from None
        if hashlib.sha256(data).hexdigest() != self.files[name]:
            raise _changed(self.source, name)
        return data

    def description(self) -> bytes:
        """Read ``zfocus.json``, as it is.

        Returns
        -------
        bytes
            What the file holds; its SHA-256 is the package's.
        """
        data = self._contents.read(DESCRIPTION)
        if hashlib.sha256(data).hexdigest() != self.sha256:
            raise _changed(self.source, DESCRIPTION)
        return data

    def arrays(self, name: str = WEIGHTS) -> dict[str, npt.NDArray[np.float32]]:
        """Read an .npz file of the package; arrays that need pickle are refused.

        Parameters
        ----------
        name
            Relative POSIX path, as listed.

        Returns
        -------
        dict of str to ndarray of float32
            The arrays by name.

        Raises
        ------
        ModelError
            If the file is no .npz or holds anything but numbers.
        """
        data = self.read(name)
        try:
            return load_arrays(data)
        except (ValueError, TypeError, OSError, EOFError, MemoryError, zipfile.BadZipFile) as error:
            raise ModelError(
                f"expected {name} of {self.source} to hold plain numeric arrays ({error}): "
                "export the model again"
            ) from None


def open_package(model: str | Path = DEFAULT_MODEL, *, task: str = TASK) -> Package:
    """Open a model package and check every file of it.

    Parameters
    ----------
    model
        Name of an installed model, or path of a package folder or .zip file.
    task
        What the package must be for.

    Returns
    -------
    Package
        The package.

    Raises
    ------
    ModelError
        If there is none, or it is damaged, unsafe, or made for something else.
    """
    source = find_package(model)
    contents = open_files(source)
    try:
        return _check(source, contents, task)
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise ModelError(
            f"expected a readable model package, got {source} ({error}): fetch it again"
        ) from None


def _check(source: Path, contents: PackageFiles, wanted: str) -> Package:
    sizes = contents.sizes()
    if DESCRIPTION not in sizes or sizes[DESCRIPTION] > MAX_DESCRIPTION_BYTES:
        raise ModelError(
            f"expected a model package with {DESCRIPTION} at its top, got {source} without: "
            "give the folder or .zip that zfocus export made"
        )
    raw = contents.read(DESCRIPTION)
    about = as_object(source, parse(source, raw), "the description")
    schema, task = about.get("schema"), about.get("task")
    if schema != SCHEMA:
        raise ModelError(
            f"expected {DESCRIPTION} of {source} to have schema {SCHEMA}, got {schema!r}: "
            "update zfocus, or export the model again"
        )
    if task != wanted:
        raise _other_task(source, wanted, task)
    name, version = about.get("name"), about.get("version")
    if not (isinstance(name, str) and name and isinstance(version, str) and version):
        raise invalid(source, "name and version must be text")
    config = as_object(source, about.get("config"), "config")
    config = as_object(source, config.get("zfocus"), "config.zfocus")
    files = listed_files(source, about)
    for file, digest in files.items():
        if file not in sizes:
            raise ModelError(
                f"expected {file} in the model package {source}, where it is missing: "
                "fetch the package again"
            )
        if contents.sha256(file) != digest:
            raise _changed(source, file)
    for file in sorted(sizes):
        # Names with a leading dot are what operating systems leave behind.
        path = PurePosixPath(file)
        unlisted = file not in files and not path.name.startswith(".")
        if unlisted and path.suffix.lower() in _WEIGHT_SUFFIXES:
            raise ModelError(
                f"expected only files that {DESCRIPTION} lists, got the weights {file} in "
                f"{source}: remove the file or fetch the package again"
            )
    return Package(
        name=name,
        version=version,
        sha256=hashlib.sha256(raw).hexdigest(),
        source=source,
        task=wanted,
        meaning=meaning(source, wanted, config),
        config=config,
        network=network_layers(source, about),
        domain_network=network_layers(source, about, "domain_network"),
        files=files,
        _contents=contents,
    )


def _other_task(source: Path, wanted: str, task: object) -> ModelError:
    advice = "choose another"
    if task == Z_TASK:
        advice = "it reads z-positions, with zfocus rate, best-plane and lock; choose another here"
    return ModelError(
        f"expected a model for the task {wanted!r}, got {task!r} in {source}: {advice}"
    )


def _changed(source: Path, name: str) -> ModelError:
    return ModelError(
        f"expected {name} of the model package {source} as its {DESCRIPTION} lists it, but its "
        "SHA-256 differs: fetch the package again"
    )
