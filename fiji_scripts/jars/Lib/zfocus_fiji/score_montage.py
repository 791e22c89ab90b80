"""Plugins > zfocus > Score Montage: percent in focus of every well of a plate.

Two kinds of input: the open image is a montage, a grid of wells; or a folder holds images whose
names tell the well.
"""

from __future__ import division

import os
import time
from collections import deque

from ij import IJ
from ij.gui import Roi, TextRoi
from ij.measure import ResultsTable
from java.awt import Color, Font

from zfocus_fiji import columns, overlay
from zfocus_fiji.csv_files import GrowingTable
from zfocus_fiji.files import PICTURES, TABLES
from zfocus_fiji.grids import cells
from zfocus_fiji.model import open_model
from zfocus_fiji.pictures import save_png
from zfocus_fiji.pixels import plane_of
from zfocus_fiji.plate_images import Field, Plate, default_output
from zfocus_fiji.plate_map import KINDS, plate_map, summary
from zfocus_fiji.plate_montage import PlateMontage
from zfocus_fiji.plates import plate_shape, well_name, wells_of
from zfocus_fiji.reading import defocus_um
from zfocus_fiji.scripts import current_image, show
from zfocus_fiji.wells import COLUMNS, well_row
from zfocus_fiji.words import PATCH_PX, ZfocusError

WELLS = "zfocus wells"
ERROR_COLUMNS = ("input", "error")


def run(
    imp=None,
    folder="",
    grid="8x12",
    gap=0,
    pattern="",
    channel="",
    skip="",
    sites=0,
    crop=0,
    seed=1,
    heat_map=KINDS[0],
    output="",
    model="",
):
    """Score a plate; returns the table of wells, the plate map, the montage and the errors."""
    folder, output = (text.strip() for text in (folder or "", output or ""))
    if heat_map not in KINDS:
        raise ZfocusError("expected a plate map of '%s' or '%s', got '%s'" % (KINDS + (heat_map,)))
    skipped = wells_of(skip or "")
    opened = open_model(model)
    if folder:
        folder = os.path.abspath(os.path.expanduser(folder))
        output = output or default_output(folder)
        plate = Plate(folder, grid, pattern or "", channel or "", skipped, skip=output)
        return _Folder(plate, opened, crop, seed).score(folder, sites, heat_map, output)
    return _score_open(current_image(imp), opened, grid, gap, skipped, heat_map, output)


def _score_open(imp, model, grid, gap, skipped, heat_map, output):
    if grid.strip().lower() == "auto":
        raise ZfocusError(
            "expected rows x columns of the montage such as 8x12, got auto: that is for folders"
        )
    shape = plate_shape(grid)
    number = imp.getCurrentSlice()
    boxes = cells(imp.getWidth(), imp.getHeight(), shape[0], shape[1], gap)
    if min(boxes[0][2:]) < PATCH_PX:
        raise ZfocusError(
            "expected wells of at least %d x %d px, got a montage of %d x %d px with %d rows and "
            "%d columns, %d x %d px each: check the grid, or make the montage larger"
            % ((PATCH_PX, PATCH_PX, imp.getWidth(), imp.getHeight()) + shape + boxes[0][2:])
        )
    wells = []
    for place, box in zip(((r, c) for r in range(shape[0]) for c in range(shape[1])), boxes):
        if not skipped(*place):
            wells.append((place, box))
    if not wells:
        raise ZfocusError("expected at least one well to score, got all of them skipped")
    position, rows = overlay.position_of(imp, number), []
    drawn = overlay.without_ratings(imp.getOverlay(), position)
    planes = (plane_of(imp, number, Roi(*box)) for _, box in wells)
    for done, rating in enumerate(model.rate_many(planes)):
        place, box = wells[done]
        row = well_row(well_name(*place), place, [rating], model.package.limits)
        rows.append(_with_model(row, model.package))
        overlay.add_patches(drawn, rating, 3, False, position)
        _add_label(drawn, rows[-1], box, position)
        IJ.showProgress(done + 1, len(wells))
    overlay.add_legend(drawn, imp.getWidth(), imp.getHeight())
    imp.setOverlay(drawn)
    picture = plate_map(rows, shape, heat_map, imp.getTitle())
    if output:
        output = os.path.abspath(os.path.expanduser(output))
        _make(os.path.join(output, PICTURES))
        _write(output, "wells.csv", COLUMNS, rows)
        picture.save(os.path.join(output, PICTURES, "plate_map.png"))
        save_png(
            imp.flatten().getBufferedImage(), os.path.join(output, PICTURES, "plate_montage.png")
        )
    table = _wells_table(rows)
    IJ.showStatus("zfocus: %s" % summary(rows)[0])
    return table, picture.image_plus("zfocus plate map"), None, None


def _add_label(drawn, row, box, position):
    percent = row["percent_in_focus"]
    text = row["well"] + (" -" if percent is None else " %.0f%%" % percent)
    label = TextRoi(box[0] + 4, box[1] + 4, text, Font(Font.SANS_SERIF, Font.BOLD, 16))
    label.setStrokeColor(Color.WHITE)
    label.setFillColor(Color(0, 0, 0, 150))
    label.setName(overlay.PREFIX + " well " + row["well"])
    if isinstance(position, tuple):
        label.setPosition(*position)
    elif position:
        label.setPosition(position)
    drawn.add(label)


