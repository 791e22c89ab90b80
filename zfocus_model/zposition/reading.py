"""From probabilities of z bins to a z-position and whether it can be relied on.

Failures of such networks show in the whole distribution, not in its highest bin (Wei & Roberts
2018, doi 10.1038/s41598-018-25458-w, supplement): two populations of cells at two depths give two
modes, of which the wrong one may be slightly higher; far above focus, the distribution is broad.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from zfocus_model._errors import ZfocusError
from zfocus_model.aggregation import certainty
from zfocus_model.zposition.bins import check_bins

DECIDED, UNDECIDED = "decided", "undecided"
STATUSES = (DECIDED, UNDECIDED)

BLANK, BIMODAL, BROAD, EDGE = "blank", "bimodal", "broad", "edge"
REASONS = (BLANK, BIMODAL, BROAD, EDGE)
"""Why a position is undecided, in the order in which they are looked for."""

NOTABLE_SHARE = 0.05
"""A second mode with this share of the probability is named, although it decides nothing."""

_MIN_BINS, _MIN_UM = 3, 3.0
"""Peaks nearer than this are one mode: the network spills into neighbouring bins."""

_VALLEY = 0.5
"""Between two modes, the distribution falls to this share of the lower peak."""

_UNIFORM = 1e-6
_SUM_TOLERANCE = 1e-3


@dataclass(frozen=True)
class ZLimits:
    """The limits that turn a reading into a status. A model package carries them, calibrated."""

    certainty_min: float
    """Readings less certain than this are broad, 0 to 1."""
    second_mode_max: float
    """Readings whose second mode holds more of the probability than this are bimodal, 0 to 1."""
    sd_max_um: float
    """Readings with a larger standard deviation than this, in um, are broad; > 0."""

    def __post_init__(self) -> None:
        """Refuse limits that make no sense."""
        shares = 0 <= self.certainty_min <= 1 and 0 <= self.second_mode_max <= 1
        if not (shares and self.sd_max_um > 0):
            raise ZfocusError(
                "expected certainty_min and second_mode_max of 0 to 1 and sd_max_um above 0, got "
                f"{self}: calibrate the run again"
            )


@dataclass(frozen=True, eq=False)
class ZPosition:
    """Where an image was taken: z of the objective relative to focus, + toward the sample."""

    probabilities: npt.NDArray[np.float64]
    """(bins,), probability of each z bin; they sum to 1."""
    bins_um: npt.NDArray[np.float64]
    """(bins,), centres of the bins in um."""
    z_um: float
    """Centre of the most probable bin in um; ties go to the lowest. Means nothing if blank."""
    z_expected_um: float
    """Mean of the whole distribution in um: finer than a bin, but between two modes if bimodal."""
    z_sd_um: float
    """Standard deviation of the whole distribution in um, at least 0."""
    mode2_um: float | None
    """Centre of the most probable bin of the second mode in um; None: there is no notable one."""
    mode2_share: float
    """Share of the probability in the second mode, 0 to 1; 0 if there is none at all."""
    certainty: float
    """0 (uniform: nothing known) to 1 (one bin): 1 - entropy / ln bins."""
    status: str
    """``decided`` or ``undecided``."""
    reason: str
    """Why undecided: ``blank``, ``bimodal``, ``broad`` or ``edge``; else empty."""

    @property
    def decided(self) -> bool:
        """Whether the position can be relied on."""
        return self.status == DECIDED


def read_z(probabilities: npt.ArrayLike, bins_um: npt.ArrayLike, limits: ZLimits) -> ZPosition:
    """Read the z-position off the probabilities of one image.

    Parameters
    ----------
    probabilities
        (bins,), at least 0, sum to 1.
    bins_um
        (bins,), centres in um, rising, evenly spaced.
    limits
        What still counts as decided.

    Returns
    -------
    ZPosition
        The position. It is undecided, in this order, because it is ``blank`` (uniform, as of a
        constant image), ``bimodal`` (a second mode above its limit), ``broad`` (standard
        deviation or certainty beyond their limits), or at the ``edge`` (in an end bin: it may
        lie anywhere beyond).

    Raises
    ------
    ZfocusError
        If these are no probabilities of these bins.
    """
    centres = check_bins(bins_um)
    p = np.asarray(probabilities, dtype=np.float64)
    if p.shape != centres.shape or not (
        np.isfinite(p).all() and p.min() >= 0 and abs(p.sum() - 1) <= _SUM_TOLERANCE
    ):
        raise ZfocusError(
            f"expected {centres.size} probabilities that sum to 1, one a z bin, got shape "
            f"{p.shape} with the sum {float(p.sum()):g}: use the bins of the same model"
        )
    p = p / p.sum()
    best = int(p.argmax())
    expected = float(p @ centres)
    sd = math.sqrt(float(p @ (centres - expected) ** 2))
    sure = float(certainty(p))
    second, share = second_mode(p, centres)
    if p.max() - p.min() < _UNIFORM:
        reason = BLANK
    elif share > limits.second_mode_max:
        reason = BIMODAL
    elif sd > limits.sd_max_um or sure < limits.certainty_min:
        reason = BROAD
    elif best in (0, centres.size - 1):
        reason = EDGE
    else:
        reason = ""
    named = share >= NOTABLE_SHARE or reason == BIMODAL
    return ZPosition(
        probabilities=p,
        bins_um=centres,
        z_um=float(centres[best]),
        z_expected_um=expected,
        z_sd_um=sd,
        mode2_um=second if named else None,
        mode2_share=share,
        certainty=sure,
        status=UNDECIDED if reason else DECIDED,
        reason=reason,
    )


def second_mode(probabilities: npt.ArrayLike, bins_um: npt.ArrayLike) -> tuple[float | None, float]:
    """Find the second mode of a distribution: a peak beyond a clear valley.

    The distribution is smoothed with 1/4, 1/2, 1/4. A peak is a mode of its own if it lies at
    least 3 bins and 3 um from the highest one, and the distribution between falls to half of
    its height.

    Parameters
    ----------
    probabilities
        (bins,), sum to 1.
    bins_um
        (bins,), centres in um, evenly spaced.

    Returns
    -------
    mode_um : float or None
        Centre of its most probable bin in um; None: there is one mode only.
    share : float
        The probability on its side of the valley, 0 to 1.

    Examples
    --------
    >>> second_mode([0.0, 0.6, 0.0, 0.0, 0.1, 0.3, 0.0], range(7))
    (5.0, 0.4)
    """
    p = np.asarray(probabilities, dtype=np.float64)
    centres = np.asarray(bins_um, dtype=np.float64)
    padded = np.pad(p, 1)
    smooth: list[float] = (padded[:-2] / 4 + p / 2 + padded[2:] / 4).tolist()
    top = max(range(len(smooth)), key=smooth.__getitem__)
    apart = max(_MIN_BINS, math.ceil(_MIN_UM / float(centres[1] - centres[0]) - 1e-9))
    found: tuple[float, int, slice] | None = None
    for peak, height in enumerate(smooth):
        ends = (smooth[peak - 1] if peak else -1.0, *smooth[peak + 1 : peak + 2])
        if abs(peak - top) < apart or height <= 0 or height < max(ends):
            continue
        step = 1 if peak < top else -1
        between = range(peak + step, top, step)
        valley = min(between, key=smooth.__getitem__)
        if smooth[valley] > _VALLEY * height or (found and found[0] >= height):
            continue
        side = slice(valley + 1, None) if peak > top else slice(None, valley)
        found = (height, peak, side)
    if found is None:
        return None, 0.0
    near = range(max(0, found[1] - 1), min(len(smooth), found[1] + 2))
    return float(centres[max(near, key=p.__getitem__)]), float(p[found[2]].sum())
