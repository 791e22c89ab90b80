"""``zfocus export``: make a model package of a training run."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from zfocus_model._errors import ZfocusError

if TYPE_CHECKING:
    from zfocus_model.training.packaging.place import Exported

NAME = "export"
_CARD = ("objective", "modality", "cells")

SUMMARY = "make a model package, for zfocus and for bioimage.io, of a training run"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    parser.add_argument("run_folder", type=Path, metavar="RUN", help="what zfocus train made")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="DIR",
        help="package folder to write; an older package there is replaced",
    )
    parser.add_argument("--name", help="name of the model (default: the name of DIR)")
    parser.add_argument("--title", help="name for people, as the zoo shows it")
    parser.add_argument(
        "--model-version", default="0.1.0", metavar="X.Y.Z", help="default: %(default)s"
    )
    parser.add_argument(
        "--domain",
        type=Path,
        metavar="RUN",
        help="what zfocus train-domain made: images unlike the training images will be undecided",
    )
    parser.add_argument(
        "--map",
        action="store_true",
        dest="tiled",
        help="make the variant that rates every tile of a plane, for other programs",
    )
    made_for = parser.add_argument_group("what a z-position model is for, in words for its card")
    for name, example in (
        ("objective", "60x oil, NA 1.3"),
        ("modality", "bright field, condenser NA 0.35"),
        ("cells", "budding yeast in 6 um chambers"),
    ):
        made_for.add_argument(f"--{name}", metavar="TEXT", help=f"such as '{example}'")


def run(arguments: argparse.Namespace) -> int:
    """Write the package and say what it is.

    Returns
    -------
    int
        0.
    """
    is_z = _task(arguments.run_folder) == "z-position"
    made = _export_z(arguments) if is_z else _export_levels(arguments)
    agreement = ", ".join(f"{name} {value:.1e}" for name, value in made.differences.items())
    print(f"{made.folder}: {made.bytes / 1e6:.2f} MB, package_sha256 {made.sha256}")
    print(f"largest difference from Keras: {agreement}")
    return 0


def _task(folder: Path) -> str:
    """What a run is for, as far as it says; what is wrong with it is told by the export."""
    try:
        return str(json.loads((folder / "run.json").read_text(encoding="utf-8"))["task"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _export_levels(arguments: argparse.Namespace) -> Exported:
    if any(getattr(arguments, name) for name in _CARD):
        raise ZfocusError(
            "expected a run for z-positions for --objective, --modality and --cells, got another: "
            "leave them out"
        )
    from zfocus_model.training.export import export_run

    return export_run(
        arguments.run_folder,
        arguments.output,
        name=arguments.name,
        title=arguments.title,
        version=arguments.model_version,
        tiled=arguments.tiled,
        domain=arguments.domain,
    )


def _export_z(arguments: argparse.Namespace) -> Exported:
    from zfocus_model.zposition.packaging.export import export_z_run

    given = {name: getattr(arguments, name) for name in _CARD if getattr(arguments, name)}
    if arguments.tiled or arguments.domain:
        raise ZfocusError(
            "expected a run for focus levels for --map and --domain, got one for z-positions: "
            "leave them out"
        )
    return export_z_run(
        arguments.run_folder,
        arguments.output,
        name=arguments.name,
        title=arguments.title,
        version=arguments.model_version,
        made_for=given,
    )
