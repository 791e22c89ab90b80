"""What fine-tuning on a user's own sharp images brings, and what it costs.

Two sources of the train split play the user. A short training leaves both out (200,000 patches, as
the studies have); the model that it gives is fine-tuned on each of the two as `zfocus train --from`
does, with its own recipe, and compared on held-out images of that source. With --start SOURCE=RUN,
the model for a source is that of a finished run that left this source out, such as leave-out-2 and
leave-out-3 of studies.py: nothing but the fine-tuning, minutes, is left to do. Then the shipped
model, which was trained on both, is fine-tuned on the first: there is little left to learn, and the
comparison must not be fooled. No image of the dev split is used. The short training is weaker than
the shipped one, so its gain says that fine-tuning works, not how much the shipped model would gain
on a source that is new to it. Needs the image collection (ZFOCUS_DATA, else ../shared/data) and the
extras train and zoo. Options: --start SOURCE=RUN (once for each source), --runs DIR (kept and gone
on with; default: a temporary folder), --quick (a hundredth of the patches, print only).
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from _record import Goal, Table, save

from zfocus_model.training.calibrate import calibrate_run
from zfocus_model.training.comparison import Comparison
from zfocus_model.training.export import export_run
from zfocus_model.training.finetune import RECIPE, fine_tune
from zfocus_model.training.fit import FitOptions, fit
from zfocus_model.training.packaging.run_folder import read_run
from zfocus_model.training.sources import list_images, read_images, split_images

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("ZFOCUS_DATA", ROOT.parent / "shared" / "data"))
LEFT_OUT = ("cp_illum_as09047", "cp_sbs_u2os")
SHIPPED = "focus-fluorescence"
WHERE = ["split=train", "role=in_focus", "modality!=bright*,phase*"]
START = FitOptions(epochs=8, learning_rate=2e-3)
SHOWN = ("exact", "within_1", "mean_absolute_error", "f_in_focus", "false_flags_per_1000", "ece")
MINUTES = 10


def main() -> None:
    """Train the start, fine-tune, compare, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, help="folder of the runs")
    parser.add_argument("--start", action="append", default=[], metavar="SOURCE=RUN")
    parser.add_argument("--quick", action="store_true", help="hardly any patches, print only")
    arguments = parser.parse_args()
    given = {source: Path(run) for source, _, run in (s.partition("=") for s in arguments.start)}
    if given and sorted(given) != sorted(LEFT_OUT):
        parser.error(f"expected --start SOURCE=RUN for each of {', '.join(LEFT_OUT)} or for none")
    with tempfile.TemporaryDirectory() as temporary:
        runs = arguments.runs or Path(temporary)
        measure(runs, given, quick=arguments.quick)


def measure(runs: Path, given: dict[str, Path], *, quick: bool) -> None:
    """Do all of it in a folder."""
    few = {"patches_per_epoch": 256, "validation_patches": 256, "simulated": 5}
    begin, recipe = (replace(one, **few) if quick else one for one in (START, RECIPE))
    starts = [
        (str(start_package(runs, source, given.get(source), begin)), source) for source in LEFT_OUT
    ]
    overview, details, gains, longest = [], [], [], 0.0
    for start, source in (*starts, (SHIPPED, LEFT_OUT[0])):
        name = SHIPPED if start == SHIPPED else "short training without it"
        began = time.perf_counter()
        found = fine_tune(
            start,
            DATA / "manifest.csv",
            runs / f"{Path(start).name}-{source}",
            where=[*WHERE, f"source={source}"],
            options=recipe,
        )
        minutes = (time.perf_counter() - began) / 60
        low, high = found.own.rps_difference
        change = found.own.after["rps"] - found.own.before["rps"]
        verdict = "better" if found.accepted else "not better: put aside"
        chance = "" if found.own.beyond_chance or not found.accepted else ", maybe by chance"
        numbers = [found.images[0], found.images[2], change, low, high]
        overview.append([name, source, *numbers, verdict + chance, minutes])
        details += [[name, source, "its own", *pairs(found.own)]]
        details += [[name, source, "simulated fields", *pairs(found.simulated)]]
        longest = max(longest, minutes)
        if start != SHIPPED:
            gains.append(-change)
    heads = [f"{score}, {when}" for score in SHOWN for when in ("before", "after")]
    save(
        "finetune",
        title="Fine-tuning on one's own images",
        tables=[
            Table(
                "Held-out images of the source, graded defocus",
                [
                    "start",
                    "fine-tuned on",
                    "images to train on",
                    "images to compare on",
                    "change of the ranked probability score",
                    "95 % interval, low",
                    "high",
                    "verdict",
                    "minutes",
                ],
                overview,
                "Below 0 is better. The interval draws fields anew. The shipped model was trained "
                "on both sources, the short training not on the one it is fine-tuned on.",
            ),
            Table(
                "Before and after, shares 0 to 1",
                ["start", "fine-tuned on", "compared on", *heads],
                details,
                "Simulated fields are of kinds that neither source holds: what they lose, the "
                "model forgot.",
            ),
        ],
        goals=[
            Goal(
                "fine-tuning lowers the ranked probability score on both sources that the start "
                "was not trained on: smallest gain",
                min(gains),
                min(gains) > 0,
            ),
            Goal(f"at most {MINUTES} minutes each, longest", longest, longest <= MINUTES),
        ],
        settings={"patches of the start": patches_of(given) or patches(begin),
                  "patches of fine-tuning, at most": patches(recipe)},
        keep=not quick,
    )  # fmt: skip


def start_package(runs: Path, source: str, given: Path | None, options: FitOptions) -> Path:
    """Export a model that has not seen a source; train and calibrate it if there is none."""
    package = runs / (f"start-{source}" if given else "start-model")
    if package.exists():
        return package
    if given:
        if source in read_run(given).sources:
            raise SystemExit(f"expected a run without {source}, but {given} was trained on it")
        return export_run(given, package).folder
    run = runs / "start"
    conditions = [*WHERE, f"source!={','.join(LEFT_OUT)}"]
    images = read_images(list_images(DATA / "manifest.csv", conditions))
    training, validation = split_images(images)
    fit(training, validation, run, options)
    calibrate_run(run, validation)
    return export_run(run, package).folder


def patches_of(given: dict[str, Path]) -> int:
    """Most patches that one of the given runs was allowed; 0 without any."""
    return max((patches(FitOptions(**read_run(run).about["options"])) for run in given.values()),
               default=0)  # fmt: skip


def patches(options: FitOptions) -> int:
    """How many patches a training sees at most."""
    return options.epochs * options.patches_per_epoch


def pairs(found: Comparison) -> list[float]:
    """Before and after of each score that is shown."""
    return [when[score] for score in SHOWN for when in (found.before, found.after)]


if __name__ == "__main__":
    main()
