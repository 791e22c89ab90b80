"""ONNX Runtime for Java: the one version that is tested, found or fetched, and checked."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from zfocus_model._errors import ZfocusError

VERSION = "1.29.0"
"""For Linux and Windows on x86-64, Linux on ARM, Macs with Apple's own processors."""

NAME = f"onnxruntime-{VERSION}.jar"
"""The jar's name, in Maven repositories and in Fiji."""

SHA256 = "5933bbc0c6c4d89afc04bf7c11011de23a947509c1352e5bf5936e62a84e4d10"
"""What the jar must be, byte for byte."""

_ARTIFACT = f"com.microsoft.onnxruntime:onnxruntime:{VERSION}"
_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1"
_TIMEOUT_S = 900
_ELSE = "or use --no-jar: the scripts then call the command zfocus"


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, read piece by piece.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    str
        64 lower-case hexadecimal digits.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for chunk in iter(lambda: file.read(1 << 20), b""):
            digest.update(chunk)
    return digest.hexdigest()


def local_repository() -> Path:
    """Folder in which Maven's client keeps the pinned jar, by default; it need not exist."""
    place = Path("com", "microsoft", "onnxruntime", "onnxruntime", VERSION, NAME)
    return Path.home() / ".m2" / "repository" / place


def check(path: Path) -> Path:
    """Check that a file is the pinned jar.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    Path
        The same.

    Raises
    ------
    ZfocusError
        If there is no such file, or it is another.
    """
    if not path.is_file():
        raise ZfocusError(f"expected {NAME}, got {str(path)!r}, which is no file: check the path")
    digest = sha256_of(path)
    if digest != SHA256:
        raise ZfocusError(
            f"expected {NAME} with SHA-256 {SHA256}, got {str(path)!r} with {digest}: "
            f"fetch {_ARTIFACT} from Maven Central again"
        )
    return path


@contextmanager
def provide(
    given: str | Path | None, say: Callable[[str], None] = lambda line: None
) -> Generator[Path, None, None]:
    """Lend the pinned jar: the one given, that of the local Maven repository, or a fetched one.

    Parameters
    ----------
    given
        Path of the jar; None: look for it, and have Maven's client fetch it where it is not here.
    say
        Called with a line before the network is asked.

    Yields
    ------
    Path
        The jar, checked.

    Raises
    ------
    ZfocusError
        If it is another file, or cannot be fetched.
    """
    if given is not None:
        yield check(Path(given))
    elif local_repository().is_file():
        yield check(local_repository())
    else:
        say(f"{NAME} (54 MB) is not on this machine: Maven's client fetches it")
        with tempfile.TemporaryDirectory(prefix="zfocus-") as folder:
            yield fetch(Path(folder))


def fetch(folder: Path) -> Path:
    """Have Maven's client copy the pinned jar into a folder.

    Parameters
    ----------
    folder
        Where to; it must exist.

    Returns
    -------
    Path
        The jar, checked.

    Raises
    ------
    ZfocusError
        If there is no Maven client, or it fails.
    """
    client = shutil.which("mvn")
    if client is None:
        raise ZfocusError(
            f"expected Maven's client (mvn) to fetch {NAME}, got none on the PATH: install Maven, "
            f"give the jar with --jar FILE, {_ELSE}"
        )
    words = [f"{_PLUGIN}:copy", f"-Dartifact={_ARTIFACT}", f"-DoutputDirectory={folder}"]
    try:
        made = subprocess.run(
            [client, "-q", "-B", *words],
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=_TIMEOUT_S,
            cwd=os.fspath(folder),
        )
        answer = (made.stdout + made.stderr).strip().splitlines()
        failed = made.returncode != 0
    except (OSError, subprocess.TimeoutExpired) as error:
        answer, failed = [str(error)], True
    if failed:
        said = next((line for line in answer if "ERROR" in line), (answer or ["nothing"])[0])
        raise ZfocusError(
            f"expected Maven's client to fetch {_ARTIFACT}, got {said.strip()[:300]!r}: "
            f"check the network, give the jar with --jar FILE, {_ELSE}"
        )
    return check(folder / NAME)
