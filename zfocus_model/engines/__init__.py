"""Engines turn patches into probabilities. They differ in speed and in what must be installed."""

from __future__ import annotations

from importlib.util import find_spec

from zfocus_model._errors import ModelError, ZfocusError
from zfocus_model.engines.base import Engine
from zfocus_model.packages import DOMAIN_ONNX, ONNX, Package

__all__ = ["ENGINES", "Engine", "open_engine"]

ENGINES = ("onnxruntime", "numpy")
"""Names of the engines, the fastest first."""


def open_engine(
    package: Package, kind: str = "auto", *, threads: int | None = None, domain: bool = False
) -> Engine:
    """Open a network of a package in an engine, once for any number of images.

    Parameters
    ----------
    package
        The model package.
    kind
        ``onnxruntime``, ``numpy``, or ``auto``: ONNX Runtime where it can be imported, else numpy.
    threads
        Threads of ONNX Runtime; None: the processors that this process may use, at most 8.
        numpy's matrix library has a setting of its own (OMP_NUM_THREADS and the like).
    domain
        Open the domain network, not the one that knows levels.

    Returns
    -------
    Engine
        The engine.

    Raises
    ------
    ZfocusError
        If the engine or the number of threads is unknown.
    ModelError
        If the engine is not installed or cannot run the package.
    """
    if threads is not None and threads < 1:
        raise ZfocusError(f"expected at least 1 thread, got {threads}: leave it out for the best")
    if kind == "auto":
        file = DOMAIN_ONNX if domain else ONNX
        if file in package.files and find_spec("onnxruntime") is not None:
            from zfocus_model.engines import onnxruntime_engine

            if onnxruntime_engine.importable():
                return onnxruntime_engine.OnnxRuntimeEngine(package, threads=threads, domain=domain)
        kind = "numpy"
    if kind == "onnxruntime":
        from zfocus_model.engines import onnxruntime_engine

        if not onnxruntime_engine.importable():
            raise ModelError(
                "expected the package onnxruntime for the engine 'onnxruntime', got none that can "
                "be imported: install it, or use the engine 'numpy'"
            )
        return onnxruntime_engine.OnnxRuntimeEngine(package, threads=threads, domain=domain)
    if kind == "numpy":
        from zfocus_model.engines.numpy_engine import NumpyEngine

        return NumpyEngine(package, domain=domain)
    raise ZfocusError(f"expected an engine of auto, {', '.join(ENGINES)}, got {kind!r}: choose one")
