"""Batches made ahead of the training step, by processes of their own."""

from __future__ import annotations

import multiprocessing
import os
import threading
from concurrent.futures import Future, ProcessPoolExecutor
from typing import TYPE_CHECKING, Any

from zfocus_model.training.data import PatchMaker

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Batch = tuple[NDArray[np.float32], NDArray[np.int32]]

_maker: PatchMaker | None = None  # one a worker process


class BatchStream:
    """Batches of a `PatchMaker` by number, prepared in advance.

    What a batch holds depends on its number and the maker's seed alone, whoever makes it and in
    whatever order, so that a resumed training sees the patches that it would have seen.

    Parameters
    ----------
    maker : PatchMaker
        Makes the batches.
    batch_size : int
        Patches in a batch.
    workers : int
        Processes; 0 makes the batches here, when they are asked for.
    """

    def __init__(self, maker: PatchMaker, batch_size: int, *, workers: int = 2) -> None:
        self._maker = maker
        self._size = batch_size
        self._ahead = 4 * workers
        self._waiting: dict[int, Future[Any]] = {}
        self._pool: ProcessPoolExecutor | None = None
        if workers:
            # Each worker is one of several; a numerical library's own threads would only fight.
            os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
            self._pool = ProcessPoolExecutor(
                workers,
                # A forked copy of a process that runs TensorFlow's threads can hang.
                multiprocessing.get_context("spawn"),
                _start_worker,
                (maker.arguments,),
            )

    def __getitem__(self, number: int) -> Batch:
        """Batch of that number; the next ones are put to work meanwhile."""
        if self._pool is None:
            return self._maker.batch(number, self._size)
        # What lies behind will not be asked for again.
        self._waiting = {n: batch for n, batch in self._waiting.items() if n >= number}
        for ahead in range(number, number + self._ahead + 1):
            if ahead not in self._waiting:
                self._waiting[ahead] = self._pool.submit(_make, ahead, self._size)
        return self._waiting.pop(number).result()

    def close(self) -> None:
        """Stop the processes."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)


def _start_worker(arguments: dict[str, Any]) -> None:
    global _maker
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _maker = PatchMaker(**arguments)


def _end_with_parent() -> None:
    """A training that is killed takes its workers along."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _make(number: int, size: int) -> Any:
    assert _maker is not None
    return _maker.batch(number, size)
