"""Planes of ImageJ images as the model wants them: raw stored values, float32, grey.

Values are never rescaled, and calibration functions are undone: ImageJ keeps the signed 16-bit
value v as v + 32768, and inverts no pixel of a MinIsWhite file that it shows inverted.
"""

from __future__ import division

import os

from ij.io import FileInfo
from ij.process import Blitter, ByteProcessor, ColorProcessor, FloatProcessor, ShortProcessor
from java.awt import Rectangle
from java.awt.image import IndexColorModel

from zfocus_fiji.rating import grid_shape
from zfocus_fiji.words import PATCH_PX, ZfocusError

CAMERA_MAXIMA = (1023, 4095, 16383)
_PALETTE_FORMATS = (FileInfo.GIF_OR_JPG, FileInfo.BMP, FileInfo.IMAGEIO)


class Plane(object):
    """One plane, or the part of it within a ROI's bounding box, ready to be rated.

    `pixels`: FloatProcessor; `rated`: a boolean for each patch, row by row; `origin`: (x, y) of
    the part in its image, px; `saturated_fraction`: 0 to 1, None for floats.
    """

    def __init__(self, pixels, rated, saturated_fraction, origin=(0, 0)):
        self.pixels = pixels
        self.width, self.height = pixels.getWidth(), pixels.getHeight()
        self.rated = rated
        self.saturated_fraction = saturated_fraction
        self.origin = origin

    def patch(self, number):
        """Pixels of a patch: a Java array of 84 x 84 floats."""
        row, column = divmod(number, grid_shape(self.height, self.width)[1])
        self.pixels.setRoi(column * PATCH_PX, row * PATCH_PX, PATCH_PX, PATCH_PX)
        return self.pixels.crop().getPixels()


