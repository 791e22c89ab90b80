"""The model that the study of z-positions measures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from _zposition_grading import Readings
from _zposition_scores import Planes
from numpy.typing import NDArray

from zfocus_model.zposition.model import ZModel
from zfocus_model.zposition.reading import ZLimits

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Subject:
    """A package in an engine, asked for many planes on its grid."""

    model: ZModel

    @property
    def bins_um(self) -> Floats:
        """(bins,), centres."""
        return self.model.bins_um

    @property
    def limits(self) -> ZLimits:
        """What still counts as decided."""
        return self.model.limits

    def probabilities(self, images: NDArray[Any]) -> Floats:
        """(images, bins)."""
        return np.stack([self.model.locate(each, downsampling=1).probabilities for each in images])

    def readings(self, planes: Planes) -> Readings:
        """What it says of planes whose z is known."""
        found = self.probabilities(planes.pixels)
        return Readings(found, self.bins_um, planes.z_um, planes.stack)
