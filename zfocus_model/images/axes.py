"""Which page, and which part of it, is the plane (t, c, z)? From the letters of a TIFF's axes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from zfocus_model._errors import ZfocusError

_RGB, _YCBCR = 2, 6
_ALPHA = (1, 2)
"""TIFF's extra samples that are alpha, associated or not."""


@dataclass(frozen=True)
class Layout:
    """How the planes of one image lie in the pages of a file."""

    over_pages: tuple[tuple[str, int], ...]
    """Letter and length of the axes that pages run along."""
    in_page: tuple[tuple[str, int], ...]
    """Letter and length of a page's own axes, with Y, X and maybe S (samples of a pixel)."""
    colour: bool
    """True if S is red, green, blue; else the samples are channels."""
    samples: int
    """Number of samples that count: alpha that comes with grey, and more than RGBA, do not."""

    @property
    def page_count(self) -> int:
        """Number of pages that the axes ask for."""
        return math.prod(length for _letter, length in self.over_pages)

    def planes(self) -> Iterator[tuple[int, tuple[int, ...], tuple[int, int, int]]]:
        """Yield page, indices along the page's other axes, and (t, c, z) of each plane."""
        inner = tuple(
            self.samples if letter == "S" else length
            for letter, length in self.in_page
            if self._is_index(letter)
        )
        letters = [letter for letter, _length in self.over_pages]
        letters += [letter for letter, _length in self.in_page if self._is_index(letter)]
        outer = tuple(length for _letter, length in self.over_pages)
        roles = _roles(letters)
        for page, place in enumerate(np.ndindex(*outer)):
            for within in np.ndindex(*inner):
                yield page, within, _fold((*place, *within), (*outer, *inner), roles)

    def pick(self, page: npt.NDArray[Any], inner: tuple[int, ...]) -> npt.NDArray[Any]:
        """Cut a plane out of a page: (height, width), or (height, width, samples) if colour.

        Parameters
        ----------
        page
            Pixels of the page, axes as in ``in_page``.
        inner
            Indices along the axes that are neither Y, X nor colour.

        Returns
        -------
        ndarray
            A view.
        """
        order = [i for i, (letter, _length) in enumerate(self.in_page) if self._is_index(letter)]
        order += [_at(self.in_page, letter) for letter in ("YXS" if self.colour else "YX")]
        plane = page.transpose(order)[inner]
        return plane[..., : self.samples] if self.colour else plane

    def _is_index(self, letter: str) -> bool:
        return letter not in "YX" and not (letter == "S" and self.colour)


def layout_of(series: Any) -> Layout:
    """Find the layout of a series of pages as tifffile has sorted them.

    Parameters
    ----------
    series
        A ``tifffile.TiffPageSeries``.

    Returns
    -------
    Layout
        Where its planes lie.

    Raises
    ------
    ZfocusError
        If the axes do not fit the pages.
    """
    keyframe = series.keyframe
    # Versions of tifffile differ in whether axes of length 1 are left out: here they always are.
    kept = [(n, axis) for n, axis in zip(series.shape, series.axes) if n != 1 or axis in "YX"]
    shape: tuple[int, ...] = tuple(n for n, _ in kept)
    axes = "".join(axis for _, axis in kept)
    split = len(shape) - len(keyframe.shape)
    if split < 0 or shape[split:] != tuple(keyframe.shape) or not {*"YX"} <= {*keyframe.axes}:
        raise ZfocusError(
            f"expected pages of axes that end in Y and X, got {axes} {shape} with pages of "
            f"{keyframe.axes} {tuple(keyframe.shape)}: save the image as OME-TIFF"
        )
    # The series knows better than the page whether samples are channels, but not where Y and X are.
    letters = [
        own if own in "YX" else declared for own, declared in zip(keyframe.axes, axes[split:])
    ]
    in_page = tuple(zip(letters, shape[split:]))
    samples = shape[split + letters.index("S")] if "S" in letters else 1
    colour = samples >= 3 and int(keyframe.photometric) in (_RGB, _YCBCR)
    extra = [int(kind) for kind in keyframe.extrasamples or ()]
    if colour:
        samples = min(samples, 4)
    elif extra and extra[-1] in _ALPHA and samples > 1:
        samples -= 1
    return Layout(tuple(zip(axes[:split], shape[:split])), in_page, colour, samples)


def _at(axes: tuple[tuple[str, int], ...], letter: str) -> int:
    return [name for name, _length in axes].index(letter)


def _roles(letters: list[str]) -> list[str]:
    """Role, ``t``, ``c`` or ``z``, of each axis; undeclared axes are z, else t, else z as well."""
    roles = [{"T": "t", "C": "c", "S": "c", "Z": "z"}.get(letter, "") for letter in letters]
    for i, role in enumerate(roles):
        if not role:
            roles[i] = "z" if "z" not in roles else "t" if "t" not in roles else "z"
    return roles


def _fold(
    place: tuple[int, ...], lengths: tuple[int, ...], roles: list[str]
) -> tuple[int, int, int]:
    found = {"t": 0, "c": 0, "z": 0}
    for index, length, role in zip(place, lengths, roles):
        found[role] = found[role] * length + index
    return found["t"], found["c"], found["z"]
