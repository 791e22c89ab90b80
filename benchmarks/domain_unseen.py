"""What the domain network makes of kinds of images that it was never shown.

A domain network of a short training is made as often as there are kinds of images out of the
domain, each time without one of them, and once with all; the limit is set anew each time. The table
says which share of held-out images of each kind lies above the limit when the kind was part of the
training, and when it was not. Needs the image collection (ZFOCUS_DATA, else ../shared/data) and
what domain_material.py collected. Options: --material DIR, --patches N, --only KIND, --quick.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from _record import Table, save

from zfocus_model.training.domain import DomainImages, DomainOptions, fit_domain, split_domain
from zfocus_model.training.domain_data import SPOILERS, kind_of
from zfocus_model.training.domain_limit import calibrate_domain
from zfocus_model.training.domain_scenes import SCENES
from zfocus_model.training.sources import list_images, read_images

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("ZFOCUS_DATA", ROOT.parent / "shared" / "data"))
WHERE = ("split=train", "role=in_focus", "modality!=bright*,phase*")
KINDS = (*SCENES, *SPOILERS)


def main() -> None:
    """Train, measure, print, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--material", type=Path, default=ROOT / "runs" / "domain-material")
    parser.add_argument("--patches", type=int, default=12_800)
    parser.add_argument("--only", action="append", choices=KINDS, help="leave out these kinds only")
    parser.add_argument("--quick", action="store_true", help="print only")
    arguments = parser.parse_args()
    fluorescence = read_images(list_images(DATA / "manifest.csv", WHERE))
    others = read_images(list_images(arguments.material / "manifest.csv"))
    every = DomainOptions(patches=arguments.patches, epochs=6, scenes=30)
    parts = split_domain(fluorescence, others, every)
    known = recognised(*parts, every)
    rows: list[list[Any]] = []
    for kind in arguments.only or KINDS:
        unseen = recognised(*parts, replace(every, without=(kind,)))
        for source in unseen["out_of_domain"]:
            if kind_of(source) == kind:
                shares = (100 * found["out_of_domain"][source] for found in (known, unseen))
                rows.append([source, *shares, unseen["out_of_domain_max"]])
    save(
        "domain_unseen",
        title="Kinds of images out of the domain that training never showed",
        tables=[
            Table(
                "Held-out images above the limit",
                ["images", "trained with their kind, %", "without, %", "limit without"],
                rows,
                "A kind that is left out is left out whole: real and simulated images of it.",
            )
        ],
        settings={
            "patches": arguments.patches,
            "limit with all kinds": known["out_of_domain_max"],
            "false alarms with all kinds, %": 100
            * float(np.mean(list(known["in_domain"].values()))),
        },
        keep=not arguments.quick,
    )


def recognised(
    training: DomainImages, held_out: DomainImages, options: DomainOptions
) -> dict[str, Any]:
    """Limit, and shares of held-out images above it, of a network that was trained so."""
    others = [image for image in training.others if kind_of(image.source) not in options.without]
    with tempfile.TemporaryDirectory() as folder:
        fit_domain(replace(training, others=others), held_out, folder, options)
        found = calibrate_domain(folder, held_out, options.seed)
    print(options.without, found, flush=True)
    return found


if __name__ == "__main__":
    main()
