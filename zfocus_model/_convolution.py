"""Convolution of planes with a kernel, their borders mirrored."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from zfocus_model._errors import ZfocusError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_DIRECT_PX = 7  # kernels up to this side are faster by shifting and adding than by FFT


def blur(image: ArrayLike, kernel: ArrayLike) -> NDArray[np.float64]:
    """Convolve planes with a kernel, their borders mirrored (the border pixel twice).

    The same as ``scipy.signal.convolve2d(image, kernel, "same", boundary="symm")``, by FFT where
    that is faster; mirrored again and again where the kernel is larger than the image.

    Parameters
    ----------
    image
        (..., height, width), real and finite.
    kernel
        (rows, columns), real and finite; not normalised here.

    Returns
    -------
    numpy.ndarray
        Shape of the image, float64; never negative if image and kernel are not.

    Raises
    ------
    ZfocusError
        If a shape is wrong or a value is not finite.
    """
    pixels, weights = _real(image, "an image"), _real(kernel, "a kernel")
    if weights.ndim != 2:
        raise ZfocusError(f"expected a kernel of 2 axes, got shape {weights.shape}")
    rows, columns = weights.shape
    height, width = pixels.shape[-2:]
    border = [(0, 0)] * (pixels.ndim - 2)
    border += [(rows // 2, (rows - 1) // 2), (columns // 2, (columns - 1) // 2)]
    padded = np.pad(pixels, border, mode="symmetric")
    if max(rows, columns) <= _DIRECT_PX:
        result = np.zeros_like(pixels)
        for row in range(rows):
            for column in range(columns):
                shifted = padded[..., row : row + height, column : column + width]
                result += weights[rows - 1 - row, columns - 1 - column] * shifted
        return result
    shape = (_fast_length(padded.shape[-2]), _fast_length(padded.shape[-1]))
    # Wrapping round spoils only the first rows - 1 lines and columns - 1 columns: not used.
    spectrum = np.fft.rfft2(padded, shape) * np.fft.rfft2(weights, shape)
    whole = np.fft.irfft2(spectrum, shape)
    result = whole[..., rows - 1 : rows - 1 + height, columns - 1 : columns - 1 + width]
    if pixels.min() >= 0 and weights.min() >= 0:
        return np.maximum(result, 0.0)  # rounding may leave -1e-17, which is no Poisson mean
    return np.ascontiguousarray(result)


def _real(values: ArrayLike, what: str) -> NDArray[np.float64]:
    """Float64 array of at least 2 axes, none empty, all finite."""
    array = np.asarray(values)
    if array.dtype.kind not in "biuf" or array.ndim < 2 or 0 in array.shape:
        raise ZfocusError(
            f"expected {what} of real numbers with 2 axes, got shape {array.shape}, {array.dtype}"
        )
    array = array.astype(np.float64)
    if not np.isfinite(array).all():
        raise ZfocusError(f"expected {what} of finite numbers, got NaN or infinity")
    return array


@lru_cache(maxsize=1024)
def _fast_length(length: int) -> int:
    """Smallest number >= length without prime factors above 7, for which FFTs are fast."""
    while True:
        rest = length
        for factor in (2, 3, 5, 7):
            while rest % factor == 0:
                rest //= factor
        if rest == 1:
            return length
        length += 1
