"""How long the scripts take in Fiji: start, an image, a folder of 1,000, and what heap that needs.

Run by a Python that holds JPype, with a JDK and Maven (nox session `fiji_speed`): ImageJ 1.54p,
SciJava's script service and Jython from Maven Central, headless, in a folder that is laid out as
`zfocus fiji install` does it. Images are simulated. Option: --quick (few images, nothing saved).
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from _record import ROOT, Goal, Table, save

sys.path.insert(0, str(ROOT / "tests" / "fiji"))
import stand_in_fiji as harness

from zfocus_model import load_model, rate_files
from zfocus_model.camera import photograph
from zfocus_model.scenes import field

MODEL = ROOT / "model_zoo" / "focus-fluorescence"
SIZES = ((512, 768), (520, 696), (2048, 2048))
HEAP_MB = 512
OLD_PLUGIN = "microscope-image-quality, by its user in a Groovy script"
OLD_MS = 163.0, 149.0
"""Published for 768 x 512 px (fiji/microscope-image-quality, issue 10), on another machine."""

TIMES = """
from java.lang import System
from zfocus_fiji.model import open_model
from zfocus_fiji.pixels import plane_of
started = System.nanoTime()
model = open_model("")
opened = System.nanoTime()
model.rate(plane_of(imp))
result = [(opened - started) / 1e6, (System.nanoTime() - opened) / 1e6]
"""
"""Inference alone, as every script does it: open the model, then a plane of the image `imp`."""


def main() -> None:
    """Measure, print, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    reason = harness.missing()
    if reason:
        sys.exit(f"expected ImageJ to be startable, but {reason}: install it first")
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), quick)


def measure(folder: Path, quick: bool) -> None:
    """Start ImageJ, rate, save the tables."""
    repeats, files = (3, 40) if quick else (15, 1000)
    jars = harness.fetch_jars(Path(os.environ.get("ZFOCUS_FIJI_JARS", ROOT / ".nox" / "fiji-jars")))
    fiji = harness.make_fiji(folder / "Fiji.app", jars, model=MODEL)
    paths = {size: simulate(folder, size) for size in SIZES}

    started = time.perf_counter()
    imagej = harness.ImageJ(fiji, java_options=(f"-Xmx{HEAP_MB}m",))
    start_ms = 1e3 * (time.perf_counter() - started)
    first_image = imagej.open(paths[SIZES[0]])
    started = time.perf_counter()
    load_ms, first_ms = inference(imagej, first_image)
    jython_ms = 1e3 * (time.perf_counter() - started) - load_ms - first_ms

    rows: list[list[Any]] = []
    medians: dict[tuple[int, int], float] = {}
    for size in SIZES:
        image = imagej.open(paths[size])
        alone = [inference(imagej, image)[1] for _ in range(repeats)]
        script = [run_script(imagej, image) for _ in range(repeats)]
        medians[size] = statistics.median(alone)
        patches = size[0] // 84 * (size[1] // 84)
        rows.append([f"{size[0]} x {size[1]}", patches, medians[size], max(alone), *spread(script)])
    batch, goals = rate_folder(imagej, folder, files)
    height, width = SIZES[0]
    goals = [
        Goal(
            f"{height} x {width}: one image in at most the {OLD_MS[1]:.0f} ms that were published "
            "for the old plugin",
            medians[SIZES[0]],
            medians[SIZES[0]] <= OLD_MS[1],
        ),
        *goals,
    ]
    save(
        "fiji",
        title="Scripts in Fiji",
        tables=[
            Table(
                "Start, milliseconds",
                ["what", "zfocus", OLD_PLUGIN],
                [
                    ["Java, ImageJ and SciJava (Fiji does this once)", start_ms, None],
                    ["Jython and the modules, first script", jython_ms, None],
                    ["ONNX Runtime and the model, first script", load_ms, OLD_MS[0]],
                    ["the model in any later script", inference(imagej, first_image)[0], OLD_MS[0]],
                    [f"first image, {height} x {width}", first_ms, OLD_MS[1]],
                ],
                "The old plugin opens its model for every image; its numbers are published, from "
                "another machine, for 768 x 512 px.",
            ),
            Table(
                "One image, milliseconds",
                [
                    *("size, px", "patches", "cutting and inference, median", "longest"),
                    *("Rate Image with table, overlay, legend, median", "longest"),
                ],
                rows,
            ),
            batch,
        ],
        goals=goals,
        settings={
            "largest heap": f"{HEAP_MB} MB",
            "ONNX Runtime": next(jar.name for jar in jars if jar.name.startswith("onnxruntime")),
            "Java": str(imagej.python("import sys\nresult = sys.getPlatform()") or ""),
        },
        keep=not quick,
    )


