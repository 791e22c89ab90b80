"""Which level was taken for which, and whether probabilities mean what they say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zfocus_model.evaluation.metrics import confusion
from zfocus_model.evaluation.reliability import Reliability, reliability

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from zfocus_model.evaluation.rated import Rated


@dataclass(frozen=True, eq=False)
class Curves:
    """What of some graded images is drawn, not summed up in a score."""

    confusion_images: NDArray[np.int64]
    """(11, 11) rated images: true level by found level."""
    confusion_patches: NDArray[np.int64]
    """(11, 11) the same of their patches."""
    reliability: Reliability
    """Of the patches."""


def curves(rated: Rated) -> Curves:
    """Count what was taken for what.

    Parameters
    ----------
    rated
        Images with true levels.

    Returns
    -------
    Curves
        Images without a rated patch are left out.
    """
    known = rated.rated
    patches = rated.patch_probabilities
    return Curves(
        confusion(rated.true[known], rated.level[known]),
        confusion(rated.patch_true, patches.argmax(axis=1)),
        reliability(patches, rated.patch_true),
    )
