"""How long the image lags behind the stage: a few moves, and pictures in quick succession."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from zfocus_model.zposition.lock.calibration import Measuring, Response
from zfocus_model.zposition.lock.oneshot import Locate
from zfocus_model.zposition.lock.protocol import CameraError, Microscope
from zfocus_model.zposition.lock.settings import SoftLimits


def measure_latency(
    microscope: Microscope,
    locate: Locate,
    limits: SoftLimits,
    response: Response,
    how: Measuring | None = None,
    camera_timeout_s: float = 5.0,
) -> float | None:
    """Time from the end of a move, as the stage reports it, until the image stands still.

    Parameters
    ----------
    microscope, locate, limits
        As for ``measure_response``.
    response
        What that found: it says how far the image will move.
    how
        How far and how often.
    camera_timeout_s
        How long to wait for a picture.

    Returns
    -------
    float or None
        Median over the moves, s; 0 where the first picture is right; None where the readings are
        too noisy or too rare to tell.
    """
    how = how or Measuring()
    found: list[float] = []
    stage = microscope.stage
    for number in range(how.latency_moves):
        step_um = how.latency_step_um + response.backlash_um
        here_um = stage.z_um
        up = number % 2 == 0
        to_um = limits.clip(here_um + (step_um if up else -step_um))
        if abs(to_um - here_um) < step_um - 1e-6:
            continue
        stage.move_to(to_um, how.stage_timeout_s)
        ended_s = microscope.clock.now_s()
        after: list[tuple[float, float]] = []
        while microscope.clock.now_s() - ended_s < how.watch_s:
            try:
                frame = microscope.camera.snap(camera_timeout_s)
            except CameraError:
                continue
            reading = locate(frame)
            if reading.status == "decided":
                after.append((frame.time_s - ended_s, reading.z_expected_um))
        moved_um = abs(response.slope) * how.latency_step_um
        if (settled := settled_after_s(after, moved_um)) is not None:
            found.append(settled)
    return median(found) if found else None


def settled_after_s(readings: Sequence[tuple[float, float]], moved_um: float) -> float | None:
    """When readings came to rest after a move: within a fifth of it for good.

    Parameters
    ----------
    readings
        (time in s, z in um), in order.
    moved_um
        How far the image moves.

    Returns
    -------
    float or None
        The time of the first reading after which all are near the last ones; 0 if it is the
        first of all; None if there are fewer than 6, or their noise is too large to tell.

    Examples
    --------
    >>> settled_after_s([(0.1, 0), (0.2, 2), (0.3, 4), (0.4, 4), (0.5, 4), (0.6, 4)], 4)
    0.3
    """
    if len(readings) < 6:
        return None
    values = [z_um for _, z_um in readings]
    last = values[len(values) // 2 :]
    rest = median(last)
    near = 0.2 * moved_um
    if sum(abs(z_um - rest) > near for z_um in last) > len(last) // 10:
        return None
    settled = len(values)
    # One stray reading does not count: the median of three has to be near.
    padded = [values[0], *values, values[-1]]
    smooth = [median(padded[place : place + 3]) for place in range(len(values))]
    while settled and abs(smooth[settled - 1] - rest) <= near:
        settled -= 1
    if settled == len(values):
        return None
    return 0.0 if settled == 0 else readings[settled][0]
