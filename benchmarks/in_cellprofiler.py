"""How long MeasureImageFocus takes in CellProfiler, beside MeasureImageQuality, and who flags what.

Run by a Python that holds CellProfiler 4.2.8 (nox session `cellprofiler_speed`). Times are the wall
clock's, as CellProfiler's own log gives them for each module and image of a headless process; the
first image, which opens the model, is left out. (CellProfiler's measurement ExecutionTime is
processor time, added up over threads.) The real images are found as in the tests (ZFOCUS_DATA).
Option: --quick (few images, nothing saved).
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from _record import ROOT, Goal, Table, save

from zfocus_model.camera import photograph
from zfocus_model.scenes import field

sys.path.insert(0, str(ROOT / "cellprofiler_plugin" / "pipelines"))
import make_pipelines as build  # makes CellProfiler headless when imported

PLUGIN = ROOT / "cellprofiler_plugin"

# What any module costs, and what as many measurements cost that are added one by one, as usual.
MODULES = """
from cellprofiler_core.module import Module
from cellprofiler_core.setting.subscriber import ImageSubscriber

class {name}(Module):
    module_name = "{name}"
    category = "Measurement"
    variable_revision_number = 1
    features = {features}

    def create_settings(self):
        self.image_name = ImageSubscriber("Image")

    def settings(self):
        return [self.image_name]

    def run(self, workspace):
        workspace.image_set.get_image(self.image_name.value).pixel_data
        for number, feature in enumerate(self.features):
            value = feature if feature in {words} else number / 7
            workspace.measurements.add_image_measurement("Test_" + feature, value)
"""
THREADS = 2
IMAGES = {520: 61, 2048: 21}  # the first is left out
SIZES = (((520, 696), 30.0), ((2048, 2048), 150.0))
BLUR = ("FocusScore", "LocalFocusScore_20", "Correlation_20", "PowerLogLogSlope")


def main() -> None:
    """Measure, print, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plugins = write_plugins(folder / "plugins")
        build.preferences.set_plugin_directory(str(plugins), globally=False)
        build.start()
        try:
            measure(folder, plugins, quick)
        finally:
            build.stop_java()


def write_plugins(folder: Path) -> Path:
    """Write a plugins folder with MeasureImageFocus and the modules to compare it with."""
    folder.mkdir()
    shutil.copy(PLUGIN / "measureimagefocus.py", folder)
    sys.path.insert(0, str(folder))
    import measureimagefocus as module

    words = list(module.WORDS)
    features = [*module.FLOATS, *module.INTEGERS, *words]
    for name, these in (
        ("MeasureReading", []),
        ("MeasureNothing", []),
        ("MeasureOneByOne", features),
    ):
        source = MODULES.format(name=name, features=these, words=words)
        (folder / f"{name.lower()}.py").write_text(source, encoding="utf-8")
    return folder


def measure(folder: Path, plugins: Path, quick: bool) -> None:
    """Run the pipelines and save the tables."""
    rows: list[list[Any]] = []
    parts: list[list[Any]] = []
    goals: list[Goal] = []
    for (height, width), limit_ms in SIZES:
        place = folder / f"{height}"
        names = simulate(place, (height, width), 4 if quick else IMAGES[height])
        pipeline = write_pipeline(place, compared=True)
        size = f"{height} x {width}"
        for engine in ("onnxruntime", "numpy"):
            _, log = run(place, pipeline, engine, plugins)
            focus, quality, reading, nothing, one_by_one = (
                times_ms(log, f"Measure{name}")[1:]
                for name in ("ImageFocus", "ImageQuality", "Reading", "Nothing", "OneByOne")
            )
            assert len(focus) == len(quality) == len(nothing) == len(names) - 1, log[-2000:]
            rows.append([size, engine, len(names) - 1, *spread(focus), *spread(quality)])
            if engine == "onnxruntime":
                mean = statistics.mean(focus)
                what = f"{size}: at most {limit_ms:.0f} ms an image with ONNX Runtime, two threads"
                goals.append(Goal(what, mean, mean <= limit_ms))
                others = (reading, nothing, one_by_one)
                parts.append([size, mean, *map(statistics.mean, others)])
    tables = [
        Table(
            "Milliseconds an image in CellProfiler",
            [
                *("size, px", "engine", "images"),
                *("MeasureImageFocus, mean", "longest"),
                *("MeasureImageQuality (blur), mean", "longest"),
            ],
            rows,
            "CellProfiler's log gives times in steps of 10 ms, hence the mean.",
        ),
        Table(
            "What CellProfiler itself takes (mean milliseconds an image)",
            [
                *(
                    "size, px",
                    "MeasureImageFocus",
                    "reading the file",
                    "a module that does nothing",
                ),
                "a module that only adds as many measurements, one by one",
            ],
            parts,
            "CellProfiler reads a file when the first module asks for its image; here a module of "
            "its own does, before MeasureImageFocus. MeasureImageFocus appends its measurements to "
            "datasets that it keeps open.",
        ),
    ]
    real = who_flags_what(folder / "bbbc006", plugins)
    save(
        "cellprofiler",
        title="MeasureImageFocus in CellProfiler",
        tables=tables + ([real] if real else []),
        goals=goals,
        settings={"threads": THREADS, "CellProfiler": "4.2.8.1"},
        keep=not quick,
    )


