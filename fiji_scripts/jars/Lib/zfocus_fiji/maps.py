"""Ratings as images: the focus map, and the probabilities of all levels in 11 channels."""

from __future__ import division

import jarray
from ij import CompositeImage, ImagePlus, ImageStack
from ij.process import LUT, FloatProcessor

from zfocus_fiji.colours import level_colour
from zfocus_fiji.words import LEVELS, PATCH_PX

_LUT_SIZE = 256


def focus_map(rating, width, height, title="focus map"):
    """Expected level of each patch as a 32-bit image, NaN where no patch is rated, 0 to 10."""
    pixels = _paint(rating, width, height, lambda patch: patch.expected_level)
    image = ImagePlus(title, pixels)
    image.getProcessor().setLut(level_lut())
    image.setDisplayRange(0, LEVELS - 1)
    return image


def probability_image(rating, width, height, title="probabilities"):
    """Probability of level k in channel k + 1, 32-bit, NaN where not rated, shown 0 to 1."""
    stack = ImageStack(width, height)
    for level in range(LEVELS):
        pixels = _paint(rating, width, height, lambda patch, k=level: patch.probabilities[k])
        stack.addSlice("level %d" % level, pixels)
    image = ImagePlus(title, stack)
    image.setDimensions(LEVELS, 1, 1)
    shown = CompositeImage(image, CompositeImage.GRAYSCALE)
    for channel in range(LEVELS):
        shown.setC(channel + 1)
        shown.setDisplayRange(0, 1)
    shown.setC(1)
    shown.setTitle(title)
    return shown


def level_lut():
    """A look-up table that shows 0 to 10 in the colours of the levels."""
    colours = [level_colour(k * (LEVELS - 1.0) / (_LUT_SIZE - 1)) for k in range(_LUT_SIZE)]
    channels = []
    for channel in range(3):
        values = [colour[channel] for colour in colours]
        channels.append(jarray.array([v - 256 if v > 127 else v for v in values], "b"))
    return LUT(8, _LUT_SIZE, *channels)


def _paint(rating, width, height, value):
    pixels = FloatProcessor(width, height)
    pixels.setValue(float("nan"))
    pixels.fill()
    for patch in rating.rated:
        pixels.setValue(value(patch))
        pixels.setRoi(patch.x, patch.y, PATCH_PX, PATCH_PX)
        pixels.fill()
    pixels.resetRoi()
    return pixels
