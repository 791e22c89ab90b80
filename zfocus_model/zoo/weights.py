"""Weights that could run code, found without running any: Keras Lambda layers and pickles."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any, cast

from zfocus_model._errors import ModelError
from zfocus_model.packages import Package

_KERAS_PARTS = {"metadata.json", "config.json", "model.weights.h5"}
_KERAS_HOMES = ("keras", "builtins")
_MAX_PART_BYTES = 16 << 20
_REFUSED_SUFFIXES = (".pkl", ".pickle", ".pt", ".pth", ".joblib", ".h5", ".hdf5", ".py")


def check_weights(package: Package) -> None:
    """Refuse a package whose weights could run code of their maker when they are loaded.

    Parameters
    ----------
    package : Package
        An opened package, so its sums hold.

    Raises
    ------
    ModelError
        If a Keras file holds a Lambda layer or a class from outside Keras, an ``.npz`` file holds
        pickles, or a file is of a kind that is code or pickles.
    """
    for name in package.files:
        low = name.lower()
        if low.endswith(_REFUSED_SUFFIXES):
            raise _refuse(package, f"{name} may hold code")
        if low.endswith(".npz"):
            package.arrays(name)
        elif low.endswith(".npy"):
            _check_npy(package, name)
        elif low.endswith(".keras"):
            _check_keras(package, name)


def _check_npy(package: Package, name: str) -> None:
    import numpy as np

    try:
        np.load(io.BytesIO(package.read(name)), allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise _refuse(package, f"{name} holds no plain array ({error})") from None


def _check_keras(package: Package, name: str) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(package.read(name))) as archive:
            extra = set(archive.namelist()) - _KERAS_PARTS
            if extra:
                raise _refuse(package, f"{name} holds {min(extra)!r}, which Keras does not write")
            if archive.getinfo("config.json").file_size > _MAX_PART_BYTES:
                raise _refuse(package, f"{name} holds too large a configuration")
            config: Any = json.loads(archive.read("config.json"))
        found = _foreign(config)
    except (KeyError, ValueError, zipfile.BadZipFile, RecursionError) as error:
        if isinstance(error, ModelError):
            raise
        raise _refuse(package, f"{name} is no Keras 3 file ({error})") from None
    if found:
        raise _refuse(package, f"{name} holds {found}, which runs code when it is loaded")


def _foreign(node: Any) -> str:
    """What in a Keras configuration is not Keras' own; empty if all is."""
    children: list[Any] = []
    if isinstance(node, dict):
        mapping = cast("dict[str, Any]", node)
        kind, home = mapping.get("class_name"), mapping.get("module")
        if kind in ("Lambda", "__lambda__", "function"):
            return f"a {kind} layer"
        if isinstance(home, str) and home.split(".")[0] not in _KERAS_HOMES:
            return f"{kind} of {home}"
        if mapping.get("registered_name") and home is None and "class_name" in mapping:
            return f"the custom object {kind}"
        children = list(mapping.values())
    elif isinstance(node, list):
        children = cast("list[Any]", node)
    return next((found for found in map(_foreign, children) if found), "")


def _refuse(package: Package, why: str) -> ModelError:
    return ModelError(
        f"expected weights of {package.source.name} that are numbers only, but {why}: "
        "ask its maker for a package of zfocus export"
    )
