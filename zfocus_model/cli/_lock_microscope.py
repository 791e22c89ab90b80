"""Options of ``zfocus lock`` that say which microscope, and the microscope that they mean."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zfocus_model.zposition.lock.micromanager import MicroManagerMicroscope


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the configuration, its devices, and how pictures are taken."""
    add = parser.add_argument_group("microscope").add_argument
    add(
        "--config",
        metavar="FILE|simulated",
        help="Micro-Manager's configuration file; 'simulated': a chamber of yeast to try it on",
    )
    add(
        "--camera", metavar="LABEL", help="camera (default: the one that the configuration chooses)"
    )
    add(
        "--focus",
        metavar="LABEL",
        help="focus stage (default: the one that the configuration chooses)",
    )
    add(
        "--exposure-ms",
        type=_positive,
        metavar="MS",
        help="exposure of the lock's pictures (default: as it is)",
    )
    add(
        "--light",
        type=_preset,
        metavar="GROUP=PRESET",
        help="preset that is put on for the lock's pictures, such as 'Channel=Bright field' "
        "(default: as it is)",
    )
    add(
        "--pixel-size-um",
        type=_positive,
        metavar="UM",
        help="size of a pixel in the sample (default: as the configuration says)",
    )


def open_of(arguments: argparse.Namespace) -> MicroManagerMicroscope:
    """Open the microscope that the options name; close() it at the end."""
    from zfocus_model._errors import ZfocusError
    from zfocus_model.zposition.lock.look import Look
    from zfocus_model.zposition.lock.micromanager import open_microscope

    if arguments.config is None:
        raise ZfocusError(
            "expected a microscope, got none: give Micro-Manager's configuration with --config, or "
            "--config simulated to try it"
        )
    look = Look(
        exposure_ms=arguments.exposure_ms,
        preset=arguments.light,
        pixel_size_um=arguments.pixel_size_um,
    )
    return open_microscope(arguments.config, arguments.camera, arguments.focus, look=look)


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number greater than 0, got {text!r}")
    return number


def _preset(text: str) -> tuple[str, str]:
    group, sign, preset = text.partition("=")
    if not (group and sign and preset):
        raise argparse.ArgumentTypeError(f"expected GROUP=PRESET, got {text!r}")
    return group, preset
