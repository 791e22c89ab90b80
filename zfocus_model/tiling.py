"""Cut a plane into patches: from the upper left, not overlapping, the remainder left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from zfocus_model.levels import PATCH_PX
from zfocus_model.planes import as_mask, as_plane


@dataclass(frozen=True, eq=False)
class Patches:
    """The patches of a plane that can be rated, ready for an engine."""

    pixels: npt.NDArray[np.float32]
    """(n, 84, 84), float32, C order: the rated patches row by row, pixels as stored."""
    rated: npt.NDArray[np.bool_]
    """(rows, columns), True for the n patches that are rated."""

    def on_grid(self, values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Put one row of values a rated patch, (n, k), on the grid: (rows, columns, k), else NaN.

        Parameters
        ----------
        values
            (n, k), in the order of ``pixels``.

        Returns
        -------
        ndarray of float32
            (rows, columns, k), NaN where a patch is not rated.
        """
        if len(values) == self.rated.size:
            return values.reshape(*self.rated.shape, values.shape[-1])
        grid = np.full((*self.rated.shape, values.shape[-1]), np.nan, np.float32)
        grid[self.rated] = values
        return grid


def grid_shape(shape_px: tuple[int, ...]) -> tuple[int, int]:
    """Rows and columns of whole patches in a plane of (height, width) px.

    Parameters
    ----------
    shape_px
        (height, width).

    Returns
    -------
    tuple of int
        (rows, columns), 0 where the plane is smaller than a patch.

    Examples
    --------
    >>> grid_shape((520, 696)), grid_shape((83, 500))
    ((6, 8), (0, 5))
    """
    return shape_px[0] // PATCH_PX, shape_px[1] // PATCH_PX


def tiles(plane: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """View a plane (height, width) as its patches (rows, columns, 84, 84), without a copy.

    Parameters
    ----------
    plane
        (height, width), any type.

    Returns
    -------
    ndarray
        A view of the plane's pixels.
    """
    rows, columns = grid_shape(plane.shape)
    step_y, step_x = plane.strides
    return np.lib.stride_tricks.as_strided(
        plane,
        (rows, columns, PATCH_PX, PATCH_PX),
        (PATCH_PX * step_y, PATCH_PX * step_x, step_y, step_x),
        writeable=False,
    )


def cut(image: npt.ArrayLike, mask: npt.ArrayLike | None = None) -> Patches:
    """Cut a plane into the patches that can be rated.

    A patch is rated if all its pixels are finite as float32 and at least half of them lie inside
    the mask. Pixels outside the mask keep their values: blanking them would draw edges.

    Parameters
    ----------
    image
        (height, width) of integers, floats or booleans.
    mask
        (height, width), True (or not 0) where pixels may be rated; None: everywhere.

    Returns
    -------
    Patches
        No rows or no columns if the plane is smaller than a patch.

    Raises
    ------
    ZfocusError
        If the image is not one plane of numbers, or the mask has another shape.
    """
    plane = as_plane(image)
    inside = None if mask is None else as_mask(mask, plane.shape)
    view = tiles(plane)
    grid = view.shape[:2]
    # Values beyond float32 become infinite, and so unrated, without a warning.
    with np.errstate(over="ignore", invalid="ignore"):
        pixels = np.ascontiguousarray(view, dtype=np.float32).reshape(-1, PATCH_PX, PATCH_PX)
    rated = np.ones(grid, np.bool_)
    if pixels.size and plane.dtype.kind == "f":
        rated &= np.isfinite(pixels).all(axis=(1, 2)).reshape(grid)
    if inside is not None and pixels.size:
        covered = np.count_nonzero(tiles(inside), axis=(2, 3))
        rated &= 2 * covered >= PATCH_PX**2
    if not rated.all():
        pixels = pixels[rated.ravel()]
    return Patches(pixels, rated)
