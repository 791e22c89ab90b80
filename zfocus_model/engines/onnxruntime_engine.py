"""The fast engine: ONNX Runtime on the processor."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import numpy.typing as npt

from zfocus_model._errors import ModelError
from zfocus_model.engines.base import Engine
from zfocus_model.packages import Package

MAX_THREADS = 8
"""More threads than this wait for each other longer than they work on patches this small."""

_ERRORS_ONLY = 3


def importable() -> bool:
    """Tell whether ONNX Runtime can be imported; a broken installation counts as none."""
    try:
        import onnxruntime  # noqa: F401  # pyright: ignore[reportUnusedImport,reportMissingTypeStubs]
    except ImportError:
        return False
    return True


def available_threads() -> int:
    """Processors that this process may use, at most ``MAX_THREADS``."""
    if hasattr(os, "sched_getaffinity"):
        count = len(os.sched_getaffinity(0))
    else:
        count = os.cpu_count() or 1
    return min(count, MAX_THREADS)


class OnnxRuntimeEngine(Engine):
    """``model.onnx`` or ``domain.onnx`` in one inference session."""

    name = "onnxruntime"
    batch = 48

    def __init__(
        self, package: Package, *, threads: int | None = None, domain: bool = False
    ) -> None:
        super().__init__(package, domain=domain)
        import onnxruntime  # pyright: ignore[reportMissingTypeStubs]

        self.threads = threads or available_threads()
        options: Any = getattr(onnxruntime, "SessionOptions")()  # noqa: B009 - untyped
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        options.log_severity_level = _ERRORS_ONLY
        model = package.read(self.onnx)
        try:
            self._session: Any = onnxruntime.InferenceSession(
                model, options, providers=["CPUExecutionProvider"]
            )
            inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        # ONNX Runtime raises types of its own, which share only this base.
        except Exception as error:
            raise self._unusable(str(error)) from None
        if len(inputs) != 1 or len(outputs) != 1:
            raise self._unusable(f"{len(inputs)} inputs, {len(outputs)} outputs")
        self._input = str(inputs[0].name)
        self._output = str(outputs[0].name)

    def _run(self, patches: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        try:
            found: Any = self._session.run([self._output], {self._input: patches[..., np.newaxis]})
        except Exception as error:
            raise self._unusable(str(error)) from None
        return np.asarray(found[0], dtype=np.float32)

    def _unusable(self, why: str) -> ModelError:
        return ModelError(
            f"expected {self.onnx} of {self.package.source} to map patches to probabilities in "
            f"ONNX Runtime ({' '.join(why.split())}): update onnxruntime, or use the engine 'numpy'"
        )
