"""``zfocus lock``: hold a microscope in focus by its live image."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from zfocus_model._errors import ZfocusError
from zfocus_model.cli._common import OK, SOME_FAILED, add_model_options, say

if TYPE_CHECKING:
    from zfocus_model.zposition.lock.log import Event, LockLog
    from zfocus_model.zposition.lock.play import Played
    from zfocus_model.zposition.lock.settings import LockSettings, StageCalibration
    from zfocus_model.zposition.lock.state import Outcome
    from zfocus_model.zposition.model import ZModel

Ended = TypeVar("Ended")

MODEL = "zposition-yeast"
NAME = "lock"
SUMMARY = "hold a microscope in focus by its live transmitted-light image"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    from zfocus_model.cli import _lock_learn, _lock_microscope

    add_model_options(parser, default=MODEL)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--simulate", action="store_true", help="without hardware: play a scenario")
    what.add_argument("--plot", type=Path, metavar="LOG", help="draw the log of an earlier lock")
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("focus-lock"), metavar="DIR",
        help="folder for log and plot (default: %(default)s)",
    )  # fmt: skip
    hold = parser.add_argument_group("holding")
    hold.add_argument("--target-um", type=float, default=0.0, metavar="Z", help="z to hold (0)")
    hold.add_argument(
        "--here", action="store_true", help="hold the image as it is now, whatever its z"
    )
    hold.add_argument(
        "--range-um", type=float, default=50.0, metavar="R",
        help="soft limits: the stage stays within R um of where it is now (%(default)g)",
    )  # fmt: skip
    hold.add_argument(
        "--interval-s", type=float, default=0.0, metavar="S",
        help="time between frames when all is calm (0: as fast as they come)",
    )  # fmt: skip
    hold.add_argument("--hours", type=float, metavar="H", help="end after so long (never)")
    hold.add_argument("--dry-run", action="store_true", help="decide and log, never move")
    hold.add_argument(
        "--calibration", type=Path, metavar="FILE",
        help="of the stage, from --learn (default: lock-calibration.json in the folder)",
    )  # fmt: skip
    hold.add_argument(
        "--scenario", default="hour", metavar="NAME|FILE",
        help="with --simulate: hour, day, or a JSON file (default: %(default)s)",
    )  # fmt: skip
    _lock_microscope.add_arguments(parser)
    _lock_learn.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run this verb."""
    if arguments.plot is not None:
        return _plot(arguments.plot)
    if arguments.learn:
        from zfocus_model.cli import _lock_learn

        return _lock_learn.run(arguments)
    if arguments.config is None and not arguments.simulate:
        raise ZfocusError(
            "expected a microscope, got none: give Micro-Manager's configuration with --config, or "
            "try `zfocus lock --simulate`"
        )
    from zfocus_model.zposition.lock.log import LockLog
    from zfocus_model.zposition.lock.settings import LockSettings
    from zfocus_model.zposition.model import load_z_model

    settings = LockSettings(
        target_um=arguments.target_um,
        range_um=arguments.range_um,
        interval_s=arguments.interval_s,
    )
    calibration = None if arguments.simulate else _calibration(arguments)
    name = _model_name(arguments, calibration)
    model = load_z_model(name, engine=arguments.engine, threads=arguments.threads)
    log = LockLog(arguments.output / f"lock-{time.strftime('%Y%m%d-%H%M%S')}.csv")
    truth: list[tuple[float, float]] = []
    try:
        if arguments.simulate:
            played = _simulate(arguments, settings, model, log)
            truth, outcome = played.samples, played.outcomes[-1][1]
            say(_truth_words(played))
        else:
            outcome = _hold(arguments, settings, calibration, model, log)
    finally:
        log.close()
        _plot(log.path, truth)
    words = f"{outcome.frames} frames, {outcome.decided} with a reading, {outcome.moves} moves"
    if outcome.decided:
        words += f", {outcome.held_share:.1%} of readings within {settings.tolerance_um:g} um"
    say(words)
    if outcome.message:
        say(f"zfocus: stopped: {outcome.message}")
        return SOME_FAILED
    return OK


