"""What verbs share: exit statuses, one-line messages, options of the model, signals."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import threading
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zfocus_model.images import InputFailure
    from zfocus_model.model import Model

OK, SOME_FAILED, BAD_USAGE, INTERRUPTED, TERMINATED = 0, 1, 2, 130, 143

_FAILURES_SHOWN = 20


class Terminated(KeyboardInterrupt):
    """The system asks this process to end (SIGTERM); cleaned up like an interrupt."""

    code = TERMINATED


def say(line: str) -> None:
    """Print one line on standard error."""
    # A name of a file may hold what the terminal cannot print.
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    print(line.encode(encoding, "backslashreplace").decode(encoding), file=sys.stderr, flush=True)


def say_failures(failures: Sequence[InputFailure], *, rest: str = "") -> None:
    """Print inputs that failed, one line each, the first of many.

    Parameters
    ----------
    failures
        What failed, and why.
    rest
        Where all of them can be read, if anywhere.
    """
    for failure in failures[:_FAILURES_SHOWN]:
        say(f"zfocus: {failure.input}: {failure.error}")
    if len(failures) > _FAILURES_SHOWN:
        where = f", see {rest}" if rest else ""
        say(f"zfocus: and {len(failures) - _FAILURES_SHOWN} more{where}")


def add_inputs(parser: argparse.ArgumentParser) -> None:
    """Add the images that a verb reads."""
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar="INPUT",
        help="files, folders (with subfolders) and patterns such as 'plate/**/*.tif'",
    )


def add_model_options(
    parser: argparse.ArgumentParser, *, default: str | None = "focus-fluorescence"
) -> None:
    """Add --model, --engine and --threads; without a default model, the verb chooses."""
    shown = default or "as the images ask for"
    parser.add_argument(
        "--model",
        metavar="NAME|PATH",
        help=f"model package: name of an installed one, folder or .zip (default: {shown})",
        default=default,
    )
    parser.add_argument(
        "--engine",
        choices=("auto", "onnxruntime", "numpy"),
        default="auto",
        help="what runs the model (default: onnxruntime if installed, else numpy)",
    )
    parser.add_argument(
        "--threads",
        type=_threads,
        metavar="N",
        help="threads of inference (default: the processors that this process may use)",
    )


def load_model_of(arguments: argparse.Namespace) -> Model:
    """Open the model that the options name."""
    from zfocus_model.model import load_model

    return load_model(arguments.model, engine=arguments.engine, threads=arguments.threads)


def _threads(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text!r}")
    return number


@contextlib.contextmanager
def catch_terminate() -> Generator[None, None, None]:
    """Turn SIGTERM into an exception, so that files are closed and temporary ones removed."""

    def stop(_signal: int, _frame: Any) -> None:
        raise Terminated

    if threading.current_thread() is not threading.main_thread():  # only there can it be caught
        yield
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
