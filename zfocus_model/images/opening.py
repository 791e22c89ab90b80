"""Open a file of images by what it holds, not by how it is named."""

from __future__ import annotations

import os
from pathlib import Path

from zfocus_model._errors import ZfocusError
from zfocus_model.images.base import ImageFile, why

_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""First bytes of TIFF and of BigTIFF, in both byte orders."""


def open_image(path: str | os.PathLike[str]) -> ImageFile:
    """Open a file of images; its planes are read later, one at a time.

    Parameters
    ----------
    path
        PNG, JPEG, BMP and other pictures; TIFF, OME-TIFF, ImageJ stacks, MetaMorph STK, LSM.

    Returns
    -------
    ImageFile
        The open file, with what planes it holds.

    Raises
    ------
    ZfocusError
        If there is no such file, or it holds no image that can be read.
    """
    place = Path(path)
    try:
        size = place.stat().st_size
        if place.is_dir():
            raise ZfocusError("expected an image file, got a folder: name a file in it")
        with place.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        raise ZfocusError(
            f"expected a readable file, got: {error.strerror or error}: check name and permissions"
        ) from error
    if size == 0:
        raise ZfocusError("expected an image, got an empty file (0 bytes): copy it again")
    try:
        if start in _TIFF_STARTS:
            from zfocus_model.images.tiff import TiffImageFile

            return TiffImageFile(place)
        from zfocus_model.images.raster import RasterImageFile

        return RasterImageFile(place)
    except ZfocusError:
        raise
    except Exception as error:  # readers raise whatever they like on damaged files
        kind = "a whole TIFF file" if start in _TIFF_STARTS else "an image (TIFF, PNG, JPEG, ...)"
        raise ZfocusError(
            f"expected {kind}, got something unreadable ({why(error)}): copy it again"
        ) from error
