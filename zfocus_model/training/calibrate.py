"""Calibrate a trained network on held-out training images: temperature and status limits."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zfocus_model._errors import ZfocusError
from zfocus_model._files import write_json
from zfocus_model.aggregation import aggregate, certainty
from zfocus_model.evaluation.metrics import f_score, is_negative, is_positive
from zfocus_model.levels import PATCH_PX
from zfocus_model.rating import USABLE_LEVELS
from zfocus_model.tiling import cut
from zfocus_model.training._keras import load_keras
from zfocus_model.training.graded import cut_images, graded_images, rate_patches
from zfocus_model.training.kernels import log_uniform
from zfocus_model.training.networks import inference_network
from zfocus_model.training.temperature import at_temperature, fit_temperature

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from zfocus_model.training.sources import SourceImage
    from zfocus_model.training.unseen import Unseen

BLANK_IMAGES = 400
"""Simulated images without cells that the certainty limit is set on."""

IN_FOCUS_LIMITS: NDArray[np.float64] = np.arange(0.20, 0.801, 0.01).round(2)
"""In-focus limits that are tried."""

_F_TOLERANCE = 0.003  # one image in three hundred: more, the held-out images cannot tell

_LARGEST_PX = 6 * PATCH_PX


@dataclass(frozen=True)
class Calibration:
    """What calibration found; it travels in the model package."""

    temperature: float
    """Logits are divided by it, so that probabilities are neither bold nor timid."""
    certainty_min: float
    """Images and patches less certain than this are undecided and blank, 0 ... 1."""
    in_focus_min: float
    """Images with at least this probability of levels 0 to 2 are in focus, 0 ... 1."""
    blank_undecided: float
    """Share of the simulated blank images that the limit leaves undecided."""
    cells_decided: float
    """Share of the held-out graded images that it decides."""
    f_score: float
    """F-score of in focus (levels 0-2 against 4-10) among the decided held-out images."""
    seen_temperature: float | None = None
    """The temperature that suits the held-out images, where another one is used."""
    unseen_factor: float | None = None
    """What it was multiplied by, for sources that training never saw."""
    unseen: dict[str, Any] | None = None
    """Where the factor comes from: sources, command, commit."""

    def describe(self) -> str:
        """One line for the terminal."""
        return "  ".join(
            f"{name} {value:.4g}"
            for name, value in self.as_dict().items()
            if isinstance(value, (int, float))
        )

    def as_dict(self) -> dict[str, Any]:
        """What ``calibration.json`` holds: nothing on unseen sources where nothing is known."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def calibrate_run(
    run: str | Path,
    validation: Sequence[SourceImage],
    seed: int = 0,
    *,
    unseen: Unseen | None = None,
) -> Calibration:
    """Calibrate ``best.keras`` of a run folder and write ``calibration.json`` beside it.

    Parameters
    ----------
    run : path
        A folder that `zfocus_model.training.fit.fit` left.
    validation : sequence of SourceImage
        The images that were held out from training; no others.
    seed : int
        Noise and blank images.
    unseen : Unseen, optional
        How the temperature changes for sources that training never saw; without, probabilities
        are right on images like those that were trained on, and too bold elsewhere.

    Returns
    -------
    Calibration
        Temperature and limits.

    Raises
    ------
    ZfocusError
        If the folder holds no trained model.
    """
    return calibrate_on(run, graded_patches(validation, seed), blank_images(seed), unseen=unseen)


