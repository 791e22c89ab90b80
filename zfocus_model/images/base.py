"""What a file of images is to the rest of zfocus: planes with indices, read one at a time."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy.typing as npt

from zfocus_model._errors import ZfocusError
from zfocus_model.planes import as_plane, saturated_fraction


@dataclass(frozen=True)
class PlaneInfo:
    """Where a plane lies in its file, and what the file says of it. Indices count from 0."""

    series: int
    """Index of the image in a file of several."""
    t: int
    """Time point."""
    c: int
    """Channel."""
    z: int
    """Focal plane; the planes of an undeclared stack are z."""
    channel: str = ""
    """Name of the channel; empty if the file gives none."""
    pixel_size_um: float | None = None
    """Side of a pixel in the sample, in um."""
    numerical_aperture: float | None = None
    """Of the objective."""
    refractive_index: float | None = None
    """Of the immersion."""
    z_step_um: float | None = None
    """Distance between neighbouring focal planes, in um."""

    @property
    def index(self) -> tuple[int, int, int, int]:
        """(series, t, c, z)."""
        return self.series, self.t, self.c, self.z


@dataclass(frozen=True, eq=False)
class Plane(PlaneInfo):
    """One 2-D plane with its pixels as stored."""

    pixels: npt.NDArray[Any] = None  # type: ignore[assignment]  # fields before it have defaults
    """(height, width), as stored; colour as its float32 mean."""
    maximum: int | None = None
    """Largest value that the stored type can hold; None for floats and 1-bit images."""

    @property
    def saturated_fraction(self) -> float | None:
        """Share of pixels at the maximum, 0 to 1; None for floats and 1-bit images."""
        return saturated_fraction(self.pixels, self.maximum)

    @classmethod
    def of(cls, info: PlaneInfo, pixels: npt.NDArray[Any], maximum: int | None) -> Plane:
        """Add pixels to what is known of a plane.

        Parameters
        ----------
        info
            Where the plane lies.
        pixels
            (height, width).
        maximum
            Largest value that the stored type can hold, if it has one.

        Returns
        -------
        Plane
            The plane.

        Raises
        ------
        ZfocusError
            If the pixels are not one plane of numbers.
        """
        known = {field.name: getattr(info, field.name) for field in fields(PlaneInfo)}
        return cls(**known, pixels=as_plane(pixels), maximum=maximum)


class ImageFile(ABC):
    """An open file of images. Planes may be read from several threads, one at a time each file.

    Parameters
    ----------
    path
        The file.
    infos
        What planes it holds, sorted by series, t, c, z.
    problem
        What part of the file cannot be read, empty if all can.
    """

    def __init__(self, path: Path, infos: Sequence[PlaneInfo], problem: str = "") -> None:
        self.path = path
        self.infos = tuple(infos)
        self.problem = problem
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Count the planes."""
        return len(self.infos)

    def __enter__(self) -> ImageFile:
        """Use as ``with open_image(path) as file``."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.close()

    def read(self, number: int) -> Plane:
        """Read one plane.

        Parameters
        ----------
        number
            0 to ``len(file) - 1``, the place in ``infos``.

        Returns
        -------
        Plane
            The plane with its pixels.

        Raises
        ------
        ZfocusError
            If this plane cannot be read; the others may well be.
        """
        with self._lock:
            try:
                pixels, maximum = self._pixels(number)
                return Plane.of(self.infos[number], pixels, maximum)
            except ZfocusError:
                raise
            except Exception as error:  # codecs raise whatever they like on damaged data
                raise ZfocusError(
                    f"expected readable pixels, got damaged data ({why(error)}): copy it again"
                ) from error

    def planes(self) -> Iterator[Plane]:
        """Read the planes one after the other; one is in memory at a time.

        Yields
        ------
        Plane
            Sorted by series, t, c, z.
        """
        for number in range(len(self)):
            yield self.read(number)

    def close(self) -> None:
        """Close the file; it cannot be read any more."""
        with self._lock:
            self._close()

    @abstractmethod
    def _pixels(self, number: int) -> tuple[npt.NDArray[Any], int | None]:
        """Pixels of a plane and the largest value that their type can hold."""

    @abstractmethod
    def _close(self) -> None: ...


def why(error: BaseException) -> str:
    """One line about what another library reported."""
    text = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, MemoryError):
        text = f"not enough memory ({text})"
    return text if len(text) <= 160 else text[:157] + "..."