def _hold(
    arguments: argparse.Namespace,
    settings: LockSettings,
    calibration: StageCalibration | None,
    model: ZModel,
    log: LockLog,
) -> Outcome:
    """Hold a real microscope."""
    from zfocus_model.cli._lock_microscope import open_of
    from zfocus_model.zposition.lock.protocol import Frame
    from zfocus_model.zposition.lock.session import Lock
    from zfocus_model.zposition.reading import ZPosition

    microscope = open_of(arguments)

    def locate(frame: Frame) -> ZPosition:
        return model.locate(frame.pixels, pixel_size_um=frame.pixel_size_um)

    try:
        if calibration and calibration.stage not in ("", microscope.stage.label):
            raise ZfocusError(
                f"expected the stage of the calibration, {calibration.stage!r}, got "
                f"{microscope.stage.label!r}: choose it with --focus, or run --learn again"
            )
        # What cannot be read now would never be: say so before the lock begins.
        locate(microscope.camera.snap(settings.camera_timeout_s))

        def lock(view: Callable[[Event], None], commands: Callable[[], str]) -> Outcome:
            held = Lock(
                microscope, locate, settings=settings, calibration=calibration, log=log,
                view=view, commands=commands, dry_run=arguments.dry_run, here=arguments.here,
            )  # fmt: skip
            return held.run(**_how_long(arguments))

        return _shown(arguments, settings, lock)
    finally:
        microscope.close()


def _simulate(
    arguments: argparse.Namespace, settings: LockSettings, model: ZModel, log: LockLog
) -> Played:
    """Play a scenario."""
    from zfocus_model._files import write_whole
    from zfocus_model.zposition.lock.play import play
    from zfocus_model.zposition.lock.protocol import Frame
    from zfocus_model.zposition.lock.scenario import named_scenario, scenario_json
    from zfocus_model.zposition.reading import ZPosition
    from zfocus_model.zposition.simulator.scene import Scene

    scenario = named_scenario(arguments.scenario)
    write_whole(log.path.with_suffix(".scenario.json"), scenario_json(scenario).encode())
    scene = Scene(scenario.seed, cells=scenario.cells_start)

    def locate(frame: Frame, _microscope: Any) -> ZPosition:
        return model.locate(frame.pixels, pixel_size_um=frame.pixel_size_um)

    def playing(view: Callable[[Event], None], commands: Callable[[], str]) -> Played:
        return play(
            scenario, locate, scene=scene, settings=settings, log=log, view=view,
            commands=commands, dry_run=arguments.dry_run,
        )  # fmt: skip

    return _shown(arguments, settings, playing)


def _shown(
    arguments: argparse.Namespace,
    settings: LockSettings,
    lock: Callable[[Callable[[Event], None], Callable[[], str]], Ended],
) -> Ended:
    """Run a lock with its view and keys."""
    from zfocus_model.zposition.lock.keys import Keys
    from zfocus_model.zposition.lock.terminal import shown

    listens = sys.stdin.isatty() and sys.stderr.isatty()
    with (
        Keys() as keys,
        shown(settings.tolerance_um, keys=listens, dry_run=arguments.dry_run) as view,
    ):
        return lock(view, keys.command if listens else lambda: "")


def _how_long(arguments: argparse.Namespace) -> dict[str, float]:
    return {} if arguments.hours is None else {"duration_s": 3600 * arguments.hours}


def _calibration(arguments: argparse.Namespace) -> StageCalibration:
    from zfocus_model.zposition.lock.settings import CALIBRATION_NAME, read_calibration

    return read_calibration(arguments.calibration or arguments.output / CALIBRATION_NAME)


def _model_name(arguments: argparse.Namespace, calibration: StageCalibration | None) -> str:
    """The model that was checked at this microscope, unless another one is named."""
    name: str = arguments.model
    if calibration is None or not calibration.model or name == calibration.model:
        return name
    if name == MODEL:
        return calibration.model
    say(f"zfocus: the calibration checked {calibration.model}; {name} was not checked here")
    return name


def _truth_words(played: Played) -> str:
    return (
        f"simulated: truly within {played.tolerance_um:g} um in {played.held_frames():.2%} of the "
        f"frames and {played.held_time():.2%} of the time; soft limits left "
        f"{played.limits_left()} times"
    )


def _plot(log: Path, truth: list[tuple[float, float]] | None = None) -> int:
    from zfocus_model.zposition.lock.log import read_log
    from zfocus_model.zposition.lock.plot import draw, write_plot

    path = log.with_suffix(".svg")
    write_plot(path, draw(read_log(log), truth=truth or ()))
    say(f"log {log}, plot {path}")
    return OK
