"""In-focus images to train on: found in a folder or a manifest, read, and split by image."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zfocus_model._errors import ZfocusError
from zfocus_model.evaluation.manifest import read_rows
from zfocus_model.levels import PATCH_PX

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

MIN_IMAGES = 4
"""Fewest images a training can hold some back from."""


@dataclass(frozen=True)
class SourceImage:
    """One in-focus plane."""

    path: Path
    """The file it came from."""
    source: str
    """Data set or microscope; sampling and evaluation are balanced over it."""
    licence: str
    """Licence as the manifest states it, else empty."""
    pixels: NDArray[np.float32] = field(repr=False)
    """Shape (height, width), scaled so that 0 is the 1st and 1 the 99.9th percentile."""


def list_images(in_focus: str | Path, where: Sequence[str] = ()) -> list[tuple[Path, str, str]]:
    """List the images of a folder or of a CSV manifest as (path, source, licence).

    Parameters
    ----------
    in_focus : path
        A folder (searched recursively; each sub-folder is a source) or a CSV file with a
        ``path`` column, relative to the CSV, and optionally ``source`` and ``licence``.
    where : sequence of str
        Conditions on manifest columns, all of which must hold: ``split=train``, or
        ``modality!=phase*,bright*``. Values are shell patterns, alternatives go with commas.

    Returns
    -------
    list of (Path, str, str)
        Sorted by path.

    Raises
    ------
    ZfocusError
        If nothing is found or a condition does not fit.
    """
    root = Path(in_focus)
    if root.is_dir():
        from zfocus_model.images import SUFFIXES

        if where:
            raise ZfocusError(
                f"expected a manifest for --where, got the folder {root}: pass a CSV with a "
                "path column, or leave --where out"
            )
        files = sorted(p for p in root.rglob("*") if p.suffix.lower() in SUFFIXES)
        found = [(p, p.parent.relative_to(root).as_posix(), "") for p in files]
    elif root.is_file() and root.suffix.lower() == ".csv":
        rows = read_rows(root, where)
        found = sorted(
            (
                root.parent / (row["path"] or ""),
                row.get("source") or "images",
                row.get("licence") or "",
            )
            for row in rows
        )
    else:
        what = "another kind of file" if root.exists() else "nothing there"
        raise ZfocusError(
            f"expected a folder of in-focus images or a CSV manifest, got {root}, {what}: "
            "check the name"
        )
    if not found:
        remedy = "loosen --where" if where else "add sharp images (TIFF, PNG, JPEG or BMP)"
        raise ZfocusError(f"expected in-focus images in {root}, got none that fit: {remedy}")
    return found


def read_images(found: Iterable[tuple[Path, str, str]]) -> list[SourceImage]:
    """Read every plane of the files that `list_images` lists; planes below 84 px are left out."""
    from zfocus_model.images import open_image

    images: list[SourceImage] = []
    for path, source, licence in found:
        try:
            with open_image(path) as file:
                planes = [plane.pixels for plane in file.planes()]
        except ZfocusError as error:
            raise ZfocusError(f"{path}: {error}") from error
        for pixels in planes:
            if min(pixels.shape) < PATCH_PX or not np.isfinite(pixels).all():
                continue
            light = scaled(pixels)
            if light is not None:
                images.append(SourceImage(path, source, licence, light))
    if len(images) < MIN_IMAGES:
        raise ZfocusError(
            f"expected at least {MIN_IMAGES} in-focus images of {PATCH_PX} x {PATCH_PX} px or "
            f"more, got {len(images)}: add sharp images"
        )
    return images


def scaled(pixels: NDArray[Any]) -> NDArray[np.float32] | None:
    """Pixels with their 1st percentile at 0 and their 99.9th at 1; None if the two are equal."""
    low, high = np.percentile(pixels, (1, 99.9))
    if not high > low:
        return None
    return ((pixels.astype(np.float32) - low) / (high - low)).astype(np.float32)


def split_images(
    images: Sequence[SourceImage], held_out: float = 0.12, seed: int = 0
) -> tuple[list[SourceImage], list[SourceImage]]:
    """Split by source image, never by patch: (training, validation).

    Which images are held out depends on their names and the seed alone, so that a resumed or
    repeated run makes the same split. Every source with at least four images gives some.

    Examples
    --------
    >>> images = [SourceImage(Path(f"{i}.png"), "a", "", np.zeros((84, 84))) for i in range(8)]
    >>> [len(part) for part in split_images(images)]
    [7, 1]
    """
    by_source: dict[str, list[SourceImage]] = {}
    for image in images:
        by_source.setdefault(image.source, []).append(image)
    held: set[Path] = set()
    for group in by_source.values():
        paths = sorted({i.path for i in group}, key=lambda path: _digest(path, seed))
        if len(paths) >= MIN_IMAGES:
            held.update(paths[: max(1, round(held_out * len(paths)))])
    if not held:  # many tiny sources: hold out whole files anyway
        paths = sorted({i.path for i in images}, key=lambda path: _digest(path, seed))
        held.update(paths[: max(1, round(held_out * len(paths)))])
    return [i for i in images if i.path not in held], [i for i in images if i.path in held]


def _digest(path: Path, seed: int) -> str:
    return hashlib.sha256(f"{seed}/{path.parent.name}/{path.name}".encode()).hexdigest()
