"""What every engine promises."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import numpy.typing as npt

from zfocus_model._errors import ModelError, ZfocusError
from zfocus_model.levels import LEVELS, PATCH_PX
from zfocus_model.packages import Package


class Engine(ABC):
    """One model, kept open. Results depend on neither the batch nor the number of threads."""

    name: str
    """Name of the engine, as in ``open_engine``."""
    batch: int
    """Most patches that are run at once: it bounds the memory and keeps the caches warm."""

    def __init__(self, package: Package) -> None:
        self.package = package

    def probabilities(self, patches: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Probabilities of the levels of patches.

        Parameters
        ----------
        patches
            (n, 84, 84), pixels as stored, finite; any n, also 0.

        Returns
        -------
        ndarray of float32
            (n, 11), rows sum to 1.

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
        result = np.empty((len(pixels), LEVELS), np.float32)
        for start in range(0, len(pixels), self.batch):
            chunk = pixels[start : start + self.batch]
            found = self._run(chunk)
            if found.shape != (len(chunk), LEVELS):
                raise ModelError(
                    f"expected {LEVELS} probabilities a patch from the model {self.package.name}, "
                    f"got shape {found.shape} for {len(chunk)} patches: export the model again"
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
