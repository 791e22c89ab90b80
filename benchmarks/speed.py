"""How fast zfocus is: images a second against the reference network, memory, and time to start.

The reference is the network of Yang et al. 2018 (doi 10.1186/s12859-018-2087-4) with random
weights, as a model package of its own: both networks go through the same runtime, on the same
images, in turn. So does the first model that was shipped, from the repository's history where that
is at hand. Options: --model PATH (default: the shipped model), --quick (few repeats, nothing
saved).
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import Any

THREADS = 2
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = str(THREADS)  # numpy reads them when it is imported

import numpy as np  # noqa: E402
from _record import ROOT, Goal, Table, asked, save  # noqa: E402

import zfocus_model  # noqa: E402
from zfocus_model.camera import photograph  # noqa: E402
from zfocus_model.scenes import field  # noqa: E402
from zfocus_model.training.packaging.onnx_graph import onnx_bytes  # noqa: E402

SIDE_PX = 1024
ENGINES = ("onnxruntime", "numpy")
IMAGES_FOR_MEMORY = 2000
FIRST_MODEL = "792ef67"
"""The commit that shipped the first model."""
PARAMETERS, MULTIPLY_ADDS = 100_000, 4_000_000
"""What the focus network may have and cost a patch."""

REFERENCE_PARAMETERS = 28_965_771
REFERENCE_NETWORK: list[dict[str, Any]] = [
    {"op": "scale", "factor": 1 / 65535},
    {"op": "conv", "shape": (5, 5, 1, 32), "stride": 1, "padding": "same", "activation": "relu"},
    {"op": "max_pool", "size": 2, "stride": 2, "padding": "valid"},
    {"op": "conv", "shape": (5, 5, 32, 64), "stride": 1, "padding": "same", "activation": "relu"},
    {"op": "max_pool", "size": 2, "stride": 2, "padding": "valid"},
    {"op": "flatten"},
    {"op": "dense", "shape": (21 * 21 * 64, 1024), "activation": "relu"},
    {"op": "dense", "shape": (1024, 11), "activation": "linear"},
    {"op": "softmax"},
]

# Prints resident MiB after every tenth of the images, in a process that does nothing else.
MEMORY_PROGRAM = """
import sys
import numpy as np
import zfocus_model
model = zfocus_model.load_model(sys.argv[1], engine="onnxruntime", threads=int(sys.argv[2]))
side, images = int(sys.argv[3]), int(sys.argv[4])
image = np.random.default_rng(0).integers(100, 4000, (side, side), dtype=np.uint16)
for number in range(images):
    model.rate(np.roll(image, number, axis=1))
    if (number + 1) % (images // 10) == 0:
        status = open("/proc/self/status").read()
        print(number + 1, int(status.split("VmRSS:")[1].split()[0]) / 1024)
"""


def reference_package(folder: Path) -> Path:
    """Write the reference network with random weights (He normal) as a model package."""
    rng = np.random.default_rng(0)
    arrays: dict[str, Any] = {}
    network: list[dict[str, Any]] = []
    for number, layer in enumerate(REFERENCE_NETWORK):
        entry = {key: value for key, value in layer.items() if key != "shape"}
        if "shape" in layer:
            *inputs, outputs = layer["shape"]
            spread = np.sqrt(2 / np.prod(inputs))
            kernel, bias = f"{number}/kernel", f"{number}/bias"
            arrays[kernel] = (spread * rng.standard_normal(layer["shape"])).astype(np.float32)
            arrays[bias] = np.zeros(outputs, np.float32)
            entry |= {"kernel": kernel, "bias": bias}
        network.append(entry)
    assert sum(array.size for array in arrays.values()) == REFERENCE_PARAMETERS
    package = folder / "reference"
    package.mkdir()
    np.savez(package / "weights.npz", **arrays)
    (package / "model.onnx").write_bytes(onnx_bytes(network, arrays))
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in package.iterdir()}
    config = {
        "levels": 11,
        "patch_px": 84,
        "disc_px_per_level": 40 / 13,
        "status": {"certainty_min": 0.0, "in_focus_min": 0.5},
        "domain": None,
        "evaluation": {},
        "training": {},
    }
    description = {
        "schema": 1,
        "name": "reference",
        "version": "0.0.0",
        "task": "focus-level",
        "config": {"zfocus": config},
        "network": network,
        "files": files,
    }
    (package / "zfocus.json").write_text(json.dumps(description), encoding="utf-8")
    return package


def first_package(folder: Path) -> Path | None:
    """The package of the first model, from history; None where there is none."""
    inside = "model_zoo/focus-fluorescence"
    command = ["git", "-C", str(ROOT), "archive", FIRST_MODEL, inside]
    archive = subprocess.run(command, capture_output=True)
    if archive.returncode:
        return None
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
        tar.extractall(folder, filter="data")
    return folder / inside


def cost(package: Any, network: Any) -> list[int]:
    """Parameters of a network, and multiply-adds of one patch."""
    with np.load(io.BytesIO(package.read("weights.npz"))) as weights:
        shapes = {name: weights[name].shape for name in weights}
    side, parameters, multiply_adds = 84, 0, 0
    for layer in network:
        if "kernel" not in layer:
            continue
        kernel = shapes[layer["kernel"]]
        parameters += int(np.prod(kernel) + np.prod(shapes[layer["bias"]]))
        if layer["op"] == "conv":
            assert layer["padding"] == "valid", "the formula is for valid convolutions"
            side = (side - kernel[0]) // layer["stride"] + 1
        multiply_adds += int(np.prod(kernel)) * (side**2 if layer["op"] == "conv" else 1)
    return [parameters, multiply_adds]


def images() -> list[Any]:
    """Eight simulated camera images, uint16, so that no cache sees the same pixels again."""
    rng = np.random.default_rng(1)
    sharp = [field(rng, shape=(SIDE_PX, SIDE_PX), kind=kind) for kind in ("nuclei", "filaments")]
    seen = [photograph(scene, rng=rng).astype(np.uint16) for scene in sharp]
    return [np.ascontiguousarray(np.rot90(image, turns)) for image in seen for turns in range(4)]


def images_per_second(model: Any, pictures: list[Any], seconds: float) -> float:
    """Rate pictures in turn for about so many seconds."""
    model.rate(pictures[0])
    started, rated = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        model.rate(pictures[rated % len(pictures)])
        rated += 1
    return rated / (time.perf_counter() - started)


def throughput(
    models: dict[str, Path | str], rounds: int, seconds: float
) -> dict[Any, list[float]]:
    """Images a second of each (model, engine), once a round: the machine's moods hit all alike."""
    pictures = images()
    loaded = {
        (name, engine): zfocus_model.load_model(path, engine=engine, threads=THREADS)
        for name, path in models.items()
        for engine in ENGINES
    }
    speeds: dict[Any, list[float]] = {key: [] for key in loaded}
    for _ in range(rounds):
        for key, model in loaded.items():
            speeds[key].append(images_per_second(model, pictures, seconds))
    return speeds


def resident_mib(model: Path | str, count: int) -> list[tuple[int, float]]:
    """(images rated, resident MiB) at every tenth of `count` images."""
    arguments = [str(model), str(THREADS), str(SIDE_PX), str(count)]
    run = subprocess.run(
        [sys.executable, "-c", MEMORY_PROGRAM, *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    rows = (line.split() for line in run.stdout.splitlines())
    return [(int(number), float(mib)) for number, mib in rows]


def seconds_to_run(arguments: list[str], repeats: int) -> list[float]:
    """Wall times of a `zfocus` command; the first, with cold files, is left out."""
    zfocus = Path(sys.executable).with_name("zfocus")
    command = [str(zfocus)] if zfocus.exists() else [sys.executable, "-m", "zfocus_model"]
    times: list[float] = []
    for _ in range(repeats + 1):
        started = time.perf_counter()
        subprocess.run([*command, *arguments], check=True, capture_output=True)
        times.append(time.perf_counter() - started)
    return times[1:]


def spread(values: list[float]) -> list[float]:
    """Median, lowest and highest."""
    return [statistics.median(values), min(values), max(values)]


def main() -> None:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="focus-fluorescence", help="name or folder of the model")
    parser.add_argument("--quick", action="store_true", help="few repeats; print, do not save")
    options = parser.parse_args()
    rounds, seconds = (1, 1.0) if options.quick else (5, 4.0)

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        models = {"zfocus": options.model, "reference": reference_package(folder)}
        first = first_package(folder)
        if first:
            models["first model"] = first
        speeds = throughput(models, rounds, seconds)
        picture = folder / "field.tif"
        import tifffile

        tifffile.imwrite(picture, images()[0])
        rate = ["rate", str(picture), "-o", str(folder / "results"), "--model", options.model]
        starts = {
            "zfocus --help": seconds_to_run(["--help"], 3 * rounds),
            "zfocus rate field.tif": seconds_to_run(rate, 2 * rounds),
        }
    memory = resident_mib(options.model, 100 if options.quick else IMAGES_FOR_MEMORY)

    medians = {key: statistics.median(values) for key, values in speeds.items()}
    fast, slow = medians["zfocus", "onnxruntime"], medians["reference", "onnxruntime"]
    model = zfocus_model.load_model(options.model)
    costs = {
        "focus network": cost(model.package, model.package.network),
        "domain network, on at most 25 patches of an image": cost(
            model.package, model.package.domain_network
        ),
    }
    parameters = sum(count for count, _ in costs.values())
    multiply_adds = costs["focus network"][1]
    growth = memory[-1][1] - memory[0][1]
    help_s, rate_s = (statistics.median(times) for times in starts.values())
    tables = [
        Table(
            f"images/s, {SIDE_PX} x {SIDE_PX} uint16 in memory, {THREADS} threads",
            ("network", "engine", "median", "lowest", "highest", "x reference"),
            [
                [*key, *spread(values), medians[key] / medians["reference", key[1]]]
                for key, values in speeds.items()
            ],
            note=f"{rounds} rounds of {seconds:g} s each, all in turn.",
        ),
        Table(
            "size and cost",
            ("network", "parameters", "multiply-adds a patch"),
            [[name, *counted] for name, counted in costs.items()],
        ),
        Table("resident memory, onnxruntime", ("images rated", "MiB"), memory),
        Table(
            f"from start to end of the command, one {SIDE_PX} x {SIDE_PX} image",
            ("command", "median s", "lowest s", "highest s"),
            [[f"`{command}`", *spread(times)] for command, times in starts.items()],
        ),
    ]
    goals = [
        Goal("at least 15 x the images/s of the reference network", fast / slow, fast >= 15 * slow),
        Goal("at least 60 images/s", fast, fast >= 60),
        Goal(
            f"both networks at most {PARAMETERS:,} parameters", parameters, parameters <= PARAMETERS
        ),
        Goal(
            f"focus network at most {MULTIPLY_ADDS:,} multiply-adds a patch",
            multiply_adds,
            multiply_adds <= MULTIPLY_ADDS,
        ),
        *against_first(medians),
        Goal(
            f"memory flat over {IMAGES_FOR_MEMORY:,} images: MiB from the first tenth to the last, "
            "at most 5",
            growth,
            growth <= 5,
        ),
        Goal("`zfocus --help` in under 0.3 s", help_s, help_s < 0.3),
        Goal("`zfocus rate` of one image in under 2 s", rate_s, rate_s < 2),
    ]
    save(
        "speed",
        title="Speed",
        tables=tables,
        goals=goals,
        settings=asked(model),
        keep=not options.quick,
    )


def against_first(medians: dict[Any, float]) -> list[Goal]:
    """Whether the model is as fast as the first one, where that was measured."""
    if ("first model", "onnxruntime") not in medians:
        return []
    ratio = medians["zfocus", "onnxruntime"] / medians["first model", "onnxruntime"]
    return [Goal("as fast as the first model: at least 1 x its images/s", ratio, ratio >= 1)]


if __name__ == "__main__":
    main()
