"""What the verbs for stacks share: options that choose within files, and what files do not say."""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zfocus_model.zposition.stack_files import StackSource
    from zfocus_model.zposition.stacks import ZStack


def add_stack_options(parser: argparse.ArgumentParser) -> None:
    """Add the stacks, and --series, --t, --c, --z-step and --pixel-size."""
    parser.add_argument(
        "stacks",
        nargs="+",
        metavar="STACK",
        help="stack files, folders of planes or of stacks, patterns such as 'cells_z*.png' in "
        "quotes, manifests (CSV with path, stack_id, z_index)",
    )
    for axis, what in (("series", "image"), ("t", "time point"), ("c", "channel")):
        parser.add_argument(
            f"--{axis}", type=_index, metavar="N", help=f"{what} of files that have several, from 0"
        )
    parser.add_argument(
        "--z-step",
        type=positive,
        metavar="UM",
        help="distance between planes in um (default: as the file says)",
    )
    parser.add_argument(
        "--pixel-size",
        type=positive,
        metavar="UM",
        help="side of a pixel in um (default: as the file says)",
    )


def open_chosen(source: StackSource, arguments: argparse.Namespace) -> ZStack:
    """Open a stack as the options say."""
    from zfocus_model.zposition.stacks import open_stack

    return open_stack(
        source,
        series=arguments.series,
        t=arguments.t,
        c=arguments.c,
        z_step_um=arguments.z_step,
        pixel_size_um=arguments.pixel_size,
    )


def positive(text: str) -> float:
    """Read a size from the command line."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"expected a size above 0 in um, got {text!r}")
    return value


def _index(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number from 0, got {text!r}")
    return int(text)
