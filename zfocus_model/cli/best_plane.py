"""``zfocus best-plane``: which plane of each stack is best in focus; tables, curves, the plane."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zfocus_model._errors import ModelError, ZfocusError
from zfocus_model.cli._common import OK, SOME_FAILED, add_model_options, say, say_failures
from zfocus_model.cli._stacks import add_stack_options, open_chosen

if TYPE_CHECKING:
    from zfocus_model.images import InputFailure
    from zfocus_model.model import Model
    from zfocus_model.zposition.best_plane import BestPlane
    from zfocus_model.zposition.model import ZModel
    from zfocus_model.zposition.stacks import ZStack

NAME = "best-plane"
SUMMARY = "find the best plane of z-stacks"

DEFAULT_OUTPUT = Path("zfocus_best_planes")
"""Where the planes go if they are asked for without a folder."""


@dataclass
class _Tables:
    """Rows so far."""

    stacks: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    planes: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    add_stack_options(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="DIR",
        help="folder for best_planes.csv, planes.csv, errors.csv and a picture of each stack "
        f"(default: print a table; {DEFAULT_OUTPUT} with --extract)",
    )
    parser.add_argument(
        "--modality",
        choices=("auto", "fluorescence", "transmitted"),
        default="auto",
        help="fluorescence: the least level; transmitted light: where the planes say that focus "
        "is (default: told from the images)",
    )
    parser.add_argument(
        "--extract",
        action="store_true",
        help="write the best plane of each stack as TIFF, pixels as stored",
    )
    add_model_options(parser, default=None)
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object a stack, and nothing else"
    )
    parser.add_argument("--quiet", action="store_true", help="print errors and the table only")


def run(arguments: argparse.Namespace) -> int:
    """Find the best planes.

    Returns
    -------
    int
        0 if all stacks were read, 1 if some were not.
    """
    from zfocus_model.images import InputFailure
    from zfocus_model.zposition.best_tables import (
        json_row,
        names_in_tables,
        plane_rows,
        stack_row,
    )
    from zfocus_model.zposition.stack_files import find_stacks

    output: Path | None = arguments.output
    if output is None and arguments.extract:
        output = DEFAULT_OUTPUT
    if output is not None and output.exists() and not output.is_dir():
        raise ZfocusError(f"expected a folder for -o, got the file {output}: name another")
    levels, z_model = _models(arguments)
    sources, found_none = find_stacks(arguments.stacks)
    failures, tables = [*found_none], _Tables()
    names = names_in_tables([source.text for source in sources])
    for source, name in zip(sources, names):
        try:
            with open_chosen(source, arguments) as stack:
                if stack.problem:
                    failures.append(InputFailure(name, stack.problem))
                best = _best(stack, arguments.modality, levels, z_model)
                extracted = _write(output, name, stack, best, extract=arguments.extract)
                row, curve = (
                    stack_row(name, stack, best, extracted),
                    plane_rows(name, stack, best),
                )
        except ModelError:
            raise
        except ZfocusError as error:
            failures.append(InputFailure(name, str(error)))
            continue
        tables.stacks.append(row)
        tables.planes += curve
        if output is not None:
            _save(output, tables, failures)  # each time: whoever interrupts keeps what is done
        if arguments.json:
            print(json.dumps(json_row(row, curve)), flush=True)
        if best.reason and not arguments.quiet:
            say(f"{name}: undecided: {best.message}")
    if output is not None:
        _save(output, tables, failures)
    elif not arguments.json:
        _print(tables)
    say_failures(failures)
    if not arguments.quiet:
        say(_summary(tables, failures, output))
    return SOME_FAILED if failures else OK


def _models(arguments: argparse.Namespace) -> tuple[Model | None, ZModel | None]:
    """The models that are needed and there; a named z model means transmitted light."""
    from zfocus_model.model import load_model
    from zfocus_model.packages import DEFAULT_MODEL, Z_TASK, installed_models, package_task
    from zfocus_model.zposition.model import DEFAULT_Z_MODEL, load_z_model

    options: dict[str, Any] = {"engine": arguments.engine, "threads": arguments.threads}
    named: str | None = arguments.model
    if named is not None and package_task(named) == Z_TASK:
        if arguments.modality == "fluorescence":
            raise ZfocusError(
                f"expected a level model for fluorescence, got the z model {named}: leave out "
                "--model or --modality"
            )
        arguments.modality = "transmitted"
        return None, load_z_model(named, **options)
    if named is not None and arguments.modality == "transmitted":
        raise ZfocusError(
            f"expected a z model for transmitted light, got {named}: name another with --model"
        )
    levels = z_model = None
    if arguments.modality != "transmitted":
        levels = load_model(named or DEFAULT_MODEL, **options)
    if arguments.modality != "fluorescence" and DEFAULT_Z_MODEL in installed_models():
        z_model = load_z_model(**options)
    return levels, z_model


def _best(stack: ZStack, modality: str, levels: Model | None, z_model: ZModel | None) -> BestPlane:
    from zfocus_model.zposition.best_plane import best_plane

    return best_plane(stack, modality=modality, model=levels, z_model=z_model)


def _write(output: Path | None, name: str, stack: ZStack, best: BestPlane, *, extract: bool) -> str:
    """Draw the stack and write its best plane; the name of that file below the folder, if any."""
    if output is None:
        return ""
    from zfocus_model._files import write_whole
    from zfocus_model.cli._writing import write_planes
    from zfocus_model.zposition.best_tables import file_name
    from zfocus_model.zposition.stack_picture import reading_picture

    stem = file_name(name)
    write_whole(output / "pictures" / f"{stem}.png", reading_picture(stack, best, name))
    if not extract or best.index is None:
        return ""
    plane = stack.plane(best.index)
    plane = replace(plane, pixel_size_um=stack.pixel_size_um)
    written = write_planes(
        output / "best_planes",
        f"{stem}_plane{best.index:03d}.ome.tif",
        [plane],
        iter([(plane, plane.pixels)]),
    )
    return f"best_planes/{written.name}"


def _save(output: Path, tables: _Tables, failures: list[InputFailure]) -> None:
    from zfocus_model._files import write_whole
    from zfocus_model.tables import ERROR_COLUMNS, csv_text
    from zfocus_model.zposition.best_tables import PLANE_COLUMNS, STACK_COLUMNS, cells

    for file, rows in (
        ("best_planes.csv", cells(tables.stacks, STACK_COLUMNS)),
        ("planes.csv", cells(tables.planes, PLANE_COLUMNS)),
        ("errors.csv", [[*ERROR_COLUMNS], *([each.input, each.error] for each in failures)]),
    ):
        write_whole(output / file, csv_text(rows).encode())


def _print(tables: _Tables) -> None:
    """Print the best planes: a table on a terminal, lines with tabs elsewhere."""
    heads = ["stack", "best plane", "of", "position", "confidence", "modality"]
    rows = [
        [
            str(row["stack"]),
            "undecided" if row["best_plane"] is None else str(row["best_plane"]),
            str(row["planes"]),
            "" if row["position"] is None else f"{row['position']:.2f}",
            f"{row['confidence']:.2f}",
            str(row["modality"]),
        ]
        for row in tables.stacks
    ]
    if not rows:
        return
    if not sys.stdout.isatty():
        for row in [heads, *rows]:
            print("\t".join(row).encode("utf-8", "backslashreplace").decode())
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(*heads)
    for row in rows:
        table.add_row(*map(escape, row))
    Console().print(table)


def _summary(tables: _Tables, failures: list[InputFailure], output: Path | None) -> str:
    decided = sum(row["status"] == "decided" for row in tables.stacks)
    total = len(tables.stacks)
    line = f"{total} {'stack' if total == 1 else 'stacks'}: {decided} with a best plane"
    if total > decided:
        line += f", {total - decided} undecided"
    if failures:
        line += f"; {len(failures)} {'problem' if len(failures) == 1 else 'problems'}"
    return line + (f". Tables: {output}" if output is not None else "")
