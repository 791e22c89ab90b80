"""The words of a package: its README with the model card, and its licence note."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from zfocus_model.aggregation import DOMAIN_PATCHES
from zfocus_model.levels import DISC_PX_PER_LEVEL, LEVELS, PATCH_PX
from zfocus_model.training.domain_data import SPOILERS
from zfocus_model.training.packaging import markdown
from zfocus_model.training.packaging.conditions import conditions
from zfocus_model.training.packaging.domain import DomainRun
from zfocus_model.training.packaging.markdown import (
    UNKNOWN_LICENCE,
    cell,
    flatten,
    mapping,
    plain,
    tables,
)
from zfocus_model.training.packaging.run_folder import Run

if TYPE_CHECKING:
    from collections.abc import Sequence

REFERENCE_DOI = "10.1186/s12859-018-2087-4"
REFERENCE_TEXT = (
    "Yang SJ, Berndl M, Ando DM, Barch M, Narayanaswamy A, Christiansen E, et al. (2018): "
    "Assessing microscope image focus quality with deep learning. BMC Bioinformatics 19, 77"
)

OUT_OF_SCOPE = (
    "Diagnosis or any decision on a patient; ranking of preparations, laboratories or people; "
    "judging whether a structure is absent; transmitted light, stained sections and anything else "
    "that is not fluorescence; deleting images that nobody looked at. The levels describe the "
    "picture, not the distance in micrometres of a thick object from the focal plane."
)

LIMITS = (
    f"Patches of {PATCH_PX} x {PATCH_PX} px are rated one by one; what lies beyond the last whole "
    "patch is not rated.",
    "In training, a whole patch is blurred alike. Cells at very different heights in one patch, "
    "thick samples and motion are not in it.",
    "Transmitted light (bright field, phase contrast, holograms) is outside the training domain: "
    "such objects lose contrast at focus.",
    "A picture of smooth structures that is sharp looks like one of fine structures that is not. "
    "The certainty is there to tell; leave undecided images to a person.",
    "Not every field without cells is known as one: slopes of light, walls of wells and specks may "
    "be rated like cells.",
    "Below about 2 levels, real optics and sampling differ more than the levels do.",
)


def readme(
    run: Run,
    *,
    name: str,
    title: str,
    version: str,
    parameters: int,
    weighted_layers: int,
    tiled: bool = False,
    domain: DomainRun | None = None,
    hard: Sequence[str] = (),
) -> str:
    """Write the README of a package.

    Parameters
    ----------
    run : Run
        The training run.
    name, title, version : str
        Of the package.
    parameters : int
        Number of weights.
    weighted_layers : int
        Number of layers with weights.
    tiled : bool
        The package's model rates every tile of a plane.
    domain : DomainRun, optional
        The run of the package's second network.
    hard : sequence of str
        Lines on pictures that are hard for it.

    Returns
    -------
    str
        Markdown; depends on the arguments alone.
    """
    limits = run.limits
    return "\n".join(
        [
            f"# {title}",
            "",
            f"Package `{name}`, version {version}. It tells how far out of focus a patch of "
            f"{PATCH_PX} x {PATCH_PX} px of a microscope image is: probabilities of {LEVELS} "
            "levels, 0 (in focus) to "
            f"{LEVELS - 1}. Level k stands for a defocus disc of {DISC_PX_PER_LEVEL:.2f} k px, "
            "added to the sharpest image that the optics can make.",
            "",
            "# Usage",
            "",
            *(_MAP_USAGE if tiled else [line.format(name=name) for line in _USAGE]),
            "Each patch is normalised inside the graph, so gain and offset do not matter, and a "
            "constant patch gives exactly uniform probabilities. The certainty of a patch is "
            "1 - entropy / ln 11.",
            "",
            f"An image is `undecided` below certainty {limits.certainty_min:.4g}, else `in_focus` "
            f"from probability {limits.in_focus_min:.4g} of levels 0 to 2 on, else `out_of_focus`.",
            "",
            "# Network",
            "",
            f"{weighted_layers} convolutions and dense layers, {parameters:,} weights"
            f"{', without the second network below' if domain else ''}. The same "
            "weights lie here for Keras, TensorFlow, ONNX and plain numpy; they were compared on "
            "100 simulated patches when the package was made.",
            "",
            "# Training",
            "",
            *_training(run),
            "",
            *conditions(run),
            *(_domain(domain) if domain else []),
            "# Validation",
            "",
            *_validation(run),
            "",
            "# Limits",
            "",
            *[f"* {line}" for line in LIMITS],
            "",
            *(["# Where it fails", "", *hard, ""] if hard else []),
            "# What it must not be used for",
            "",
            OUT_OF_SCOPE,
            "",
            "# Citation",
            "",
            f"The idea, the number of levels and the patch are those of {REFERENCE_TEXT}, "
            f"doi [{REFERENCE_DOI}](https://doi.org/{REFERENCE_DOI}). Weights and code are new.",
            "",
            "# Files",
            "",
            "Test input and output, sample image, cover and hard pictures are simulated; no "
            "third-party pixels are in this package. `zfocus.json` holds the SHA-256 of every "
            "file. Licence of the weights: see LICENSE.",
            "",
        ]
    )


_USAGE = (
    "    pip install zfocus",
    "    zfocus rate IMAGES --model {name} -o RESULTS",
    "",
    "Other readers: one input `image` (batch, y = 84, x = 84, channel = 1), pixels as stored in "
    "float32, not rescaled; one output `probabilities` (batch, channel = 11).",
)

_MAP_USAGE = (
    "For programs that run bioimage.io models on whole planes: one input `image` (batch, y, x, "
    "channel = 1), pixels as stored in float32, not rescaled; one output `probabilities` (batch, "
    f"channel = {LEVELS}, y / {PATCH_PX}, x / {PATCH_PX}), equal to the patch model's for each "
    f"tile of {PATCH_PX} x {PATCH_PX} px from the upper left. bioimage.io's tools take sides that "
    f"are multiples of {PATCH_PX}, so that blocks meet between tiles: crop the plane before. The "
    "graph itself takes any size and leaves out what lies beyond the last whole tile. For tables, "
    "certainty and status use zfocus with the patch model.",
    "",
)


def licence_note(run: Run, domain: DomainRun | None = None) -> str:
    """Write the licence note: BSD-3-Clause for the weights, and what they were trained on."""
    sources = {**(domain.sources if domain else {}), **run.sources}
    licences = {name: entry["licence"] for name, entry in sources.items()}
    return markdown.licence_note(licences, named=bool(run.sources))


def _domain(domain: DomainRun) -> list[str]:
    """What the second network is, what it learnt from and what it recognises."""
    rows = [row for row in flatten(domain.statistics) if row[0] != "out of domain max"]
    learnt_empty = any(row[0].endswith("empty fields") for row in rows)
    empty = ", and some of the fields without cells" if learnt_empty else ""
    numbers = _held_out(domain)
    return [
        "# Images that it was not made for",
        "",
        "A second, tiny network (`domain.onnx`) tells fluorescence, sharp or not, from everything "
        "else: transmitted light, stained sections in colour, text, photographs, heavily "
        f"compressed, enlarged or inverted images{empty}. The score of an image is the "
        f"probability to be of these, averaged over at most {DOMAIN_PATCHES} of its patches, "
        f"weighted by certainty; above {domain.limit:.4g} it is `undecided`, with the reason "
        "`out_of_domain`. The limit was set on images in the domain that were held out of the "
        "training. These shares of what was held out lie above it, of some kinds very few images:",
        "",
        "| images | number | share above the limit |",
        "|---|---|---|",
        *[f"| {cell(key)} | {numbers.get(key, '')} | {cell(value)} |" for key, value in rows],
        "",
        f"It was trained with `{domain.about.get('command', 'zfocus train-domain')}`, at commit "
        f"`{domain.about.get('commit') or 'unknown'}`, on these images; some of them were held out "
        "for the limit and the table above:",
        "",
        "| source | images | licence |",
        "|---|---|---|",
        *[
            f"| {cell(source)} | {entry['images']} | {cell(entry['licence'] or 'own')} |"
            for source, entry in domain.sources.items()
        ],
        "",
    ]


def _held_out(domain: DomainRun) -> dict[str, int]:
    """Numbers of held-out images by row of the table, as far as the run recorded them."""
    parts = cast("list[dict[str, Any]]", domain.about.get("data") or [])
    found: dict[str, int] = {}
    for part in parts:
        if part.get("part") == "others, held out":
            for source, entry in mapping(part, "sources").items():
                found[f"out of domain: {source}"] = int(entry["images"])
        elif part.get("part") == "fluorescence, held out":
            # Spoiled images are made of these, one of each.
            for kind in SPOILERS:
                found[f"out of domain: {kind}"] = int(part["images"])
    return found


def _training(run: Run) -> list[str]:
    lines: list[str] = []
    unknown = UNKNOWN_LICENCE
    if run.sources:
        total = sum(entry["images"] for entry in run.sources.values())
        lines += [
            f"{total:,} in-focus images, defocused, resampled and photographed anew by the "
            "simulator while training; some of them were held out by image to choose the weights.",
            "",
            "| source | images | licence |",
            "|---|---|---|",
        ]
        lines += [
            f"| {cell(source)} | {entry['images']} | {cell(entry['licence'] or unknown)} |"
            for source, entry in run.sources.items()
        ]
    else:
        lines.append("The run does not name its training images.")
    facts = {
        "Command": f"`{run.about['command']}`" if run.about.get("command") else "",
        "Code": f"commit `{run.about['commit']}`" if run.about.get("commit") else "",
        "Versions": ", ".join(f"{k} {v}" for k, v in mapping(run.about, "versions").items()),
        "Options": ", ".join(
            f"{k} {v}" for k, v in mapping(run.about, "options").items() if v not in ("", None)
        ),
        "Temperature": f"{run.temperature:.4g}, folded into the weights{_unseen(run)}",
        "Calibrated on the held-out training images": ", ".join(
            f"{key.replace('_', ' ')} {plain(value)}"
            for key, value in run.calibration.items()
            if isinstance(value, (int, float)) and key not in _TEMPERATURES
        ),
    }
    lines.append("")
    lines += [f"* {key}: {value}" for key, value in facts.items() if value]
    return lines


_TEMPERATURES = ("temperature", "seen_temperature", "unseen_factor")


def _unseen(run: Run) -> str:
    """Where the temperature is from, if not from the held-out images alone."""
    seen, factor = (run.calibration.get(key) for key in ("seen_temperature", "unseen_factor"))
    if seen is None or factor is None:
        return ""
    error = mapping(run.calibration, "unseen").get("standard_error_of_log_factor")
    spread = "" if error is None else f" (standard error of its logarithm {plain(error)})"
    return (
        f": {plain(seen)} suits the held-out training images; times {plain(factor)}{spread} for "
        "sources that training never saw, found with runs that left some out"
    )


def _validation(run: Run) -> list[str]:
    if not run.evaluation:
        return [
            "None yet: the run that this package was made from holds no evaluation. Treat its "
            "answers as untested."
        ]
    note = (
        "In brackets: 95 % intervals; those of a calibration error lie too high, since drawing "
        "images again adds scatter to every bin."
    )
    rows = tables(run.evaluation)
    return [note, "", *rows] if '"low"' in json.dumps(run.evaluation) else rows
