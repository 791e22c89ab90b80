"""What a batch of images comes to, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from zfocus_model.images import InputFailure
from zfocus_model.rating import Rating
from zfocus_model.tables import Value


@dataclass(frozen=True, eq=False)
class ImageResult:
    """One rated plane."""

    row: dict[str, Value]
    """Its row of images.csv: value by column, None where undefined, floats to six digits."""
    rating: Rating | None
    """Its rating, in full precision; None where the tables hold it (``output`` was given)."""


@dataclass(frozen=True, eq=False)
class BatchResult:
    """What became of the inputs."""

    images: tuple[ImageResult, ...]
    """The rated planes, sorted by image, series, t, c, z."""
    errors: tuple[InputFailure, ...]
    """What could not be rated, sorted."""
    files: tuple[Path, ...] = ()
    """The files written, tables first; empty without ``output``."""

    def count(self, status: str) -> int:
        """Count the planes of a status.

        Parameters
        ----------
        status
            ``in_focus``, ``out_of_focus`` or ``undecided``.

        Returns
        -------
        int
            Number of planes.
        """
        return sum(image.row["status"] == status for image in self.images)


@dataclass(frozen=True)
class Progress:
    """How far a batch is."""

    image: str
    """The file that was just done, or is being worked on."""
    planes: int
    """Planes done, those of an earlier, interrupted run included."""
    rated: int
    """Planes rated by this run: what speed is to be told from."""
    expected: int
    """Planes in all; an estimate until the last file is open."""
