"""How far off a model is on images of this microscope that it was not trained on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from zfocus_model.zposition.lock.settings import LARGEST_P90_UM
from zfocus_model.zposition.reading import ZPosition

LARGEST_UNDECIDED = 0.5
"""A model that can tell nothing of more than this share of the images cannot hold focus."""


@dataclass(frozen=True)
class HeldOut:
    """Errors of single images against where the whole stack is in focus."""

    images: int
    """Images that were looked at."""
    undecided: float
    """Share of them that the model says nothing about, 0 to 1; the lock skips such."""
    median_um: float
    """Median of the absolute errors of the others; NaN if there are none."""
    p90_um: float
    """A tenth of them is further off; NaN if there are none."""
    bias_um: float
    """Mean error; positive: read as nearer to the sample than it is. NaN if there are none."""

    @property
    def good_enough(self) -> bool:
        """Whether a lock may begin with this model."""
        return self.p90_um <= LARGEST_P90_UM and self.undecided <= LARGEST_UNDECIDED

    def __str__(self) -> str:
        """One line."""
        return (
            f"median {self.median_um:.2f} um, 90th percentile {self.p90_um:.2f} um, bias "
            f"{self.bias_um:+.2f} um, {self.undecided:.0%} of {self.images} images undecided"
        )


def held_out_error(pairs: Iterable[tuple[ZPosition, float]]) -> HeldOut:
    """Compare readings with true z.

    Parameters
    ----------
    pairs
        Reading, and true z in um, of every image.
    """
    every = list(pairs)
    errors: npt.NDArray[np.float64] = np.array(
        [reading.z_expected_um - z_um for reading, z_um in every if reading.decided]
    )
    if not errors.size:
        return HeldOut(len(every), 1.0, float("nan"), float("nan"), float("nan"))
    return HeldOut(
        len(every),
        1 - errors.size / len(every),
        float(np.median(np.abs(errors))),
        float(np.percentile(np.abs(errors), 90)),
        float(errors.mean()),
    )