class _Folder(object):
    """The images of a plate in a folder, one in memory at a time."""

    def __init__(self, plate, model, crop, seed):
        self.plate, self.model, self.crop, self.seed = plate, model, crop, seed
        self.montage, self.errors = None, list(plate.errors)
        self._most, self._total, self._done, self._started = 1, 0, 0, time.time()

    def score(self, folder, sites, heat_map, output):
        """Rate, write, return the table of wells, plate map, montage, errors."""
        self.plate.sample(sites, self.seed)
        wells = self.plate.wells()
        self._most = max(len(images) for _, images in wells)
        self._total = len(self.plate.images)
        output = os.path.abspath(os.path.expanduser(output))
        _make(os.path.join(output, PICTURES))
        IJ.resetEscape()
        fields = [Field(image, self.crop, self.seed) for image in self.plate.images]
        kept = dict((field.image.name, field) for field in self._rate(fields))
        again = [field.again() for field in kept.values()]
        while any(again):
            tried = self._rate(sorted(filter(None, again), key=lambda field: field.image.name))
            kept.update((field.image.name, field) for field in tried)
            again = [field.again() for field in tried]
        if not kept:
            raise ZfocusError(
                "expected images that can be rated in %s, found none: %s: %s"
                % ((folder,) + sorted(self.errors)[0])
            )
        return self._finish(wells, kept, folder, heat_map, output)

    def _rate(self, fields):
        """Rate fields; those that cannot be read are noted and left out."""
        waiting, rated = deque(), []

        def planes():
            for field in fields:
                if IJ.escapePressed():
                    raise ZfocusError("stopped with Esc: nothing was written, run it again")
                self._progress()
                try:
                    plane = field.open(self._small)
                except ZfocusError as error:
                    self.errors.append((field.image.name, "%s" % error))
                    continue
                waiting.append(field)
                yield plane

        for rating in self.model.rate_many(planes()):
            field = waiting.popleft()
            field.rating = rating
            rated.append(field)
        return rated

    def _small(self, processor):
        if self.montage is None:
            size = processor.getWidth(), processor.getHeight()
            wells = [well for well, _ in self.plate.wells()]
            self.montage = PlateMontage(wells, self._most, *size)
        return self.montage.small(processor)

    def _progress(self):
        self._done += 1
        IJ.showProgress(min(self._done, self._total), self._total)
        IJ.showStatus("zfocus: %d of %d images" % (min(self._done, self._total), self._total))

    def _finish(self, wells, kept, folder, heat_map, output):
        package, rows, shown = self.model.package, [], []
        image_rows, patch_rows = [], []
        for place, images in wells:
            fields = [kept[image.name] for image in images if image.name in kept]
            if not fields:
                continue
            ratings = [field.rating for field in fields]
            row = well_row(well_name(*place), place, ratings, package.limits)
            rows.append(_with_model(row, package))
            percent = row["percent_in_focus"]
            label = row["well"] + ("" if percent is None else "  %.0f %%" % percent)
            shown.append((place, label, fields))
        for field in sorted(kept.values(), key=lambda field: (field.image.name, field.index)):
            about, image = field.about, field.image
            image_rows.append(
                columns.image_row(
                    field.rating,
                    package,
                    image.name,
                    field.index,
                    channel=image.channel or about["channel"],
                    well=well_name(*image.well),
                    site=image.site,
                    pixel_size_um=about["pixel_size_um"],
                    defocus_um=defocus_um(about, field.rating.defocus_px),
                )
            )
            patch_rows += columns.patch_rows(field.rating, image.name, field.index)
        self.errors.sort()
        errors = [dict(zip(ERROR_COLUMNS, error)) for error in self.errors]
        _write(output, "wells.csv", COLUMNS, rows)
        _write(output, TABLES[0], columns.IMAGE_COLUMNS, image_rows)
        _write(output, TABLES[1], columns.PATCH_COLUMNS, patch_rows)
        _write(output, TABLES[2], ERROR_COLUMNS, errors)
        title = os.path.basename(folder)
        plate = plate_map(rows, self.plate.shape, heat_map, title)
        plate.save(os.path.join(output, PICTURES, "plate_map.png"))
        montage = self.montage.picture(shown, title, summary(rows))
        montage.save(os.path.join(output, PICTURES, "plate_montage.png"))
        table = _wells_table(rows)
        failed = _table(("Input", "Error"), self.errors)
        if self.errors:
            show(failed, "zfocus errors")
        message = summary(rows)[0] + (", %d files not rated" % len(errors) if errors else "")
        IJ.showStatus("zfocus: %s" % message)
        IJ.log("zfocus: %s; tables and pictures in %s" % (message, output))
        return (
            table,
            plate.image_plus("zfocus plate map"),
            montage.image_plus("zfocus plate montage"),
            failed,
        )


def _with_model(row, package):
    row.update(model=package.name, package_sha256=package.sha256)
    return row


def _wells_table(rows):
    names = [columns.camel(name) for name in COLUMNS]
    values = [[row[name] for name in COLUMNS] for row in rows]
    table = _table(names, values)
    show(table, WELLS)
    return table


def _table(names, rows):
    table = ResultsTable()
    table.setPrecision(4)
    table.showRowNumbers(False)
    for row in rows:
        table.incrementCounter()
        for name, value in zip(names, row):
            table.addValue(name, "" if value is None else value)
    return table


def _write(output, name, names, rows):
    path = os.path.join(output, name)
    table = None
    try:
        table = GrowingTable(path, names)
        table.add(rows)
        table.keep()
    except (IOError, OSError) as error:
        raise ZfocusError(
            "expected to write %s, which failed (%s): choose another folder"
            % (path, error.strerror or error)
        )
    finally:
        if table is not None:
            table.discard()


def _make(folder):
    try:
        if not os.path.isdir(folder):
            os.makedirs(folder)
    except (IOError, OSError) as error:
        raise ZfocusError(
            "expected a folder that can be written, got %s (%s): choose another"
            % (folder, error.strerror or error)
        )