def calibrate_on(
    run: str | Path,
    graded: Iterable[tuple[int, NDArray[np.float32]]],
    blank: Iterable[NDArray[np.float32]],
    *,
    unseen: Unseen | None = None,
) -> Calibration:
    """As `calibrate_run`, on patches that are there already: many runs can share them.

    Parameters
    ----------
    run : path
        A folder that `zfocus_model.training.fit.fit` left.
    graded : iterable of (level, patches)
        As `graded_patches` makes them of images that were held out from training.
    blank : iterable of patches
        As `blank_images` makes them.
    unseen : Unseen, optional
        See `calibrate_run`.

    Returns
    -------
    Calibration
        Temperature and limits.

    Raises
    ------
    ZfocusError
        If the folder holds no trained model.
    """
    folder = Path(run)
    path = folder / "best.keras"
    if not path.exists():
        raise ZfocusError(f"expected best.keras in {folder}, found none: run zfocus train first")
    trained = load_keras().models.load_model(path, compile=False)

    network: Any = inference_network(trained)

    def probabilities(patches: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(network(patches[..., None], training=False))

    raw = rate_patches(probabilities, graded)
    fitted = fit_temperature(raw.patch_probabilities, raw.patch_levels)
    temperature = fitted * (unseen.factor if unseen else 1)
    images = raw.at_temperature(temperature)
    without_cells = np.array(
        [aggregate(at_temperature(probabilities(patches), temperature)) for patches in blank]
    )
    calibration = choose_limits(images, raw.levels, without_cells, temperature)
    if unseen:
        calibration = replace(
            calibration,
            seen_temperature=round(fitted, 4),
            unseen_factor=unseen.factor,
            unseen=unseen.record,
        )
    write_json(folder / "calibration.json", calibration.as_dict())
    return calibration


def choose_limits(
    graded: NDArray[np.float64],
    levels: NDArray[np.integer[Any]],
    blank: NDArray[np.float64],
    temperature: float,
) -> Calibration:
    """Choose both status limits.

    The certainty limit leaves at least 99.5 % of blank images undecided; where cells are more
    certain than that anyway, it lies half-way between the two. The in-focus limit is the middle of
    the range with the best F-score.

    Parameters
    ----------
    graded : ndarray
        Calibrated probabilities of held-out graded images, shape (images, 11).
    levels : ndarray
        Their true levels, shape (images,).
    blank : ndarray
        Aggregated probabilities of images without cells, shape (images, 11).
    temperature : float
        Passed on.
    """
    certain = certainty(graded)
    highest_blank = float(np.quantile(certainty(blank), 0.995))
    lowest_cells = float(np.quantile(certain, 0.01))
    certainty_min = max(highest_blank, (highest_blank + lowest_cells) / 2)
    decided = certain >= certainty_min
    in_focus = graded[:, :USABLE_LEVELS].sum(1)
    graded_by_eye = decided & (is_positive(levels) | is_negative(levels))
    positive = is_positive(levels[graded_by_eye])
    called = in_focus[graded_by_eye] >= IN_FOCUS_LIMITS[:, None]
    scores = np.nan_to_num(
        f_score(
            (called & positive).sum(1), (called & ~positive).sum(1), (~called & positive).sum(1)
        )
    )
    return Calibration(
        temperature=round(temperature, 4),
        certainty_min=round(certainty_min, 4),
        in_focus_min=round(middle_of_best(IN_FOCUS_LIMITS, scores), 4),
        blank_undecided=float((certainty(blank) < certainty_min).mean()),
        cells_decided=float(decided.mean()),
        f_score=float(scores.max()),
    )


def middle_of_best(limits: NDArray[np.float64], scores: NDArray[np.float64]) -> float:
    """Middle of the limits whose F-scores cannot be told from the best.

    Examples
    --------
    >>> middle_of_best(np.array([0.25, 0.5, 0.75]), np.array([0.99, 0.991, 0.9]))
    0.375
    """
    return float(limits[scores >= scores.max() - _F_TOLERANCE].mean())


def blank_images(seed: int, count: int = BLANK_IMAGES) -> Iterator[NDArray[np.float32]]:
    """Patches of simulated images without cells: noise, a slope of light, now and then 8 bits.

    Yields
    ------
    ndarray
        The patches of one image of 252 x 252 px, shape (9, 84, 84), float32.
    """
    rng = np.random.default_rng([seed, 3])
    x = np.linspace(-1.0, 1.0, 252)[None]
    y = x.T
    for _ in range(count):
        # A field of 252 px is a small part of a camera's: its light is fairly even.
        slope = 0.08 * rng.random() * (x * rng.uniform(-1, 1) + y * rng.uniform(-1, 1))
        vignette = 1 - 0.08 * rng.random() * (x**2 + y**2) / 2
        photons = log_uniform(rng, 2, 5000)
        light = photons * np.maximum(vignette + slope, 0.05)
        counts = rng.poisson(light) + rng.normal(100, rng.uniform(0.5, 6), light.shape)
        if rng.random() < 0.3:
            counts = np.rint(counts / rng.uniform(1, 4) / np.sqrt(photons))
        yield cut(np.rint(counts)).pixels


def graded_patches(
    images: Sequence[SourceImage], seed: int
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Graded copies of held-out images, at most 504 px wide, from 200 to 20,000 photons.

    Parameters
    ----------
    images : sequence of SourceImage
        Sharp images.
    seed : int
        Of exposure and noise; both also depend on the order of the images.

    Yields
    ------
    level : int
    patches : ndarray
        Of one copy, shape (n, 84, 84), float32.
    """
    rng = np.random.default_rng([seed, 4])
    for image in images:
        photons = log_uniform(rng, 200, 20_000)
        corner = image.pixels[:_LARGEST_PX, :_LARGEST_PX]
        yield from cut_images(graded_images(corner, rng, peak_photons=photons))
