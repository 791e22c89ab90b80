"""The words of a z package: its README with the model card, and its licence note."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from zfocus_model.training.packaging import markdown
from zfocus_model.training.packaging.markdown import cell, flatten, mapping, plain
from zfocus_model.zposition.packaging.run_folder import ZRun

REFERENCE_DOI = "10.1038/s41598-018-25458-w"
REFERENCE_TEXT = (
    "Wei L, Roberts E (2018): Neural network control of focal position during time-lapse "
    "microscopy of cells. Scientific Reports 8, 7313"
)

OUT_OF_SCOPE = (
    "Diagnosis or any decision on a patient; control of a stage without travel limits that "
    "protect objective and sample; measuring thickness or height of an object; other objectives, "
    "imaging modes or cells than those below without tests of your own."
)

LIMITS = (
    "A z model is bound to objective, imaging mode and kind of cells: with others its answers "
    "mean nothing, and it may well be sure of them. Nothing in the package recognises them.",
    "One image does not tell distance from focus apart from the condenser's aperture: with another "
    "setting than that above, readings are too far or too near by a share of themselves, and not "
    "undecided. Right at focus they stay right.",
    "Focus is the middle of the cells that lie on the floor. With cells at several depths the "
    "distribution gets several modes; the reading is then undecided and names the second mode.",
    "Outside the range of its bins there is no answer: a reading in an end bin is undecided.",
    "Images without cells, or with a few at the wrong depth only, hold no or a wrong answer.",
    "The position quantises at the width of a bin; the expected position is finer where the "
    "distribution has one mode.",
)

_SIMULATED_LIMIT = (
    "All training images were simulated. What a real microscope adds (aberrations, debris, "
    "moving cells, uneven lamps, other media) was varied only as far as the simulator goes: "
    "acquire a few stacks and fine-tune before you rely on a micrometre."
)


def readme(
    run: ZRun,
    *,
    name: str,
    title: str,
    version: str,
    parameters: int,
    smallest_px: int,
    hard_cases: Sequence[Sequence[str]],
) -> str:
    """Write the README of a package.

    Parameters
    ----------
    run : ZRun
        The training run.
    name, title, version : str
        Of the package.
    parameters : int
        Number of weights.
    smallest_px : int
        Shortest side of an image on the grid.
    hard_cases : sequence of sequence of str
        Title, truth, reading, second mode, standard deviation and status of each scene.

    Returns
    -------
    str
        Markdown; depends on the arguments alone.
    """
    bins, size, limits = run.bins_um, run.pixel_size_um, run.limits
    return "\n".join(
        [
            f"# {title}",
            "",
            f"Package `{name}`, version {version}. It reads from one transmitted-light image how "
            "far, and on which side, it was taken from focus: probabilities of "
            f"{len(bins)} positions from {bins[0]:g} to {bins[-1]:g} um. Positive: the objective "
            "is nearer to the sample than in focus.",
            "",
            "# Made for",
            "",
            "| | |",
            "|---|---|",
            *[f"| {key} | {cell(value)} |" for key, value in run.domain.items()],
            f"| pixel size | {size:g} um after averaging; finer images are averaged by zfocus |",
            f"| images | any size from {smallest_px} x {smallest_px} px after averaging |",
            "",
            "# Usage",
            "",
            "    pip install zfocus",
            f"    zfocus rate IMAGES --model {name} --pixel-size 0.06 -o RESULTS",
            f"    zfocus best-plane STACK --z-model {name}",
            "",
            "Other readers: one input `image` (batch, y, x, channel = 1), pixels as stored in "
            f"float32, averaged in blocks to about {size:g} um, not rescaled; one output "
            f"`probabilities` (batch, channel = {len(bins)}). The image is normalised inside the "
            "graph, so gain and offset do not matter, and a constant image gives exactly uniform "
            "probabilities.",
            "",
            "A reading is `undecided` if the image is blank, if a second mode of the distribution "
            f"holds more than {limits.second_mode_max:.3g} of it (`bimodal`), if its standard "
            f"deviation is above {limits.sd_max_um:.3g} um or its certainty, 1 - entropy / ln "
            f"{len(bins)}, below {limits.certainty_min:.3g} (`broad`), or if the highest bin is "
            "an end bin (`edge`).",
            "",
            "# Network",
            "",
            f"{parameters:,} weights, with normalisation and average over the image in the graph. "
            "The same weights lie here for Keras, TensorFlow, ONNX and plain numpy; they were "
            "compared on simulated images of two sizes when the package was made.",
            "",
            "# Training",
            "",
            *_training(run),
            "",
            "# Validation",
            "",
            *_validation(run),
            "",
            "# Hard cases",
            "",
            "Simulated yeast, of the kinds on which the published network failed. Ticks below the "
            "axis: where the cells are; orange: undecided.",
            "",
            "![Few cells on the ceiling; two depths; far from focus](hard_cases.png)",
            "",
            "| scene | truth, um | highest bin, um | second mode, um | sd, um | status |",
            "|---|---|---|---|---|---|",
            *["| " + " | ".join(cell(word) for word in row) + " |" for row in hard_cases],
            "",
            "# Limits",
            "",
            *[f"* {line}" for line in ((_SIMULATED_LIMIT,) if run.simulated else ()) + LIMITS],
            "",
            "# What it must not be used for",
            "",
            OUT_OF_SCOPE,
            "",
            "# Citation",
            "",
            f"The idea, the range and the bins are those of {REFERENCE_TEXT}, doi "
            f"[{REFERENCE_DOI}](https://doi.org/{REFERENCE_DOI}). Network, weights and code are "
            "new; no data of that paper were used.",
            "",
            "# Files",
            "",
            "Test input and output, sample image and pictures are simulated; no third-party pixels "
            "are in this package. `zfocus.json` holds the SHA-256 of every file. Licence of the "
            "weights: see LICENSE.",
            "",
        ]
    )


def licence_note(run: ZRun) -> str:
    """Write the licence note: BSD-3-Clause for the weights, and what they were trained on."""
    if run.simulated:
        licences = {"images simulated by zfocus": "BSD-3-Clause"}
        return markdown.licence_note(licences, named=True)
    return markdown.licence_note({}, named=False)


def _training(run: ZRun) -> list[str]:
    lines = [
        "All images were simulated by `zfocus simulate`: cells as objects that shift the phase of "
        "light, in partially coherent illumination; no real image took part."
        if run.simulated
        else "The run names these stacks:",
        "",
        "| part | stacks | images | by experiment | focus found by |",
        "|---|---|---|---|---|",
    ]
    for part in run.parts:
        lines.append(
            f"| {cell(str(part.get('part', '')))} | {part.get('stacks', '')} | "
            f"{part.get('images', '')} | {_counts(part, 'experiments')} | "
            f"{_counts(part, 'methods')} |"
        )
    about, numbers = run.about, flatten(run.calibration)
    facts = {
        "Command": f"`{about['command']}`" if about.get("command") else "",
        "Code": f"commit `{about['commit']}`" if about.get("commit") else "",
        "Versions": ", ".join(f"{k} {v}" for k, v in mapping(about, "versions").items()),
        "Options": ", ".join(f"{k} {_short(v)}" for k, v in mapping(about, "options").items()),
        "Augmentation": ", ".join(
            f"{k} {_short(v)}" for k, v in mapping(about, "augmentation").items()
        ),
        "Temperature": f"{run.temperature:.4g}, folded into the weights",
        "Calibrated on the stacks held out for validation": ", ".join(
            f"{key} {value}" for key, value in numbers if key != "temperature"
        ),
    }
    return [*lines, "", *[f"* {key}: {cell(value)}" for key, value in facts.items() if value]]


def _validation(run: ZRun) -> list[str]:
    if not run.evaluation:
        return [
            "None yet: the run that this package was made from holds no evaluation. Treat its "
            "answers as untested."
        ]
    rows = flatten(run.evaluation)
    return ["| what | value |", "|---|---|", *[f"| {cell(k)} | {cell(v)} |" for k, v in rows]]


def _counts(part: dict[str, Any], key: str) -> str:
    return cell(", ".join(f"{name} {count}" for name, count in mapping(part, key).items()))


def _short(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return " to ".join(plain(one) for one in cast("Sequence[Any]", value))
    return plain(value)
