"""What a z-stack is: planes of one size in order, read one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from zfocus_model._errors import ZfocusError
from zfocus_model.images import Plane, PlaneInfo

_EVEN = 0.02
"""Steps that differ by less than this share are the same: numbers in files are rounded."""


class ZStack:
    """The planes of a stack, in order, all of one size. Made by :func:`open_stack` and others.

    Parameters
    ----------
    name
        What messages and tables call it.
    readers
        One function a plane, which reads it.
    infos
        What is known of each plane.
    numbers
        Place of each plane along z, rising or falling; planes need not be evenly spaced.
    z_step_um
        Distance between neighbouring planes; None if nobody knows, or they are not evenly spaced.
    pixel_size_um
        Side of a pixel in the sample; None if nobody knows.
    problem
        What part of the stack's file cannot be read, empty if all can.
    close
        Called at the end.
    """

    def __init__(
        self,
        name: str,
        readers: Sequence[Callable[[], Plane]],
        infos: Sequence[PlaneInfo],
        *,
        numbers: Sequence[float],
        z_step_um: float | None = None,
        pixel_size_um: float | None = None,
        problem: str = "",
        close: Callable[[], None] | None = None,
    ) -> None:
        if len(readers) < 2:
            raise ZfocusError(
                f"expected a stack of at least 2 planes, got {len(readers) or 'none'}: name the "
                "folder of the planes, a pattern such as 'cells_z*.tif' in quotes, or a stack file"
            )
        self.name = name
        self.infos = tuple(infos)
        self.numbers = tuple(numbers)
        self.z_step_um = z_step_um if self.even else None
        self.pixel_size_um = pixel_size_um
        self.problem = problem
        self._readers = tuple(readers)
        self._close = close
        self._shape: tuple[int, int] | None = None

    def __len__(self) -> int:
        """Count the planes."""
        return len(self._readers)

    def __enter__(self) -> ZStack:
        """Use as ``with open_stack(path) as stack``."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the stack's file."""
        self.close()

    def __iter__(self) -> Iterator[npt.NDArray[Any]]:
        """Read the planes one after the other."""
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> npt.NDArray[Any]:
        """Read the pixels of a plane: (height, width), as stored."""
        return self.plane(index).pixels

    @property
    def shape_px(self) -> tuple[int, int]:
        """Height and width of all planes; reads the first."""
        return self._shape or _size(self.plane(0))

    @property
    def even(self) -> bool:
        """Whether the planes are evenly spaced, as far as their numbers tell."""
        steps = np.diff(self.numbers)
        return bool(np.ptp(steps) <= _EVEN * np.abs(steps).max()) and bool(steps.all())

    def plane(self, index: int) -> Plane:
        """Read one plane with what is known of it.

        Parameters
        ----------
        index
            0 to ``len(stack) - 1``.

        Returns
        -------
        Plane
            The plane.

        Raises
        ------
        ZfocusError
            If it cannot be read, or has another size than the plane that was read first.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"plane {index} of {len(self)}")  # ends a for loop over the stack
        try:
            plane = self._readers[index]()
        except ZfocusError as error:
            raise ZfocusError(f"plane {index}: {error}") from error
        height, width = _size(plane)
        self._shape = self._shape or (height, width)
        if (height, width) != self._shape:
            raise ZfocusError(
                f"expected planes of one size, got {self._shape[1]} x {self._shape[0]} px and "
                f"{width} x {height} px (plane {index}): leave out what does not belong to the "
                "stack"
            )
        return plane

    def close(self) -> None:
        """Close the stack's file."""
        if self._close is not None:
            self._close()

    @classmethod
    def of_arrays(
        cls,
        planes: Sequence[npt.ArrayLike] | npt.NDArray[Any],
        *,
        name: str = "stack",
        z_step_um: float | None = None,
        pixel_size_um: float | None = None,
    ) -> ZStack:
        """Make a stack of planes that are in memory.

        Parameters
        ----------
        planes
            (planes, height, width), or a sequence of planes.
        name
            What messages call it.
        z_step_um, pixel_size_um
            As for the class.

        Returns
        -------
        ZStack
            The stack.

        Raises
        ------
        ZfocusError
            If there are fewer than 2 planes.
        """
        arrays = [np.asarray(plane) for plane in planes]
        infos = [PlaneInfo(0, 0, 0, z) for z in range(len(arrays))]

        def reader(number: int) -> Callable[[], Plane]:
            kind = arrays[number].dtype
            maximum = int(np.iinfo(kind).max) if kind.kind in "iu" else None
            return lambda: Plane.of(infos[number], arrays[number], maximum)

        return cls(
            name,
            [reader(z) for z in range(len(arrays))],
            infos,
            numbers=range(len(arrays)),
            z_step_um=z_step_um,
            pixel_size_um=pixel_size_um,
        )


def uneven(stack: ZStack) -> ZfocusError:
    """Make the error for a stack whose planes must be evenly spaced and are not."""
    numbers = ", ".join(f"{number:g}" for number in stack.numbers[:8])
    more = ", ..." if len(stack) > 8 else ""
    return ZfocusError(
        f"expected evenly spaced planes, got planes {numbers}{more}: add the missing ones or leave "
        "out some"
    )


def _size(plane: Plane) -> tuple[int, int]:
    height, width = plane.pixels.shape
    return height, width
