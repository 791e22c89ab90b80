"""What every engine promises."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import numpy.typing as npt

from zfocus_model._errors import ModelError, ZfocusError
from zfocus_model.levels import PATCH_PX
from zfocus_model.packages import DOMAIN_ONNX, ONNX, Package

DOMAIN_CLASSES = 2
"""In domain, out of domain."""


class Engine(ABC):
    """One network of a model package, kept open.

    Results depend on neither the batch nor the number of threads.

    Parameters
    ----------
    package
        The model package.
    domain
        Run the package's domain network, not the one that knows levels.
    """

    name: str
    """Name of the engine, as in ``open_engine``."""
    batch: int
    """Most patches of 84 x 84 px that are run at once: it bounds memory and keeps caches warm."""

    def __init__(self, package: Package, *, domain: bool = False) -> None:
        self.package = package
        self.classes = DOMAIN_CLASSES if domain else package.meaning.classes
        self.layers = package.domain_network if domain else package.network
        self.onnx = DOMAIN_ONNX if domain else ONNX

    def probabilities(self, patches: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Probabilities of patches or images: of levels, of z bins, or of being in the domain.

        Parameters
        ----------
        patches
            (n, 84, 84), or (n, height, width) where the model takes any size; pixels as stored,
            finite; any n, also 0.

        Returns
        -------
        ndarray of float32
            (n, 11), (n, bins), or (n, 2) of a domain network; rows sum to 1.

        Raises
        ------
        ZfocusError
            If the patches have another shape.
        ModelError
            If the model gives anything but finite probabilities.
        """
        self._check_shape(patches.shape)
        pixels = np.ascontiguousarray(patches, dtype=np.float32)
        result = np.empty((len(pixels), self.classes), np.float32)
        most = max(1, self.batch * PATCH_PX**2 // (pixels.shape[1] * pixels.shape[2]))
        for start in range(0, len(pixels), most):
            chunk = pixels[start : start + most]
            found = self._run(chunk)
            if found.shape != (len(chunk), self.classes):
                raise ModelError(
                    f"expected {self.classes} probabilities a patch from the model "
                    f"{self.package.name}, got shape {found.shape} for {len(chunk)} patches: "
                    "export the model again"
                )
            result[start : start + most] = found
        if not np.isfinite(result).all():
            raise ModelError(
                f"expected finite probabilities from the model {self.package.name}, got NaN or "
                "infinity: its weights are damaged, export or fetch the model again"
            )
        return result

    def _check_shape(self, shape: tuple[int, ...]) -> None:
        side, smallest = self.package.meaning.patch_px, self.package.meaning.smallest_px
        if side is not None:
            if len(shape) != 3 or shape[1:] != (side, side):
                raise ZfocusError(
                    f"expected patches of shape (n, {side}, {side}), got {shape}: "
                    "cut the plane with tiling.cut"
                )
        elif len(shape) != 3 or min(shape[1:]) < smallest:
            raise ZfocusError(
                f"expected images of shape (n, height, width), at least {smallest} x {smallest} "
                f"px, got {shape}: average fewer pixels, or take larger images"
            )

    @abstractmethod
    def _run(self, patches: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Run patches (n, 84, 84) or images (n, height, width), n at least 1."""
