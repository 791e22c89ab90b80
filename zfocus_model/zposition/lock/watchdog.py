"""Call a driver that may block for ever, and come back in time all the same."""

from __future__ import annotations

import queue
import threading
from typing import Callable, TypeVar

from zfocus_model.zposition.lock.protocol import LockError

Answer = TypeVar("Answer")


class Watchdog:
    """Runs calls one after the other in a thread of its own.

    A call that does not come back in time is left alone, its answer thrown away; until it comes
    back, every further call fails at once, so that a driver is never entered twice. The thread
    is a daemon: a process with a hanging driver can end.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._work: queue.Queue[Callable[[], None] | None] = queue.Queue()
        self._hanging: threading.Event | None = None
        self._thread: threading.Thread | None = None

    def call(
        self, function: Callable[[], Answer], timeout_s: float, error: type[LockError]
    ) -> Answer:
        """Call a function.

        Parameters
        ----------
        function
            What to call.
        timeout_s
            How long to wait for it.
        error
            What to raise if it does not come back.

        Raises
        ------
        LockError
            Of the kind ``error``. What the function raises is raised here.
        """
        if self._hanging is not None and not self._hanging.is_set():
            raise error(f"expected {self._name} to answer, it still hangs: look at the device")
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        done = threading.Event()
        answers: list[Answer] = []
        failures: list[BaseException] = []

        def work() -> None:
            try:
                answers.append(function())
            except BaseException as failure:  # handed to the caller, whatever it is
                failures.append(failure)
            finally:
                done.set()

        self._work.put(work)
        if not done.wait(timeout_s):
            self._hanging = done
            raise error(f"expected {self._name} to answer within {timeout_s:g} s: it hangs")
        if failures:
            raise failures[0]
        return answers[0]

    def close(self) -> None:
        """End the thread when its call has come back; does not wait."""
        if self._thread is not None:
            self._work.put(None)

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            work()
