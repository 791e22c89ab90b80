"""Keras, imported when it is needed; it carries no types, so it is `Any` here."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

from zfocus_model._errors import ZfocusError


def load_keras() -> Any:
    """Import Keras, on TensorFlow unless ``KERAS_BACKEND`` says otherwise.

    Returns
    -------
    module
        ``keras``.

    Raises
    ------
    ZfocusError
        If Keras or its backend is not installed.
    """
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        return import_module("keras")
    except ImportError as error:
        raise ZfocusError(
            f"expected Keras for training, got {error}: pip install 'zfocus[train]'"
        ) from None
