"""ONNX Runtime for Java, for the tests and benchmarks/consumers.py.

Version and SHA-256 are those that ``zfocus fiji install`` puts into Fiji.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from zfocus_model.fiji_bundle import jar as pinned

VERSION = pinned.VERSION

PROGRAM = Path(__file__).parent / "zoo" / "RunOnnx.java"


def missing() -> str:
    """Why Java cannot be asked here; empty if it can."""
    return ", ".join(f"no {name}" for name in ("java", "mvn") if shutil.which(name) is None)


def fetch_jar(folder: Path) -> Path:
    """Copy the pinned jar from Maven Central into a folder, and check it."""
    jar = folder / pinned.NAME
    if not jar.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        pinned.fetch(folder)
    return pinned.check(jar)


def run(jar: Path, model: Path, images: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """What the model says of images (n, y, x)."""
    with tempfile.TemporaryDirectory() as temporary:
        given, answer = Path(temporary, "given"), Path(temporary, "answer")
        given.write_bytes(images.astype("<f4").tobytes())
        shape = ",".join(map(str, (*images.shape, 1)))
        made = subprocess.run(
            ["java", "-cp", str(jar), str(PROGRAM), str(model), str(given), shape, str(answer)],
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert made.returncode == 0, made.stderr[-2000:]
        found = np.frombuffer(answer.read_bytes(), "<f4")
        return found.reshape([int(side) for side in made.stdout.split()[-1].split(",")])
