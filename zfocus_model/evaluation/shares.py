"""Plain shares of graded images: at each true level, within a distance, sharp ones flagged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from zfocus_model.evaluation.intervals import highest_share
from zfocus_model.evaluation.metrics import is_positive, precision_at, share
from zfocus_model.evaluation.tally import FLAG_PRECISIONS
from zfocus_model.levels import LEVELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zfocus_model.evaluation.rated import Rated

    Floats = NDArray[np.float64]


def at_level(rated: Rated, level: int) -> dict[str, Any]:
    """Shares of the images of one true level.

    Parameters
    ----------
    rated
        Graded images.
    level
        The level, 0 to 10.

    Returns
    -------
    dict
        Level, images, exact, within_1, mean_level, and the share of each status.
    """
    chosen = rated.take(rated.true == level)
    known = chosen.rated
    miss = np.abs(chosen.level - level)[known]
    return {
        "level": level,
        "images": len(chosen),
        "exact": float(share((miss == 0).sum(), miss.size)),
        "within_1": float(share((miss <= 1).sum(), miss.size)),
        "mean_level": float(share(chosen.level[known].sum(), miss.size)),
        **{
            status: float(share(chosen.has(status).sum(), len(chosen)))
            for status in ("in_focus", "out_of_focus", "undecided")
        },
    }


def within_levels(rated: Rated) -> Floats:
    """Share of rated images within 0 to 10 levels of the true one, (11,)."""
    miss = np.abs(rated.level - rated.true)[rated.rated]
    return share([(miss <= d).sum() for d in range(LEVELS)], miss.size)


def sharp_flagged(rated: Rated, recall: float) -> dict[str, Any]:
    """Count the images of levels 0 to 2 that are called out of focus, and what may still hide.

    Parameters
    ----------
    rated
        Graded images.
    recall
        Share of blurred images that is called out of focus, 0 to 1.

    Returns
    -------
    dict
        Images, flagged images, fields, flagged fields, the largest share of flagged fields that is
        compatible with that, and ``at_highest_share``: the precision of flags if that were the
        share of sharp images that are flagged.
    """
    positive = is_positive(rated.true)
    flagged = positive & rated.has("out_of_focus")
    fields, bad = len(np.unique(rated.field[positive])), len(np.unique(rated.field[flagged]))
    highest = highest_share(bad, fields)
    return {
        "images": int(positive.sum()),
        "flagged_images": int(flagged.sum()),
        "fields": fields,
        "flagged_fields": bad,
        "highest_share_of_fields": highest,
        "at_highest_share": {
            name: float(precision_at(p, recall, highest)) for name, p in FLAG_PRECISIONS.items()
        },
    }
