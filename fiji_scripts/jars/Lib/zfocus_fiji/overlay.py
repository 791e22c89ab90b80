"""Ratings drawn over an image: a box a patch (hue: level, brightness: certainty), a legend."""

from __future__ import division

from ij.gui import ImageRoi, Overlay, Roi
from ij.process import ColorProcessor
from java.awt import BasicStroke, Color, Font, RenderingHints
from java.awt.image import BufferedImage

from zfocus_fiji.colours import level_colour
from zfocus_fiji.pixels import is_deep_colour
from zfocus_fiji.words import LEVELS, PATCH_PX

PREFIX = "zfocus"
LEGEND = PREFIX + " legend"
LEGEND_PX = 330, 66
_FILL_ALPHA = 110


def position_of(imp, number):
    """Position of a slice for what is drawn on it; None in an image of one plane."""
    if imp.getStackSize() == 1 or is_deep_colour(imp):
        return None
    return tuple(imp.convertIndexToPosition(number)) if imp.isHyperStack() else number


def colour(level, certainty=1.0):
    """java.awt.Color of a level at a certainty."""
    return Color(*level_colour(level, certainty))


def add_patches(overlay, rating, border_px=4, fill=False, position=None):
    """Add a box for each patch of a rating, inside the patch's border.

    `position`: (c, z, t), 1-based, of the plane in a hyperstack, or its slice number; None: on all.
    Patches that are not rated get a thin grey box.
    """
    for patch in rating.patches:
        rated = patch.level is not None
        width = border_px if rated else 1
        # A stroke lies half outside its box: half a width further in, it ends at the border.
        roi = Roi(
            patch.x + width / 2.0, patch.y + width / 2.0, PATCH_PX - width, PATCH_PX - width
        )  # fmt: skip
        roi.setStroke(BasicStroke(float(width)))
        roi.setStrokeColor(colour(patch.level, patch.certainty))
        if rated and fill:
            red, green, blue = level_colour(patch.level, patch.certainty)
            roi.setFillColor(Color(red, green, blue, _FILL_ALPHA))
        roi.setName("%s %d,%d" % (PREFIX, patch.row, patch.column))
        _place(roi, position)
        overlay.add(roi)


def add_legend(overlay, width, height):
    """Add the legend at the lower left of an image of a size, scaled to it."""
    scale = max(0.75, width / 700.0)
    if LEGEND_PX[0] * scale > width - 8 or LEGEND_PX[1] * scale > height / 2.0:
        return  # too small an image
    picture = legend(scale)
    roi = ImageRoi(4, height - picture.getHeight() - 4, ColorProcessor(picture))
    roi.setName(LEGEND)
    overlay.add(roi)


def without_ratings(overlay, position=None):
    """A copy of an overlay (or None) without what zfocus drew: on a plane, or everywhere (None)."""
    kept = Overlay()
    for number in range(overlay.size() if overlay else 0):
        roi = overlay.get(number)
        name = roi.getName() or ""
        elsewhere = position is not None and not _is_at(roi, position) and name != LEGEND
        if elsewhere or not name.startswith(PREFIX):
            kept.add(roi)
    return kept


def legend(scale=1.0):
    """The legend as a BufferedImage: levels from left to right, certainty downwards."""
    width, height = int(LEGEND_PX[0] * scale), int(LEGEND_PX[1] * scale)
    picture = BufferedImage(width, height, BufferedImage.TYPE_INT_RGB)
    pen = picture.createGraphics()
    pen.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON)
    pen.setColor(Color.WHITE)
    pen.fillRect(0, 0, width, height)
    pen.scale(scale, scale)
    left, top, step, tall, bands = 58, 18, 24, 30, 15
    for level in range(LEVELS):
        for band in range(bands):
            pen.setColor(colour(level, 1.0 - band / (bands - 1.0)))
            pen.fillRect(left + level * step, top + band * tall // bands, step, tall // bands)
    pen.setFont(Font(Font.SANS_SERIF, Font.PLAIN, 11))
    metrics = pen.getFontMetrics()

    def write(text, x, y, align):
        pen.drawString(text, int(x - align * metrics.stringWidth(text)), y)

    pen.setColor(Color.BLACK)
    write("in focus", left, top - 5, 0)
    write("out of focus", left + LEVELS * step, top - 5, 1)
    write("sure", left - 6, top + 10, 1)
    write("unsure", left - 6, top + tall, 1)
    write("level", left - 6, top + tall + 13, 1)
    for level in range(LEVELS):
        write(str(level), left + (level + 0.5) * step, top + tall + 13, 0.5)
    pen.dispose()
    return picture


def _place(roi, position):
    if isinstance(position, tuple):
        roi.setPosition(*position)
    elif position:
        roi.setPosition(position)


def _is_at(roi, position):
    if isinstance(position, tuple):
        return (roi.getCPosition(), roi.getZPosition(), roi.getTPosition()) == position
    return roi.getPosition() == position
