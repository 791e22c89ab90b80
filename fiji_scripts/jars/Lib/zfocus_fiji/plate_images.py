"""Images of a plate in a folder: which well each shows, what of it is rated, in which order."""

from __future__ import division

import os
from collections import namedtuple

from ij.gui import Roi

from zfocus_fiji.files import find_images
from zfocus_fiji.names import own_pattern, place_of
from zfocus_fiji.pixels import is_deep_colour, plane_of
from zfocus_fiji.plates import plate_shape, well_name
from zfocus_fiji.rating import grid_shape
from zfocus_fiji.reading import OpenImage
from zfocus_fiji.sampling import Draw, crop_place, seed_for
from zfocus_fiji.words import PATCH_PX, ZfocusError

REDRAWS = 5
"""A crop without anything to judge by is drawn anew, at most so many times."""

PlateImage = namedtuple("PlateImage", "name path well site channel")


class Plate(object):
    """The images of a plate: `images` in the order of wells and sites, `shape`, `errors`."""

    def __init__(self, folder, grid, pattern="", channel="", skipped=None, skip=None):
        own = own_pattern(pattern) if pattern.strip() else None
        found = find_images(folder, skip=skip)
        if not found:
            raise ZfocusError(
                "expected images in %s, found none: look for TIFF, PNG, JPEG or BMP files" % folder
            )
        self.images, self.errors, channels = [], [], set()
        for name, path in found:
            place = place_of(name, own)
            if place is None:
                self.errors.append(
                    (name, "expected a well in the name, such as WellA01_Site0_DAPI: rename it")
                )
                continue
            well, site, shown = place
            if channel and shown.lower() != channel.strip().lower():
                channels.add(shown)
                continue
            if skipped is not None and skipped(*well):
                continue
            channels.add(shown)
            self.images.append(PlateImage(name, path, well, site, shown))
        self._check(folder, channel, channels)
        self.shape = plate_shape(grid, [image.well for image in self.images])
        self.images.sort(key=lambda image: (image.well, image.site, image.name))

    def wells(self):
        """Wells that have images, from A01 on, each with its images."""
        wells = {}
        for image in self.images:
            wells.setdefault(image.well, []).append(image)
        return sorted(wells.items())

    def sample(self, sites, seed):
        """Keep so many images a well, drawn at random with a seed; 0: all."""
        if sites > 0:
            kept = []
            for well, images in self.wells():
                kept += Draw(seed_for(seed, well_name(*well))).sample(images, sites)
            self.images = kept

    def _check(self, folder, channel, channels):
        names = ", ".join(sorted(name or "(none)" for name in channels))
        if not self.images and channel and channels:
            raise ZfocusError(
                "expected images of channel %s in %s, found %s: name one of these"
                % (channel, folder, names)
            )
        if not self.images:
            raise ZfocusError(
                "expected names that tell the well, such as WellA01_Site0_DAPI, in %s, found none: "
                "give a pattern such as (?P<well>[A-P]\\d\\d)_(?P<site>\\d+)" % folder
            )
        if not channel and len(channels) > 1:
            raise ZfocusError(
                "expected images of one channel, found %s: name the one to score" % names
            )


class Field(object):
    """What of an image is rated: all of it, or a crop of whole patches.

    `plane`: to be rated, None once it was; `about`: what the file says.
    """

    def __init__(self, image, crop, seed, attempt=0):
        self.image, self._crop, self._seed, self.attempt = image, crop, seed, attempt
        self.rating = self.small = self.about = self.index = None

    def open(self, small):
        """The plane to be rated; `small`: function of a processor that gives a smaller picture."""
        opened = OpenImage(self.image.path)
        try:
            if len(opened.planes) != 1 or opened.problem:
                raise ZfocusError(
                    opened.problem
                    or "expected one plane, got %d: split the stack, or use Rate Folder"
                    % len(opened.planes)
                )
            number, self.index, self.about = opened.planes[0]
            opened.check(number)
            imp = opened.imp
            shape = grid_shape(imp.getHeight(), imp.getWidth())
            if min(shape) < 1:
                raise ZfocusError(
                    "expected at least %d x %d px, got %d x %d: too small to be rated, leave it out"
                    % (PATCH_PX, PATCH_PX, imp.getHeight(), imp.getWidth())
                )
            roi = None
            if self._crop > 0:
                roi = Roi(*self._box(shape))
            plane = plane_of(imp, number, roi)
            shown = plane.pixels if is_deep_colour(imp) else imp.getStack().getProcessor(number)
            if roi is not None and shown is not plane.pixels:
                shown.setRoi(roi)
                shown = shown.crop()
            self.small = small(shown)
            return plane
        finally:
            opened.close()

    def again(self):
        """The same image with another crop, None if that would not help."""
        blank = self.rating is not None and self.rating.reason == "blank"
        if blank and self._crop > 0 and self.attempt < REDRAWS:
            return Field(self.image, self._crop, self._seed, self.attempt + 1)
        return None

    def _box(self, shape):
        # Well, site and attempt each have draws of their own.
        words = "%s %d %d" % (well_name(*self.image.well), self.image.site, self.attempt)
        draw = Draw(seed_for(self._seed, words))
        return [PATCH_PX * n for n in _xywh(*crop_place(draw, shape, self._crop))]


def _xywh(row, column, rows, columns):
    return column, row, columns, rows


def default_output(folder):
    """Folder for the results if none is named."""
    return os.path.join(folder, "zfocus_plate")
