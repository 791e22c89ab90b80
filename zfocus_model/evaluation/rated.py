"""What a model said of images: arrays to compute metrics from, kept in small files."""

from __future__ import annotations

import dataclasses
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from zfocus_model._files import whole_file
from zfocus_model.aggregation import certainty
from zfocus_model.levels import LEVELS
from zfocus_model.rating import STATUSES, USABLE_LEVELS

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from zfocus_model.rating import Rating

UNKNOWN = -1
"""Level of an image whose true level nobody knows, or that was not rated."""

_PATCHES = ("patch_image", "patch_probabilities")


@dataclass(frozen=True, eq=False)
class Rated:
    """Ratings of images that belong together: the copies of a field, a stack, or all of many."""

    name: NDArray[np.str_]
    """(n,) name of the file."""
    field: NDArray[np.int64]
    """(n,) images with one number show one field of view."""
    place: NDArray[np.int64]
    """(n,) place in the stack, as the manifest counts; 0 for no stack."""
    z_um: NDArray[np.float64]
    """(n,) distance from focus; NaN where not known."""
    true: NDArray[np.int64]
    """(n,) true level, `UNKNOWN` where not known."""
    probabilities: NDArray[np.float64]
    """(n, 11) of the image; NaN where not rated."""
    status: NDArray[np.str_]
    """(n,) in_focus, out_of_focus, undecided."""
    reason: NDArray[np.str_]
    """(n,) why undecided."""
    out_of_domain: NDArray[np.float64]
    """(n,) score, NaN where the package gives none."""
    properties: NDArray[np.float64] = dataclasses.field(repr=False)
    """(n, 3) density, intensity and object_px of the sharp field (see `strata`); NaN if unknown."""
    patch_image: NDArray[np.int64] = dataclasses.field(repr=False)
    """(m,) index of the image that a patch is of; no patches are kept of images of no level."""
    patch_probabilities: NDArray[np.float32] = dataclasses.field(repr=False)
    """(m, 11)."""

    def __len__(self) -> int:
        """Count the images."""
        return len(self.name)

    @property
    def rated(self) -> NDArray[np.bool_]:
        """(n,) images of which at least a patch was rated."""
        return ~np.isnan(self.probabilities[:, 0])

    @property
    def level(self) -> NDArray[np.int64]:
        """(n,) most probable level, the lowest of equals; `UNKNOWN` where not rated."""
        found = np.argmax(np.nan_to_num(self.probabilities), axis=1)
        return np.where(self.rated, found, UNKNOWN)

    @property
    def expected_level(self) -> NDArray[np.float64]:
        """(n,) mean level under the probabilities; NaN where not rated."""
        return self.probabilities @ np.arange(LEVELS, dtype=np.float64)

    @property
    def in_focus_probability(self) -> NDArray[np.float64]:
        """(n,) probability of levels 0 to 2; NaN where not rated."""
        return self.probabilities[:, :USABLE_LEVELS].sum(axis=1)

    @property
    def certainty(self) -> NDArray[np.float64]:
        """(n,) certainty of the image's own probabilities; NaN where not rated."""
        return certainty(self.probabilities)

    @property
    def patch_true(self) -> NDArray[np.int64]:
        """(m,) true level of each patch: that of its image."""
        return self.true[self.patch_image]

    def has(self, status: str) -> NDArray[np.bool_]:
        """(n,) images of a status."""
        assert status in STATUSES
        return self.status == status

    def take(self, chosen: NDArray[np.bool_]) -> Rated:
        """Return some of the images, with their patches.

        Parameters
        ----------
        chosen
            (n,).

        Returns
        -------
        Rated
            In the same order.
        """
        patches = chosen[self.patch_image]
        renumbered = np.cumsum(chosen) - 1
        values = {
            f.name: getattr(self, f.name)[chosen] for f in fields(self) if f.name not in _PATCHES
        }
        return Rated(
            **values,
            patch_image=renumbered[self.patch_image[patches]],
            patch_probabilities=self.patch_probabilities[patches],
        )

    def save(self, path: Path) -> None:
        """Write all arrays to an .npz file, whole or not at all.

        Parameters
        ----------
        path
            The file.
        """
        arrays: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        with whole_file(path) as part:
            np.savez(part, **arrays)


def load(path: Path) -> Rated | None:
    """Read what `Rated.save` wrote; None if there is nothing, or it is damaged.

    Parameters
    ----------
    path
        The file.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            return Rated(**{f.name: file[f.name] for f in fields(Rated)})
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def collect(
    ratings: Sequence[Rating],
    *,
    names: Sequence[str],
    fields: Sequence[int],
    true: Sequence[int] | None = None,
    places: Sequence[int] | None = None,
    z_um: Sequence[float] | None = None,
    properties: Sequence[Sequence[float]] | None = None,
) -> Rated:
    """Put ratings of images side by side.

    Parameters
    ----------
    ratings
        n ratings.
    names, fields, true, places, z_um, properties
        n values each, see `Rated`. Patches are kept of images with a true level.

    Returns
    -------
    Rated
        Of n images.
    """
    count = len(ratings)
    kept = [r.patches.probabilities[r.patches.rated] for r in ratings] if true is not None else []
    scores = [np.nan if r.out_of_domain is None else r.out_of_domain for r in ratings]
    return Rated(
        name=np.array(names, np.str_),
        field=np.array(fields, np.int64),
        place=np.array([0] * count if places is None else places, np.int64),
        z_um=np.array([np.nan] * count if z_um is None else z_um, np.float64),
        true=np.array([UNKNOWN] * count if true is None else true, np.int64),
        probabilities=np.array([r.probabilities for r in ratings]).reshape(-1, LEVELS),
        status=np.array([r.status for r in ratings], np.str_),
        reason=np.array([r.reason for r in ratings], np.str_),
        out_of_domain=np.array(scores, np.float64),
        properties=np.array(
            np.full((count, 3), np.nan) if properties is None else properties, np.float64
        ).reshape(-1, 3),
        patch_image=np.repeat(np.arange(len(kept)), [len(p) for p in kept]).astype(np.int64),
        patch_probabilities=np.concatenate([np.empty((0, LEVELS), np.float32), *kept]),
    )


def join(parts: Sequence[Rated], same: Sequence[str] = ()) -> Rated:
    """Put parts one after the other; each part's fields stay apart from the others'.

    Parameters
    ----------
    parts
        At least one.
    same
        A name for each part: parts of one name show the same fields, in the same order. Empty
        names, and none at all, say nothing.

    Returns
    -------
    Rated
        Of all images.
    """
    starts = np.cumsum([0, *(len(part) for part in parts)])
    firsts: list[int] = []
    known: dict[str, int] = {}
    free = 0
    for part, name in zip(parts, same or [""] * len(parts)):
        firsts.append(known.setdefault(name, free) if name else free)
        free = max(free, firsts[-1] + int(part.field.max(initial=-1)) + 1)
    joined = {f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Rated)}
    joined["patch_image"] = np.concatenate(
        [part.patch_image + start for part, start in zip(parts, starts)]
    )
    joined["field"] = np.concatenate([part.field + first for part, first in zip(parts, firsts)])
    return Rated(**joined)