def plane_of(imp, slice_number=None, roi=None):
    """A plane of an image.

    `slice_number`: 1-based position in the stack, None: the current one. `roi`: an area; patches
    start at the corner of its bounding box and are rated if at least half inside. Colour is
    averaged without weights: RGB, palettes, and the three channels of a 48-bit RGB file.
    """
    number = slice_number or imp.getCurrentSlice()
    stack = imp.getStack()
    if is_deep_colour(imp):
        first = 3 * ((number - 1) // 3) + 1
        return _cut(_mean([stack.getProcessor(first + k) for k in range(3)]), roi, _all_full)
    ip = stack.getProcessor(number)
    if isinstance(ip, ByteProcessor):
        ip = _expand(ip, imp)
    signed = isinstance(ip, ShortProcessor) and imp.getCalibration().isSigned16Bit()
    return _cut(ip, roi, lambda part: _saturated(part, signed), signed)


def is_deep_colour(imp):
    """Whether three channels are the red, green and blue of a 48-bit RGB file."""
    info = imp.getOriginalFileInfo()
    kinds = (FileInfo.RGB48, FileInfo.RGB48_PLANAR)
    return info is not None and info.fileType in kinds and imp.getNChannels() == 3


def area(imp):
    """The ROI of an image if it is an area, else None."""
    roi = imp.getRoi()
    return roi if roi is not None and roi.isArea() else None


def pixel_size_um(imp):
    """Side of a pixel in um, None where the image is not calibrated in a unit of length."""
    calibration = imp.getCalibration()
    factor = {"micron": 1.0, "um": 1.0, "nm": 1e-3, "mm": 1e3, "cm": 1e4}
    unit = (calibration.getUnit() or "").strip().lower().replace(u"\u00b5", "u")
    unit = unit.replace(u"\u03bc", "u").replace("microns", "micron").replace("micrometer", "micron")
    if not calibration.scaled() or unit not in factor:
        return None
    return calibration.pixelWidth * factor[unit]


def _expand(ip, imp):
    """Colours of an image whose file had a palette; a LUT that was only chosen to look is none."""
    info = imp.getOriginalFileInfo()
    if info is None or imp.isComposite():
        return ip
    if info.fileType == FileInfo.COLOR8 and info.reds is not None:
        ip = ip.duplicate()
        ip.setColorModel(IndexColorModel(8, len(info.reds), info.reds, info.greens, info.blues))
    elif info.fileFormat not in _PALETTE_FORMATS or not _has_palette(info):
        return ip
    return ip.convertToRGB() if ip.isColorLut() else ip


def _has_palette(info):
    """Whether a GIF, BMP or PNG file has a palette; ImageJ forgets it when a LUT is chosen."""
    try:
        with open(os.path.join(info.directory or "", info.fileName or ""), "rb") as stream:
            start = stream.read(26)
    except (IOError, OSError):
        return False
    return start[:3] == b"GIF" or start[:2] == b"BM" or start[1:4] + start[25:] == b"PNG\x03"


def _cut(ip, roi, saturated, signed=False):
    whole = Rectangle(0, 0, ip.getWidth(), ip.getHeight())
    box, mask = whole, None
    if roi is not None:
        bounds = roi.getBounds()
        box = bounds.intersection(whole)
        if box.isEmpty():
            raise ZfocusError(
                "expected a ROI inside the image, got one beside it: draw it anew, or remove it"
            )
        mask = roi.getMask()
        if mask is not None:
            mask.setRoi(Rectangle(box.x - bounds.x, box.y - bounds.y, box.width, box.height))
            mask = mask.crop()
    ip.setRoi(box)
    part = ip.crop()
    ip.resetRoi()
    pixels = _grey(part, signed)
    finite = _finite(pixels) if isinstance(ip, FloatProcessor) else None
    rows, columns = grid_shape(box.height, box.width)
    rated = []
    for number in range(rows * columns):
        row, column = divmod(number, columns)
        tile = Rectangle(column * PATCH_PX, row * PATCH_PX, PATCH_PX, PATCH_PX)
        inside = mask is None or 2 * _count(mask, tile, 255) >= PATCH_PX**2
        rated.append(inside and (finite is None or _count(finite, tile, 1) == PATCH_PX**2))
    return Plane(pixels, rated, saturated(part), (box.x, box.y))


def _grey(ip, signed):
    if isinstance(ip, ColorProcessor):
        grey = ip.toFloat(0, None)
        for channel in (1, 2):
            grey.copyBits(ip.toFloat(channel, None), 0, 0, Blitter.ADD)
        grey.multiply(1.0 / 3.0)
        return grey
    grey = ip.toFloat(0, None)  # stored values, whatever the calibration function says
    if isinstance(ip, FloatProcessor):
        grey = ip.duplicate()
    elif signed:
        grey.subtract(32768)
    return grey


def _mean(channels):
    """Mean of the channels of a 48-bit colour file."""
    total = channels[0].toFloat(0, None)
    for ip in channels[1:]:
        total.copyBits(ip.toFloat(0, None), 0, 0, Blitter.ADD)
    total.multiply(1.0 / 3.0)
    return total


def _all_full(mean):
    """Share of pixels at which three 16-bit channels are at their maximum, given their mean."""
    flags = mean.duplicate()
    flags.subtract(65534.0)  # what is full becomes 1, the next lower mean 2/3, the rest less
    flags.multiply(3.0)
    full = flags.convertToByteProcessor(False).getHistogram()[3]
    return full / float(mean.getWidth() * mean.getHeight())


def _finite(pixels):
    """ByteProcessor: 1 where a pixel is finite, else 0. In Java, for the sake of speed."""
    flags = pixels.duplicate()
    flags.multiply(0)  # NaN and infinity become NaN, which casts to 0
    flags.add(1)
    return flags.convertToByteProcessor(False)


def _count(ip, tile, value):
    ip.setRoi(tile)
    count = ip.getHistogram()[value]
    ip.resetRoi()
    return count


def _saturated(ip, signed):
    """Share of pixels at the type's maximum, or at that of a 10, 12 or 14-bit camera."""
    size = float(ip.getWidth() * ip.getHeight())
    if isinstance(ip, ColorProcessor):
        lowest = ip.getChannel(1, None)
        for channel in (2, 3):
            lowest.copyBits(ip.getChannel(channel, None), 0, 0, Blitter.MIN)
        return lowest.getHistogram()[255] / size
    if isinstance(ip, ByteProcessor):
        return ip.getHistogram()[255] / size
    if isinstance(ip, ShortProcessor):
        offset = 32768 if signed else 0
        largest = int(ip.getStats().max) if offset == 0 else _largest(ip)
        if largest != 65535 and largest - offset not in CAMERA_MAXIMA:
            return 0.0
        return ip.getHistogram()[largest] / size
    return None


def _largest(ip):
    counts = ip.getHistogram()
    return max(value for value in range(len(counts)) if counts[value])
