"""Simulated cameras: exposure, photon noise, read noise, offset, saturation and bit depth.

Images are counts (or expected photoelectrons, where said), float64; nothing is rescaled unless a
function says so. Random functions take the generator, so that a seed gives the same picture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Union

import numpy as np

from zfocus_model._errors import ZfocusError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Rng = Union[np.random.Generator, np.random.RandomState]

BITS = (8, 12, 16)
"""Bit depths that a camera can have."""

MAXIMUM_MEAN = 1e15
"""Largest expected number of photoelectrons; far beyond any camera, and still exact in float64."""


def expose(
    image: ArrayLike, factor: float, *, offset: float = 0.0, maximum: float = 65535.0
) -> NDArray[np.float64]:
    """Expose a picture longer: its signal over the offset is multiplied, then it saturates.

    Parameters
    ----------
    image
        Counts, any shape. What lies below the offset counts as no signal.
    factor
        Ratio of the new exposure to the old, 0 or more.
    offset
        Counts that the camera adds without light, not multiplied.
    maximum
        Counts at which the camera saturates.

    Returns
    -------
    numpy.ndarray
        Counts, shape of the image, float64, at most `maximum`.

    Raises
    ------
    ZfocusError
        If factor or offset is negative or not finite, or the image is not.

    Examples
    --------
    >>> expose([50.0, 110.0, 1000.0], 100, offset=100).tolist()
    [100.0, 1100.0, 65535.0]
    """
    _not_negative("an exposure factor", factor)
    _not_negative("an offset in counts", offset)
    signal = np.maximum(0.0, _real(image) - offset) * factor
    return np.minimum(maximum, signal + offset)


def poisson(image: ArrayLike, rng: Rng, *, maximum: float = 65535.0) -> NDArray[np.float64]:
    """Count photons: each pixel is drawn from the Poisson distribution of its expected value.

    Parameters
    ----------
    image
        Expected counts, any shape; below 0 counts as 0.
    rng
        A seeded generator, ``numpy.random.default_rng(seed)`` (or a ``RandomState``).
    maximum
        Counts at which the camera saturates.

    Returns
    -------
    numpy.ndarray
        Whole counts, shape of the image, float64.

    Raises
    ------
    ZfocusError
        If the image is not finite, or brighter than 1e15.

    Examples
    --------
    >>> poisson([[0.0, -3.0, 1e6]], np.random.default_rng(0)).tolist()
    [[0.0, 0.0, 65535.0]]
    """
    mean = np.maximum(0.0, _real(image))
    if mean.size and mean.max() > MAXIMUM_MEAN:
        raise ZfocusError(
            f"expected at most {MAXIMUM_MEAN:g} photons a pixel, got {mean.max():g}: scale the "
            f"image to photons first"
        )
    counts: NDArray[np.float64] = np.asarray(rng.poisson(mean), dtype=np.float64)
    return np.minimum(maximum, counts)


@dataclass(frozen=True)
class Camera:
    """A camera that turns expected photoelectrons into whole counts.

    Raises
    ------
    ZfocusError
        If a value is negative or not finite, the gain is 0, the bit depth is not 8, 12 or 16, or
        the maximum does not fit the bit depth.

    Examples
    --------
    >>> Camera(offset=5, read_noise=0, bits=8).record([[0.0, 1e9]], np.random.default_rng(0))
    array([[  5., 255.]])
    """

    offset: float = 100.0
    """Counts without light."""
    read_noise: float = 2.0
    """Standard deviation of the Gaussian read noise, in photoelectrons."""
    gain: float = 1.0
    """Counts for each photoelectron."""
    bits: int = 16
    """Bit depth: counts go from 0 to ``2 ** bits - 1``."""
    maximum: float | None = None
    """Counts at which the camera saturates, where lower than its bit depth allows."""

    def __post_init__(self) -> None:
        """Check the bounds."""
        _not_negative("an offset in counts", self.offset)
        _not_negative("a read noise in photoelectrons", self.read_noise)
        _not_negative("a gain in counts a photoelectron", self.gain)
        if self.gain == 0:
            raise ZfocusError("expected a gain above 0 counts a photoelectron, got 0")
        if self.bits not in BITS:
            raise ZfocusError(f"expected a bit depth of 8, 12 or 16, got {self.bits}")
        if self.maximum is not None and not 1 <= self.maximum <= 2**self.bits - 1:
            raise ZfocusError(
                f"expected a saturation of 1 to {2**self.bits - 1} counts, got {self.maximum}"
            )

    @property
    def saturation(self) -> float:
        """Largest counts that this camera gives."""
        return float(2**self.bits - 1 if self.maximum is None else self.maximum)

    def record(self, photons: ArrayLike, rng: Rng) -> NDArray[np.float64]:
        """Take one picture.

        Parameters
        ----------
        photons
            Expected photoelectrons, any shape; below 0 counts as 0.
        rng
            A seeded generator, ``numpy.random.default_rng(seed)`` (or a ``RandomState``).

        Returns
        -------
        numpy.ndarray
            Whole counts from 0 to `saturation`, shape of the photons, float64.

        Raises
        ------
        ZfocusError
            If the photons are not finite, or more than 1e15.
        """
        electrons = poisson(photons, rng, maximum=math.inf)
        if self.read_noise > 0:
            electrons = electrons + rng.normal(0.0, self.read_noise, electrons.shape)
        counts: NDArray[np.float64] = np.rint(electrons * self.gain + self.offset)
        return np.clip(counts, 0.0, math.floor(self.saturation))


def photograph(
    image: ArrayLike,
    *,
    rng: Rng,
    peak_photons: float = 2000.0,
    offset: float = 100.0,
    read_noise: float = 2.0,
    bits: int = 16,
    maximum: float | None = None,
) -> NDArray[np.float64]:
    """Photograph a picture anew, its darkest pixel with no light and its brightest with the peak.

    The picture's own range, minimum to maximum, becomes 0 to `peak_photons` before any noise; a
    constant picture gets no light.

    Parameters
    ----------
    image
        Any real scale, any shape, finite.
    rng
        A seeded generator, ``numpy.random.default_rng(seed)`` (or a ``RandomState``).
    peak_photons
        Expected photoelectrons of the brightest pixel.
    offset, read_noise, bits, maximum
        The camera, see `Camera`.

    Returns
    -------
    numpy.ndarray
        Whole counts, shape of the image, float64.

    Raises
    ------
    ZfocusError
        If the image is not finite or an argument is out of range.
    """
    _not_negative("a peak in photons", peak_photons)
    pixels = _real(image)
    if pixels.size == 0:
        raise ZfocusError(f"expected an image with pixels, got shape {pixels.shape}")
    low, high = float(pixels.min()), float(pixels.max())
    spread = high - low
    photons = (pixels - low) * (peak_photons / spread) if spread > 0 else np.zeros_like(pixels)
    camera = Camera(offset=offset, read_noise=read_noise, bits=bits, maximum=maximum)
    return camera.record(photons, rng)


def _not_negative(what: str, value: float) -> None:
    if not (math.isfinite(value) and value >= 0):
        raise ZfocusError(f"expected {what} of 0 or more, got {value}")


def _real(image: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(image)
    if array.dtype.kind not in "biuf":
        raise ZfocusError(
            f"expected an image of real numbers, got type {array.dtype}: convert it first"
        )
    result = array.astype(np.float64)
    if not np.isfinite(result).all():
        raise ZfocusError(
            "expected an image of finite numbers, got NaN or infinity: replace these pixels"
        )
    return result
