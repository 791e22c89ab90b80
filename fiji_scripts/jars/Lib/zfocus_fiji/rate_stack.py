"""Plugins > zfocus > Rate Stack: every plane of a stack, and the best of them."""

from __future__ import division

from collections import namedtuple

from ij import IJ, CompositeImage, ImagePlus, ImageStack
from ij.measure import ResultsTable

from zfocus_fiji import columns, overlay, tables
from zfocus_fiji.focus_plot import focus_plot
from zfocus_fiji.model import open_model
from zfocus_fiji.pixels import area, is_deep_colour, plane_of
from zfocus_fiji.rating import best_index, best_together
from zfocus_fiji.scripts import about_image, current_image, output_path, show, watched
from zfocus_fiji.words import TOO_SMALL, ZfocusError

BEST = "zfocus best planes"
_BEST_COLUMNS = "image t c z slice expected_level level_sd certainty_aggregate status".split()

Place = namedtuple("Place", "t c z slice")


def run(
    imp=None,
    current_channel=False,
    one_for_all=False,
    boxes=True,
    border_px=4,
    plot=True,
    extract=False,
    csv="",
    model="",
):
    """Rate the planes of a stack.

    Returns the tables of the planes and of the best ones, the plot and the extracted planes, None
    for what was not asked for.
    """
    imp, csv = current_image(imp), output_path(csv)
    opened = open_model(model)
    stacks = stacks_of(imp, current_channel)
    places = [place for stack in stacks for place in stack]
    roi = area(imp)
    planes = (plane_of(imp, place.slice, roi) for place in places)
    ratings = list(watched(opened.rate_many(planes), len(places)))
    if ratings[0].reason == TOO_SMALL:
        raise ZfocusError(
            "expected planes or a ROI of at least 84 x 84 px, got %d x %d px: rate a larger stack"
            % (ratings[0].width, ratings[0].height)
        )
    by_place = dict(zip(places, ratings))
    best = best_places(stacks, by_place, one_for_all)

    rows = _rows(imp, places, ratings, opened.package)
    table = tables.image_table(rows, tables.open_table(tables.IMAGES))
    show(table, tables.IMAGES)
    best_table = _best_table(imp.getTitle(), stacks, best, by_place)
    show(best_table, BEST)
    if csv:
        columns.write_whole(csv, columns.csv_text(columns.IMAGE_COLUMNS, rows))
    if boxes:
        drawn = overlay.without_ratings(imp.getOverlay())
        for place, rating in zip(places, ratings):
            overlay.add_patches(drawn, rating, border_px, False, _position(imp, place))
        overlay.add_legend(drawn, imp.getWidth(), imp.getHeight())
        imp.setOverlay(drawn)
    shown = _select(imp, stacks, best)
    picture = None
    if plot:
        frame = [stack for stack in stacks if stack[0].t == shown.t]
        along = "t" if frame[0][0].z == frame[0][-1].z else "z"
        picture = focus_plot(imp.getTitle(), along, frame, best, by_place)
    return table, best_table, picture, _extract(imp, stacks, best) if extract else None


def stacks_of(imp, current_channel=False):
    """The stacks of an image, a list of places each: along z, or along t if there is one z only.

    Sorted by t and c. The three channels of a 48-bit colour file count as one.
    """
    channels, depth, frames = imp.getNChannels(), imp.getNSlices(), imp.getNFrames()
    if depth * frames < 2:
        raise ZfocusError(
            "expected a stack of at least two planes, got %d: use Rate Image, or say in Image > "
            "Properties that the planes are slices" % (depth * frames)
        )
    chosen = range(channels)
    if is_deep_colour(imp):
        chosen = [0]
    elif current_channel:
        chosen = [imp.getC() - 1]

    def place(t, c, z):
        return Place(t, c, z, imp.getStackIndex(c + 1, z + 1, t + 1))

    if depth > 1:
        return [
            [place(t, c, z) for z in range(depth)] for t in range(frames) for c in chosen
        ]  # fmt: skip
    return [[place(t, c, 0) for t in range(frames)] for c in chosen]


