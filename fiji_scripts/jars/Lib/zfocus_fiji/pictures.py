"""What all pictures share: a dark canvas, letters, small greys, PNG files there whole or not."""

from __future__ import division

import os

from ij import ImagePlus
from ij.plugin import ContrastEnhancer
from ij.process import LUT, ColorProcessor
from java.awt import Color, Font, RenderingHints
from java.awt.image import BufferedImage
from java.io import File, IOException
from javax.imageio import ImageIO

from zfocus_fiji.overlay import LEGEND_PX, legend
from zfocus_fiji.overlay import colour as patch_colour
from zfocus_fiji.words import PATCH_PX, ZfocusError

INK, DIM_INK, PAPER = Color(235, 238, 242), Color(160, 167, 177), Color(22, 24, 28)
SATURATED_PERCENT = 0.35
"""Share of pixels that become black or white when contrast is stretched, as ImageJ has it."""


class Canvas(object):
    """A picture to draw on: `pen` is its Graphics2D."""

    def __init__(self, width, height):
        self.image = BufferedImage(width, height, BufferedImage.TYPE_INT_RGB)
        self.pen = self.image.createGraphics()
        self.pen.setRenderingHint(
            RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON
        )
        self.box(0, 0, width, height, PAPER)

    def box(self, x, y, width, height, colour):
        """Fill a box."""
        self.pen.setColor(colour)
        self.pen.fillRect(x, y, width, height)

    def frame(self, x, y, width, height, colour, thick=1):
        """Draw a frame inside a box."""
        thick = min(thick, (width + 1) // 2, (height + 1) // 2)
        self.pen.setColor(colour)
        # Four filled boxes: a stroked outline takes Java ten times as long.
        self.pen.fillRect(x, y, width, thick)
        self.pen.fillRect(x, y + height - thick, width, thick)
        self.pen.fillRect(x, y, thick, height)
        self.pen.fillRect(x + width - thick, y, thick, height)

    def text(self, text, x, y, size=12, colour=INK, align=0.0, room=None, bold=False):
        """Write with the letters' foot at y; `align`: 0 left, 0.5 middle, 1 right of x."""
        self.pen.setFont(Font(Font.SANS_SERIF, Font.BOLD if bold else Font.PLAIN, size))
        metrics = self.pen.getFontMetrics()
        if room is not None:
            text = shortened(text, lambda some: metrics.stringWidth(some) <= room)
        self.pen.setColor(colour)
        self.pen.drawString(text, int(x - align * metrics.stringWidth(text)), y)

    def paste(self, processor, x, y):
        """Put an ImageProcessor at a place."""
        self.pen.drawImage(processor.createImage(), x, y, None)

    def patches(self, rating, x, y, scale, thick, origin=(0, 0)):
        """Draw the borders of a rating's patches over a picture of its plane."""
        for patch in rating.patches:
            left = x + int(round((patch.x - origin[0]) * scale))
            top = y + int(round((patch.y - origin[1]) * scale))
            right = x + int(round((patch.x - origin[0] + PATCH_PX) * scale))
            bottom = y + int(round((patch.y - origin[1] + PATCH_PX) * scale))
            edge = thick if patch.level is not None else 1
            colour = patch_colour(patch.level, patch.certainty)
            self.frame(left, top, right - left, bottom - top, colour, edge)

    def legend(self, x, y, scale=1.0):
        """Put the legend of levels and certainty at a place; it is LEGEND_PX x scale in size."""
        self.pen.drawImage(legend(scale), x, y, None)

    def image_plus(self, title):
        """The picture as an ImageJ image."""
        return ImagePlus(title, ColorProcessor(self.image))

    def save(self, path):
        """Write the picture as PNG."""
        save_png(self.image, path)


def small_grey(processor, width, height):
    """A smaller 8-bit picture of a plane with its own contrast."""
    processor.resetRoi()
    if (width, height) == (processor.getWidth(), processor.getHeight()):
        small = processor.duplicate()
    else:
        processor.setInterpolationMethod(processor.BILINEAR)
        small = processor.resize(width, height, True)
    if isinstance(small, ColorProcessor):
        return small
    enhancer = ContrastEnhancer()
    enhancer.stretchHistogram(small, SATURATED_PERCENT)
    grey = small.convertToByteProcessor(True)
    grey.setLut(LUT.createLutFromColor(Color.WHITE))
    return grey


def shortened(text, fits):
    """Shorten a text in its middle until it fits (a name's ends tell most)."""
    if fits(text):
        return text
    for kept in range(len(text) - 1, 1, -1):
        tail = kept * 2 // 3
        shorter = text[: kept - tail] + "..." + text[len(text) - tail :]
        if fits(shorter):
            return shorter
    return "..."


def save_png(image, path):
    """Write a BufferedImage as a PNG file that is there whole or not at all."""
    partial = path + ".partial"
    try:
        if not ImageIO.write(image, "png", File(partial)):
            raise IOException("no writer for PNG")
        if os.path.exists(path):
            os.remove(path)  # on Windows, Python 2 cannot rename over a file
        os.rename(partial, path)
    except (IOException, OSError) as error:
        if os.path.exists(partial):
            os.remove(partial)
        raise ZfocusError(
            "expected to write %s, which failed (%s): choose another place" % (path, error)
        )


__all__ = [
    "DIM_INK",
    "INK",
    "LEGEND_PX",
    "PAPER",
    "Canvas",
    "patch_colour",
    "save_png",
    "shortened",
    "small_grey",
]
