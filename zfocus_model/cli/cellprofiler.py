"""``zfocus cellprofiler``: put MeasureImageFocus where CellProfiler finds it."""

from __future__ import annotations

import argparse
from pathlib import Path

from zfocus_model.cli._common import OK

NAME = "cellprofiler"
SUMMARY = "put the module MeasureImageFocus where CellProfiler finds it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be done, each with its options."""
    what = parser.add_subparsers(title="what to do", metavar="WHAT", required=True, dest="what")
    install = what.add_parser(
        "install", help="put module, zfocus and model into CellProfiler's plugins folder"
    )
    install.add_argument("folder", type=Path, metavar="DIR", help="CellProfiler's plugins folder")
    install.add_argument(
        "--module-only",
        action="store_true",
        help="only the module: zfocus is installed in CellProfiler's own Python",
    )
    bundle = what.add_parser(
        "bundle", help="write the same as a .zip, to be unpacked into a plugins folder elsewhere"
    )
    bundle.add_argument(
        "-o", "--output", type=Path, default=Path("zfocus_cellprofiler.zip"), metavar="FILE",
        help="default: %(default)s",
    )  # fmt: skip
    for one in (install, bundle):
        one.add_argument(
            "--model",
            metavar="NAME|PATH",
            default="focus-fluorescence",
            help="model package to carry (default: %(default)s)",
        )
    examples = what.add_parser("examples", help="write the example pipelines")
    submission = what.add_parser(
        "submission", help="write the files that the repository CellProfiler-plugins expects"
    )
    for one in (examples, submission):
        one.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")


def run(arguments: argparse.Namespace) -> int:
    """Write the files and say what is there.

    Returns
    -------
    int
        0.
    """
    from zfocus_model import cellprofiler_bundle as door

    if arguments.what in ("examples", "submission"):
        write = door.examples if arguments.what == "examples" else door.submission
        for path in write(arguments.output):
            print(path)
        return OK
    if arguments.what == "install":
        made = door.install(
            arguments.folder, model=arguments.model, module_only=arguments.module_only
        )
    else:
        made = door.bundle(arguments.output, model=arguments.model)
    carries = f", package_sha256 {made.package_sha256}" if made.package_sha256 else ""
    print(f"{made.folder}: MeasureImageFocus, {made.bytes / 1e6:.2f} MB{carries}")
    return OK
