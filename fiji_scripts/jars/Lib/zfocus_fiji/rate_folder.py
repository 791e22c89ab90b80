"""Plugins > zfocus > Rate Folder: many files, the tables of `zfocus rate`, one picture."""

from __future__ import division

import os
import time
from collections import deque

from ij import IJ
from ij.measure import ResultsTable
from java.lang import OutOfMemoryError

from zfocus_fiji import columns, tables
from zfocus_fiji.contact_sheet import ContactSheet
from zfocus_fiji.csv_files import GrowingTable
from zfocus_fiji.files import CONTACT_SHEET, TABLES, find_images
from zfocus_fiji.model import open_model
from zfocus_fiji.pixels import plane_of
from zfocus_fiji.reading import OpenImage, defocus_um
from zfocus_fiji.scripts import show
from zfocus_fiji.words import IN_FOCUS, PATCH_PX, UNDECIDED, ZfocusError

RESULTS = "zfocus_results"
"""Folder, within that of the images, for the tables if no other is named."""

ERROR_COLUMNS = ("input", "error")
_STOPPED = "expected to be rated, but the run was stopped with Esc: run Rate Folder again"


def run(folder, pattern="", subfolders=True, output="", montage=True, model=""):
    """Rate all images of a folder; returns the table of planes, that of errors, and the montage.

    images.csv, patches.csv, errors.csv and the picture go to `output`, each whole or not at all.
    What cannot be read is a row of errors.csv; everything else is rated.
    """
    folder = os.path.abspath(os.path.expanduser("%s" % folder))
    output = (output or "").strip()
    output = os.path.abspath(os.path.expanduser(output or os.path.join(folder, RESULTS)))
    images = find_images(folder, pattern, subfolders, skip=output)
    if not images:
        what = "images named %s" % pattern if pattern.strip() else "images"
        raise ZfocusError(
            "expected %s in %s, found none: look for TIFF, PNG, JPEG or BMP files" % (what, folder)
        )
    opened = open_model(model)
    _make(output)
    batch = _Batch(images, ContactSheet() if montage else None)
    files = []
    try:
        for name, names in zip(
            TABLES, (columns.IMAGE_COLUMNS, columns.PATCH_COLUMNS, ERROR_COLUMNS)
        ):
            files.append(GrowingTable(os.path.join(output, name), names))
        batch.rate(opened, *files[:2])
        batch.errors.sort()
        files[2].add([dict(zip(ERROR_COLUMNS, error)) for error in batch.errors])
        for table in files:
            table.keep()
    except (IOError, OSError) as error:
        raise ZfocusError(
            "expected to write tables into %s, which failed (%s): choose another folder"
            % (output, error.strerror or error)
        )
    finally:
        for table in files:
            table.discard()
    image = None
    if montage and batch.rated:
        picture = batch.sheet.picture(os.path.basename(folder))
        picture.save(os.path.join(output, CONTACT_SHEET))
        image = picture.image_plus("zfocus montage")
    table = tables.image_table(batch.rows)
    errors = _error_table(batch.errors)
    show(table, tables.IMAGES)
    if batch.errors:
        show(errors, "zfocus errors")
    IJ.showStatus(batch.summary())
    IJ.log("zfocus: %s; tables in %s" % (batch.summary(), output))
    return table, errors, image


class _Batch(object):
    """The loop over files: reads lazily, one file in memory at a time."""

    def __init__(self, images, sheet):
        self.images, self.sheet = images, sheet
        self.errors, self.rows, self.rated = [], [], 0
        self._waiting, self._started, self._stopped = deque(), time.time(), False
        self._counts = {}

    def rate(self, model, planes, patches):
        """Rate everything; rows go to the tables as they come."""
        IJ.resetEscape()
        ratings = model.rate_many(self._read())
        for rating in ratings:
            name, index, about, small = self._waiting.popleft()
            row = columns.image_row(
                rating,
                model.package,
                name,
                index,
                channel=about["channel"],
                pixel_size_um=about["pixel_size_um"],
                defocus_um=defocus_um(about, rating.defocus_px),
            )
            planes.add([row])
            patches.add(columns.patch_rows(rating, name, index))
            self.rows.append(row)
            self.rated += 1
            self._counts[rating.status] = self._counts.get(rating.status, 0) + 1
            if self.sheet is not None:
                self.sheet.add(_label(name, index), rating, small)

    def summary(self):
        """One line about all of it."""
        parts = ["%d planes rated" % self.rated]
        parts.append("%d in focus" % self._counts.get(IN_FOCUS, 0))
        if self._counts.get(UNDECIDED):
            parts.append("%d undecided" % self._counts[UNDECIDED])
        if self.errors:
            parts.append("%d not rated (see errors.csv)" % len(self.errors))
        return ", ".join(parts)

    def _read(self):
        """Planes of all files; what cannot be read is noted."""
        for number, (name, path) in enumerate(self.images):
            if IJ.escapePressed():
                self.errors += [(left, _STOPPED) for left, _ in self.images[number:]]
                return
            self._progress(number)
            try:
                opened = OpenImage(path)
            except ZfocusError as error:
                self.errors.append((name, "%s" % error))
                continue
            if opened.problem:
                self.errors.append((name, opened.problem))
            try:
                for plane in self._planes(name, opened):
                    yield plane
            finally:
                opened.close()
        self._progress(len(self.images))

    def _planes(self, name, opened):
        for number, index, about in opened.planes:
            try:
                imp = opened.imp
                if imp.getHeight() < PATCH_PX or imp.getWidth() < PATCH_PX:
                    raise ZfocusError(
                        "expected at least %d x %d px, got %d x %d: too small to be rated, leave "
                        "it out" % (PATCH_PX, PATCH_PX, imp.getHeight(), imp.getWidth())
                    )
                opened.check(number)
                plane = plane_of(imp, number)
            except ZfocusError as error:
                where = "series %d, t %d, c %d, z %d: " % tuple(index)
                prefix = where if len(opened.planes) > 1 else ""
                self.errors.append((name, prefix + "%s" % error))
                continue
            except OutOfMemoryError:
                self.errors.append((name, "expected more memory: Edit > Options > Memory"))
                continue
            small = None
            if self.sheet is not None:  # the plane itself is not kept
                small = self.sheet.small(imp.getStack().getProcessor(number))
            self._waiting.append((name, index, about, small))
            yield plane

    def _progress(self, number):
        total = len(self.images)
        IJ.showProgress(number, total)
        each = (time.time() - self._started) / number if number else 0
        IJ.showStatus("zfocus: %d of %d files, %.2f s each" % (number, total, each))


def _error_table(errors):
    table = ResultsTable()
    table.showRowNumbers(False)
    for name, error in errors:
        table.incrementCounter()
        table.addValue("Input", name)
        table.addValue("Error", error)
    return table


def _make(folder):
    try:
        if not os.path.isdir(folder):
            os.makedirs(folder)
    except (IOError, OSError) as error:
        raise ZfocusError(
            "expected a folder that can be written, got %s (%s): choose another"
            % (folder, error.strerror or error)
        )


def _label(name, index):
    more = ["%s %d" % pair for pair in zip(("series", "t", "c", "z"), index) if pair[1]]
    return name + (" (%s)" % ", ".join(more) if more else "")
