"""A measure that blurs the image itself and looks at what that changes: scikit-image's own."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from zfocus_model._errors import ZfocusError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.float64]


def blur_effect(pixels: Pixels) -> float:
    """How little more blur changes the edges, by scikit-image; higher is **more blurred**, 0 to 1.

    `skimage.measure.blur_effect` with its own settings, of pixels scaled to 0 ... 1.

    Parameters
    ----------
    pixels : ndarray of float64
        Shape (height, width), at least 12 x 12.

    Returns
    -------
    float
        0 (sharp) ... 1 (blurred, or uniform).

    Raises
    ------
    ZfocusError
        If scikit-image 0.19 or newer is not installed.

    References
    ----------
    Crete et al. 2007, doi 10.1117/12.702790
    """
    try:
        measures: Any = import_module("skimage.measure")
        theirs = measures.blur_effect
    except (ImportError, AttributeError):
        raise ZfocusError(
            "expected scikit-image 0.19 or newer for blur_effect, got none: "
            "pip install 'zfocus[measures]'"
        ) from None
    low, high = pixels.min(), pixels.max()
    if low == high:
        return 1.0  # as newer versions say; older ones divide by zero
    return float(theirs((pixels - low) / (high - low)))
