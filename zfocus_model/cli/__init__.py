"""The command ``zfocus``: one module a verb, loaded when it is asked for."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from zfocus_model._errors import ZfocusError
from zfocus_model._version import __version__
from zfocus_model.cli._common import BAD_USAGE, INTERRUPTED, OK, Terminated, catch_terminate, say

VERBS = (
    *("rate", "measure", "demo", "defocus", "train", "train_domain"),
    *("best_plane", "lock", "annotate", "simulate", "evaluate", "export", "zoo", "data"),
    *("cellprofiler", "fiji", "doctor"),
)
"""Verbs in the order of the help; each is a module here with NAME, SUMMARY, add_arguments, run."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    argv
        Words after ``zfocus``; those of this process if not given.

    Returns
    -------
    int
        0: all done; 1: some inputs failed; 2: wrong usage, unusable model, unwritable output;
        130: interrupted (143: told to end).
    """
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        with catch_terminate():
            arguments = _parser(words).parse_args(words)
            code: int = arguments.run(arguments)
            sys.stdout.flush()
            return code
    except Terminated as stopped:
        say(str(stopped) or "zfocus: ended")
        return stopped.code
    except KeyboardInterrupt as stopped:
        say(str(stopped) or "zfocus: interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output (`head`) has seen enough. Python would complain once more at
        # exit, when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except ZfocusError as error:
        say(f"zfocus: {error}")
        return BAD_USAGE
    except OSError as error:
        where = f" for {error.filename}" if error.filename else ""
        say(
            "zfocus: expected files and folders that can be read and written, got"
            f"{where}: {error.strerror or error}: check the name, permissions and free space"
        )
        return BAD_USAGE


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="zfocus",
        description="Rate the focus of microscope images: which are sharp, how far off are the "
        "others, how sure is the answer.",
        epilog="Exit status: 0 all done; 1 some inputs failed; 2 wrong usage, unusable model or "
        "unwritable output; 130 interrupted.",
    )
    parser.add_argument("--version", action="version", version=f"zfocus {__version__}")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    # One verb is loaded where it is named: `zfocus rate` does not wait for the trainer.
    first = [word.replace("-", "_") for word in words[:1]]
    named = first if first and first[0] in VERBS else VERBS
    for name in named:
        if find_spec(f"zfocus_model.cli.{name}") is None:  # left out of this installation
            continue
        module: Any = import_module(f"zfocus_model.cli.{name}")
        verb = verbs.add_parser(module.NAME, help=module.SUMMARY, description=_sentence(module))
        module.add_arguments(verb)
        verb.set_defaults(run=module.run)
    return parser


def _sentence(module: Any) -> str:
    summary: str = module.SUMMARY
    return summary[:1].upper() + summary[1:] + "."
