"""What both ways of choosing the best plane say, and the peak of a curve between its planes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

NO_FOCUS, NO_ORDER, NO_MODEL, UNSURE = "no_focus", "no_order", "no_model", "uncertain"
"""Why no plane is chosen: focus lies beyond the stack; the readings do not follow the planes; no
z model is installed; others are as likely."""


@dataclass(frozen=True, eq=False)
class Choice:
    """Which plane, and how sure."""

    index: int | None
    """The best plane, from 0; None if undecided."""
    position: float | None
    """Where focus lies, in planes from 0, between planes as well; None if undecided."""
    confidence: float
    """Probability that the best plane is this one or one beside it, 0 to 1."""
    share: npt.NDArray[np.float64]
    """(planes,) probability of each plane to be the best."""
    reason: str
    """Why undecided; else empty."""
    direction: int | None = None
    """1: the objective moves toward the sample as the index grows, -1: away; None: not known."""
    z_step_um: float | None = None
    """Distance of neighbouring planes in um that the choice went by; None: it went by none."""


def vertex(curve: npt.ArrayLike, index: int) -> float:
    """Vertex of the parabola through a value and its neighbours, from -0.5 to 0.5.

    Parameters
    ----------
    curve
        (n,) values; NaN where there is none.
    index
        Of the extreme value.

    Returns
    -------
    float
        Relative to the index; 0 where there is no parabola.

    Examples
    --------
    >>> vertex([4.0, 1.0, 2.0], 1)
    0.25
    """
    values = np.asarray(curve, dtype=np.float64)
    if not 0 < index < len(values) - 1:
        return 0.0
    before, here, after = values[index - 1 : index + 2].tolist()
    bend = before - 2 * here + after
    if not math.isfinite(bend) or bend == 0:
        return 0.0
    return min(0.5, max(-0.5, (before - after) / (2 * bend)))
