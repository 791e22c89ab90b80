"""From patch probabilities to level, certainty, status and reason.

Every door (shell, Python, CellProfiler, Fiji) calls :func:`rate_patches`, so that an image has one
rating. The statistics that it uses are in :mod:`zfocus_model.aggregation`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from zfocus_model._errors import ZfocusError
from zfocus_model.aggregation import (
    aggregate,
    certainty,
    domain_sample,
    expected_level,
    level_sd,
    out_of_domain_score,
    ranked_probability_score,
)
from zfocus_model.levels import LEVELS, PATCH_PX, disc_px_from_level

__all__ = [
    "REASONS",
    "STATUSES",
    "Certainty",
    "PatchRatings",
    "Rating",
    "StatusLimits",
    "aggregate",
    "certainty",
    "domain_sample",
    "expected_level",
    "level_sd",
    "out_of_domain_score",
    "ranked_probability_score",
    "rate_patches",
]

IN_FOCUS, OUT_OF_FOCUS, UNDECIDED = "in_focus", "out_of_focus", "undecided"
STATUSES = (IN_FOCUS, OUT_OF_FOCUS, UNDECIDED)

BLANK, UNCERTAIN, OUT_OF_DOMAIN = "blank", "uncertain", "out_of_domain"
TOO_SMALL, MASKED = "too_small", "masked"
REASONS = (BLANK, UNCERTAIN, OUT_OF_DOMAIN, TOO_SMALL, MASKED)

USABLE_LEVELS = 3
"""Levels 0, 1 and 2 count as in focus: usable, not diffraction-limited."""


@dataclass(frozen=True)
class StatusLimits:
    """The limits that turn a rating into a status. A model package carries them."""

    certainty_min: float
    """Patches and images less certain than this are blank or undecided, 0 to 1."""
    in_focus_min: float
    """Images with at least this in-focus probability are in focus, 0 to 1."""
    out_of_domain_max: float | None = None
    """Images further out than this are undecided, 0.5 to 1; None: the package cannot tell."""


@dataclass(frozen=True)
class Certainty:
    """The four certainties of an image, each 0 (nothing known) to 1; NaN if no patch is rated."""

    mean: float
    """Mean certainty of the rated patches."""
    max: float
    """Certainty of the most certain patch."""
    aggregate: float
    """Certainty of the image's own probabilities."""
    weighted: float
    """Mean certainty of the rated patches, weighted by certainty."""


@dataclass(frozen=True, eq=False)
class PatchRatings:
    """What the model says of every patch. NaN where a patch is not rated."""

    probabilities: npt.NDArray[np.float32]
    """(rows, columns, 11), float32."""
    certainty: npt.NDArray[np.float64]
    """(rows, columns), float64, 0 to 1."""

    @property
    def rated(self) -> npt.NDArray[np.bool_]:
        """(rows, columns), True where a patch is rated."""
        return ~np.isnan(self.certainty)

    @property
    def level(self) -> npt.NDArray[np.int64]:
        """(rows, columns), most probable level, -1 where a patch is not rated."""
        rated = self.rated
        if not rated.size:
            return np.zeros(rated.shape, np.int64)
        return np.where(rated, np.argmax(self.probabilities, axis=-1), -1)

    @property
    def expected_level(self) -> npt.NDArray[np.float64]:
        """(rows, columns), expected level, NaN where a patch is not rated."""
        return expected_level(self.probabilities)


@dataclass(frozen=True, eq=False)
class Rating:
    """How sharp one plane is, and how sure that is."""

    probabilities: npt.NDArray[np.float64]
    """(11,), float64, probability of each level; NaN if no patch is rated."""
    level: int | None
    """Most probable level, 0 to 10 (ties: the lowest); None if no patch is rated."""
    expected_level: float
    """Mean level under the probabilities, 0 to 10; NaN if no patch is rated."""
    level_sd: float
    """Standard deviation of the level under the probabilities; NaN if no patch is rated."""
    certainty: Certainty
    """The four certainties."""
    status: str
    """``in_focus``, ``out_of_focus`` or ``undecided``."""
    reason: str
    """Why undecided: ``blank``, ``uncertain``, ``out_of_domain``, ``too_small``, ``masked``."""
    patches: PatchRatings = field(repr=False)
    """The ratings of the patches."""
    blank_patches: int
    """Number of rated patches that show too little to be rated with certainty."""
    rated_fraction: float
    """Share of the plane's area covered by rated patches, 0 to 1."""
    saturated_fraction: float | None = None
    """Share of pixels at the maximum, 0 to 1; None for floats or where it is not known."""
    out_of_domain: float | None = None
    """How unlike the training images, 0 to 1; None where the package cannot tell."""

    @property
    def in_focus_probability(self) -> float:
        """Probability of levels 0 to 2; NaN if no patch is rated."""
        return float(np.sum(self.probabilities[:USABLE_LEVELS]))

    @property
    def defocus_px(self) -> float:
        """Diameter in px of the expected defocus disc; NaN if no patch is rated."""
        return disc_px_from_level(self.expected_level)

    @property
    def rated_patches(self) -> int:
        """Number of rated patches, blank ones included."""
        return int(np.count_nonzero(self.patches.rated))