def simulate(folder: Path, size: tuple[int, int]) -> Path:
    """Write a 16-bit image of simulated cells."""
    rng = np.random.default_rng(size[0])
    path = folder / f"{size[0]}.tif"
    tifffile.imwrite(path, photograph(field(rng, size), rng=rng).astype(np.uint16))
    return path


def inference(imagej: Any, image: Any) -> tuple[float, float]:
    """Milliseconds to open the model and to rate one plane, measured in Jython."""
    engine = imagej._scripts.getLanguageByName("jython").getScriptEngine()
    engine.put("imp", image)
    engine.eval(TIMES)
    opened, rated = (float(value) for value in engine.get("result"))
    return opened, rated


def run_script(imagej: Any, image: Any) -> float:
    """Milliseconds of Rate Image, run by SciJava as from the menu."""
    started = time.perf_counter()
    ran = imagej.run("Rate_Image.py", image)
    assert not ran.error, ran.message
    return 1e3 * (time.perf_counter() - started)


def spread(values: list[float]) -> tuple[float, float]:
    """Median and largest."""
    return statistics.median(values), max(values)


def rate_folder(imagej: Any, folder: Path, files: int) -> tuple[Table, list[Goal]]:
    """Rate many files in one batch; the heap is measured after collections on the way."""
    images = folder / "images"
    images.mkdir()
    rng = np.random.default_rng(1)
    fields = [photograph(field(rng, SIZES[1]), rng=rng).astype(np.uint16) for _ in range(8)]
    for number in range(files):
        name = images / f"{number:04}.tif"
        if number < len(fields):
            tifffile.imwrite(name, fields[number])
        else:  # another name of the same file: no disk is filled
            os.link(images / f"{number % len(fields):04}.tif", name)
    output = folder / "out"
    heap = Heap()
    started = time.perf_counter()
    with heap:
        ran = imagej.run("Rate_Folder.py", folder=str(images), output=output)
    seconds = time.perf_counter() - started
    assert not ran.error, ran.message
    assert ran.outputs["table"].size() == files
    started = time.perf_counter()
    rate_files(images, output=folder / "out_python", model=load_model(MODEL))
    in_python = time.perf_counter() - started
    early, late = heap.after(0.1), heap.after(0.9)
    rows = [
        ["images rated", files, files],
        ["seconds in all", seconds, in_python],
        ["milliseconds an image", 1e3 * seconds / files, 1e3 * in_python / files],
        ["heap in use after a tenth, MB", early, None],
        ["heap in use after nine tenths, MB", late, None],
    ]
    table = Table(
        f"A folder of {files} images, {SIZES[1][0]} x {SIZES[1][1]} px",
        ["what", "Rate Folder", "zfocus rate"],
        rows,
        "Tables both; Rate Folder with its montage of 200 images. Heap in use is what is left "
        "after a full collection; the table that stays open and the montage's pictures are in it.",
    )
    what = f"{files} images: heap grows by at most 40 MB from a tenth to nine tenths of them"
    return table, [Goal(what, late - early, late - early <= 40)]


class Heap:
    """Samples Java's heap after a full collection every few seconds, while in use."""

    def __init__(self) -> None:
        self._samples: list[tuple[float, float]] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Heap:
        """Begin to watch."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Watch no more."""
        self._over.set()
        self._thread.join()

    def after(self, share: float) -> float:
        """MB in use when a share of the time was over."""
        first, last = self._samples[0][0], self._samples[-1][0]
        return next(mb for at, mb in self._samples if at >= first + share * (last - first))

    def _watch(self) -> None:
        from jpype import JClass

        machine = JClass("java.lang.Runtime").getRuntime()
        while True:
            machine.gc()
            used = (machine.totalMemory() - machine.freeMemory()) / 1e6
            self._samples.append((time.perf_counter(), float(used)))
            if self._over.wait(2.0):
                return


if __name__ == "__main__":
    main()
