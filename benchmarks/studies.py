"""What the training needs: studies of many short trainings, and one figure a study.

Every run trains anew on the train split with the same small budget (200,000 patches; about 6 CPU
hours in all) and is graded on dev sources that no run has seen: levels 0 to 10, 2,000 photons,
whole images of at most 504 px. A run that has finished is kept in results/studies/RUN.json and
never made again, a run that was stopped goes on, so the command can be killed and repeated.
Options: --list, --only PATTERN,PATTERN (in that order), --patches N (other budgets go to their own
folder), --runs DIR, --minutes M (start no run after so long), --figures (only draw what is there).
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: see zfocus_model.cli.train

import argparse
import fnmatch
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import study_figures
from _record import RESULTS, Table, commit, save

from zfocus_model.aggregation import aggregate
from zfocus_model.evaluation.grading import graded_images
from zfocus_model.levels import LEVELS
from zfocus_model.tiling import cut
from zfocus_model.training._keras import load_keras
from zfocus_model.training.calibrate import blank_images, calibrate_on, graded_patches
from zfocus_model.training.data import RICH
from zfocus_model.training.fit import FitOptions, fit
from zfocus_model.training.networks import inference_network, multiply_adds
from zfocus_model.training.sources import SourceImage, list_images, read_images, split_images

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("ZFOCUS_DATA", ROOT.parent / "shared" / "data"))
SOFT = "*351771ed*,*da5f98f2*,*602f2674*,*8cdbdda8*,*a90cad45*,*93c5638e*,*84eeec68*"
FLUORESCENCE = ("role=in_focus", "modality!=bright*,phase*,coherent*", f"path!={SOFT}")
PATCHES, EPOCH = 200_000, 12_800
LARGEST_PX = 504
SEEDS = (0, 1, 2)
LEFT_OUT = ("dsb2018_*", "cp_fly_kc167,bbbc007_kc167", "cp_illum_as09047", "cp_sbs_u2os", "neubias")
WITHOUT: dict[str, dict[str, Any]] = {
    "oversampling": {"oversampled_share": 0.0},
    "undersampling": {"undersampled_share": 0.0},
    "range of photons": {"peak_photons": (2000.0, 2000.0)},
    "range of brightness": {"brightness": (1.0, 1.0), "saturated_share": 0.0},
    "backgrounds": {"background": 0.0, "uneven_share": 0.0, "haze_share": 0.0},
    "empty patches": {"empty_share": 0.0},
    "file histories": {"resampled_share": 0.0, "exported_share": 0.0},
}


@dataclass(frozen=True)
class Run:
    """One training of a study."""

    study: str
    name: str
    x: float | str
    """Where the run stands in the figure of its study."""
    options: FitOptions
    augmentation: dict[str, Any] = field(default_factory=dict[str, Any])
    images: int | None = None
    """Train on so many images only."""
    leave_out: str = ""
    """Patterns of sources that training does not see and that are graded as well."""


def runs(patches: int) -> list[Run]:
    """All runs; the baseline is part of every figure."""
    base = short(patches, "rps")  # the loss of the shipped model when the studies began
    found = [Run("baseline", f"baseline-{seed}", seed, replace(base, seed=seed)) for seed in SEEDS]
    found += [Run("images", f"images-{n}", n, base, images=n) for n in (12, 48, 96, 192, 384)]
    found.append(
        Run("loss", "loss-crossentropy", "cross-entropy", replace(base, loss="crossentropy"))
    )
    found += [
        Run("without", f"without-{name.replace(' ', '-')}", name, base, augmentation=changes)
        for name, changes in WITHOUT.items()
    ]
    found.append(
        Run("without", "without-simulated-fields", "simulated fields", replace(base, simulated=0))
    )
    found += [
        Run("leave-one-out", f"leave-out-{i}", patterns, base, leave_out=patterns)
        for i, patterns in enumerate(LEFT_OUT)
    ]
    found += [
        Run("network", f"network-{kind}", kind, replace(base, network=kind))
        for kind in ("half", "double")
    ]
    # Adam at 5e-6 for a million steps trained the reference network; so few steps need more.
    reference = replace(base, network="reference", learning_rate=3e-4)
    return [*found, Run("network", "network-reference", "reference", reference)]


def short(patches: int, loss: str) -> FitOptions:
    """A training of so many patches; nothing stops it early."""
    return FitOptions(
        loss=loss,
        epochs=max(1, round(patches / EPOCH)),
        patches_per_epoch=min(EPOCH, patches),
        patience=999,
        simulated=160,
    )


def main() -> None:
    """Train what is missing, then draw and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--only", default="*")
    parser.add_argument("--patches", type=int, default=PATCHES)
    parser.add_argument("--runs", type=Path, default=ROOT / "runs" / "studies")
    parser.add_argument("--minutes", type=float, default=1e9)
    parser.add_argument("--figures", action="store_true")
    arguments = parser.parse_args()
    full = arguments.patches == PATCHES
    kept = RESULTS / "studies" if full else arguments.runs / f"results-{arguments.patches}"
    wanted = chosen(runs(arguments.patches), arguments.only)
    if arguments.list:
        for run in wanted:
            print(run.name, "done" if (kept / f"{run.name}.json").exists() else "to do")
        return
    started = time.monotonic()
    if not arguments.figures:
        missing = [run for run in wanted if not (kept / f"{run.name}.json").exists()]
        images = Images() if missing else None
        for run in missing:
            if time.monotonic() - started > 60 * arguments.minutes:
                break
            assert images is not None
            print(run.name, flush=True)
            found = carry_out(run, images, arguments.runs / str(arguments.patches) / run.name)
            kept.mkdir(parents=True, exist_ok=True)
            text = json.dumps(found, indent=1, default=str) + "\n"
            (kept / f"{run.name}.json").write_text(text, encoding="utf-8")
    report(kept, runs(arguments.patches), keep=full)


