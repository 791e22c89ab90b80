"""From files to planes: what is in a file, read lazily, one 2-D plane at a time.

>>> from zfocus_model.images import open_image
>>> with open_image("stack.ome.tif") as file:  # doctest: +SKIP
...     for plane in file.planes():
...         print(plane.z, plane.pixels.shape, plane.pixel_size_um)
"""

from __future__ import annotations

from zfocus_model.images.ahead import ReadAhead, ReadError
from zfocus_model.images.base import ImageFile, Plane, PlaneInfo
from zfocus_model.images.inputs import SUFFIXES, ImagePath, InputFailure, Inputs, find_images
from zfocus_model.images.opening import open_image

__all__ = [
    "SUFFIXES",
    "ImageFile",
    "ImagePath",
    "InputFailure",
    "Inputs",
    "Plane",
    "PlaneInfo",
    "ReadAhead",
    "ReadError",
    "find_images",
    "open_image",
]
