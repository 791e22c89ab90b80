"""The best plane of a transmitted-light stack: all planes vote by their readings of z.

Sharpness cannot tell: a phase object has the least contrast in focus. Each plane, from itself
alone, says how far it was from focus; together they say where in the stack focus is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from zfocus_model.zposition.best_choice import NO_FOCUS, NO_ORDER, UNSURE, Choice
from zfocus_model.zposition.reading import DECIDED, ZPosition

_DOUBT = 0.05
"""Share of each plane's vote that is spread over all z: no single plane can veto."""

_FINE = 20
"""Candidate positions a plane."""

_MIN_ORDER = 0.5
"""Rank correlation of readings and planes below which they do not belong together."""

_SCALE = 3.0
"""Readings that rise this much more or less than the planes lie apart do not belong to them."""

_ORDERED_PLANES = 4
"""With fewer decided planes, the correlation means nothing."""


def choose_by_z(
    readings: Sequence[ZPosition], z_step_um: float | None, direction: int | None = None
) -> Choice:
    """Choose the best plane from the z readings of all planes.

    The probability of every position of focus is the product of what each plane gives to it, each
    with some doubt. Planes of a stack show the same cells and err alike, so n of them count as
    the root of n.

    Parameters
    ----------
    readings
        One a plane, in order, evenly spaced.
    z_step_um
        Distance of neighbouring planes; None: the median slope of the readings.
    direction
        1 if the objective moves toward the sample as the index grows, -1 if away; None: the more
        probable.

    Returns
    -------
    Choice
        Undecided if focus lies beyond the stack (``no_focus``), the readings of the planes follow
        neither their order nor their distance (``no_order``), or no position has half of the
        probability within a plane (``uncertain``).
    """
    planes = np.arange(len(readings))
    nothing = np.zeros(len(readings))
    decided = np.array([reading.status == DECIDED for reading in readings])
    z_um = np.array([reading.z_expected_um for reading in readings])
    slopes = _slopes(planes[decided], z_um[decided])
    enough = int(decided.sum()) >= _ORDERED_PLANES
    order = float(np.sign(slopes).mean()) if enough else 0.0
    slope = abs(float(np.median(slopes))) if enough else 0.0
    fits = not z_step_um or z_step_um / _SCALE <= slope <= z_step_um * _SCALE
    if enough and (abs(order) < _MIN_ORDER or not fits):
        return Choice(None, None, 0.0, nothing, NO_ORDER)
    step = z_step_um or slope
    if not step:
        return Choice(None, None, 0.0, nothing, UNSURE)
    reach = int(np.ceil(np.abs(readings[0].bins_um).max() / step))
    where = np.arange(-reach * _FINE, (len(readings) - 1 + reach) * _FINE + 1) / _FINE
    ways = (direction,) if direction else (1, -1)
    votes = np.stack([_votes(readings, way * step, where) for way in ways])
    mass = np.exp(votes - votes.max())
    mass /= mass.sum()
    way, top = np.unravel_index(int(mass.argmax()), mass.shape)
    near = np.abs(where - where[top]) <= 1.0
    confidence = float(mass[way, near].sum())
    position = float(mass[way, near] @ where[near] / mass[way, near].sum())
    index = round(position)
    share = np.array([mass[:, np.abs(where - plane) <= 0.5].sum() for plane in planes])
    reason = UNSURE if confidence < 0.5 else "" if 0 <= index < len(readings) else NO_FOCUS
    if reason:
        return Choice(None, None, confidence, share, reason, z_step_um=step)
    return Choice(index, position, confidence, share, "", ways[way], step)


def _votes(
    readings: Sequence[ZPosition], step_um: float, where: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Log probability, up to a constant, of focus at each position (in planes)."""
    total = np.zeros(len(where))
    for plane, reading in enumerate(readings):
        bins = reading.bins_um
        # Beyond the last bin a plane says what its last bin says: it means "at least so far".
        given = np.interp((plane - where) * step_um, bins, reading.probabilities)
        total += np.log((1 - _DOUBT) * given + _DOUBT / len(bins))
    return total / np.sqrt(len(readings))


def _slopes(x: npt.NDArray[np.int64], y: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Slopes of the lines through all pairs of points."""
    first, second = np.triu_indices(len(x), 1)
    return np.asarray((y[second] - y[first]) / (x[second] - x[first]), dtype=np.float64)
