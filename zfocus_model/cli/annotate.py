"""``zfocus annotate``: find or take the in-focus plane of stacks, and write a label table."""

from __future__ import annotations

import argparse
import sys
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from zfocus_model._errors import ModelError, ZfocusError
from zfocus_model.cli._common import OK, SOME_FAILED, say, say_failures
from zfocus_model.cli._stacks import add_stack_options, open_chosen

if TYPE_CHECKING:
    from zfocus_model.zposition.annotate import Found
    from zfocus_model.zposition.labels import StackLabel
    from zfocus_model.zposition.model import ZModel
    from zfocus_model.zposition.stack_files import StackSource
    from zfocus_model.zposition.stacks import ZStack

NAME = "annotate"
SUMMARY = "label z-stacks with the plane in focus, for training"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    add_stack_options(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        default=Path("labels.csv"),
        help="label table (CSV); stacks that it has already are left as they are "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--in-focus",
        metavar="N|FILE",
        help="the plane in focus, from 0, fractions allowed; or a CSV file with the columns stack "
        "and in_focus_plane (default: found; stacks that are labelled already are labelled anew)",
    )
    parser.add_argument(
        "--ask", action="store_true", help="show what was found and ask about each stack"
    )
    parser.add_argument(
        "--modality",
        choices=("transmitted", "fluorescence"),
        default="transmitted",
        help="transmitted: where contrast is least and reverses; fluorescence: the least level "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--model",
        metavar="NAME|PATH",
        help="a z model to ask where contrast does not tell (default: such stacks are refused)",
    )
    parser.add_argument(
        "--experiment",
        metavar="NAME",
        default="",
        help="stacks of one experiment are never split between training and test (default: the "
        "folder that the stack lies in)",
    )
    parser.add_argument(
        "--away",
        action="store_true",
        help="the objective moves away from the sample as the plane's index grows",
    )
    parser.add_argument(
        "--pictures",
        type=Path,
        metavar="DIR",
        help="a picture of each stack with the chosen plane framed, to be checked",
    )
    parser.add_argument("--quiet", action="store_true", help="print errors only")


def run(arguments: argparse.Namespace) -> int:
    """Label the stacks.

    Returns
    -------
    int
        0 if all were labelled, 1 if some were not.
    """
    from zfocus_model.images import InputFailure
    from zfocus_model.zposition.annotate import existing, name_in
    from zfocus_model.zposition.labels import write_labels
    from zfocus_model.zposition.stack_files import find_stacks

    table: Path = arguments.output
    if table.is_dir():
        raise ZfocusError(f"expected a CSV file for -o, got the folder {table}: name a file in it")
    labels = existing(table)
    sources, found_none = find_stacks(arguments.stacks)
    failures, new, kept = [*found_none], 0, 0
    given = _given(arguments, [name_in(table, source.text) for source in sources])
    for source in sources:
        name = name_in(table, source.text)
        if name in labels and name not in given:
            kept += 1
            continue
        try:
            label = _label(source, name, given.get(name), arguments)
        except ModelError:
            raise
        except ZfocusError as error:
            failures.append(InputFailure(name, str(error)))
            continue
        if label is None:
            continue
        before = labels.get(name)
        labels[name] = _keep(label, before, arguments)
        new += 1
        write_labels(table, labels.values())  # each time: whoever interrupts loses nothing
    say_failures(failures)
    if not arguments.quiet:
        parts = [f"{new} {'stack' if new == 1 else 'stacks'} labelled"]
        parts += [f"{kept} labelled before"] if kept else []
        parts += [f"{len(failures)} not"] if failures else []
        say(f"{', '.join(parts)}. Table: {table}")
    return SOME_FAILED if failures else OK


def _given(arguments: argparse.Namespace, names: list[str]) -> dict[str, float]:
    from zfocus_model.zposition.annotate import read_given

    text: str | None = arguments.in_focus
    if text is None:
        return {}
    try:
        plane = float(text)
    except ValueError:
        return read_given(Path(text), names or [""])
    return dict.fromkeys(names, plane)


@lru_cache(maxsize=1)
def _z_model(name: str | None) -> ZModel | None:
    from zfocus_model.zposition.model import load_z_model

    return None if name is None else load_z_model(name)


def _label(
    source: StackSource, name: str, given: float | None, arguments: argparse.Namespace
) -> StackLabel | None:
    from zfocus_model.zposition.annotate import find_focus, given_focus, label_of
    from zfocus_model.zposition.zstack import uneven

    with open_chosen(source, arguments) as stack:
        if not stack.even:
            raise uneven(stack)
        if stack.z_step_um is None:
            raise ZfocusError(
                "expected a known distance between planes, got a stack that does not say: give it "
                "in um with --z-step"
            )
        if stack.problem:
            raise ZfocusError(stack.problem)
        if given is not None:
            found = given_focus(stack, given)
        else:
            found = find_focus(stack, arguments.modality, z_model=_z_model(arguments.model))
        if arguments.pictures is not None:
            _draw(stack, name, found, arguments.pictures)
        if arguments.ask and given is None:
            answer = _ask(stack, name, found)
            if answer is None:
                return None
            found = answer
        elif not arguments.quiet:
            say(f"{name}: {_words(found)}")
        chosen = {axis: getattr(arguments, axis) for axis in ("series", "t", "c")}
        return label_of(
            stack,
            found,
            arguments.output,
            experiment=arguments.experiment,
            direction=-1 if arguments.away else 1,
            chosen={axis: value for axis, value in chosen.items() if value is not None},
        )


def _ask(stack: ZStack, name: str, found: Found) -> Found | None:
    """What the person says: Enter keeps it, a number replaces it, s skips the stack."""
    from zfocus_model.zposition.annotate import given_focus

    while True:
        say(f"{name}: {_words(found)}. Enter: keep; a plane from 0 to {len(stack) - 1}; s: skip")
        line = sys.stdin.readline()
        answer = line.strip().lower()
        if not line or answer in ("s", "skip"):  # the end of the input keeps nothing unseen
            return None
        if not answer:
            return found
        try:
            return given_focus(stack, float(answer))
        except ZfocusError as error:
            say(f"zfocus: {error}")
        except ValueError:
            say(f"zfocus: expected Enter, a plane or s, got {answer!r}")


def _words(found: Found) -> str:
    if found.confidence is None:
        return f"plane {found.plane:g} (given)"
    return f"plane {found.plane:.2f} ({found.finder}, confidence {found.confidence:.2f})"


def _draw(stack: ZStack, name: str, found: Found, folder: Path) -> None:
    from zfocus_model._files import write_whole
    from zfocus_model.zposition.best_tables import file_name
    from zfocus_model.zposition.stack_picture import stack_picture

    picture = stack_picture(
        stack,
        found.plane,
        found.curve,
        title=name,
        note=f"in focus: {_words(found)}",
        curve_name=found.curve_name,
    )
    write_whole(folder / f"{file_name(name)}.png", picture)


def _keep(
    label: StackLabel, before: StackLabel | None, arguments: argparse.Namespace
) -> StackLabel:
    """Keep of the old label what nobody has said anew."""
    from dataclasses import replace

    if before is None:
        return label
    return replace(
        label,
        experiment=arguments.experiment or before.experiment,
        direction=-1 if arguments.away else before.direction,
        split=before.split,
        further={**before.further, **label.further},
    )
