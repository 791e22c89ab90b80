"""What a sharp field is like: how densely covered, how bright, with objects of what size.

An Otsu threshold on the picture, smoothed over 3 x 3 px, tells objects from background. It is
crude, and it need not be better: it only sorts fields into a few groups.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zfocus_model._convolution import blur

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

STRATA: dict[str, tuple[float, ...]] = {
    "density": (0.05, 0.15, 0.3),
    "intensity": (0.2, 0.3, 0.45),
    "object_px": (12.0, 25.0, 40.0),
}
"""Property of a field -> limits between its groups; a value at a limit belongs above it."""


@dataclass(frozen=True)
class FieldProperties:
    """Properties of a sharp field. NaN where the picture is constant."""

    density: float
    """Share of the area that objects cover, 0 to 1."""
    intensity: float
    """Mean of the objects, where 0 is the darkest and 1 the brightest pixel: times the photons at
    the peak, the light that they get in a graded copy."""
    object_px: float
    """Mean length of straight cuts through the objects, along rows and columns, each cut weighted
    by its length: for discs of one diameter d, 0.85 d."""


def field_properties(image: ArrayLike) -> FieldProperties:
    """Measure a sharp field.

    Parameters
    ----------
    image
        (height, width), real and finite.

    Returns
    -------
    FieldProperties
        NaN for a constant picture.
    """
    pixels = np.asarray(image).astype(np.float64)
    low, high = float(pixels.min()), float(pixels.max())
    if not high > low:
        return FieldProperties(math.nan, math.nan, math.nan)
    scaled = (pixels - low) / (high - low)
    smooth = blur(scaled, np.full((3, 3), 1 / 9))
    objects = smooth > otsu(smooth)
    runs = np.concatenate([run_lengths(objects), run_lengths(objects.T)]).astype(np.float64)
    return FieldProperties(
        density=float(objects.mean()),
        intensity=float(scaled[objects].mean()) if objects.any() else math.nan,
        object_px=float(runs @ runs / runs.sum()) if runs.size else math.nan,
    )


def group(name: str, value: float) -> str:
    """Name the group that a property's value belongs to; empty for NaN.

    Examples
    --------
    >>> group("density", 0.05), group("object_px", 100.0)
    ('0.05 to 0.15', '40 and more')
    """
    if math.isnan(value):
        return ""
    limits = STRATA[name]
    place = sum(value >= limit for limit in limits)
    return groups(name)[place]


def groups(name: str) -> list[str]:
    """Names of the groups of a property, in order.

    Examples
    --------
    >>> groups("density")
    ['below 0.05', '0.05 to 0.15', '0.15 to 0.3', '0.3 and more']
    """
    limits = STRATA[name]
    between = [f"{low:g} to {high:g}" for low, high in zip(limits, limits[1:])]
    return [f"below {limits[0]:g}", *between, f"{limits[-1]:g} and more"]


def otsu(values: NDArray[np.floating[Any]]) -> float:
    """Threshold of the largest variance between classes.

    Otsu 1979, doi 10.1109/TSMC.1979.4310076.

    Parameters
    ----------
    values
        Any shape, 0 to 1.

    Returns
    -------
    float
        0 to 1; objects are above it. The middle of equally good thresholds.
    """
    count, edges = np.histogram(values, 256, (0.0, 1.0))
    centres = (edges[1:] + edges[:-1]) / 2
    below = np.cumsum(count).astype(np.float64)
    above = below[-1] - below
    light = np.cumsum(count * centres)
    with np.errstate(divide="ignore", invalid="ignore"):
        step = light / below - (light[-1] - light) / above
        variance = np.nan_to_num(below * above * step**2)
    best = np.flatnonzero(variance >= variance.max() * (1 - 1e-12))
    return float(edges[1:][best].mean())


def run_lengths(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Lengths of the runs of True along the rows.

    Examples
    --------
    >>> run_lengths(np.array([[True, True, False, True]])).tolist()
    [2, 1]
    """
    padded = np.pad(mask.astype(np.int8), ((0, 0), (1, 1)))
    change = np.diff(padded, axis=1).ravel()
    return np.flatnonzero(change < 0) - np.flatnonzero(change > 0)
