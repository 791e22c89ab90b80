"""How the focus lock takes its pictures, and which part of them it looks at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zfocus_model._errors import ZfocusError
from zfocus_model.zposition.lock.protocol import CameraError

REGION_PX = 1000
"""Side of the centred square that the lock looks at; smaller cameras are used whole."""


@dataclass(frozen=True)
class Look:
    """How a picture for the lock is taken; None leaves the microscope's own setting."""

    exposure_ms: float | None = None
    """Exposure for the lock's pictures alone."""
    preset: tuple[str, str] | None = None
    """Configuration group and preset, such as ("Channel", "Bright field"), for them alone."""
    region_px: int = REGION_PX
    """Side of the centred square that is cut out, at least 64."""
    pixel_size_um: float | None = None
    """Size of a pixel in the sample; None: what the core says."""

    def __post_init__(self) -> None:
        """Refuse what cannot be a picture."""
        if self.region_px < 64:
            raise ZfocusError(f"expected a region of at least 64 px, got {self.region_px}")
        for name in ("exposure_ms", "pixel_size_um"):
            value = getattr(self, name)
            if value is not None and not 0 < value < float("inf"):
                raise ZfocusError(f"expected {name} greater than 0, got {value}")


def grey(pixels: NDArray[Any]) -> NDArray[Any]:
    """Mean of the colours of a colour picture, alpha left out; others as they are."""
    if pixels.ndim == 3 and pixels.shape[2] in (3, 4):
        return pixels[..., :3].mean(axis=2, dtype=np.float32)
    if pixels.ndim != 2:
        raise CameraError(f"expected a picture in two dimensions, got shape {pixels.shape}")
    return pixels


def centre(pixels: NDArray[Any], side_px: int) -> NDArray[Any]:
    """Cut the centred square out; all of a side that is shorter than that."""
    top, left = (max(0, (length - side_px) // 2) for length in pixels.shape)
    return pixels[top : top + side_px, left : left + side_px]
