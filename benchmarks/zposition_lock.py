"""Whether the focus lock holds: a simulated day with drift, growth and faults; and how fast it is.

The day: 24 hours on a clock that jumps over waits, 40 um of drift with a 3 degree cycle, a field
that grows from 15 to 300 cells, cells that float in and out, lost frames, a camera that hangs, a
stage that sticks, fails or is inverted. Pictures come from the simulator, z from the package,
moves from the lock; the truth is written down beside it. No microscope was harmed, none was used:
what a real stage and real cells do is not in here.
Speed: the same loop in real time with 1000 x 1000 px frames, on two threads.
Options: --model PATH, --days N (seeds), --quick (an hour and 50 frames, print only).
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np
from _record import Goal, Table, save

from zfocus_model.zposition.lock.controller import Controller
from zfocus_model.zposition.lock.faults import KINDS
from zfocus_model.zposition.lock.play import Played, play
from zfocus_model.zposition.lock.scenario import HOUR_S, Scenario, named_scenario
from zfocus_model.zposition.lock.settings import LockSettings, StageCalibration, soft_limits
from zfocus_model.zposition.lock.state import LockState, Observation
from zfocus_model.zposition.model import ZModel, load_z_model
from zfocus_model.zposition.simulator.scene import Scene

THREADS = 2
FRAMES = 400
WARM_UP = 20
STAGES = ("simulated camera", "down-sample", "network and reading", "control", "whole loop")


def main() -> None:
    """Measure, print, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="zposition-yeast")
    parser.add_argument("--days", type=int, default=1)
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    model = load_z_model(arguments.model, threads=THREADS)
    base = named_scenario("hour" if arguments.quick else "day")
    days = [played(replace(base, seed=seed), model) for seed in range(arguments.days)]
    calm = replace(base, faults=(), live=())
    loose = played(calm, model, dry_run=True)
    speed = timings(model, 50 if arguments.quick else FRAMES)
    frames = float(np.mean([day.held_frames() for day, _ in days]))
    held = float(np.mean([day.held_time() for day, _ in days]))
    left = sum(day.limits_left() for day, _ in days)
    recovered = [
        day.recovery_s(fault) is not None for day, _ in days for fault in day.scenario.faults
    ]
    p99 = float(np.percentile(speed["whole loop"], 99))
    save(
        "zposition_lock",
        title="Focus lock: a simulated day, and speed",
        tables=[
            held_table(days, loose),
            fault_table(days),
            reading_table(days),
            speed_table(speed),
        ],
        goals=[
            Goal("the day, faults and all: within 1 um in at least 99.5 % of the frames",
                 100 * frames, frames >= 0.995),
            Goal("the same, of the time", 100 * held, held >= 0.995),
            Goal("recovers from each fault, %", 100 * float(np.mean(recovered)), all(recovered)),
            Goal("stage sent out of its soft limits: never", left, left == 0),
            Goal("20 Hz on two threads, 1000 x 1000 px: p99 of the loop without the camera at "
                 "most 50 ms", p99, p99 <= 50),
        ],
        settings={
            "model": model.name,
            "package_sha256": model.package_sha256,
            "threads": THREADS,
            "days": len(days),
            "hours": base.hours,
            "frame every s": base.interval_s,
        },
        keep=not arguments.quick,
    )  # fmt: skip


def played(
    scenario: Scenario, model: ZModel, *, dry_run: bool = False
) -> tuple[Played, np.ndarray]:
    """Play a scenario; true and read z of every decided frame beside it."""
    pairs: list[tuple[float, float, bool]] = []

    def locate(frame, microscope):
        said = model.locate(frame.pixels, pixel_size_um=frame.pixel_size_um)
        truth = microscope.seen[-1].z_um
        pairs.append((truth, said.z_expected_um, said.status == "decided"))
        return said

    scene = Scene(scenario.seed, cells=scenario.cells_start)
    return play(scenario, locate, scene=scene, dry_run=dry_run), np.array(pairs, float)


