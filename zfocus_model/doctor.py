"""Look an installation over: versions, model, engines, and doors that carry another package."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import numpy as np

from zfocus_model import fiji_bundle
from zfocus_model._errors import ModelError, ZfocusError
from zfocus_model._version import __version__
from zfocus_model.engines import ENGINES, Engine, open_engine
from zfocus_model.levels import PATCH_PX
from zfocus_model.model import Model, load_model
from zfocus_model.packages import (
    DESCRIPTION,
    Z_TASK,
    Package,
    find_package,
    installed_models,
    package_task,
)
from zfocus_model.zposition.model import DEFAULT_Z_MODEL, ZModel, load_z_model

AGREEMENT = 1e-4
"""Largest difference of probabilities between engines."""

_DISTRIBUTIONS = (
    *("numpy", "onnxruntime", "tifffile", "imagecodecs", "imageio", "pillow", "rich"),
    *("tensorflow", "keras", "bioimageio.core"),
)


@dataclass(frozen=True)
class Finding:
    """One line of the diagnosis."""

    topic: str
    """What was looked at."""
    found: str
    """What was found."""
    good: bool = True
    """False if something is wrong."""


def diagnose(
    model: str | Path, *, engine: str = "auto", threads: int | None = None, doors: Iterable[Path]
) -> Iterator[Finding]:
    """Look an installation over.

    Parameters
    ----------
    model
        Name or path of the model package.
    engine, threads
        As for ``load_model``.
    doors
        Folders of CellProfiler plugins, Fiji and the like, which hold a copy of the package.

    Yields
    ------
    Finding
        One a line, good or not.

    Raises
    ------
    ModelError
        If the model cannot be used.
    """
    yield Finding("zfocus", f"{__version__} in {Path(__file__).parent}")
    yield Finding("python", f"{platform.python_version()} on {platform.platform()}")
    for name in _DISTRIBUTIONS:
        try:
            yield Finding(name, metadata.version(name))
        except metadata.PackageNotFoundError:
            yield Finding(name, "not installed")
    named = find_package(model)
    z_model = find_z_model()
    opened = _open(named, engine, threads)
    yield from _about(opened)
    if z_model is not None and z_model != named:
        try:
            yield from _about(_open(z_model, engine, threads))
        except ModelError as error:
            yield Finding("model", str(error), good=False)
    for door in doors:
        yield from check_door(door, opened.package)


def find_z_model() -> Path | None:
    """The z-position model that is used by default; None if it is not installed."""
    return installed_models().get(DEFAULT_Z_MODEL)


def _open(model: Path, engine: str, threads: int | None) -> Model | ZModel:
    if package_task(model) == Z_TASK:
        return load_z_model(model, engine=engine, threads=threads)
    return load_model(model, engine=engine, threads=threads)


def _about(opened: Model | ZModel) -> Iterator[Finding]:
    package = opened.package
    yield Finding("model", f"{package.name} {package.version} in {package.source}")
    yield Finding("package_sha256", package.sha256)
    number = getattr(opened.engine, "threads", None)
    running = f", {number} threads" if number else ""
    yield Finding("engine", f"{opened.engine.name}{running}")
    yield from self_test(opened)


def self_test(model: Model | ZModel) -> Iterator[Finding]:
    """Rate simulated patches in every engine and compare, network by network.

    Parameters
    ----------
    model
        The model.

    Yields
    ------
    Finding
        One a network; good if all engines that can be opened agree to 1e-4.
    """
    patches = simulated_patches()
    yield Finding("self-test", *_compare(model.package, model.engine, patches))
    if isinstance(model, Model) and model.domain_engine:
        found, good = _compare(model.package, model.domain_engine, patches, domain=True)
        yield Finding("self-test", f"domain network: {found}", good)


def _compare(
    package: Package,
    engine: Engine,
    patches: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
    *,
    domain: bool = False,
) -> tuple[str, bool]:
    """What other engines make of the patches, and whether all agree."""
    start = time.perf_counter()
    expected = engine.probabilities(patches)
    took_ms = 1e3 * (time.perf_counter() - start) / len(patches)
    others: list[str] = []
    agree = True
    for kind in ENGINES:
        if kind == engine.name:
            continue
        try:
            other = open_engine(package, kind, domain=domain)
        except ZfocusError as error:
            others.append(f"{kind} cannot be used ({error})")
            continue
        apart = float(np.abs(other.probabilities(patches) - expected).max())
        agree = agree and apart <= AGREEMENT
        others.append(f"{kind} differs by {apart:.1e}, at most {AGREEMENT:.0e} is expected")
    return f"{len(patches)} simulated patches, {took_ms:.2f} ms each; {'; '.join(others)}", agree


def simulated_patches() -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Patches from the simulator, sharp and blurred, dim and bright: (4, 84, 84) float32."""
    from zfocus_model import optics, scenes

    field = scenes.field(np.random.default_rng(0), (PATCH_PX, PATCH_PX))
    levels = ((0, 2000.0), (3, 60.0), (6, 2000.0), (10, 40000.0))
    return np.stack(
        [gain * optics.defocus(field, level=level) + 100 for level, gain in levels]
    ).astype(np.float32)


def check_door(door: Path, package: Package) -> Iterator[Finding]:
    """Check that the packages in a folder are this one, and a Fiji folder is as installed.

    Parameters
    ----------
    door
        A folder, searched with its subfolders for ``zfocus.json``.
    package
        What they should be.

    Yields
    ------
    Finding
        One for each package found; not good if it is another of the same name, or there is none
        of that name.
    """
    ours = 0
    others: list[Finding] = []
    for place, folders, files in os.walk(door):
        folders.sort()
        if DESCRIPTION not in files:
            continue
        path = Path(place, DESCRIPTION)
        try:
            content = path.read_bytes()
        except OSError as error:
            yield Finding("door", f"{path}: cannot be read: {error.strerror}", good=False)
            continue
        digest, name = hashlib.sha256(content).hexdigest(), _name_in(content)
        if digest == package.sha256:
            ours += 1
            yield Finding("door", f"{path.parent}: the same package")
        elif name == package.name or name is None:
            ours += 1
            yield _another(path.parent, package, digest)
        else:
            others.append(Finding("door", f"{path.parent}: another model, {name}, {digest}"))
    if ours or not others:
        yield from others
    else:  # this model is not there: what is there answers in its place
        for finding in others:
            yield Finding("door", f"{finding.found}, expected {package.name}", good=False)
    if not ours and not others:
        yield Finding(
            "door", f"{door}: expected a {DESCRIPTION} in it or below, got none", good=False
        )
    for found, good in fiji_bundle.check(door):
        yield Finding("door", found, good)


def _another(place: Path, package: Package, digest: str) -> Finding:
    return Finding(
        "door",
        f"{place}: expected package_sha256 {package.sha256}, got {digest}: "
        "install this package there",
        good=False,
    )


def _name_in(description: bytes) -> str | None:
    """Name of the model that a ``zfocus.json`` describes, None if it does not say."""
    try:
        name = json.loads(description)["name"]
    except (ValueError, KeyError, TypeError):
        return None
    return name if isinstance(name, str) else None
