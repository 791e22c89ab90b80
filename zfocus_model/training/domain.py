"""Train the domain network, which knows images that the focus model was not made for.

The patches are made once and kept in the run folder, so that a training that was stopped, or is
repeated with other options, goes on from there; then the network, which is tiny, sees them many
times over.
"""

from __future__ import annotations

import csv
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zfocus_model._errors import ZfocusError
from zfocus_model._files import whole_file
from zfocus_model.levels import PATCH_PX
from zfocus_model.training._keras import load_keras
from zfocus_model.training.domain_data import SPOILERS, DomainMaker, kind_of, simulated
from zfocus_model.training.domain_scenes import FLUORESCENCE, SCENES
from zfocus_model.training.networks import build_network
from zfocus_model.training.packaging.domain import TASK
from zfocus_model.training.provenance import describe_run
from zfocus_model.training.simulated import simulated_images
from zfocus_model.training.sources import split_images

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from zfocus_model.training.sources import SourceImage

_FULL = 65_535  # patches are kept as 16-bit integers of their own range: gain is no matter
_PARTS = 40  # batches in a file


@dataclass(frozen=True)
class DomainOptions:
    """How the domain network is trained."""

    patches: int = 122_880
    """Fresh patches, half of them fluorescence."""
    epochs: int = 14
    """How often each patch is seen."""
    batch_size: int = 128
    learning_rate: float = 3e-3
    """Peak of a cosine schedule."""
    scenes: int = 90
    """Simulated images of each kind out of the domain."""
    without: tuple[str, ...] = ()
    """Kinds out of the domain that are left out, to see whether they are recognised unseen."""
    seed: int = 0


@dataclass(frozen=True)
class DomainImages:
    """Images by part."""

    fluorescence: list[SourceImage]
    """Sharp, in the domain."""
    others: list[SourceImage]
    """Out of the domain; the source is the kind."""


