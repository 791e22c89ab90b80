"""Java's classes, through JPype, on which pyimagej is built."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from zfocus_model._errors import ZfocusError


def java_class(name: str) -> Any:
    """A Java class; Java must run."""
    return import_module("jpype").JClass(name)


def imageplus(image: Any, gateway: Any) -> Any:
    """The ``ij.ImagePlus``, converted from a Dataset if need be."""
    kind = f"{type(image).__module__}.{type(image).__qualname__}"
    wrong = ZfocusError(
        f"expected an ij.ImagePlus of a running ImageJ, got {kind}: take "
        "ij.py.active_imageplus(), give a Dataset with gateway=ij, or an array to zfocus_model.rate"
    )
    try:
        running = bool(import_module("jpype").isJVMStarted())
    except ImportError:
        raise ZfocusError(
            f"expected an ij.ImagePlus, got {kind}, and no pyimagej: "
            "install it with pip install 'zfocus[fiji]'"
        ) from None
    if not running or image is None:
        raise wrong
    if isinstance(image, java_class("ij.ImagePlus")):
        return image
    if gateway is None or not hasattr(image, "getImgPlus"):
        raise wrong
    return gateway.py.to_imageplus(image)
