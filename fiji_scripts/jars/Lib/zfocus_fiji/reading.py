"""Files of images to planes, with ImageJ's own readers; errors are lines of text, never dialogs."""

from __future__ import division

import os

from ij import IJ
from ij.io import Opener, TiffDecoder
from java.lang import Exception as JavaException
from java.lang import OutOfMemoryError

from zfocus_fiji.descriptions import read_description
from zfocus_fiji.pixels import is_deep_colour, pixel_size_um
from zfocus_fiji.tiff_chain import is_cut_short
from zfocus_fiji.words import ZfocusError

LARGEST_PIXEL_UM = 20.0
"""Larger "pixel sizes" of plain TIFF files are the dots per inch of a screen or printer."""

_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


class OpenImage(object):
    """An open file: `imp`, and `planes`, a list of (slice number, (series, t, c, z), about).

    `about`: values by column that the file tells: channel, pixel_size_um, and what defocus_um
    needs (numerical_aperture, refractive_index). `problem`: what part of the file cannot be read.
    """

    def __init__(self, path):
        self.path = path
        self._infos = _check(path)
        self.imp = _open(path)
        try:
            self.planes = sorted(self._planes(), key=lambda plane: plane[1])
        except ZfocusError:
            self.close()
            raise

    @property
    def problem(self):
        """One line, empty if ImageJ reads all pages."""
        pages = 0
        if self._infos is not None and is_cut_short(self.path):
            return "expected a whole TIFF file, got one cut short: copy it again"
        if self._infos is not None:
            pages = max(len(self._infos), self._infos[0].nImages)
        found = len(self.planes)
        if pages <= found:
            return ""
        return (
            "expected %d pages of one size and type, ImageJ reads %d of them: the file is damaged, "
            "or holds several images; rate it with the zfocus command" % (pages, found)
        )

    def check(self, number):
        """Raise ZfocusError if the pixels of a slice are not all in the file."""
        if self._infos is None:
            return
        infos, length = self._infos, os.path.getsize(self.path)
        info = infos[min(number, len(infos)) - 1]
        if info.stripOffsets and info.stripLengths:
            ends = [
                (start & 0xFFFFFFFF if start < 0 else start) + count
                for start, count in zip(info.stripOffsets, info.stripLengths)
            ]
        else:
            ends = []
        if len(infos) == 1 and info.nImages > 1:
            one = info.width * info.height * info.getBytesPerPixel()
            ends = [info.getOffset() + number * one + (number - 1) * info.getGap()]
        if ends and max(ends) > length:
            raise ZfocusError(
                "expected %d bytes or more, got a file of %d, cut short: copy it again"
                % (max(ends), length)
            )

    def close(self):
        """Forget the pixels."""
        self.imp.changes = False
        self.imp.close()
        self.imp.flush()

    def _planes(self):
        imp, step = self.imp, 3 if is_deep_colour(self.imp) else 1
        name = os.path.basename(self.path)
        first = self._infos[0] if self._infos else None
        text = (first.description or "") if first is not None else ""
        about = read_description(text, name, imp.getStackSize() // step)
        size = None if first is None else pixel_size_um(imp)
        if size is not None and size > LARGEST_PIXEL_UM and not text.startswith("ImageJ"):
            size = None
        known = {"pixel_size_um": size}
        if about is not None:
            if about.problem:
                raise ZfocusError(
                    "expected an image that ImageJ's own reader understands, got %s: rate it with "
                    "the zfocus command, or convert it" % about.problem
                )
            known["pixel_size_um"] = about.pixel_size_um
            known["numerical_aperture"] = about.numerical_aperture
            known["refractive_index"] = about.refractive_index
        for number in range(1, imp.getStackSize() + 1, step):
            c, z, t = imp.convertIndexToPosition(number)
            place = t - 1, 0 if step == 3 else c - 1, z - 1
            if about is not None and about.places:
                place = about.places[(number - 1) // step]
            channels = about.channels if about is not None else ()
            channel = channels[place[1]] if place[1] < len(channels) else ""
            yield number, (0,) + tuple(place), dict(known, channel=channel)


def defocus_um(about, defocus_px):
    """Distance from focus in um where pixel size, aperture and index are known, else None."""
    size = about.get("pixel_size_um")
    aperture, index = about.get("numerical_aperture"), about.get("refractive_index")
    if None in (size, aperture, index, defocus_px):
        return None
    return index * size * defocus_px / (2.0 * aperture)


def _check(path):
    """FileInfos of a TIFF file's pages, None for other files."""
    try:
        with open(path, "rb") as stream:
            start = stream.read(4)
    except (IOError, OSError) as error:
        raise ZfocusError(
            "expected a readable file, got: %s: check name and permissions"
            % (error.strerror or error)
        )
    if not start:
        raise ZfocusError("expected an image, got an empty file (0 bytes): copy it again")
    if start not in _TIFF_STARTS:
        return None
    folder, name = os.path.split(path)
    try:
        infos = TiffDecoder(folder + os.sep, name).getTiffInfo()
    except (JavaException, OutOfMemoryError) as error:
        raise _unreadable(error.getMessage())
    if not infos:
        raise _unreadable("no page in it")
    return list(infos)


def _open(path):
    opener = Opener()
    opener.setSilentMode(True)
    IJ.redirectErrorMessages(True)  # for this one image: to the log, no dialog that stops a batch
    try:
        imp = opener.openImage(path)
    except OutOfMemoryError:
        raise ZfocusError(
            "expected an image that fits into memory, got a larger one: give Fiji more (Edit > "
            "Options > Memory & Threads)"
        )
    except JavaException as error:
        raise _unreadable(error.getMessage())
    finally:
        IJ.redirectErrorMessages(False)
    if imp is None or imp.getStackSize() == 0:
        raise _unreadable("ImageJ knows no reader for it")
    return imp


def _unreadable(why):
    return ZfocusError(
        "expected an image that ImageJ can open (TIFF, PNG, JPEG, ...), got something unreadable "
        "(%s): copy it again, or convert it to TIFF" % " ".join((why or "damaged").split())
    )