def split_domain(
    fluorescence: Sequence[SourceImage], others: Sequence[SourceImage], options: DomainOptions
) -> tuple[DomainImages, DomainImages]:
    """Split by image, and add simulated ones to both parts: (training, held out).

    Fluorescence images are split as the focus model's training splits them with the same seed, so
    that what one network has not seen, the other has not seen either.
    """
    sharp, sharp_held = split_images(fluorescence, seed=options.seed)
    foreign, foreign_held = split_images(others, seed=options.seed)
    seed, scenes = options.seed, options.scenes
    other_seed = seed + 1_000_003
    some, few, held = max(1, 2 * scenes // 3), max(1, scenes // 7), -(-scenes // 4)

    def kept(images: Iterable[SourceImage]) -> list[SourceImage]:
        return [image for image in images if kind_of(image.source) not in options.without]

    return (
        DomainImages(
            sharp + simulated_images(2 * scenes, seed) + simulated(some, seed, FLUORESCENCE),
            kept(foreign + simulated(scenes, seed, SCENES)),
        ),
        DomainImages(
            sharp_held
            + simulated_images(scenes // 2, other_seed)
            + simulated(few, other_seed, FLUORESCENCE),
            foreign_held + simulated(held, other_seed, SCENES),
        ),
    )


def fit_domain(
    training: DomainImages, held_out: DomainImages, run: str | Path, options: DomainOptions
) -> Path:
    """Train and leave ``best.keras``, ``log.csv`` and ``run.json`` in a run folder.

    Parameters
    ----------
    training, held_out
        From `split_domain`; what is held out is only named in ``run.json`` here.
    run
        The run folder; made if missing.
    options
        The recipe.

    Returns
    -------
    Path
        ``best.keras``.

    Raises
    ------
    ZfocusError
        If the folder holds another run, or the options make no sense.
    """
    _check(options)
    folder = Path(run)
    folder.mkdir(parents=True, exist_ok=True)
    describe_run(
        folder,
        task=TASK,
        options={**asdict(options), "without": list(options.without)},
        augmentation={},
        data={
            "fluorescence": training.fluorescence,
            "fluorescence, held out": held_out.fluorescence,
            "others": training.others,
            "others, held out": held_out.others,
        },
    )
    keras = load_keras()
    patches, labels = _pool(training, folder / "patches", options)
    keras.utils.set_random_seed(options.seed)
    steps = len(patches) // options.batch_size
    rate: Any = keras.optimizers.schedules.CosineDecay(
        options.learning_rate, steps * options.epochs, alpha=0.01
    )
    model: Any = build_network("domain")
    model.compile(
        optimizer=keras.optimizers.AdamW(rate, weight_decay=1e-4),
        loss="sparse_categorical_crossentropy",
    )
    rng = np.random.default_rng([options.seed, 13])
    rows: list[dict[str, float]] = []
    for epoch in range(options.epochs):
        losses: list[float] = []
        order = rng.permutation(len(patches))[: steps * options.batch_size]
        for batch in order.reshape(steps, -1):
            some = patches[np.sort(batch)].astype(np.float32)[..., None]
            losses.append(float(model.train_on_batch(some, labels[np.sort(batch)])))
        rows.append({"epoch": epoch + 1, "loss": float(np.mean(losses))})
        print(f"epoch {epoch + 1}  loss {rows[-1]['loss']:.4f}", flush=True)
    with (folder / "log.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, ["epoch", "loss"])
        writer.writeheader()
        writer.writerows(rows)
    with whole_file(folder / "best.keras") as part:
        model.save(part)
    return folder / "best.keras"


def _pool(
    training: DomainImages, folder: Path, options: DomainOptions
) -> tuple[NDArray[np.uint16], NDArray[np.int32]]:
    """All patches and labels; those that an earlier start of the run has made are read."""
    folder.mkdir(exist_ok=True)
    maker: DomainMaker | None = None
    parts: list[tuple[NDArray[np.uint16], NDArray[np.int32]]] = []
    batches = options.patches // options.batch_size
    for first in range(0, batches, _PARTS):
        path = folder / f"{first:05d}.npz"
        if not path.exists():
            maker = maker or DomainMaker(
                training.fluorescence,
                training.others,
                seed=options.seed,
                spoilers=[name for name in SPOILERS if name not in options.without],
            )
            last = min(first + _PARTS, batches)
            made = [maker.batch(number, options.batch_size) for number in range(first, last)]
            with whole_file(path) as part:
                np.savez(
                    part,
                    x=np.concatenate([_packed(patches) for patches, _ in made]),
                    y=np.concatenate([labels for _, labels in made]),
                )
            print(f"{last * options.batch_size} of {options.patches} patches", flush=True)
        with np.load(path, allow_pickle=False) as stored:
            parts.append((stored["x"], stored["y"]))
    return np.concatenate([x for x, _ in parts]), np.concatenate([y for _, y in parts])


def _packed(patches: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Patches (n, 84, 84), each stretched over 16 bits."""
    flat = patches.reshape(len(patches), PATCH_PX, PATCH_PX)
    low = flat.min(axis=(1, 2), keepdims=True)
    extent = flat.max(axis=(1, 2), keepdims=True) - low
    return np.rint((flat - low) / np.where(extent > 0, extent, 1) * _FULL).astype(np.uint16)


def _check(options: DomainOptions) -> None:
    if options.epochs < 1 or options.batch_size < 2 or options.patches < options.batch_size:
        raise ZfocusError(
            "expected at least one epoch, batches of two and one batch of patches, got "
            f"{options.epochs}, {options.batch_size} and {options.patches}: give larger numbers"
        )
    known = {*SCENES, *SPOILERS}
    if unknown := [kind for kind in options.without if kind not in known]:
        raise ZfocusError(
            f"expected kinds to leave out among {', '.join(sorted(known))}, got {unknown[0]!r}: "
            "choose one of them"
        )
