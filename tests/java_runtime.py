"""ONNX Runtime for Java, one pinned version, for the tests and benchmarks/consumers.py."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

VERSION = "1.29.0"
JAR = f"onnxruntime-{VERSION}.jar"
JAR_SHA256 = "5933bbc0c6c4d89afc04bf7c11011de23a947509c1352e5bf5936e62a84e4d10"
PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1"
PROGRAM = Path(__file__).parent / "zoo" / "RunOnnx.java"


def missing() -> str:
    """Why Java cannot be asked here; empty if it can."""
    return ", ".join(f"no {name}" for name in ("java", "mvn") if shutil.which(name) is None)


def fetch_jar(folder: Path) -> Path:
    """Copy the pinned jar from Maven Central into a folder, and check it."""
    jar = folder / JAR
    if not jar.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        artifact = f"com.microsoft.onnxruntime:onnxruntime:{VERSION}"
        command = ["mvn", "-q", "-B", f"{PLUGIN}:copy", f"-Dartifact={artifact}"]
        made = subprocess.run(
            [*command, f"-DoutputDirectory={folder}"],
            capture_output=True,
            text=True,
            timeout=500,
            cwd=folder,
        )
        assert made.returncode == 0, made.stdout[-1000:] + made.stderr[-1000:]
    assert hashlib.sha256(jar.read_bytes()).hexdigest() == JAR_SHA256
    return jar


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
