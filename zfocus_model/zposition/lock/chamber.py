"""A simulated chamber of yeast behind a simulated microscope, to try the focus lock on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zfocus_model.zposition.lock.mechanics import SimulatedScope, StageFaults
from zfocus_model.zposition.lock.protocol import Clock
from zfocus_model.zposition.lock.simulated import RealClock

FIELD_UM = 60.0
"""The sample has another colony in every square of this side."""


def chamber_scope(
    seed: int = 0, *, clock: Clock | None = None, cells: int = 40, drift_um_s: float = 0.01
) -> SimulatedScope:
    """Make a microscope with yeast in a chamber, some um out of focus, that drifts.

    Its stage is not perfect: inverted, 0.9 um of the image for a um, with play and some lag.

    Parameters
    ----------
    seed
        The same seed, the same cells and noise.
    clock
        Its time; None: the computer's.
    cells
        In a field.
    drift_um_s
        Speed at which focus moves away.
    """
    clock = clock or RealClock()
    rng = np.random.default_rng((seed, 7))
    fields: dict[tuple[int, int], Callable[[float], NDArray[Any]]] = {}

    def field_at(x_um: float, y_um: float) -> Callable[[float], NDArray[Any]]:
        from zfocus_model.zposition.simulator.recipes import recipe
        from zfocus_model.zposition.simulator.scene import Scene

        place = (round(x_um / FIELD_UM), round(y_um / FIELD_UM))
        if place not in fields:
            number = 1000 * seed + 31 * (place[0] % 30) + place[1] % 31
            optics = recipe("yeast", 0, 0, 1, seed)  # one microscope, whatever the field
            scene = Scene(number, cells=cells, drawn=optics)
            fields[place] = lambda z_um: scene.image(z_um, rng)
        return fields[place]

    def image(z_um: float, _time_s: float) -> NDArray[Any]:
        return field_at(*scope.xy_um)(z_um)

    begun_s = clock.now_s()
    scope = SimulatedScope(
        image,
        clock,
        drift_um=lambda time_s: 2.0 + drift_um_s * (time_s - begun_s),
        stage_faults=StageFaults(sign=-1, gain=0.9, backlash_um=0.6, latency_s=0.1, speed_um_s=50),
    )
    return scope