def chosen(every: Sequence[Run], patterns: str) -> list[Run]:
    """Runs whose names fit shell patterns with commas between them, in the order of those."""
    found = {
        run.name: run
        for pattern in patterns.split(",")
        for run in every
        if fnmatch.fnmatch(run.name, pattern)
    }
    return list(found.values())


class Images:
    """The sharp images of both splits, read once, and their graded copies, made once.

    Every run is graded on the same pictures; making them takes longer than rating them.
    """

    def __init__(self) -> None:
        manifest = DATA / "manifest.csv"
        self.train = read_images(list_images(manifest, ("split=train", *FLUORESCENCE)))
        dev = read_images(list_images(manifest, ("split=dev", *FLUORESCENCE)))
        seen = {image.source for image in self.train}
        self.test = [image for image in dev if image.source not in seen]
        self._copies: dict[int, list[np.ndarray]] = {}
        self._blank: list[np.ndarray] = []
        self._held_out: tuple[list[int], list[tuple[int, np.ndarray]]] = ([], [])

    def copies(self, image: SourceImage) -> list[np.ndarray]:
        """Patches of an image at each level, 2,000 photons, at most 504 px."""
        if id(image) not in self._copies:
            name = sha256(image.path.name.encode()).hexdigest()
            rng = np.random.default_rng(int(name[:8], 16))
            graded = graded_images(image.pixels[:LARGEST_PX, :LARGEST_PX], rng)
            self._copies[id(image)] = [cut(np.rint(counts)).pixels for _, counts in graded]
        return self._copies[id(image)]

    def held_out(self, images: Sequence[SourceImage]) -> list[tuple[int, np.ndarray]]:
        """Graded patches to calibrate with; those of the last images asked for are kept."""
        asked = [id(image) for image in images]
        if self._held_out[0] != asked:
            self._held_out = (asked, list(graded_patches(images, 0)))
        return self._held_out[1]

    def blank(self) -> list[np.ndarray]:
        """Images without cells to calibrate with."""
        self._blank = self._blank or list(blank_images(0))
        return self._blank


def carry_out(run: Run, images: Images, folder: Path) -> dict[str, Any]:
    """Train, calibrate, grade."""
    wall, cpu = time.perf_counter(), cpu_seconds()
    left_out = [image for image in images.train if matches(image.source, run.leave_out)]
    train = [image for image in images.train if not matches(image.source, run.leave_out)]
    training, validation = split_images(train, seed=0)
    if run.images is not None:
        training = nested(training, run.images)
    augmentation = replace(RICH, **run.augmentation)
    best = fit(training, validation, folder, run.options, augmentation)
    calibration = calibrate_on(folder, images.held_out(validation), images.blank())
    model: Any = load_keras().models.load_model(best, compile=False)
    network = inference_network(model, calibration.temperature)

    def probabilities(patches: np.ndarray) -> np.ndarray:
        return np.asarray(network(patches[..., None], training=False))

    limits = (calibration.certainty_min, calibration.in_focus_min)
    log = np.genfromtxt(folder / "log.csv", delimiter=",", names=True)
    return {
        **{key: value for key, value in asdict(run).items() if key != "options"},
        "options": asdict(run.options),
        "calibration": calibration.as_dict(),
        "training_images": len(training),
        "parameters": int(model.count_params()),
        "multiply_adds": multiply_adds(run.options.network),
        "training_loss": float(np.atleast_1d(log["loss"])[-1]),
        "held_out_loss": float(np.atleast_1d(log["val_loss"]).min()),
        "dev": grade(probabilities, images.test, images, limits),
        "left_out": grade(probabilities, left_out, images, limits) if left_out else None,
        "wall_s": time.perf_counter() - wall,
        "cpu_s": cpu_seconds() - cpu,
        "commit": commit(),
    }