def held_table(days: list[tuple[Played, np.ndarray]], loose: tuple[Played, np.ndarray]) -> Table:
    """Shares within the band, a row a day, and without the lock."""

    def row(name: str, day: Played) -> list:
        errors = np.abs([z for t, z in day.samples if t > 120])
        ends = ", ".join(outcome.reason for _, outcome in day.outcomes)
        return [
            name, len(day.frames), 100 * day.held_frames(), 100 * day.held_time(),
            100 * day.held_calm(), float(np.median(errors)), float(np.percentile(errors, 99)),
            float(errors.max()), day.limits_left(), ends,
        ]  # fmt: skip

    rows = [row(f"lock, cells and noise {n}", day) for n, (day, _) in enumerate(days)]
    rows.append(row("no lock (dry run), no faults", loose[0]))
    columns = ["", "frames", "frames within 1 um, %", "time within 1 um, %"]
    columns += ["frames without those of faults, %", "median error, um", "p99, um", "largest, um"]
    columns += ["left its limits", "ended"]
    return Table(
        "Truth in the simulated day", columns, rows,
        "Counted since the band was first reached. `inverted`: the lock stopped, somebody came "
        f"after {days[0][0].scenario.operator_s:g} s, measured the stage again and started it.",
    )  # fmt: skip


def fault_table(days: list[tuple[Played, np.ndarray]]) -> Table:
    """What each fault did."""
    rows = []
    for number, fault in enumerate(days[0][0].scenario.faults):
        faults = [(day, day.scenario.faults[number]) for day, _ in days]
        seconds = [day.recovery_s(one) for day, one in faults]
        worst = max(day.worst_um(one, one.end_s + 0.4 * HOUR_S) for day, one in faults)
        never = any(one is None for one in seconds)
        slowest = None if never else max(one for one in seconds if one is not None)
        rows.append([KINDS[fault.kind], fault.start_s / HOUR_S, fault.duration_s, worst, slowest])
    return Table(
        "Faults, one after the other",
        ["", "at hour", "lasted, s", "largest error, um", "back within 1 um after its end, s"],
        rows,
        "0: never out of the band, or back before the fault was over. Empty: never back.",
    )


def reading_table(days: list[tuple[Played, np.ndarray]]) -> Table:
    """What the network said of the frames."""
    rows = []
    for number, (_, pairs) in enumerate(days):
        decided = pairs[pairs[:, 2] == 1]
        errors = decided[:, 1] - decided[:, 0]
        rows.append(
            [f"cells and noise {number}", 100 * len(decided) / len(pairs), float(errors.mean()),
             float(errors.std()), 100 * float(np.mean(np.abs(errors) <= 1))]
        )  # fmt: skip
    columns = ["", "decided, %", "bias, um", "spread, um", "decided within 1 um, %"]
    return Table("Single readings in the loop", columns, rows)


def timings(model: ZModel, frames: int) -> dict[str, np.ndarray]:
    """Wall time of each stage of the loop in ms, for 1000 x 1000 px."""
    scene, rng = Scene(0, cells=100), np.random.default_rng(0)
    rules = Controller(LockSettings(), StageCalibration(), soft_limits(0.0, 50.0))
    state = LockState()
    taken: dict[str, list[float]] = {name: [] for name in STAGES}
    pixel_size_um = scene.pixel_size_um / 4
    for number in range(frames + WARM_UP):
        begun = time.perf_counter()
        pixels = scene.frame(float(rng.uniform(-3, 3)), rng)
        snapped = time.perf_counter()
        small = model.on_grid(pixels, pixel_size_um=pixel_size_um)
        sampled = time.perf_counter()
        said = model.locate(small, downsampling=1)
        located = time.perf_counter()
        state, _ = rules.decide(state, Observation(0.05 * number, 0.0, said))
        decided = time.perf_counter()
        times = (snapped - begun, sampled - snapped, located - sampled, decided - located)
        for name, seconds in zip(STAGES, (*times, decided - snapped)):
            taken[name].append(1e3 * seconds)
    return {name: np.array(values[WARM_UP:]) for name, values in taken.items()}


def speed_table(speed: dict[str, np.ndarray]) -> Table:
    """Quantiles of the times."""
    rows = [
        [name, float(np.percentile(ms, 50)), float(np.percentile(ms, 99)), float(ms.max())]
        for name, ms in speed.items()
    ]
    return Table(
        "Wall time a frame, 1000 x 1000 px, two threads",
        ["", "p50, ms", "p99, ms", "largest, ms"],
        rows,
        "The whole loop is all but the camera: a real one exposes in hardware, the simulated one "
        "computes its pictures on the same processor.",
    )


if __name__ == "__main__":
    main()
