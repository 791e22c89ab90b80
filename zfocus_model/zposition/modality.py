"""Fluorescence or transmitted light? From what the fluorescence model knows of its own domain."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from zfocus_model._errors import ZfocusError
from zfocus_model.levels import PATCH_PX
from zfocus_model.rating import Rating, StatusLimits

FLUORESCENCE, TRANSMITTED, AUTO = "fluorescence", "transmitted", "auto"
MODALITIES = (FLUORESCENCE, TRANSMITTED)

SAMPLE_PLANES = 9
"""Planes of a stack that are looked at, evenly spread."""

_AS_LIKELY = 0.5
"""Out-of-domain score at which an image is as likely from the domain as not."""


def modality_of(planes: int, rate: Callable[[int], Rating], limits: StatusLimits) -> str:
    """Tell the modality of a stack.

    The domain network of the fluorescence package recognises inverted and transmitted-light
    images. Where the median score of the planes is on the side of fluorescence, it is that; where
    it is beyond the package's own limit, transmitted light; between, nobody guesses.

    Parameters
    ----------
    planes
        Number of planes.
    rate
        Rates a plane by the fluorescence model.
    limits
        The package's limits.

    Returns
    -------
    str
        ``fluorescence`` or ``transmitted``.

    Raises
    ------
    ZfocusError
        If it cannot be told.
    """
    places = np.unique(np.linspace(0, planes - 1, SAMPLE_PLANES).round().astype(int)).tolist()
    scores = [score for place in places if (score := rate(place).out_of_domain) is not None]
    if not scores:
        raise _ask(f"planes smaller than {PATCH_PX} px or a model that cannot tell")
    score = float(np.median(scores))
    if score <= _AS_LIKELY:
        return FLUORESCENCE
    if score > (limits.out_of_domain_max or 1.0):
        return TRANSMITTED
    raise _ask(f"an out-of-domain score of {score:.2f}, between the two")


def check_modality(modality: str) -> None:
    """Refuse a modality that nobody knows."""
    if modality not in (*MODALITIES, AUTO):
        raise ZfocusError(
            f"expected the modality fluorescence, transmitted or auto, got {modality!r}: choose one"
        )


def _ask(got: str) -> ZfocusError:
    return ZfocusError(
        f"expected fluorescence or transmitted light, cannot tell which from {got}: choose with "
        "--modality (Python: modality=)"
    )