def best_places(stacks, ratings, one_for_all=False):
    """The best place of each stack, by its first place; None where none can be judged.

    `one_for_all`: the channels of a frame share the plane that is best for them together.
    """
    best = {}
    for stack in stacks:
        together = [other for other in stacks if other[0].t == stack[0].t]
        if one_for_all:
            number = best_together([[ratings[place] for place in other] for other in together])
        else:
            number = best_index([ratings[place] for place in stack])
        best[stack[0]] = None if number is None else stack[number]
    return best


def _rows(imp, places, ratings, package):
    about = about_image(imp)
    rows = [
        columns.image_row(
            rating, package, imp.getTitle(), (0, place.t, place.c, place.z), **about
        )
        for place, rating in zip(places, ratings)
    ]  # fmt: skip
    return sorted(rows, key=lambda row: [row[key] for key in ("t", "c", "z")])


def _best_table(title, stacks, best, ratings):
    table = ResultsTable()
    table.setPrecision(tables.DIGITS)
    table.showRowNumbers(False)
    for stack in stacks:
        place = best[stack[0]]
        row = {"image": title, "t": stack[0].t, "c": stack[0].c}
        if place is not None:
            rating = ratings[place]
            row.update(t=place.t, z=place.z, slice=place.slice, status=rating.status)
            row.update(expected_level=rating.expected_level, level_sd=rating.level_sd)
            row.update(certainty_aggregate=rating.certainty.aggregate)
        else:
            row.update(status="undecided")
        table.incrementCounter()
        for column in _BEST_COLUMNS:
            value = row.get(column)
            table.addValue(columns.camel(column), "" if value is None else value)
    return table


def _position(imp, place):
    return overlay.position_of(imp, place.slice)


def _select(imp, stacks, best):
    """Go to the best plane of the channel and frame in front; returns a place of that frame."""
    c, t = imp.getC() - 1, imp.getT() - 1
    here = [stack for stack in stacks if stack[0].c == c] or stacks
    here = [stack for stack in here if stack[0].t == t] or here
    place = best[here[0][0]]
    if place is None:
        IJ.showStatus("zfocus: no plane can be judged")
        return here[0][0]
    imp.setPosition(place.c + 1, place.z + 1, place.t + 1)
    IJ.showStatus("zfocus: the best plane is number %d of %d" % (place.slice, imp.getStackSize()))
    return here[0][0]


def _extract(imp, stacks, best):
    """The best planes as an image of their own: channels and frames as before, one z."""
    deep = 3 if is_deep_colour(imp) else 1
    extracted = ImageStack(imp.getWidth(), imp.getHeight())
    for stack in stacks:
        place = best[stack[0]]
        if place is None:
            raise ZfocusError(
                "expected a plane that can be judged in every channel and frame, found none in "
                "channel %d, frame %d: choose the same plane for all channels, or the current "
                "channel" % (stack[0].c + 1, stack[0].t + 1)
            )
        for channel in range(deep):
            label = "z %d, t %d, c %d" % (place.z, place.t, place.c)
            pixels = imp.getStack().getProcessor(place.slice + channel).duplicate()
            extracted.addSlice(label, pixels)
    image = ImagePlus(imp.getTitle() + " best", extracted)
    channels = deep * len({stack[0].c for stack in stacks})
    image.setDimensions(channels, 1, extracted.size() // channels)
    image.setCalibration(imp.getCalibration().copy())
    if channels > 1 and imp.isComposite() and channels == imp.getNChannels():
        image = CompositeImage(image, imp.getMode())
        image.setLuts(imp.getLuts())
    elif extracted.size() > 1:
        image.setOpenAsHyperStack(True)
    return image
