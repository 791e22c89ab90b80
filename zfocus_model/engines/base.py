"""What every engine promises."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import numpy.typing as npt

from zfocus_model._errors import ModelError, ZfocusError
from zfocus_model.levels import LEVELS, PATCH_PX
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
    """Most patches that are run at once: it bounds the memory and keeps the caches warm."""

    def __init__(self, package: Package, *, domain: bool = False) -> None:
        self.package = package
        self.classes = DOMAIN_CLASSES if domain else LEVELS
        self.layers = package.domain_network if domain else package.network
        self.onnx = DOMAIN_ONNX if domain else ONNX

    def probabilities(self, patches: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Probabilities of the levels of patches, or of being in and out of the domain.

        Parameters
        ----------
        patches
            (n, 84, 84), pixels as stored, finite; any n, also 0.

        Returns
        -------
        ndarray of float32
            (n, 11), or (n, 2) of a domain network; rows sum to 1.

        Raises
        ------
        ZfocusError
            If the patches have another shape.
        ModelError
            If the model gives anything but finite probabilities.
        """
        if patches.ndim != 3 or patches.shape[1:] != (PATCH_PX, PATCH_PX):
            raise ZfocusError(
                f"expected patches of shape (n, {PATCH_PX}, {PATCH_PX}), got {patches.shape}: "
                "cut the plane with tiling.cut"
            )
        pixels = np.ascontiguousarray(patches, dtype=np.float32)
        result = np.empty((len(pixels), self.classes), np.float32)
        for start in range(0, len(pixels), self.batch):
            chunk = pixels[start : start + self.batch]
            found = self._run(chunk)
            if found.shape != (len(chunk), self.classes):
                raise ModelError(
                    f"expected {self.classes} probabilities a patch from the model "
                    f"{self.package.name}, got shape {found.shape} for {len(chunk)} patches: "
                    "export the model again"
                )
            result[start : start + self.batch] = found
        if not np.isfinite(result).all():
            raise ModelError(
                f"expected finite probabilities from the model {self.package.name}, got NaN or "
                "infinity: its weights are damaged, export or fetch the model again"
            )
        return result

    @abstractmethod
    def _run(self, patches: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Run 1 to ``batch`` patches (n, 84, 84)."""
