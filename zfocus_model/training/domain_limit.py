"""The limit of the out-of-domain score, set on images that were held out from training."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

import numpy as np

from zfocus_model._errors import ZfocusError
from zfocus_model._files import write_json
from zfocus_model.levels import PATCH_PX
from zfocus_model.rating import domain_sample, out_of_domain_score
from zfocus_model.tiling import cut
from zfocus_model.training._keras import load_keras
from zfocus_model.training.calibrate import blank_images
from zfocus_model.training.domain_data import SPOILERS, DomainMaker
from zfocus_model.training.graded import graded_images
from zfocus_model.training.kernels import log_uniform
from zfocus_model.training.networks import inference_network
from zfocus_model.training.simulated import SOURCE as SIMULATED_SOURCE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zfocus_model.training.domain import DomainImages
    from zfocus_model.training.sources import SourceImage

    Patches = NDArray[np.float32]

FALSE_ALARMS = {"graded": 0.01, "as stored": 0.01, "blank": 0.02, "single patches": 0.04}
"""Most false alarms that the limit allows, by group of images in the domain.

Single patches are drawn by the training's augmentation, with all that can befall an image at once;
the others are images of nine patches and more, as they come. Blank images are undecided anyway."""

_SIDE_PX = 3 * PATCH_PX
_BLANK = 200
_SINGLE = 1024


def calibrate_domain(run: str | Path, held_out: DomainImages, seed: int = 0) -> dict[str, Any]:
    """Set the limit for ``best.keras`` of a run folder; write ``calibration.json`` beside it.

    Parameters
    ----------
    run
        A folder that `zfocus_model.training.domain.fit_domain` left.
    held_out
        Images that were not trained on.
    seed
        Noise, blank images and single patches.

    Returns
    -------
    dict
        ``out_of_domain_max``, and the shares of images above it: ``in_domain`` by group, and
        ``out_of_domain`` by kind.

    Raises
    ------
    ZfocusError
        If the folder holds no trained network.
    """
    folder = Path(run)
    path = folder / "best.keras"
    if not path.exists():
        raise ZfocusError(
            f"expected best.keras in {folder}, found none: run zfocus train-domain first"
        )
    network: Any = inference_network(load_keras().models.load_model(path, compile=False))

    def scores(images: Iterable[Patches]) -> NDArray[np.float64]:
        found: list[float] = []
        for every in images:
            patches = every[domain_sample(len(every))]
            score = out_of_domain_score(np.asarray(network(patches[..., None], training=False)))
            if score is not None:
                found.append(score)
        return np.array(found)

    inside = {name: scores(images) for name, images in _inside(held_out, seed).items()}
    limit = choose_limit(inside)
    outside = {name: scores(images) for name, images in _outside(held_out, seed).items()}
    statistics: dict[str, Any] = {
        "out_of_domain_max": limit,
        "in_domain": {name: float((found > limit).mean()) for name, found in inside.items()},
        "out_of_domain": {name: float((found > limit).mean()) for name, found in outside.items()},
    }
    write_json(folder / "calibration.json", statistics)
    return statistics


def choose_limit(scores: Mapping[str, NDArray[np.float64]]) -> float:
    """Choose the lowest limit, from 0.5 on, that keeps the false alarms of `FALSE_ALARMS`.

    Parameters
    ----------
    scores
        Scores of images in the domain, by group.

    Returns
    -------
    float
        0.5 to 1, of three digits.

    Examples
    --------
    >>> choose_limit({"graded": np.linspace(0, 0.7, 201), "blank": np.zeros(5)})
    0.693
    """
    needed = [
        np.quantile(found, 1 - FALSE_ALARMS[name], method="inverted_cdf")
        for name, found in scores.items()
    ]
    return float(np.clip(np.ceil(max(needed) * 1000) / 1000, 0.5, 1.0))


def _inside(held_out: DomainImages, seed: int) -> dict[str, Iterator[Patches]]:
    maker = DomainMaker(held_out.fluorescence, held_out.others, seed=seed + 21)
    return {
        "graded": _graded(held_out.fluorescence, seed),
        # Drawings without noise are no files that anybody stores.
        "as stored": (
            cut(image.pixels).pixels
            for image in held_out.fluorescence
            if not image.source.startswith(SIMULATED_SOURCE)
        ),
        "blank": blank_images(seed + 21, _BLANK),
        "single patches": _single(maker),
    }


def _outside(held_out: DomainImages, seed: int) -> dict[str, Iterator[Patches]]:
    kinds = sorted({image.source for image in held_out.others})
    found = {kind: _of_source(held_out.others, kind) for kind in kinds}
    for number, (name, spoil) in enumerate(SPOILERS.items()):
        rng = np.random.default_rng([seed, 22, number])
        found[name] = _spoiled(held_out.fluorescence, spoil, rng)
    return found


def _of_source(images: Iterable[SourceImage], source: str) -> Iterator[Patches]:
    for image in images:
        if image.source == source:
            yield cut(image.pixels).pixels


def _graded(images: Iterable[SourceImage], seed: int) -> Iterator[Patches]:
    """Graded copies, of 252 px at most, from 50 to 20,000 photons."""
    rng = np.random.default_rng([seed, 23])
    for image in images:
        photons = log_uniform(rng, 50, 20_000)
        corner = image.pixels[:_SIDE_PX, :_SIDE_PX]
        for _, photograph in graded_images(corner, rng, peak_photons=photons):
            yield cut(photograph).pixels


def _single(maker: DomainMaker) -> Iterator[Patches]:
    for number in range(_SINGLE // 64):
        patches, labels = maker.batch(number, 128)
        yield from patches[labels == 0, None, :, :, 0]


def _spoiled(
    images: Iterable[SourceImage],
    spoil: Callable[[Any, np.random.Generator], Any],
    rng: np.random.Generator,
) -> Iterator[Patches]:
    """Images with a little noise, then spoiled, patch by patch."""
    for image in images:
        pixels = image.pixels[:_SIDE_PX, :_SIDE_PX]
        noisy = pixels + log_uniform(rng, 0.005, 0.1) * rng.standard_normal(pixels.shape)
        state = rng.integers(1 << 32)
        # The same accident befalls the whole image.
        yield np.stack(
            [
                spoil(patch, np.random.default_rng(state))
                for patch in cut(noisy.astype(np.float32)).pixels
            ]
        )
