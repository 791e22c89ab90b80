"""TIFF files: OME-TIFF, ImageJ stacks, plain stacks, screening microscopes; pages read lazily.

Works with tifffile 2022.4.8, which a CellProfiler 4 environment holds, up to the newest.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tifffile

from zfocus_model._errors import ZfocusError
from zfocus_model.images.axes import Layout, layout_of
from zfocus_model.images.base import ImageFile, PlaneInfo
from zfocus_model.images.ome_set import Index, planes_in_file
from zfocus_model.images.tiff_check import PageChain, check_data, walk_pages
from zfocus_model.images.tiff_metadata import (
    SeriesMetadata,
    from_imagej,
    from_lsm,
    from_metaseries,
    from_ome,
    from_resolution,
    planes_of_ome,
)
from zfocus_model.planes import grey

_PALETTE = 3
_UNKNOWN_COLOURS = {5: "CMYK", 8: "CIELab", 9: "ICCLab", 10: "ITULab"}
"""Photometric interpretations whose samples are neither grey nor red, green and blue."""

_ASIDE = ("Thumbnail", "Label", "Macro")
"""Names that tifffile gives to pictures of the slide in slide scanners' files."""

logging.getLogger("tifffile").addHandler(logging.NullHandler())  # errors.csv says it better


@dataclass(frozen=True)
class _Place:
    """Where the pixels of a plane lie."""

    series: Any
    page: int
    layout: Layout
    inner: tuple[int, ...]


class TiffImageFile(ImageFile):
    """A TIFF file. Its full-resolution images are its series; pyramid levels are ignored.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    ZfocusError
        If no page can be read.
    """

    def __init__(self, path: Path) -> None:
        chain = walk_pages(path)
        if chain.pages == 0:
            raise ZfocusError("expected a whole TIFF file, got one cut short: copy it again")
        self._bytes = path.stat().st_size
        # Not the whole set of files that this one may belong to: the others rate their own planes.
        self._tiff = tifffile.TiffFile(path, _multifile=False)
        try:
            places = dict(self._find())
            problem = _missing(self._tiff, chain, len(places))
        except BaseException:
            self._tiff.close()
            raise
        infos = sorted(places, key=lambda info: info.index)
        self._places = [places[info] for info in infos]
        super().__init__(path, infos, problem)
        if not infos:
            self._tiff.close()
            raise ZfocusError(
                problem or "expected an image, got a TIFF file without one: leave it out"
            )

    def _find(self) -> Iterator[tuple[PlaneInfo, _Place]]:
        all_series: list[Any] = list(self._tiff.series)
        known = _metadata(self._tiff, len(all_series))
        both = list(zip(all_series, known))
        full = [one for one in both if not (one[0].keyframe.is_reduced or one[0].name in _ASIDE)]
        ours = _own_planes(self._tiff)
        for number, (series, about) in enumerate(full or both):
            layout = layout_of(series)
            for page, inner, (t, c, z) in layout.planes():
                if not _is_here(series, page, layout, self._tiff):
                    continue
                place = number, t, c, z
                if ours:
                    index = series[page].index
                    if index not in ours:
                        continue
                    place = ours[index]
                    if inner:  # channels in one page
                        place = (*place[:2], place[2] + c, place[3])
                info = PlaneInfo(
                    *place,
                    channel=about.channels[place[2]] if place[2] < len(about.channels) else "",
                    pixel_size_um=about.pixel_size_um,
                    numerical_aperture=about.numerical_aperture,
                    refractive_index=about.refractive_index,
                    z_step_um=about.z_step_um,
                )
                yield info, _Place(series, page, layout, inner)

    def _pixels(self, number: int) -> tuple[npt.NDArray[Any], int | None]:
        place = self._places[number]
        keyframe = place.series.keyframe
        colours = _UNKNOWN_COLOURS.get(int(keyframe.photometric))
        if colours is not None:
            raise ZfocusError(
                f"expected grey, palette or RGB pixels, got {colours}: convert the image to RGB"
            )
        if _in_one_block(place.series, place.layout):
            array = self._read_block(place)
        else:
            page = place.series[place.page]
            check_data(page.dataoffsets, page.databytecounts, self._bytes)
            array = page.asarray(maxworkers=1)
        pixels = place.layout.pick(array, place.inner)
        if keyframe.photometric == _PALETTE and keyframe.colormap is not None:
            return grey(_expand(pixels, keyframe.colormap)), 255
        return grey(pixels), _maximum(pixels.dtype, keyframe.bitspersample)

    def _read_block(self, place: _Place) -> npt.NDArray[Any]:
        """Read a page of a stack that has one directory for all (ImageJ beyond 4 GB, STK)."""
        keyframe = place.series.keyframe
        dtype = np.dtype(place.series.dtype).newbyteorder(self._tiff.byteorder)
        count = math.prod(keyframe.shape)
        offset = keyframe.dataoffsets[0] + place.page * count * dtype.itemsize
        check_data([offset], [count * dtype.itemsize], self._bytes)
        pixels = np.fromfile(self.path, dtype, count, offset=offset)
        return pixels.reshape(keyframe.shape).astype(dtype.newbyteorder("="))

    def _close(self) -> None:
        self._tiff.close()


