"""What temperature suits sources that training never saw: from leave-out runs.

Held-out images of the sources that a network was trained on flatter it: on other microscopes it is
surer than it is right. Trainings that left whole sources out tell by how much, and they tell it of
training images only: a temperature is fitted on each source that was left out as well, and the mean
ratio to that of the seen sources is what a model that was trained on everything still lacks. It is
assumed that the ratio of short trainings holds for a long one. In-focus limits are looked at, too,
but only recorded: `calibrate_run` takes the factor and nothing else.
"""

from __future__ import annotations

import json
import math
import shlex
import sys
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zfocus_model._errors import ZfocusError
from zfocus_model._files import write_json
from zfocus_model.evaluation.metrics import f_score, is_negative, is_positive
from zfocus_model.evaluation.reliability import expected_calibration_error
from zfocus_model.levels import LEVELS
from zfocus_model.rating import USABLE_LEVELS
from zfocus_model.training._keras import load_keras
from zfocus_model.training.calibrate import IN_FOCUS_LIMITS, graded_patches, middle_of_best
from zfocus_model.training.graded import GradedRatings, rate_patches
from zfocus_model.training.networks import inference_network
from zfocus_model.training.packaging.run_folder import read_json, read_number, sources_of
from zfocus_model.training.provenance import code_commit
from zfocus_model.training.temperature import at_temperature, fit_temperature

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from zfocus_model.training.sources import SourceImage

PER_SOURCE = 24
"""At most so many images of a source that was left out are graded."""

SCORES = ("f_score", "false_flags", "missed")
"""What `score_limits` says of each."""


@dataclass(frozen=True)
class UnseenSource:
    """What one run says of one source that it left out."""

    run: str
    """Name of the run folder."""
    source: str
    images: int
    seen_temperature: float
    """Fitted on the held-out images of the sources that the run was trained on."""
    seen_in_focus_min: float
    """Chosen on the same."""
    temperature: float
    """Fitted on this source."""
    ratings: GradedRatings
    """At temperature 1."""


@dataclass(frozen=True)
class Unseen:
    """How a calibration on seen sources changes for unseen ones; kept as ``unseen.json``."""

    factor: float
    """A temperature that was fitted on seen sources is multiplied by it."""
    record: dict[str, Any]
    """Where it comes from: sources, runs, limits, command, commit."""


def measure_unseen(
    folders: Iterable[str | Path], images: Sequence[SourceImage], seed: int = 0
) -> Unseen:
    """Compare what leave-out runs say of the sources that they left out with their calibration.

    Parameters
    ----------
    folders : iterable of paths
        Run folders that are trained and calibrated, without a factor.
    images : sequence of SourceImage
        Training images of all sources; no others.
    seed : int
        Exposure and noise.

    Returns
    -------
    Unseen
        The factor is the geometric mean over sources of the ratio of temperatures.

    Raises
    ------
    ZfocusError
        If a folder holds no calibrated run, or no run left a source out.
    """
    found = [one for path in folders for one in _rate_left_out(Path(path), images, seed)]
    if not found:
        raise ZfocusError(
            "expected runs that left out sources of these images, got none: train without some"
        )
    return summarise(found)


def summarise(found: Sequence[UnseenSource]) -> Unseen:
    """Find the factor, and see how it does on each source when only other runs set it.

    Parameters
    ----------
    found : sequence of UnseenSource
        All sources of all runs.

    Returns
    -------
    Unseen
        Factor and record.
    """
    scores: list[NDArray[np.float64]] = []
    sources: list[dict[str, Any]] = []
    for one in found:
        # What a source says of the factor must not come from itself, nor from its own run; with
        # one run alone it does.
        others = factor_of([other for other in found if other.run != one.run] or found)
        temperature = one.seen_temperature * others
        scores.append(score_limits(one.ratings, temperature))
        own_limit = int(np.abs(IN_FOCUS_LIMITS - one.seen_in_focus_min).argmin())
        sources.append(
            {
                **{key: value for key, value in vars(one).items() if key != "ratings"},
                "patches": len(one.ratings.patch_images),
                "ratio": one.temperature / one.seen_temperature,
                "factor_of_other_runs": others,
                "calibration_error": {
                    "factor 1": calibration_error(one.ratings, one.seen_temperature),
                    "factor of other runs": calibration_error(one.ratings, temperature),
                    "own temperature": calibration_error(one.ratings, one.temperature),
                },
                "at_seen_in_focus_min": dict(zip(SCORES, scores[-1][own_limit].tolist())),
                "best_in_focus_min": middle_of_best(IN_FOCUS_LIMITS, scores[-1][:, 0]),
            }
        )
    mean = np.mean(scores, axis=0)
    ratios = np.log([one.temperature / one.seen_temperature for one in found])
    spread = float(ratios.std(ddof=1) / len(ratios) ** 0.5) if len(ratios) > 1 else None
    return Unseen(
        factor=round(factor_of(found), 4),
        record={
            "command": shlex.join(["python", *sys.argv]),
            "commit": code_commit(),
            "standard_error_of_log_factor": spread,
            "sources": sources,
            "in_focus_min": middle_of_best(IN_FOCUS_LIMITS, mean[:, 0]),
            "limits": [
                {"in_focus_min": limit, **dict(zip(SCORES, row))}
                for limit, row in zip(IN_FOCUS_LIMITS[::5].tolist(), mean[::5].tolist())
            ],
        },
    )


