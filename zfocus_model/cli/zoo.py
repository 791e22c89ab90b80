"""``zfocus zoo``: list, show, check, pack, install and hand over model packages."""

from __future__ import annotations

import argparse
from pathlib import Path

NAME = "zoo"
SUMMARY = "list, show, test, package, install or hand over model packages"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions and their options."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions.add_parser("list", help="the models that --model takes by name")
    for name, words in (
        ("show", "what a package is"),
        ("test", "our checks and bioimage.io's, offline; exit status 1 if one fails"),
        ("package", "write the .zip that is uploaded, or that Fiji reads"),
        ("upload", "check all that bioimage.io asks for and say what to do next"),
    ):
        action = actions.add_parser(name, help=words)
        action.add_argument("model", metavar="MODEL", help="name, folder or .zip")
        if name in ("test", "upload"):
            action.add_argument(
                "--quick", action="store_true", help="leave out bioimage.io's own test"
            )
        if name in ("package", "upload"):
            action.add_argument(
                "-o", "--output", type=Path, default=Path(), metavar="DIR", help="default: here"
            )
        if name == "package":
            action.add_argument(
                "--fiji", action="store_true", help="with the description for JDLL and deepImageJ"
            )
        if name == "upload":
            action.add_argument(
                "--dry-run",
                action="store_true",
                required=True,
                help="needed: zfocus sends nothing, a person does",
            )
    action = actions.add_parser("install", help="put a package where --model finds it by name")
    action.add_argument("source", metavar="PATH|URL", help="folder, .zip or http(s) address")
    action.add_argument(
        "--sha256", metavar="HEX", help="of the .zip (of a folder: of its zfocus.json)"
    )
    action.add_argument(
        "--index", metavar="PATH|URL", help="an index.json with the checksum, instead of --sha256"
    )
    action.add_argument("--replace", action="store_true", help="replace another model of its name")
    action = actions.add_parser("index", help="write index.json and the table of README.md")
    action.add_argument("folder", type=Path, nargs="?", default=Path("model_zoo"), metavar="DIR")
    action.add_argument(
        "--check", action="store_true", help="write nothing; exit status 1 if they are out of date"
    )


def run(arguments: argparse.Namespace) -> int:
    """Do the action.

    Returns
    -------
    int
        0, or 1 if a check failed.
    """
    actions = {
        "list": _list,
        "show": _show,
        "test": _test,
        "package": _package,
        "upload": _upload,
        "install": _install,
        "index": _index,
    }
    return actions[arguments.action](arguments)


def _list(arguments: argparse.Namespace) -> int:
    from zfocus_model._errors import ModelError
    from zfocus_model.packages import installed_models
    from zfocus_model.zoo.index import open_any
    from zfocus_model.zoo.show import one_line

    code = 0
    for name, place in sorted(installed_models().items()):
        try:
            print(one_line(name, open_any(place)))
        except ModelError as error:
            print(f"{name}  BAD: {error}")
            code = 1
    return code


def _show(arguments: argparse.Namespace) -> int:
    from zfocus_model.zoo.index import open_any
    from zfocus_model.zoo.show import description

    print(description(open_any(arguments.model)))
    return 0


def _test(arguments: argparse.Namespace) -> int:
    from zfocus_model.zoo.check import check_package
    from zfocus_model.zoo.show import report

    checks = check_package(arguments.model, bioimageio=not arguments.quick)
    print(report(checks))
    return int(any(check.passed is False for check in checks))


def _package(arguments: argparse.Namespace) -> int:
    from zfocus_model.zoo.bundle import write_bundle
    from zfocus_model.zoo.index import open_any
    from zfocus_model.zoo.show import written

    package = open_any(arguments.model)
    print(written(write_bundle(package, arguments.output, fiji=arguments.fiji)))
    return 0


def _upload(arguments: argparse.Namespace) -> int:
    from zfocus_model.zoo.bundle import write_bundle
    from zfocus_model.zoo.check import check_package
    from zfocus_model.zoo.index import open_any
    from zfocus_model.zoo.show import report, written
    from zfocus_model.zoo.upload import review, steps

    package = open_any(arguments.model)
    checks = review(package) + check_package(arguments.model, bioimageio=not arguments.quick)
    print(report(checks))
    if not all(check.passed for check in checks):
        print("Not ready: mend what failed, or install what is missing, and try again.")
        return 1
    archive = write_bundle(package, arguments.output)
    print(f"{written(archive)}\n{steps(archive)}")
    return 0


def _install(arguments: argparse.Namespace) -> int:
    from zfocus_model.zoo.install import install

    found = install(
        arguments.source,
        sha256=arguments.sha256,
        index=arguments.index,
        replace=arguments.replace,
    )
    print(f"{found.folder}: package_sha256 {found.sha256}")
    print(f"Use it with: zfocus rate IMAGES --model {found.name}")
    return 0


def _index(arguments: argparse.Namespace) -> int:
    from zfocus_model.zoo.index import write_index

    stale = write_index(arguments.folder, check=arguments.check)
    for path in stale:
        print(f"{path}: {'out of date' if arguments.check else 'written'}")
    return int(arguments.check and bool(stale))
