"""Planes of ImageJ images as numpy arrays, pixels as stored, and what ImageJ says of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from zfocus_model._errors import ZfocusError
from zfocus_model.imagej.java import java_class
from zfocus_model.images import PlaneInfo
from zfocus_model.planes import grey

_UM = {
    "micron": 1.0,
    "microns": 1.0,
    "micrometer": 1.0,
    "um": 1.0,
    "nm": 1e-3,
    "mm": 1e3,
    "cm": 1e4,
}


def _is_deep_colour(imp: Any) -> bool:
    """Whether three channels are the red, green and blue of a 48-bit RGB file."""
    kinds: Any = java_class("ij.io.FileInfo")
    info: Any = imp.getOriginalFileInfo()
    deep = (int(kinds.RGB48), int(kinds.RGB48_PLANAR))
    return info is not None and int(info.fileType) in deep and int(imp.getNChannels()) == 3


def _palette(imp: Any, ip: Any) -> npt.NDArray[np.uint8] | None:
    """Palette that came with an 8-bit file: (3, 256) uint8, red, green, blue; None: there is none.

    ImageJ shows grey images through colour tables, too, and a rating must not depend on how an
    image is shown. So a table counts if the file had it, as far as ImageJ can still tell.
    """
    info: Any = imp.getOriginalFileInfo()
    if info is None or int(imp.getBitDepth()) != 8 or bool(imp.isComposite()):
        return None
    kinds: Any = java_class("ij.io.FileInfo")
    formats = (int(kinds.GIF_OR_JPG), int(kinds.BMP), int(kinds.IMAGEIO))
    palette = np.zeros((3, 256), np.uint8)
    if int(info.fileType) == int(kinds.COLOR8) and info.reds is not None:
        channels: tuple[Any, ...] = info.reds, info.greens, info.blues
    elif int(info.fileFormat) in formats and bool(ip.isColorLut()):
        channels = tuple(np.array(ip.getLut().getBytes()).reshape(3, -1))
    else:
        return None
    for row, channel in zip(palette, channels):
        values = np.array(channel).view(np.uint8)
        row[: len(values)] = values
    return None if (palette == palette[0]).all() else palette


def slice_numbers(imp: Any, planes: str) -> Iterator[int]:
    """Numbers of slices, from 1; of a 48-bit RGB image those of the red channel."""
    step = 3 if _is_deep_colour(imp) else 1
    if planes == "all":
        yield from range(1, int(imp.getStackSize()) + 1, step)
    else:
        yield (int(imp.getCurrentSlice()) - 1) // step * step + 1


def plane_of(imp: Any, number: int) -> tuple[npt.NDArray[Any], int | None]:
    """Pixels of a slice, (height, width), as stored, and the type's maximum where it is colour."""
    stack = imp.getStack()
    shape = int(imp.getHeight()), int(imp.getWidth())
    if _is_deep_colour(imp):
        channels = [stack.getProcessor(number + k).getPixels() for k in range(3)]
        colours = [np.array(channel).view(np.uint16).reshape(shape) for channel in channels]
        return grey(np.stack(colours, axis=-1)), 65535
    ip = stack.getProcessor(number)
    pixels = np.array(ip.getPixels()).reshape(shape)
    palette = _palette(imp, ip)
    if palette is not None:
        return grey(np.moveaxis(palette[:, pixels.view(np.uint8)], 0, -1)), 255
    if pixels.dtype == np.int32:  # 0x00RRGGBB
        rgb = np.stack([(pixels >> bits) & 255 for bits in (16, 8, 0)], axis=-1)
        return grey(rgb.astype(np.uint8)), 255
    if pixels.dtype == np.int8:
        return pixels.view(np.uint8), None
    if pixels.dtype != np.int16:
        return pixels, None
    unsigned = pixels.view(np.uint16)
    if bool(imp.getCalibration().isSigned16Bit()):  # ImageJ keeps the value v as v + 32768
        return (unsigned.astype(np.int32) - 32768).astype(np.int16), None
    return unsigned, None


def selected(
    imp: Any, pixels: npt.NDArray[Any]
) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_] | None, tuple[int, int]]:
    """The part of a plane in the selection's bounding box, its mask, and (x, y) of its corner."""
    roi = imp.getRoi()
    if roi is None or not bool(roi.isArea()):
        return pixels, None, (0, 0)
    bounds = roi.getBounds()
    left, top = int(bounds.x), int(bounds.y)
    right, bottom = left + int(bounds.width), top + int(bounds.height)
    rows = slice(max(top, 0), min(bottom, pixels.shape[0]))
    columns = slice(max(left, 0), min(right, pixels.shape[1]))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        raise ZfocusError(
            "expected a selection inside the image, got one beside it: draw it anew, or remove it"
        )
    drawn = roi.getMask()
    mask = None
    if drawn is not None:  # a rectangle has none
        whole = np.array(drawn.getPixels()).reshape(bottom - top, right - left) != 0
        mask = whole[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    return pixels[rows, columns], mask, (columns.start, rows.start)


def info_of(imp: Any, number: int) -> PlaneInfo:
    """Indices from 0, label and pixel size of a slice."""
    c, z, t = (int(place) - 1 for place in imp.convertIndexToPosition(number))
    label = imp.getStack().getShortSliceLabel(number) if int(imp.getStackSize()) > 1 else None
    return PlaneInfo(0, t, c, z, channel=str(label or ""), pixel_size_um=_pixel_size_um(imp))


def _pixel_size_um(imp: Any) -> float | None:
    calibration = imp.getCalibration()
    unit = str(calibration.getUnit() or "").strip().lower()
    factor = _UM.get(unit.replace("\u00b5", "u").replace("\u03bc", "u"))
    if factor is None or not bool(calibration.scaled()):
        return None
    return float(calibration.pixelWidth) * factor


def position_of(imp: Any, number: int) -> tuple[int, ...]:
    """Where a box belongs: nowhere special, to a slice, or to (c, z, t); from 1."""
    if int(imp.getStackSize()) == 1:
        return ()
    if bool(imp.isHyperStack()):
        c, z, t = (int(place) for place in imp.convertIndexToPosition(number))
        return (0 if _is_deep_colour(imp) else c), z, t  # 0: whatever the channel
    return (number,)
