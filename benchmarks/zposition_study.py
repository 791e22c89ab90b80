"""The study of Wei & Roberts (2018) on simulated stacks: trainings, measurements, a figure each.

Every training starts anew on the train split of simulated stacks with the same small budget and is
graded on the test split, which shows other experiments. A training that has finished is kept in
results/zposition/RUN.json and never made again, so the command can be killed and repeated; so are
the measurements of the shipped model (annotators, scores, photons, failures, ...). No real image.

Data: `zfocus simulate yeast -o DIR/yeast` and `zfocus simulate euglena -o DIR/euglena`.
Options: --data DIR, --list, --only PATTERN,PATTERN, --images N (crops a run; other budgets go to
their own folder), --minutes-a-run M (a run that this stops says so; give more on a busy machine),
--minutes M (start nothing after so long), --figures (only draw what is there).
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: see zfocus_model.cli.train

import argparse
import fnmatch
import json
import time
from pathlib import Path
from typing import Any

import _zposition_figures
from _record import RESULTS, ROOT, commit
from _zposition_measured import MEASUREMENTS, measure_shipped
from _zposition_runs import FINE, YEAST, all_runs
from _zposition_tables import report
from _zposition_training import Budget, Material, carry_out

IMAGES = 60_000
MINUTES_A_RUN = 10.0
PUBLISHED_MINUTES = 12.0


def main() -> None:
    """Make what is missing, then draw and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT / "runs" / "zstacks")
    parser.add_argument("--runs", type=Path, default=ROOT / "runs" / "zposition")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--only", default="*")
    parser.add_argument("--images", type=int, default=IMAGES)
    parser.add_argument("--minutes-a-run", type=float, default=MINUTES_A_RUN)
    parser.add_argument("--published-minutes", type=float, default=PUBLISHED_MINUTES)
    parser.add_argument("--minutes", type=float, default=1e9)
    parser.add_argument("--figures", action="store_true")
    arguments = parser.parse_args()
    full = arguments.images == IMAGES
    folder = arguments.runs / str(arguments.images)
    kept = RESULTS / "zposition" if full else folder / "results"
    budget = Budget(arguments.images, arguments.minutes_a_run, arguments.published_minutes)
    patterns = arguments.only.split(",")
    wanted = [name for name in names() if any(fnmatch.fnmatch(name, p) for p in patterns)]
    if arguments.list:
        for name in wanted:
            print(name, "done" if (kept / f"{name}.json").exists() else "to do")
        return
    started = time.monotonic()
    if not arguments.figures:
        material = Material(arguments.data)
        for name in wanted:
            if (kept / f"{name}.json").exists():
                continue
            if time.monotonic() - started > 60 * arguments.minutes:
                break
            print(name, flush=True)
            found = make(name, material, folder, budget)
            if found is not None:
                keep(kept / f"{name}.json", found)
    if not report(kept, keep=full):
        print("nothing has been run yet")
        return
    _zposition_figures.draw(kept, ROOT / "docs" / "images" if full else kept)


def names() -> list[str]:
    """Trainings and measurements, in the order in which they are made."""
    runs = [run.name for run in all_runs()]
    return [*runs[:4], *MEASUREMENTS, *runs[4:]]


def make(name: str, material: Material, folder: Path, budget: Budget) -> dict[str, Any] | None:
    """One training, or one measurement of the shipped model; None if there are no stacks."""
    before = time.perf_counter(), cpu_seconds()
    run = next((run for run in all_runs() if run.name == name), None)
    if run is not None:
        found = carry_out(run, material, folder / name, budget)
    else:
        found = measure_shipped(name, material)
    if found is None:
        print(f"  {name}: {missing(run.specimen if run else YEAST, material)}")
        return None
    wall, cpu = time.perf_counter() - before[0], cpu_seconds() - before[1]
    return {"name": name, **found, "wall_s": wall, "cpu_s": cpu, "commit": commit()}


def missing(specimen: str, material: Material) -> str:
    """Why nothing was made."""
    place = material.folder / specimen
    made_by = "python benchmarks/zposition_fine.py" if specimen == FINE else "zfocus simulate"
    return f"no stacks in {place}: {made_by}, see docs/zposition-study.md"


def keep(path: Path, found: dict[str, Any]) -> None:
    """Write one result, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(found, default=str) + "\n", encoding="utf-8")
    partial.replace(path)


def cpu_seconds() -> float:
    """Of this process and the finished ones that it started."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


if __name__ == "__main__":
    main()
