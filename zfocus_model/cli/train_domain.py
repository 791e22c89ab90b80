"""``zfocus train-domain``: train the network that knows what a focus model was not made for."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

NAME = "train-domain"
SUMMARY = "train a network that tells images that a focus model is made for from others"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    add = parser.add_argument
    add(
        "--in-focus",
        required=True,
        type=Path,
        metavar="DIR|MANIFEST",
        help="sharp images of the domain, as for zfocus train",
    )
    add(
        "--where",
        action="append",
        default=[],
        metavar="CONDITION",
        help="rows of the manifest to use, such as split=train; repeatable",
    )
    add(
        "--others",
        required=True,
        type=Path,
        metavar="DIR|MANIFEST",
        help="images out of the domain; subfolders, or the column source, are their kinds. "
        "Simulated ones and spoiled images of the domain are added",
    )
    add("-o", "--output", required=True, type=Path, metavar="RUN", help="run folder")
    add("--patches", type=int, default=122_880, help="default: %(default)s")
    add("--epochs", type=int, default=14, help="default: %(default)s")
    add("--scenes", type=int, default=90, help="simulated images of a kind; default: %(default)s")
    add(
        "--without",
        action="append",
        default=[],
        metavar="KIND",
        help="leave a kind out of the training, to see whether it is recognised; repeatable",
    )
    add("--seed", type=int, default=0, help="default: %(default)s")


def run(arguments: argparse.Namespace) -> int:
    """Read, split, train, set the limit."""
    # As in zfocus train: the products are small, threads for them only get in the way.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from zfocus_model.training.domain import DomainOptions, fit_domain, split_domain
    from zfocus_model.training.domain_limit import calibrate_domain
    from zfocus_model.training.sources import list_images, read_images

    options = DomainOptions(
        patches=arguments.patches,
        epochs=arguments.epochs,
        scenes=arguments.scenes,
        without=tuple(arguments.without),
        seed=arguments.seed,
    )
    fluorescence = read_images(list_images(arguments.in_focus, arguments.where))
    others = read_images(list_images(arguments.others))
    training, held_out = split_domain(fluorescence, others, options)
    print(f"{len(training.fluorescence)} images in the domain, {len(training.others)} others")
    fit_domain(training, held_out, arguments.output, options)
    found = calibrate_domain(arguments.output, held_out, options.seed)
    print(f"limit {found['out_of_domain_max']:.3f}; shares of images above it:")
    for group in ("in_domain", "out_of_domain"):
        for kind, share in found[group].items():
            print(f"  {group.replace('_', ' ')}, {kind}: {share:.1%}")
    print(f"next: zfocus export RUN --domain {arguments.output} -o PACKAGE")
    return 0