def rate_patches(
    patch_probabilities: npt.ArrayLike,
    limits: StatusLimits,
    *,
    shape_px: tuple[int, int] | None = None,
    saturated_fraction: float | None = None,
    out_of_domain: float | None = None,
) -> Rating:
    """Rate a plane from the probabilities of its patches.

    Parameters
    ----------
    patch_probabilities
        (rows, columns, 11); NaN where a patch is not rated. No rows or no columns means that the
        plane is smaller than a patch.
    limits
        The package's limits for status.
    shape_px
        Height and width of the plane in px; the patches' own area if not given.
    saturated_fraction, out_of_domain
        Passed through to the rating (see there).

    Returns
    -------
    Rating
        With NaN and None for numbers if no patch is rated.

    Raises
    ------
    ZfocusError
        If the shape is not (rows, columns, 11).
    """
    p = np.array(patch_probabilities, dtype=np.float32)
    if p.ndim != 3 or p.shape[-1] != LEVELS:
        raise ZfocusError(
            f"expected patch probabilities of shape (rows, columns, {LEVELS}), got {p.shape}: "
            "pass what the model gave for the tiles of one plane"
        )
    patch_certainty = certainty(p)
    for array in (p, patch_certainty):
        array.flags.writeable = False
    patches = PatchRatings(p, patch_certainty)
    rows, columns = p.shape[:2]
    height, width = shape_px or (rows * PATCH_PX, columns * PATCH_PX)

    image, values, blank = _aggregate_rated(p[patches.rated], limits)
    status, reason = _status(image, values, blank, patches, limits, out_of_domain)
    rated = int(np.count_nonzero(patches.rated))
    image.flags.writeable = False
    return Rating(
        probabilities=image,
        level=int(np.argmax(image)) if rated else None,
        expected_level=float(expected_level(image)),
        level_sd=float(level_sd(image)),
        certainty=values,
        status=status,
        reason=reason,
        patches=patches,
        blank_patches=blank,
        rated_fraction=rated * PATCH_PX**2 / (height * width) if rated else 0.0,
        saturated_fraction=saturated_fraction,
        out_of_domain=out_of_domain,
    )


def _aggregate_rated(
    p: npt.NDArray[np.float32], limits: StatusLimits
) -> tuple[npt.NDArray[np.float64], Certainty, int]:
    if not len(p):
        nan = math.nan
        return np.full(LEVELS, nan), Certainty(nan, nan, nan, nan), 0
    each = certainty(p)
    image = aggregate(p)
    total = float(each.sum())
    values = Certainty(
        mean=float(each.mean()),
        max=float(each.max()),
        aggregate=float(certainty(image)),
        weighted=float(each @ each) / total if total > 0 else 0.0,
    )
    return image, values, int(np.count_nonzero(each < limits.certainty_min))


def _status(
    image: npt.NDArray[np.float64],
    values: Certainty,
    blank: int,
    patches: PatchRatings,
    limits: StatusLimits,
    out_of_domain: float | None,
) -> tuple[str, str]:
    rated = int(np.count_nonzero(patches.rated))
    if not rated:
        return UNDECIDED, MASKED if patches.certainty.size else TOO_SMALL
    limit = limits.out_of_domain_max
    if out_of_domain is not None and limit is not None and out_of_domain > limit:
        return UNDECIDED, OUT_OF_DOMAIN
    if blank == rated:
        return UNDECIDED, BLANK
    if values.aggregate < limits.certainty_min:
        return UNDECIDED, UNCERTAIN
    in_focus = float(np.sum(image[:USABLE_LEVELS])) >= limits.in_focus_min
    return (IN_FOCUS if in_focus else OUT_OF_FOCUS), ""
