"""Real CellProfiler, headless. Where it is not installed these tests are left out.

Exit codes tell little (a missing module exits with 0), so every test looks at what was written.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PLUGIN = ROOT / "cellprofiler_plugin"

sys.path.insert(0, str(HERE))
if find_spec("cellprofiler") is None:
    collect_ignore_glob = ["*"]
else:
    # ExportToDatabase imports the MySQL client, also where it only writes SQLite.
    sys.path.insert(0, str(HERE / "stand_ins"))
    sys.path.insert(0, str(PLUGIN / "pipelines"))
    import make_pipelines  # sets CellProfiler headless, before any other import of it


@pytest.fixture(scope="session", autouse=True)
def model_name(tmp_path_factory):
    """Name of the model: the shipped one, or while there is none, a small random one."""
    from tiny_package import random_network, write_package

    name = "focus-fluorescence"
    if not (ROOT / "model_zoo" / name / "zfocus.json").exists():
        home = tmp_path_factory.mktemp("data")
        network, arrays = random_network(np.random.default_rng(5))
        write_package(home / "zfocus" / "models" / name, network, arrays)
        os.environ["XDG_DATA_HOME"] = str(home)
    return name


@pytest.fixture(scope="session")
def model(model_name):
    from zfocus_model import load_model

    return load_model(model_name)


@pytest.fixture(scope="session")
def build():
    """The functions that make pipelines, with Java started, which some modules need."""
    make_pipelines.start()
    yield make_pipelines
    make_pipelines.stop_java()


class Run:
    """A headless run: the folder it wrote to, and what it said."""

    def __init__(self, output: Path, log: str, code: int) -> None:
        self.output, self.log, self.code = output, log, code

    def table(self, name: str) -> list[dict[str, str]]:
        path = self.output / name
        assert path.exists(), f"{name} was not written:\n{self.log[-3000:]}"
        with path.open(newline="") as stream:
            return list(csv.DictReader(stream))


@pytest.fixture(scope="session")
def cellprofiler(tmp_path_factory, model_name):
    """Run a pipeline on a folder in a CellProfiler of its own."""

    def run(pipeline: Path, images: Path, *options: str, plugins: Path = PLUGIN) -> Run:
        output = tmp_path_factory.mktemp("output")
        command = [sys.executable, "-m", "cellprofiler", "-c", "-r", "-p", pipeline, "-o", output]
        command += ["-i", images, "--plugins-directory", plugins, *options]
        environment = {
            **os.environ,
            "PYTHONPATH": str(HERE / "stand_ins"),
            "OMP_NUM_THREADS": "2",
            "OPENBLAS_NUM_THREADS": "2",
        }
        done = subprocess.run(
            [str(word) for word in command],
            capture_output=True,
            text=True,
            env=environment,
            timeout=600,  # a loaded machine is no failure
        )
        return Run(output, done.stdout + done.stderr, done.returncode)

    return run


@pytest.fixture(scope="session")
def plate(tmp_path_factory):
    """A plate of simulated fields: sharp and blurred, of every type of pixel that is common."""
    import tifffile
    from agreement import write_csv

    from zfocus_model import defocus
    from zfocus_model.camera import photograph
    from zfocus_model.scenes import field

    folder = tmp_path_factory.mktemp("plate")
    rng = np.random.default_rng(20181112)
    types = [
        ("A01", "uint8", (260, 341), 0),
        ("A02", "12-bit", (260, 341), 8),
        ("A03", "uint16", (255, 170), 0),
        ("B01", "float32", (252, 252), 9),
        ("B02", "uint16", (100, 700), 4),
    ]
    rows = []
    for well, kind, shape, level in types:
        image = photograph(defocus(field(rng, shape), level=level), rng=rng)
        image = np.clip(image, 0, 4095)
        if kind == "uint8":
            image = (image / 16).astype(np.uint8)
        elif kind == "float32":
            image = (image / 3000).astype(np.float32)
        else:
            image = image.astype(np.uint16)
        # 281: MaxSampleValue, from which CellProfiler takes the divisor.
        tags = [(281, "H", 1, 4095, False)] if kind == "12-bit" else []
        name = f"plate1_{well}.tif"
        tifffile.imwrite(folder / name, image, extratags=tags)
        rows.append([name, ".", "plate1", well, well[0]])
    write_csv(folder / "images.csv", ["DNA"], rows, ["Plate", "Well", "Row"])
    return folder


@pytest.fixture(scope="session")
def rated(model):
    """Rows of images.csv and patches.csv by file name, as `zfocus rate` writes them."""
    from zfocus_model import rate_files

    def rate(folder: Path):
        images, patches = {}, {}

        def keep(row, its_patches):
            images.setdefault(row["image"], []).append(row)
            patches.setdefault(row["image"], []).append(its_patches())

        rate_files(folder, model=model, on_plane=keep)
        return images, patches

    return rate
