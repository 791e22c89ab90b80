"""How far inferred z-positions are off: scores with bootstrap intervals by stack.

All planes of a stack are drawn or left out together: they show the same cells and err together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from zfocus_model.evaluation.intervals import draws, interval
from zfocus_model.zposition.bins import nearest_bin

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Inferred:
    """What a model said of images whose z is known."""

    z_um: Floats
    """(images,), true z in um."""
    stack: NDArray[np.intp]
    """(images,), which stack each image belongs to."""
    probabilities: Floats
    """(images, bins)."""
    bins_um: Floats
    """(bins,), centres in um."""
    reason: NDArray[np.str_]
    """(images,), why undecided; empty if decided."""

    @property
    def argmax_um(self) -> Floats:
        """(images,), centre of the most probable bin in um."""
        return self.bins_um[self.probabilities.argmax(1)]

    @property
    def expected_um(self) -> Floats:
        """(images,), mean of the distribution in um."""
        return self.probabilities @ self.bins_um

    def of(self, chosen: Flags) -> Inferred:
        """Some of the images."""
        return Inferred(
            self.z_um[chosen],
            self.stack[chosen],
            self.probabilities[chosen],
            self.bins_um,
            self.reason[chosen],
        )


@dataclass(frozen=True)
class Score:
    """A number with its interval."""

    value: float
    """Over all images; NaN if there are none."""
    low: float
    """Lower end of the 95 % interval, by stack."""
    high: float
    """Upper end."""

    def text(self) -> str:
        """The number with its interval, for people."""
        return f"{self.value:.3g} ({self.low:.3g} to {self.high:.3g})"


NAMES = {
    "within_1um": "most probable bin within 1 um of the truth, share",
    "within_1um_expected": "expected z within 1 um, share",
    "within_one_bin": "at most one bin off, share",
    "right_bin": "right bin, share",
    "mean_absolute_um": "mean absolute error, um",
    "mean_absolute_expected_um": "mean absolute error of the expected z, um",
    "bias_um": "mean error (bias), um",
    "bias_expected_um": "mean error (bias) of the expected z, um",
    "error_sd_um": "standard deviation of the error, um",
    "error_sd_expected_um": "standard deviation of the error of the expected z, um",
    "mean_squared_um2": "mean squared error, um2",
    "undecided": "undecided, share",
    "decided_within_1um": "decided: within 1 um, share",
    "decided_mean_absolute_um": "decided: mean absolute error, um",
}
"""What each score says."""


def scores(inferred: Inferred, *, seed: int = 0) -> dict[str, Score]:
    """Score inferred positions.

    Parameters
    ----------
    inferred
        Of any images.
    seed
        Of the bootstrap.

    Returns
    -------
    dict of Score
        By the names in :data:`NAMES`.
    """
    stacks, member = np.unique(inferred.stack, return_inverse=True)
    drawn = draws(len(stacks), np.random.default_rng([seed, 31]))

    def by_stack(values: Floats) -> Floats:
        return np.bincount(member, values, minlength=len(stacks)).astype(np.float64)

    def ratio(values: Floats, weights: Floats | None = None) -> Score:
        counted = np.ones(len(values)) if weights is None else weights
        top, bottom = by_stack(values * counted), by_stack(counted)
        with np.errstate(divide="ignore", invalid="ignore"):
            samples = (drawn @ top) / (drawn @ bottom)
        value = float(top.sum() / bottom.sum()) if bottom.sum() else math.nan
        return Score(value, *interval(samples))

    def spread(errors: Floats) -> Score:
        counts, sums, squares = (by_stack(errors**power) for power in (0, 1, 2))
        with np.errstate(divide="ignore", invalid="ignore"):
            n = drawn @ counts
            variance = (drawn @ squares) / n - ((drawn @ sums) / n) ** 2
        value = float(errors.std()) if len(errors) else math.nan
        return Score(value, *interval(np.sqrt(np.maximum(variance, 0))))

    off, fine = inferred.argmax_um - inferred.z_um, inferred.expected_um - inferred.z_um
    bins_off = np.abs(
        inferred.probabilities.argmax(1) - nearest_bin(inferred.z_um, inferred.bins_um)
    )
    near, decided = _flag(np.abs(off) <= 1), _flag(inferred.reason == "")
    return {
        "within_1um": ratio(near),
        "within_1um_expected": ratio(_flag(np.abs(fine) <= 1)),
        "within_one_bin": ratio(_flag(bins_off <= 1)),
        "right_bin": ratio(_flag(bins_off == 0)),
        "mean_absolute_um": ratio(np.abs(off)),
        "mean_absolute_expected_um": ratio(np.abs(fine)),
        "bias_um": ratio(off),
        "bias_expected_um": ratio(fine),
        "error_sd_um": spread(off),
        "error_sd_expected_um": spread(fine),
        "mean_squared_um2": ratio(off**2),
        "undecided": ratio(1 - decided),
        "decided_within_1um": ratio(near, decided),
        "decided_mean_absolute_um": ratio(np.abs(off), decided),
    }


def confusion(inferred: Inferred) -> NDArray[np.int64]:
    """Count images by true bin (row) and inferred bin (column): (bins, bins)."""
    size = len(inferred.bins_um)
    counts = np.zeros((size, size), np.int64)
    true = nearest_bin(inferred.z_um, inferred.bins_um)
    np.add.at(counts, (true, inferred.probabilities.argmax(1)), 1)
    return counts


def _flag(flags: Flags) -> Floats:
    return flags.astype(np.float64)