def grade(
    probabilities: Callable[[np.ndarray], np.ndarray],
    graded: Sequence[SourceImage],
    images: Images,
    limits: tuple[float, float],
) -> dict[str, float]:
    """Means over sources of whole-image scores; at most 24 images a source."""
    by_source: dict[str, list[SourceImage]] = {}
    for image in graded:
        by_source.setdefault(image.source, []).append(image)
    scores: list[dict[str, float]] = []
    for members in by_source.values():
        members = nested(members, 24)
        rows = np.array(
            [
                [aggregate(probabilities(patches)) for patches in images.copies(image)]
                for image in members
            ]
        )
        levels = np.arange(LEVELS)
        miss = np.abs(rows.argmax(-1) - levels)
        in_focus = rows[..., :3].sum(-1) >= limits[1]
        right = np.concatenate([in_focus[:, :3].ravel(), ~in_focus[:, 4:].ravel()])
        cumulative = rows.cumsum(-1) - (levels >= levels[:, None])
        scores.append(
            {
                "within_one": float((miss <= 1).mean()),
                "exact": float((miss == 0).mean()),
                "mean_error": float(miss.mean()),
                "in_or_out": float(right.mean()),
                "rps": float((cumulative**2).sum(-1).mean()),
            }
        )
    return {key: float(np.mean([score[key] for score in scores])) for key in scores[0]}


def nested(images: Sequence[SourceImage], count: int) -> list[SourceImage]:
    """So many images in an order of their own: a larger choice holds every smaller one."""

    def key(image: SourceImage) -> str:
        return sha256(f"{image.path.parent.name}/{image.path.name}".encode()).hexdigest()

    return sorted(images, key=key)[:count]


def matches(source: str, patterns: str) -> bool:
    """Whether a source is one of those that shell patterns name."""
    return any(fnmatch.fnmatch(source, pattern) for pattern in patterns.split(",") if pattern)


def cpu_seconds() -> float:
    """Of this process and the finished ones that it started."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def report(kept: Path, every: Sequence[Run], *, keep: bool) -> None:
    """The table of all runs, and the figures; both name what has not been trained."""
    there = {run.name: kept / f"{run.name}.json" for run in every}
    found: list[dict[str, Any]] = [
        json.loads(path.read_text(encoding="utf-8")) for path in there.values() if path.exists()
    ]
    missing = [run for run in every if not there[run.name].exists()]
    if not found:
        print("nothing has been run yet")
        return
    untold = f" Not trained: {', '.join(run.name for run in missing)}." if missing else ""
    rows = [
        [
            run["name"],
            run["training_images"],
            run["multiply_adds"] / 1e6,
            *(100 * run["dev"][key] for key in ("within_one", "exact", "in_or_out")),
            run["dev"]["rps"],
            None if run["left_out"] is None else 100 * run["left_out"]["within_one"],
            run["training_loss"],
            run["held_out_loss"],
            run["cpu_s"] / 60,
        ]
        for run in found
    ]
    save(
        "studies",
        title="What training needs",
        tables=[
            Table(
                "short trainings, graded on dev sources that none of them saw",
                [
                    "run",
                    "images",
                    "million multiply-adds",
                    "within one level, %",
                    "exact, %",
                    "in or out right, %",
                    "ranked probability score",
                    "within one level, left-out sources, %",
                    "training loss",
                    "held-out loss",
                    "CPU minutes",
                ],
                rows,
                study_figures.LIMITS + untold,
            )
        ],
        settings={
            "CPU hours, of runs that were stopped the last part": sum(run["cpu_s"] for run in found)
            / 3600
        },
        keep=keep,
    )
    folder = ROOT / "docs" / "images" if keep else kept
    for path in study_figures.draw(found, folder, [asdict(run) for run in missing]):
        print(path.name)


if __name__ == "__main__":
    main()