def simulate(folder: Path, shape: tuple[int, int], number: int) -> list[str]:
    """Write 16-bit images of simulated cells, and their list."""
    import tifffile

    folder.mkdir()
    rng = np.random.default_rng(0)
    names = [f"{index:02}.tif" for index in range(number)]
    scene = field(rng, shape)
    for name in names:
        tifffile.imwrite(folder / name, photograph(scene, rng=rng).astype(np.uint16))
    write_list(folder, names)
    return names


def write_list(folder: Path, names: list[str]) -> None:
    """Write the CSV file that LoadData reads."""
    lines = ["Image_FileName_DNA,Image_PathName_DNA", *(f"{name},." for name in names)]
    (folder / "images.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_pipeline(folder: Path, *, compared: bool) -> Path:
    """Load, rate, measure blur, run the modules to compare with if asked to, export."""
    pipeline = build.Pipeline()
    build.load_data(pipeline)
    if compared:
        build.add(pipeline, "MeasureReading", image_name="DNA")
    build.measure(pipeline)
    module = build.add(pipeline, "MeasureImageQuality", images_choice="Select...")
    group = module.image_groups[0]
    group.image_names.value = "DNA"
    group.check_blur.value, group.check_saturation.value = True, False
    group.check_intensity.value, group.calculate_threshold.value = False, False
    for name in ("MeasureNothing", "MeasureOneByOne") if compared else ():
        build.add(pipeline, name, image_name="DNA")
    build.export(pipeline)
    return build.write(pipeline, folder / "pipeline.cppipe")


def run(
    folder: Path, pipeline: Path, engine: str, plugins: Path
) -> tuple[list[dict[str, str]], str]:
    """Run headless on two processors; rows of the image table, and the log."""
    output = folder / f"out_{engine}"
    environment = {**os.environ, "OMP_NUM_THREADS": str(THREADS)}
    environment["OPENBLAS_NUM_THREADS"] = str(THREADS)
    if engine == "numpy":
        absent = folder / "absent" / "onnxruntime"
        absent.mkdir(parents=True, exist_ok=True)
        (absent / "__init__.py").write_text("raise ImportError('left out on purpose')\n")
        environment["PYTHONPATH"] = str(absent.parent)
    words = [sys.executable, "-m", "cellprofiler", "-c", "-r", "-p", pipeline, "-i", folder]
    words += ["-o", output, "--plugins-directory", plugins]
    all_of_them = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(all_of_them)[:THREADS])  # ONNX Runtime takes what there is
    try:
        done = subprocess.run(
            [str(word) for word in words],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
    finally:
        os.sched_setaffinity(0, all_of_them)
    with (output / "Focus_Image.csv").open(newline="") as stream:
        return list(csv.DictReader(stream)), done.stdout + done.stderr


def times_ms(log: str, module: str) -> list[float]:
    """Wall-clock times of a module in CellProfiler's log, one an image."""
    return [1e3 * float(time) for time in re.findall(rf"module {module} .*Wall_time = (\S+)", log)]


def spread(values: list[float]) -> tuple[float, float]:
    """Mean and largest."""
    return statistics.mean(values), max(values)


def who_flags_what(folder: Path, plugins: Path) -> Table | None:
    """What each measure flags of the real BBBC006 images, sharp and 32 um off."""
    import imageio.v2 as imageio
    import tifffile

    data = Path(os.environ.get("ZFOCUS_DATA") or ROOT.parent / "shared" / "data")
    sharp = sorted((data / "dev" / "bbbc006_zaligned10").glob("*.png"))
    off = sorted((data / "dev" / "bbbc006_z00").glob("*.png"))
    if not sharp or not off:
        return None
    folder.mkdir()
    names = [f"{path.stem}_in.tif" for path in sharp] + [f"{path.stem}_off.tif" for path in off]
    for name, path in zip(names, [*sharp, *off]):
        tifffile.imwrite(folder / name, imageio.imread(path))
    write_list(folder, names)
    table, _ = run(folder, write_pipeline(folder, compared=False), "onnxruntime", plugins)
    truth = np.array([name.endswith("_off.tif") for name in names])

    def row(what: str, flagged: np.ndarray[Any, Any], unsure: int, how: str) -> list[Any]:
        return [what, how, int(flagged[truth].sum()), int(flagged[~truth].sum()), unsure]

    flags = np.array([float(each["ImageFocus_OutOfFocus_DNA"]) == 1 for each in table])
    undecided = sum(float(each["ImageFocus_Undecided_DNA"]) == 1 for each in table)
    rows = [row("MeasureImageFocus OutOfFocus", flags, undecided, "as it comes")]
    for measure in BLUR:
        feature, _, scale = measure.partition("_")
        column = "_".join(["ImageQuality", feature, "DNA", *([scale] if scale else [])])
        values = np.array([float(each[column]) for each in table])
        candidates = [
            side * values < side * limit for side in (1, -1) for limit in np.append(values, np.inf)
        ]
        best = max(candidates, key=lambda flagged: int((flagged == truth).sum()))
        rows.append(row(f"MeasureImageQuality {measure}", best, 0, "limit chosen with hindsight"))
    return Table(
        f"Flagged of the BBBC006 dev images ({len(off)} taken 32 um off, {len(sharp)} sharp)",
        ["measure", "limit", "flagged of those off", "flagged of those sharp", "undecided"],
        rows,
        "MeasureImageQuality gives no verdict: for it, the limit that errs least on these very "
        "images was looked for in either direction, which no user can do beforehand.",
    )


if __name__ == "__main__":
    main()
