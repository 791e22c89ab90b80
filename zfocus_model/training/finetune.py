"""Fine-tune a shipped model on a user's own sharp images, and tell whether that helped.

The images are split three ways, by file: to train on, to choose the epoch and calibrate with, and
to compare before and after on. A model that is not better is put aside, not handed on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zfocus_model._errors import ZfocusError
from zfocus_model._files import write_json
from zfocus_model.packages import open_package
from zfocus_model.rating import OUT_OF_FOCUS, StatusLimits
from zfocus_model.training._keras import load_keras
from zfocus_model.training.calibrate import Calibration, calibrate_run
from zfocus_model.training.comparison import F_TOLERANCE, SHOWN, Candidate, Comparison, compare
from zfocus_model.training.data import RICH, Augmentation
from zfocus_model.training.fit import FitOptions, fit
from zfocus_model.training.networks import NETWORKS, inference_network
from zfocus_model.training.simulated import simulated_images
from zfocus_model.training.sources import list_images, read_images, split_images
from zfocus_model.training.warm import exported_model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zfocus_model.packages import Package
    from zfocus_model.training.sources import SourceImage

MIN_FILES = 12
"""Fewest files of sharp images: with fewer, what is held out cannot tell better from worse."""

RECIPE = FitOptions(
    loss="crossentropy",
    epochs=8,
    patches_per_epoch=6_400,
    learning_rate=3e-4,
    patience=3,
    validation_patches=2_048,
    simulated=40,
)
"""Some 50,000 patches: minutes on two cores. Simulated fields keep what the model knew before."""

_COMPARED, _MOST_COMPARED = 0.25, 40  # share of the images to compare on; no more than so many
_CHOSEN = 0.25  # of the rest, to choose the epoch and calibrate with
_SIMULATED_CHOSEN, _SIMULATED_COMPARED = 10, 15
_NAMED = 5  # images that look blurred, named in the message


@dataclass(frozen=True)
class FineTuned:
    """What fine-tuning came to."""

    own: Comparison
    """On held-out images of the user's."""
    simulated: Comparison
    """On simulated fields of many kinds, which neither model was trained on."""
    calibration: Calibration
    """Temperature and limits of the new model."""
    suspects: tuple[str, ...]
    """Names of images that the model to start from calls out of focus."""
    images: tuple[int, int, int]
    """Images trained on, calibrated with, compared on."""

    @property
    def accepted(self) -> bool:
        """Whether the new model may be exported: it is better on the user's own images."""
        return self.own.better

    @property
    def narrower(self) -> bool:
        """Whether it lost on other kinds of images what it won on these."""
        before, after = self.simulated.before, self.simulated.after
        lost = before["within_1"] - after["within_1"]
        return lost > 0.03 or before["f_in_focus"] - after["f_in_focus"] > 2 * F_TOLERANCE


def fine_tune(
    start: str | Path,
    in_focus: str | Path,
    run: str | Path,
    *,
    where: Sequence[str] = (),
    options: FitOptions = RECIPE,
    augmentation: Augmentation = RICH,
    workers: int = 2,
    verbose: bool = True,
) -> FineTuned:
    """Fine-tune a model package on sharp images, calibrate it anew and compare.

    A run that was stopped goes on when it is called again. ``finetune.json`` in the run folder
    holds the comparison. If the new model is not better, its weights are called
    ``rejected.keras``, so that ``zfocus export`` finds none.

    Parameters
    ----------
    start : str or path
        The package to start from: a name, a folder or a .zip.
    in_focus : path
        Folder or manifest, see `zfocus_model.training.sources.list_images`.
    run : path
        The run folder; made if missing.
    where : sequence of str
        Conditions on the manifest.
    options : FitOptions
        Recipe; network and start are filled in from the package.
    augmentation : Augmentation
        How patches vary; by default in all ways, so that little of what the model knew is lost.
    workers : int
        Processes that make patches.
    verbose : bool
        Print a line an epoch.

    Returns
    -------
    FineTuned
        Comparison and limits.

    Raises
    ------
    ZfocusError
        If there are too few images, or the package cannot be started from.
    """
    package = open_package(start)
    found = list_images(in_focus, where)
    _check_count(len({path for path, _, _ in found}), in_focus)
    images = read_images(found)
    _check_count(len({image.path for image in images}), in_focus)
    exported = exported_model(package)
    before = Candidate(exported, _limits(package))
    suspects = [
        image.path.name
        for image in images
        if before.rate(image.pixels).status == OUT_OF_FOCUS  # gain and offset do not matter
    ]
    if verbose and suspects:
        print(suspicion(suspects, len(images), package.name), flush=True)
    seed = options.seed
    training, choosing, comparing = three_ways(images, seed)
    if verbose:
        print(
            f"{len(training)} images to train on, {len(choosing)} to calibrate with, "
            f"{len(comparing)} to compare on",
            flush=True,
        )
    folder = Path(run)
    weights, rejected = folder / "best.keras", folder / "rejected.keras"
    if rejected.exists() and not weights.exists():  # the same run again comes to the same end
        rejected.rename(weights)
    choosing = [*choosing, *simulated_images(_SIMULATED_CHOSEN, seed + 1)]
    options = replace(options, network=_network(exported, package), start=package.sha256)
    fit(
        training,
        choosing,
        folder,
        options,
        augmentation,
        start=exported,
        workers=workers,
        verbose=verbose,
    )
    calibration = calibrate_run(folder, choosing, seed)
    trained = load_keras().models.load_model(weights, compile=False)
    after = Candidate(
        inference_network(trained, calibration.temperature),
        StatusLimits(calibration.certainty_min, calibration.in_focus_min),
    )
    result = FineTuned(
        compare(before, after, comparing, seed),
        compare(before, after, simulated_images(_SIMULATED_COMPARED, seed + 2), seed),
        calibration,
        tuple(suspects),
        (len(training), len(choosing), len(comparing)),
    )
    _record(folder, result, package)
    if not result.accepted:
        weights.replace(rejected)
    return result


