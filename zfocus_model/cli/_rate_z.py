"""``zfocus rate`` with a z-position model: positions instead of levels."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zfocus_model._errors import ZfocusError
from zfocus_model.cli._common import OK, SOME_FAILED, say, say_failures

if TYPE_CHECKING:
    from zfocus_model.zposition.locate_files import PositionsResult


def run(arguments: argparse.Namespace) -> int:
    """Locate the inputs.

    Returns
    -------
    int
        0 if all were located, 1 if some were not.
    """
    if arguments.montage or arguments.report:
        raise ZfocusError(
            "expected a model for focus levels for --montage and --report, got the z-position "
            f"model {arguments.model}: leave them out, or leave --model out"
        )
    output: Path | None = arguments.output
    try:
        result = _locate(arguments, output)
    except KeyboardInterrupt as stopped:
        kept = f": what was located is kept in {output}, the same command goes on" if output else ""
        stopped.args = (f"zfocus: interrupted{kept}",)
        raise
    if output is None and not arguments.json:
        _print_table(result)
    say_failures(result.errors, rest=str(output / "errors.csv") if output else "")
    if not arguments.quiet:
        say(summary(result, output))
    return SOME_FAILED if result.errors else OK


def _locate(arguments: argparse.Namespace, output: Path | None) -> PositionsResult:
    from zfocus_model.cli._progress import progress_bar
    from zfocus_model.tables import JSON_SCHEMA
    from zfocus_model.zposition.locate_files import locate_files
    from zfocus_model.zposition.model import load_z_model

    def print_json(row: dict[str, Any]) -> None:
        print(json.dumps({"schema": JSON_SCHEMA, **row}), flush=True)

    model = load_z_model(arguments.model, engine=arguments.engine, threads=arguments.threads)
    shown = not arguments.quiet and not (arguments.json and sys.stdout.isatty())
    with progress_bar(shown, "locating") as progress:
        return locate_files(
            arguments.inputs,
            model,
            pixel_size_um=arguments.pixel_size,
            downsampling=arguments.downsampling,
            output=output,
            progress=progress,
            on_plane=print_json if arguments.json else None,
        )


def summary(result: PositionsResult, output: Path | None) -> str:
    """Sum a run up in one line: how many planes of each status, and where the tables are."""
    total = len(result.rows)
    decided = sum(row["status"] == "decided" for row in result.rows)
    line = f"{total} {'plane' if total == 1 else 'planes'} located: {decided} decided, "
    line += f"{total - decided} undecided"
    if result.errors:
        line += f"; {len(result.errors)} could not be located"
    return line + (f". Tables: {output}" if output is not None else "")


def _print_table(result: PositionsResult) -> None:
    from zfocus_model.cli.rate import place_and_status, print_table

    heads = ["image", "plane", "status", "z_um", "expected", "sd", "second mode", "certainty"]
    names = ("z_um", "z_expected_um", "z_sd_um", "mode2_um", "certainty")
    rows = [
        [
            *place_and_status(row),
            *("" if row[name] is None else f"{row[name]:.3g}" for name in names),
        ]
        for row in result.rows
    ]
    if rows:
        print_table(heads, rows, {"decided": "green"})
