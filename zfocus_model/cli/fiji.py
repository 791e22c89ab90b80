"""``zfocus fiji``: put the scripts, a model and ONNX Runtime where Fiji finds them."""

from __future__ import annotations

import argparse
from pathlib import Path

from zfocus_model.cli._common import OK, say

NAME = "fiji"
SUMMARY = "put the scripts for Fiji's menu Plugins > zfocus into a Fiji folder, or take them out"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be done, each with its options."""
    what = parser.add_subparsers(title="what to do", metavar="WHAT", required=True, dest="what")
    install = what.add_parser(
        "install", help="put scripts, model and ONNX Runtime into a Fiji folder, or update them"
    )
    bundle = what.add_parser(
        "bundle", help="write the same as a .zip, to be unpacked over a Fiji folder elsewhere"
    )
    uninstall = what.add_parser("uninstall", help="take out what was put there, and nothing else")
    for one in (install, uninstall):
        one.add_argument(
            "--fiji",
            type=Path,
            required=True,
            metavar="PATH",
            help="the Fiji folder: the one that holds jars and plugins",
        )
    bundle.add_argument(
        "-o", "--output", type=Path, default=Path("zfocus_fiji.zip"), metavar="FILE",
        help="default: %(default)s",
    )  # fmt: skip
    for one in (install, bundle):
        one.add_argument(
            "--model",
            action="append",
            metavar="NAME|PATH",
            help="model package to carry; repeatable (default: focus-fluorescence)",
        )
        runtime = one.add_mutually_exclusive_group()
        runtime.add_argument(
            "--jar",
            type=Path,
            metavar="FILE",
            help="ONNX Runtime for Java (default: from the local Maven repository; if it is not "
            "there, Maven's client fetches it from the network)",
        )
        runtime.add_argument(
            "--no-jar",
            action="store_true",
            help="without ONNX Runtime: the scripts call the command zfocus, which is slower",
        )


def run(arguments: argparse.Namespace) -> int:
    """Write or remove the files and say what was done.

    Returns
    -------
    int
        0.
    """
    from zfocus_model import fiji_bundle as door

    if arguments.what == "uninstall":
        done = door.uninstall(arguments.fiji)
        print(f"{done.place}: {done.files} files of zfocus removed")
    else:
        place = arguments.fiji if arguments.what == "install" else arguments.output
        put = door.install if arguments.what == "install" else door.bundle
        done = put(
            place,
            models=arguments.model or ("focus-fluorescence",),
            jar=arguments.jar,
            with_jar=not arguments.no_jar,
            say=lambda line: say(f"zfocus: {line}"),
        )
        what = "restart Fiji" if arguments.what == "install" else "unpack it over a Fiji folder"
        print(f"{done.place}: {done.files} files, {done.bytes / 1e6:.2f} MB; {what}")
        for name, sha256 in done.models.items():
            print(f"model {name}, package_sha256 {sha256}")
    for note in done.notes:
        say(f"zfocus: {note}")
    return OK
