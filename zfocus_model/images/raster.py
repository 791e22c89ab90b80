"""PNG, JPEG, BMP, GIF and other pictures, through imageio and Pillow; 16-bit PNG by imagecodecs."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from zfocus_model._errors import ZfocusError
from zfocus_model.images.base import ImageFile, PlaneInfo
from zfocus_model.planes import grey

_PNG_START = b"\x89PNG\r\n\x1a\n"


class RasterImageFile(ImageFile):
    """A picture; the frames of an animation count as z.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    ZfocusError
        If it is none of the formats known.
    """

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            start = file.read(26)
        # Pillow reads 16-bit colour PNG as 8-bit: the stored values would be lost.
        self._deep_png = start.startswith(_PNG_START) and len(start) == 26 and start[24] == 16
        frames = 1 if self._deep_png else _frames(path)
        super().__init__(path, [PlaneInfo(0, 0, 0, z) for z in range(frames)])

    def _pixels(self, number: int) -> tuple[npt.NDArray[Any], int | None]:
        pixels = _read_deep_png(self.path) if self._deep_png else _read(self.path, number)
        maximum = int(np.iinfo(pixels.dtype).max) if pixels.dtype.kind in "iu" else None
        return grey(pixels), maximum

    def _close(self) -> None:
        pass  # opened anew for every plane: an animation is rare, a handle on every file is not


def _open(path: Path) -> Any:
    import imageio.v3 as iio

    opened: Any = iio.imopen(path, "r", plugin="pillow")  # type: ignore[reportUnknownMemberType]
    return opened


def _frames(path: Path) -> int:
    try:
        with warnings.catch_warnings():
            # Microscope images are large; that is no attack.
            warnings.simplefilter("ignore")
            with _open(path) as file:
                return max(1, int(file.properties(index=...).n_images or 1))
    except OSError as error:
        if "truncated" in str(error):
            raise
        raise ZfocusError(
            "expected an image (TIFF, PNG, JPEG, ...), got a file of another kind: "
            "convert it to TIFF or PNG, or leave it out"
        ) from error


def _read(path: Path, number: int) -> npt.NDArray[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with _open(path) as file:
            inks = file.metadata(index=number).get("mode") == "CMYK"  # more of them is darker
            pixels: npt.NDArray[Any] = file.read(index=number, mode="RGB" if inks else None)
    return pixels


def _read_deep_png(path: Path) -> npt.NDArray[Any]:
    import imagecodecs

    pixels: npt.NDArray[Any] = imagecodecs.png_decode(path.read_bytes())
    return pixels
