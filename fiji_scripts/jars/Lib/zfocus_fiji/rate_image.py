"""Plugins > zfocus > Rate Image."""

from __future__ import division

from ij import IJ
from ij.io import FileSaver

from zfocus_fiji import columns, maps, overlay, tables
from zfocus_fiji.model import open_model
from zfocus_fiji.pixels import area, plane_of
from zfocus_fiji.scripts import about_image, current_image, output_path, plane_index, show
from zfocus_fiji.words import TOO_SMALL, ZfocusError, verdict


def run(
    imp=None,
    border_px=4,
    fill=False,
    legend=True,
    patch_table=False,
    focus_map=False,
    probability_image=False,
    png="",
    csv="",
    model="",
):
    """Rate the current plane of an image (None: that in front).

    Returns the tables of the image and of its patches, the focus map and the probability image,
    None for what was not asked for.
    """
    imp = current_image(imp)
    png, csv = output_path(png), output_path(csv)
    opened = open_model(model)
    number = imp.getCurrentSlice()
    rating = opened.rate(plane_of(imp, number, area(imp)))
    if rating.reason == TOO_SMALL:
        raise ZfocusError(
            "expected an image or ROI of at least 84 x 84 px, got %d x %d px: rate a larger one"
            % (rating.width, rating.height)
        )
    title, index = imp.getTitle(), plane_index(imp, number)
    row = columns.image_row(rating, opened.package, title, index, **about_image(imp))
    position = overlay.position_of(imp, number)
    drawn = overlay.without_ratings(imp.getOverlay(), position)
    overlay.add_patches(drawn, rating, border_px, fill, position)
    if legend:
        overlay.add_legend(drawn, imp.getWidth(), imp.getHeight())
    imp.setOverlay(drawn)

    table = tables.image_table([row], tables.open_table(tables.IMAGES))
    show(table, tables.IMAGES)
    patches = map_image = probabilities = None
    if patch_table:
        patches = tables.patch_table(columns.patch_rows(rating, title, index))
        show(patches, tables.PATCHES)
    width, height = imp.getWidth(), imp.getHeight()
    if focus_map:
        map_image = maps.focus_map(rating, width, height, title + " focus map")
    if probability_image:
        probabilities = maps.probability_image(rating, width, height, title + " probabilities")
    if png and not FileSaver(imp.flatten()).saveAsPng(png):
        raise ZfocusError("expected to write %s, which failed: choose another place" % png)
    if csv:
        columns.write_whole(csv, columns.csv_text(columns.IMAGE_COLUMNS, [row]))
    IJ.showStatus("%s: %s" % (title, verdict(rating)))
    return table, patches, map_image, probabilities
