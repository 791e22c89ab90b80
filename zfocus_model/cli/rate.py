"""``zfocus rate``: rate files, folders and patterns; tables, pictures or JSON out."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zfocus_model._errors import ZfocusError
from zfocus_model.cli._common import (
    OK,
    SOME_FAILED,
    add_inputs,
    add_model_options,
    load_model_of,
    say,
    say_failures,
)

if TYPE_CHECKING:
    from zfocus_model.results import BatchResult

NAME = "rate"
SUMMARY = "rate how sharp images are, or where they were taken (--model zposition-yeast)"

DEFAULT_OUTPUT = Path("zfocus_results")
"""Where pictures go if they are asked for without a folder."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    add_inputs(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="DIR",
        help="folder for images.csv, patches.csv (of a z-position model: positions.csv) and "
        "errors.csv; tables of an earlier run are "
        "replaced, an interrupted run goes on (default: print a table; "
        f"{DEFAULT_OUTPUT} with --montage or --report)",
    )
    add_model_options(parser)
    sampling = parser.add_mutually_exclusive_group()
    sampling.add_argument(
        "--pixel-size",
        type=float,
        metavar="UM",
        help="z-position models: pixel size of all images in um (default: what each file says)",
    )
    sampling.add_argument(
        "--downsampling",
        type=int,
        metavar="N",
        help="z-position models: average N x N pixels; 1 if the images have the model's pixel "
        "size already",
    )
    parser.add_argument(
        "--montage",
        action="store_true",
        help="a picture of each plane with its patches' levels, and a contact sheet",
    )
    parser.add_argument(
        "--report", action="store_true", help="report.html: table, contact sheet and histogram"
    )
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object a plane, and nothing else"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar, no summary")


def run(arguments: argparse.Namespace) -> int:
    """Rate the inputs.

    Returns
    -------
    int
        0 if all were rated, 1 if some were not.
    """
    from zfocus_model.cli import _rate_z
    from zfocus_model.packages import Z_TASK, package_task

    if package_task(arguments.model) == Z_TASK:
        return _rate_z.run(arguments)
    if arguments.pixel_size is not None or arguments.downsampling is not None:
        raise ZfocusError(
            "expected a z-position model (such as --model zposition-yeast) for --pixel-size and "
            f"--downsampling, got {arguments.model}: focus levels are rated as stored, leave them "
            "out"
        )
    output: Path | None = arguments.output
    if output is None and (arguments.montage or arguments.report):
        output = DEFAULT_OUTPUT
    # Before the model is loaded: who stops the command at once gets a clean answer, too.
    try:
        result = _rate(arguments, output)
    except KeyboardInterrupt as stopped:
        kept = f": what was rated is kept in {output}, the same command goes on" if output else ""
        stopped.args = (f"zfocus: interrupted{kept}",)
        raise
    if output is None and not arguments.json:
        _print_table(result)
    say_failures(result.errors, rest=str(output / "errors.csv") if output else "")
    if not arguments.quiet:
        say(summary(result, output))
    return SOME_FAILED if result.errors else OK


def _rate(arguments: argparse.Namespace, output: Path | None) -> BatchResult:
    from zfocus_model.batch import rate_files
    from zfocus_model.cli._progress import progress_bar
    from zfocus_model.tables import json_object

    def print_json(row: Any, patches: Any) -> None:
        print(json.dumps(json_object(row, patches())), flush=True)

    # A bar on the terminal that JSON goes to would be torn apart.
    shown = not arguments.quiet and not (arguments.json and sys.stdout.isatty())
    with progress_bar(shown) as progress:
        return rate_files(
            arguments.inputs,
            output=output,
            model=load_model_of(arguments),
            montage=arguments.montage,
            report=arguments.report,
            progress=progress,
            on_plane=print_json if arguments.json else None,
            keep_ratings=False,
        )


def summary(result: BatchResult, output: Path | None) -> str:
    """Sum a run up in one line: how many planes of each status, and where the tables are."""
    total = len(result.images)
    parts = [
        f"{result.count('in_focus')} in focus",
        f"{result.count('out_of_focus')} out of focus",
        f"{result.count('undecided')} undecided",
    ]
    line = f"{total} {'plane' if total == 1 else 'planes'} rated: {', '.join(parts)}"
    if result.errors:
        line += f"; {len(result.errors)} could not be rated"
    if output is not None:
        line += f". Tables: {output}"
        line += "".join(f", {path}" for path in result.files if path.name == "report.html")
    return line


def _print_table(result: BatchResult) -> None:
    """Print the ratings: a table on a terminal, lines with tabs elsewhere."""
    rows = [[*_words(image.row)] for image in result.images]
    heads = ["image", "plane", "status", "level", "certainty", "defocus"]
    if not rows:
        return
    print_table(heads, rows, {"in focus": "green", "out of focus": "red"})


def print_table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], colours: Mapping[str, str]
) -> None:
    """Print a table with the status in its third column: lines with tabs if to no terminal."""
    if not sys.stdout.isatty():
        for row in [heads, *rows]:
            print("\t".join(row).encode("utf-8", "backslashreplace").decode())
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(*heads)
    for name, plane, status, *numbers in rows:
        colour = colours.get(status, "yellow")
        table.add_row(escape(name), plane, f"[{colour}]{status}[/]", *numbers)
    Console().print(table)


def place_and_status(row: Mapping[str, Any]) -> list[str]:
    """Name, plane and status of a row in words."""
    indices = [f"{name} {row[name]}" for name in ("series", "t", "c", "z") if row[name]]
    status = str(row["status"]).replace("_", " ")
    if row["reason"]:
        status += f" ({str(row['reason']).replace('_', ' ')})"
    return [str(row["image"]), ", ".join(indices), status]


def _words(row: dict[str, Any]) -> list[str]:
    level = "" if row["level"] is None else str(row["level"])
    certainty = row["certainty_aggregate"]
    if row["defocus_um"] is not None:
        defocus = f"{row['defocus_um']:.3g} um"
    else:
        defocus = "" if row["defocus_px"] is None else f"{row['defocus_px']:.3g} px"
    return [
        *place_and_status(row),
        level,
        "" if certainty is None else f"{certainty:.2f}",
        defocus,
    ]
