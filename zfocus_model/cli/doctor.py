"""``zfocus doctor``: versions, engine, model, where things are, and whether all agree."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from zfocus_model.cli._common import OK, SOME_FAILED, add_model_options

NAME = "doctor"
SUMMARY = "print versions, engine, model and where things are, and test them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    add_model_options(parser)
    parser.add_argument(
        "--door",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="a CellProfiler or Fiji folder that must carry this very model package; repeatable",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the diagnosis.

    Returns
    -------
    int
        0 if all is well, 1 if not.
    """
    from zfocus_model.doctor import diagnose

    well = True
    for finding in diagnose(
        arguments.model,
        engine=arguments.engine,
        threads=arguments.threads,
        doors=arguments.door,
    ):
        mark = "ok " if finding.good else "BAD"
        print(f"{mark} {finding.topic:15} {finding.found}")
        sys.stdout.flush()
        well = well and finding.good
    return OK if well else SOME_FAILED
