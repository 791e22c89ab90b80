"""``zfocus measure``: classical focus measures of files, folders and patterns, as one table."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from zfocus_model._errors import ZfocusError
from zfocus_model.cli._common import OK, SOME_FAILED, add_inputs, say, say_failures

if TYPE_CHECKING:
    from zfocus_model.images import ImagePath, InputFailure, Plane
    from zfocus_model.tables import Value

NAME = "measure"
SUMMARY = "measure images with classical focus measures, for comparison"

NAMES = (
    "brenner tenengrad laplacian_variance normalised_variance vollath_f4 vollath_f5 power_slope"
    " spectral_band blur_effect"
)
"""Names of the measures, for the help, which loads no numpy."""

PLANE_COLUMNS = ("image", "series", "t", "c", "z", "channel", "height", "width")
"""Columns before those of the measures."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    add_inputs(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="CSV file, a row a plane; replaced if it is there (default: print it)",
    )
    parser.add_argument(
        "--name",
        nargs="+",
        action="extend",
        metavar="NAME",
        help=f"measures, in this order: {NAMES.replace(' ', ', ')} (default: all that need "
        "nothing to be installed; blur_effect needs zfocus[measures])",
    )
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object a plane, and nothing else"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar, no summary")
    parser.epilog = (
        "Values compare images of the same scene, camera and exposure; none of them means 'in "
        "focus' everywhere (zfocus rate does). Higher is sharper, but for blur_effect."
    )


def run(arguments: argparse.Namespace) -> int:
    """Measure the inputs.

    Returns
    -------
    int
        0 if all were measured, 1 if some were not.
    """
    from zfocus_model.images import find_images
    from zfocus_model.tables import csv_text, notation

    names = _checked(arguments.name)
    output: Path | None = arguments.output
    if output is not None and output.is_dir():
        raise ZfocusError(f"expected a CSV file for -o, got the folder {output}: name a file in it")
    if output is not None and arguments.json:
        raise ZfocusError("expected -o or --json, got both: --json prints, leave one out")
    found = find_images(arguments.inputs)
    errors = list(found.failures)
    columns = (*PLANE_COLUMNS, *names)
    lines: list[list[str]] = []
    count = 0
    if output is None and not arguments.json:
        sys.stdout.write(csv_text([columns]))
    for row in _rows(found.images, names, errors, quiet=arguments.quiet or not _apart(arguments)):
        count += 1
        cells = [notation(row[column]) for column in columns]
        if output is not None:
            lines.append(cells)
        elif arguments.json:
            print(json.dumps(_json_object(row)), flush=True)
        else:
            sys.stdout.write(csv_text([cells]))
    if output is not None:
        from zfocus_model._files import write_whole

        write_whole(output, csv_text([columns, *lines]).encode())
    return _end(count, errors, output, quiet=arguments.quiet)


def _checked(given: Sequence[str] | None) -> tuple[str, ...]:
    """Names of the measures, each once; that they can run is known before images are read."""
    from zfocus_model.measures import MEASURES, WITHOUT_EXTRAS, measure

    names = tuple(dict.fromkeys(given or WITHOUT_EXTRAS))
    for name in names:
        side = MEASURES[name].min_px if name in MEASURES else 1
        # A picture that is not uniform: an extra that is not installed shows here.
        measure([[x % 2 for x in range(side + 1)]] * (side + 1), name)
    return names


def _rows(
    images: Sequence[ImagePath], names: Sequence[str], errors: list[InputFailure], *, quiet: bool
) -> Iterator[dict[str, Value]]:
    """Rows of all planes; what cannot be measured is added to the errors."""
    from zfocus_model.cli._progress import progress_bar
    from zfocus_model.images import InputFailure, Plane, ReadAhead, ReadError
    from zfocus_model.results import Progress

    done = 0
    with progress_bar(not quiet, "measuring") as show, ReadAhead(images) as reader:
        for image, item in reader:
            info = item.info if isinstance(item, ReadError) else item
            problem = item.message if isinstance(item, ReadError) else ""
            if isinstance(item, Plane):
                try:
                    row = _row(image.name, item, names)
                except ZfocusError as error:
                    problem = str(error)
                else:
                    done += 1
                    yield row
            if problem:
                if info is not None and reader.planes_of(image) > 1:
                    problem = "series {}, t {}, c {}, z {}: ".format(*info.index) + problem
                errors.append(InputFailure(image.name, problem))
            if show is not None:
                more = (len(images) - reader.files_opened) * max(
                    1.0, reader.planes_found / max(1, reader.files_opened)
                )
                estimate = max(done, round(reader.planes_found + more))
                show(Progress(image.name, done, done, estimate))


def _row(image: str, plane: Plane, names: Sequence[str]) -> dict[str, Value]:
    from zfocus_model.measures import measure

    height, width = plane.pixels.shape
    place = (image, *plane.index, plane.channel, height, width)
    row: dict[str, Value] = dict(zip(PLANE_COLUMNS, place))
    row.update((name, measure(plane.pixels, name)) for name in names)
    return row


def _json_object(row: dict[str, Value]) -> dict[str, object]:
    """The row with floats of six digits, as in the table; NaN, which JSON has not, is null."""
    from zfocus_model.tables import JSON_SCHEMA, notation

    shown: dict[str, object] = {"schema": JSON_SCHEMA}
    for name, value in row.items():
        shown[name] = value
        if isinstance(value, float):
            text = notation(value)
            shown[name] = float(text) if text else None
    return shown


def _apart(arguments: argparse.Namespace) -> bool:
    """Whether a bar on the terminal does not tear up what is printed there."""
    return arguments.output is not None or not sys.stdout.isatty()


def _end(count: int, errors: list[InputFailure], output: Path | None, *, quiet: bool) -> int:
    errors.sort(key=lambda error: (error.input, error.error))
    say_failures(errors)
    if not quiet:
        where = f". Table: {output}" if output else ""
        failed = f"; {len(errors)} could not be measured" if errors else ""
        say(f"{count} {'plane' if count == 1 else 'planes'} measured{failed}{where}")
    return SOME_FAILED if errors else OK