def _in_one_block(series: Any, layout: Layout) -> bool:
    return bool(layout.page_count > len(series))


def _is_here(series: Any, page: int, layout: Layout, tiff: tifffile.TiffFile) -> bool:
    if _in_one_block(series, layout):
        return True
    try:
        found = series[page]
    except Exception:  # damaged: reading this plane will say so
        return True
    return found is not None and found.parent.filehandle.path == tiff.filehandle.path


def _own_planes(tiff: tifffile.TiffFile) -> dict[int, Index]:
    return planes_in_file(tiff.ome_metadata or "", Path(tiff.filename).name) if tiff.is_ome else {}


def _metadata(tiff: tifffile.TiffFile, count: int) -> list[SeriesMetadata]:
    """Metadata of each series; nothing where the file's metadata are damaged."""
    tags = tiff.pages[0].tags  # type: ignore[union-attr]  # the first page is never a frame
    try:
        if tiff.is_ome:
            found = from_ome(tiff.ome_metadata or "")
            if count > len(found) == 1:  # pages sorted otherwise than OME says
                return found * count
            return [*found, *[SeriesMetadata()] * (count - len(found))]
        if tiff.is_imagej:
            one = from_imagej(tiff.imagej_metadata or {}, tags)
        elif tiff.is_metaseries:
            one = from_metaseries(tiff.metaseries_metadata or {})
        elif tiff.is_lsm:
            known: dict[str, Any] = tiff.lsm_metadata or {}
            one = from_lsm(known)
        else:
            one = from_resolution(tags)
    except Exception:  # pixels are still worth rating
        one = SeriesMetadata()
    return [one] * count


def _missing(tiff: tifffile.TiffFile, chain: PageChain, found: int) -> str:
    """Say what part of the file is not there, or nothing."""
    if not chain.whole:
        return (
            f"expected a whole TIFF file, got one cut short: {found} planes of it could be found, "
            "copy it again"
        )
    declared = 0
    if tiff.is_imagej and not tiff.is_ome:
        known = tiff.imagej_metadata or {}
        declared = math.prod(int(known.get(name, 1)) for name in ("frames", "slices", "channels"))
    elif tiff.is_ome:
        declared = planes_of_ome(tiff.ome_metadata or "", Path(tiff.filename).name)
    samples = int(tiff.pages[0].samplesperpixel)  # type: ignore[union-attr]  # as above
    if declared > found * samples:
        return (
            f"expected {declared} planes as the file's metadata say, found {found}: "
            "the others are not in the file, copy or export it again"
        )
    return ""


def _expand(indices: npt.NDArray[Any], colormap: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Colours (height, width, 3) of a palette image, in 8 bits as ImageJ and Pillow read them."""
    colours = (colormap >> 8 if colormap.max() > 255 else colormap).astype(np.uint8)
    return np.moveaxis(colours[:, indices], 0, -1)


def _maximum(dtype: np.dtype[Any], bits: int) -> int | None:
    if dtype.kind == "u":
        return 2 ** min(bits, 8 * dtype.itemsize) - 1
    return int(np.iinfo(dtype).max) if dtype.kind == "i" else None
