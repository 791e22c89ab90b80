"""``zfocus lock --learn``: what the stage is like, and whether the model is good enough here."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zfocus_model.zposition.lock.learn import Learned


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --learn and its options."""
    add = parser.add_argument_group("learning").add_argument
    add(
        "--learn",
        action="store_true",
        help="measure the stage, take z-stacks, fine-tune the model and write "
        "DIR/lock-calibration.json; begin near focus, with cells in view",
    )
    add(
        "--fields",
        type=_count,
        default=6,
        metavar="N",
        help="fields of view to take stacks of, in rows of three (default: 6); 1: no XY moves",
    )
    add(
        "--field-step-um",
        type=float,
        metavar="UM",
        help="distance of the fields (default: the width of a picture)",
    )
    add(
        "--minutes",
        type=float,
        default=4.0,
        metavar="MIN",
        help="longest time for fine-tuning (default: 4)",
    )
    add("--no-fine-tune", action="store_true", help="use the model as it is")


def run(arguments: argparse.Namespace) -> int:
    """Learn, and say what came of it.

    Returns
    -------
    int
        0: the lock may begin; 1: its model is too far off on this microscope.
    """
    from zfocus_model.cli._common import OK, SOME_FAILED, say
    from zfocus_model.cli._lock_microscope import open_of
    from zfocus_model.zposition.lock.learn import LearnPlan, StackPlan, learn
    from zfocus_model.zposition.lock.settings import CALIBRATION_NAME
    from zfocus_model.zposition.lock.table import table_of
    from zfocus_model.zposition.lock.tune import model_of, reread, tuner
    from zfocus_model.zposition.model import load_z_model

    z_model = load_z_model(arguments.model, engine=arguments.engine, threads=arguments.threads)
    microscope = open_of(arguments)
    table = table_of(microscope.core) if arguments.fields > 1 else None
    try:
        learned = learn(
            microscope,
            model_of(z_model),
            arguments.output,
            plan=LearnPlan(
                range_um=arguments.range_um,
                stacks=StackPlan(fields=arguments.fields, field_step_um=arguments.field_step_um),
            ),
            table=table,
            stage_name=microscope.stage.label,
            tune=None if arguments.no_fine_tune else tuner(z_model, arguments.minutes),
            reread=reread,
            progress=say,
        )
    finally:
        microscope.close()
        if table is not None:
            table.close()
    for line in told(learned):
        print(line)
    print(arguments.output / CALIBRATION_NAME)
    return OK if learned.held_out.good_enough else SOME_FAILED


def told(learned: Learned) -> list[str]:
    """Lines for a person."""
    from zfocus_model.zposition.lock.settings import LARGEST_P90_UM

    lines = [f"note: {note}" for note in learned.notes]
    lines.append(f"model {learned.model.name}: {learned.held_out}")
    if not learned.held_out.good_enough:
        lines.append(
            f"zfocus lock will refuse to begin: the 90th percentile exceeds {LARGEST_P90_UM:g} um; "
            "take more fields, or train a model on stacks of this microscope"
        )
    return lines


def _count(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if not 1 <= number <= 60:
        raise argparse.ArgumentTypeError(f"expected 1 to 60 fields, got {text!r}")
    return number
