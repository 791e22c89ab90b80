"""The libraries that write weight formats, imported when a package is made."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

from zfocus_model._errors import ZfocusError


def load_libraries() -> Any:
    """Import Keras on TensorFlow, quietly."""
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        for name in ("onnx", "onnxruntime", "tensorflow"):
            import_module(name)
        keras: Any = import_module("keras")
    except ImportError as error:
        raise ZfocusError(
            f"expected the packages of the extras 'train' and 'zoo' ({error}): "
            "pip install 'zfocus[train,zoo]'"
        ) from None
    backend = str(keras.backend.backend())
    if backend != "tensorflow":
        raise ZfocusError(
            f"expected Keras on TensorFlow to write its weight formats, got {backend}: "
            "set KERAS_BACKEND=tensorflow"
        )
    return keras