def three_ways(
    images: Sequence[SourceImage], seed: int
) -> tuple[list[SourceImage], list[SourceImage], list[SourceImage]]:
    """Split by file: to train on, to choose and calibrate with, to compare on.

    Parameters
    ----------
    images : sequence of SourceImage
        All of them.
    seed : int
        The same seed, the same split.

    Returns
    -------
    tuple of list
        The three parts; planes of one file stay together.
    """
    share = min(_COMPARED, _MOST_COMPARED / len(images))
    rest, comparing = split_images(images, share, seed)
    training, choosing = split_images(rest, _CHOSEN, seed + 1)
    return training, choosing, comparing


def suspicion(names: Sequence[str], total: int, model: str) -> str:
    """One line on images that do not look sharp.

    Parameters
    ----------
    names : sequence of str
        Their files.
    total : int
        Number of images.
    model : str
        Who says so.

    Returns
    -------
    str
        What it means and what to do.
    """
    shown = ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
    return (
        f"{len(names)} of {total} images look out of focus to {model} ({shown}): leave them out "
        "unless they are sharp, for the new model learns that they are"
    )


def _check_count(files: int, in_focus: str | Path) -> None:
    if files < MIN_FILES:
        raise ZfocusError(
            f"expected at least {MIN_FILES} files of sharp images in {in_focus}, got {files}: add "
            "some of other fields, or use the model as it is"
        )


def _limits(package: Package) -> StatusLimits:
    """The package's limits; whether an image is in its domain is not asked here."""
    limits = package.limits
    return StatusLimits(limits.certainty_min, limits.in_focus_min)


def _network(exported: Any, package: Package) -> str:
    """Name of the network that an exported model is of."""
    name = str(exported.name).removeprefix("zfocus_")
    if name not in NETWORKS:
        raise ZfocusError(
            f"expected a package made by zfocus export of a network {' or '.join(NETWORKS)}, got "
            f"{package.name} with {exported.name}: start from another"
        )
    return name


def _record(folder: Path, result: FineTuned, package: Package) -> None:
    """Write the comparison for people, and the part of it that goes into a package."""
    start = {"name": package.name, "version": package.version, "package_sha256": package.sha256}
    write_json(
        folder / "finetune.json",
        {
            "schema": 1,
            "start": start,
            "accepted": result.accepted,
            "images": dict(zip(("training", "calibration", "comparison"), result.images)),
            "look_out_of_focus": list(result.suspects),
            "own_images": result.own.as_json(),
            "simulated_fields": result.simulated.as_json(),
            "calibration": result.calibration.as_dict(),
        },
    )
    compared = (("held-out images of its user", result.own), ("simulated fields", result.simulated))
    evaluation = {
        f"graded defocus, 2,000 photons, {one.fields} {what}": {
            when: {words: values[name] * factor for name, (words, factor) in SHOWN.items()}
            for when, values in ((f"{package.name}, before", one.before), ("after", one.after))
        }
        for what, one in compared
    }
    write_json(folder / "evaluation.json", evaluation)
