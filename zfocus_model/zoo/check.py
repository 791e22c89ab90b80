"""Everything that a package must pass: our own checks, and those of bioimage.io, offline."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import tempfile
from collections.abc import Callable, Generator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zfocus_model._errors import ZfocusError
from zfocus_model.packages import TASK, Z_TASK, Package
from zfocus_model.zoo.bundle import task_of, write_bundle
from zfocus_model.zoo.index import open_any
from zfocus_model.zoo.weights import check_weights

if TYPE_CHECKING:
    from zfocus_model.training.packaging.verify import Probabilities

TOLERANCE = 1e-4
"""Largest difference of a probability between two formats of one package."""

COVER_MAX_BYTES = 500_000


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    """What."""
    passed: bool | None
    """None: left out, because a library is missing."""
    detail: str
    """What was found, in one line."""
    warnings: tuple[str, ...] = ()
    """What the tool says although it passed."""


def check_package(model: str | Path, *, bioimageio: bool = True) -> list[Check]:
    """Check a package.

    Parameters
    ----------
    model : str or Path
        Name, folder or .zip.
    bioimageio : bool
        Run bioimage.io's own test of all weight formats, too (a minute).

    Returns
    -------
    list of Check
        In the order of the checks.

    Raises
    ------
    ModelError
        If the package cannot even be opened.
    """
    package = open_any(model)
    checks = [Check("sums", True, f"{len(package.files)} files as zfocus.json lists them")]
    for name, look in (
        ("weights", _safe),
        ("cover", _cover),
        ("documentation", _documentation),
        ("parity", _parity),
    ):
        try:
            checks.append(look(package))
        except ZfocusError as error:
            checks.append(Check(name, False, str(error)))
        except ImportError as error:
            checks.append(Check(name, None, f"{error}: pip install 'zfocus[train,zoo]'"))
    if bioimageio:
        checks += [_bioimageio(package, fiji=fiji) for fiji in (False, True)]
    return checks


def _safe(package: Package) -> Check:
    check_weights(package)
    return Check("weights", True, "numbers only: no Lambda layer, no pickle")


def _cover(package: Package) -> Check:
    from PIL import Image

    raw = package.read("cover.png")
    width, height = Image.open(io.BytesIO(raw)).size
    good = len(raw) <= COVER_MAX_BYTES and width in (height, 2 * height)
    return Check("cover", good, f"{width} x {height} px, {len(raw) / 1e3:.0f} kB")


def _documentation(package: Package) -> Check:
    text = package.read("README.md").decode("utf-8")
    good = "\n# Validation\n" in text
    return Check("documentation", good, f"README.md {'with' if good else 'without'} # Validation")


def _parity(package: Package) -> Check:
    """Every weight format on simulated patches or images, as tiles of one plane for a map."""
    import numpy as np

    from zfocus_model.training.packaging import verify

    worst: dict[str, float] = {}
    for images in _check_images(package):
        answers = {
            name: verify.by_tile(run(images))[: len(images)]
            for name, run in runners(package).items()
        }
        for name, found in answers.items():
            apart = float(np.abs(found - answers["numpy"]).max())
            worst[name] = max(apart, worst.get(name, 0.0))
    words = ", ".join(f"{name} {value:.1e}" for name, value in worst.items() if name != "numpy")
    return Check("parity", max(worst.values()) <= TOLERANCE, f"largest difference: {words}")


def _check_images(package: Package) -> list[Probabilities]:
    if package.task == Z_TASK:
        from zfocus_model.zposition.packaging.samples import check_images

        return check_images()
    from zfocus_model.training.packaging.samples import check_patches

    return [check_patches()]


def runners(package: Package) -> dict[str, Callable[[Probabilities], Probabilities]]:
    """What can run a package here: patches or images (n, y, x) -> probabilities, by name.

    Parameters
    ----------
    package : Package
        A package for patches, for maps or for images of any size.

    Returns
    -------
    dict of str to callable
        ``numpy`` always; ``onnxruntime``, ``tensorflow`` and ``keras`` where installed.
    """
    from zfocus_model.engines import open_engine
    from zfocus_model.training.packaging import verify

    tiled = task_of(package) not in (TASK, Z_TASK)

    def images(patches: Probabilities) -> Probabilities:
        return verify.lay_out(patches) if tiled else patches

    def from_file(
        name: str, run: Callable[[Path, Probabilities], Probabilities]
    ) -> Callable[[Probabilities], Probabilities]:
        def ask(patches: Probabilities) -> Probabilities:
            with tempfile.TemporaryDirectory() as temporary:
                path = Path(temporary) / name
                path.write_bytes(package.read(name))
                return run(path, images(patches))

        return ask

    found: dict[str, Callable[[Probabilities], Probabilities]] = {
        "numpy": lambda patches: open_engine(package, "numpy").probabilities(patches)
    }
    if find_spec("onnxruntime"):
        found["onnxruntime"] = from_file("model.onnx", verify.onnx_probabilities)
    if find_spec("tensorflow"):
        found["tensorflow"] = from_file("tf_saved_model.zip", verify.bundle_probabilities)
    if find_spec("keras") and find_spec("tensorflow"):
        os.environ.setdefault("KERAS_BACKEND", "tensorflow")
        found["keras"] = from_file("model.keras", verify.keras_file_probabilities)
    return found


def _bioimageio(package: Package, *, fiji: bool) -> Check:
    """bioimage.io's test of the archive that would be handed over."""
    name = "bioimageio test, Fiji" if fiji else "bioimageio test"
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        core: Any = import_module("bioimageio.core")
    except ImportError:
        return Check(name, None, "no bioimageio.core: pip install 'zfocus[train,zoo]'")
    import_module("loguru").logger.disable("bioimageio")
    with tempfile.TemporaryDirectory() as temporary:
        try:
            archive = write_bundle(package, Path(temporary), fiji=fiji)
        except ZfocusError as error:
            return Check(name, False, str(error))
        with _inside(Path(temporary)), contextlib.redirect_stdout(io.StringIO()):
            summary: Any = core.test_model(archive)
    details = list(summary.details)
    errors = [f"{'.'.join(map(str, e.loc))}: {e.msg}" for d in details for e in d.errors]
    warnings = {
        " ".join(f"{'.'.join(map(str, w.loc))}: {w.msg}".split())
        for d in details
        for w in d.warnings
        if int(w.severity) >= logging.WARNING  # below it, the tool says what went well
    }
    formats = sorted({str(d.loc[1]) for d in details if tuple(d.loc[:1]) == ("weights",)})
    good = summary.status == "passed"
    told = ", ".join(formats) if good else " ".join(" ".join(errors).split())[:300]
    return Check(name, good, f"{summary.status}: {told}", tuple(sorted(warnings)))


@contextlib.contextmanager
def _inside(folder: Path) -> Generator[None, None, None]:
    """Work in a folder: bioimageio.core unpacks weights where it is."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