def factor_of(found: Sequence[UnseenSource]) -> float:
    """Geometric mean of the ratios of temperatures; sources count alike."""
    return math.exp(
        sum(math.log(one.temperature / one.seen_temperature) for one in found) / len(found)
    )


def score_limits(ratings: GradedRatings, temperature: float) -> NDArray[np.float64]:
    """How in-focus limits do on images, at a temperature, were none undecided.

    Parameters
    ----------
    ratings : GradedRatings
        At temperature 1.
    temperature : float
        What the logits are divided by.

    Returns
    -------
    ndarray
        Shape (61, 3), a row for each limit of `IN_FOCUS_LIMITS`: F-score of in focus (levels 0-2
        against 4-10), share of levels 0-2 called out of focus, of levels 4-10 called in focus.
    """
    in_focus = ratings.at_temperature(temperature)[:, :USABLE_LEVELS].sum(1)
    called = in_focus >= IN_FOCUS_LIMITS[:, None]
    positive, negative = is_positive(ratings.levels), is_negative(ratings.levels)
    missed, flagged = (called & negative).sum(1), (~called & positive).sum(1)
    return np.stack(
        [
            f_score((called & positive).sum(1), missed, flagged),
            flagged / positive.sum(),
            missed / negative.sum(),
        ],
        axis=1,
    )


def write_unseen(path: Path, unseen: Unseen) -> None:
    """Keep what was found as JSON."""
    write_json(path, asdict(unseen))


def read_unseen(path: str | Path) -> Unseen:
    """Read what `write_unseen` kept.

    Raises
    ------
    ZfocusError
        If the file is missing, damaged, or the factor makes no sense.
    """
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
        unseen = Unseen(float(found["factor"]), dict(found["record"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ZfocusError(
            f"expected factor and record in {path} ({error}): make it with benchmarks/unseen.py"
        ) from None
    if not 0.25 <= unseen.factor <= 4:
        raise ZfocusError(
            f"expected a factor from 0.25 to 4 in {path}, got {unseen.factor:g}: make it again"
        )
    return unseen


def calibration_error(ratings: GradedRatings, temperature: float) -> float:
    """Expected calibration error of the patches at a temperature."""
    tempered = at_temperature(ratings.patch_probabilities, temperature)
    return expected_calibration_error(tempered, ratings.patch_levels)


def _rate_left_out(
    folder: Path, images: Sequence[SourceImage], seed: int
) -> Iterator[UnseenSource]:
    """Rate the sources that a run was not trained on."""
    weights = folder / "best.keras"
    if not weights.exists():
        raise ZfocusError(f"expected best.keras in {folder}, found none: let its training finish")
    seen = sources_of(read_json(folder / "run.json"))
    calibration = read_json(folder / "calibration.json")
    if calibration.get("unseen"):
        raise ZfocusError(
            f"expected a run that was calibrated on seen sources, got {folder}, which has a "
            "factor for unseen ones: calibrate it without"
        )
    network: Any = inference_network(load_keras().models.load_model(weights, compile=False))

    def probabilities(patches: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(network(patches[..., None], training=False))

    for source in sorted({image.source for image in images} - set(seen)):
        members = [image for image in images if image.source == source]
        members.sort(key=lambda image: sha256(image.path.name.encode()).hexdigest())
        ratings = rate_patches(probabilities, graded_patches(members[:PER_SOURCE], seed))
        yield UnseenSource(
            run=folder.name,
            source=source,
            images=len(ratings.levels) // LEVELS,
            seen_temperature=read_number(calibration, "temperature", 1e-3, 1e3),
            seen_in_focus_min=read_number(calibration, "in_focus_min", 0.0, 1.0),
            temperature=fit_temperature(ratings.patch_probabilities, ratings.patch_levels),
            ratings=ratings,
        )
