"""OME-TIFF sets of several files: the planes of the set that lie in one file.

tifffile would open the whole set for each of its files. Each file rates its own planes only.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator

Index = tuple[int, int, int, int]
"""(series, t, c, z)."""


def planes_in_file(xml: str, file_name: str) -> dict[int, Index]:
    """Find the planes of a set that one of its files holds.

    Parameters
    ----------
    xml
        OME-XML, as each file of a set holds it.
    file_name
        Name of the file, without folders.

    Returns
    -------
    dict of int to tuple
        (series, t, c, z) by the number of the page in the file; empty if all planes are in one
        file, or the text is no XML.
    """
    try:
        root = ElementTree.fromstring(xml)
        names = {each.get("FileName") for each in root.iter() if _tag(each) == "UUID"}
        if len(names - {None}) < 2:
            return {}
        own = root.get("UUID", "")
        images = [each for each in root if _tag(each) == "Image"]
        return {
            page: (series, *place)
            for series, image in enumerate(images)
            for pixels in image
            if _tag(pixels) == "Pixels"
            for page, place in _planes(pixels, own, file_name)
        }
    except (ElementTree.ParseError, ValueError):
        return {}


def _planes(
    pixels: ElementTree.Element, own: str, file_name: str
) -> Iterator[tuple[int, tuple[int, int, int]]]:
    order = pixels.get("DimensionOrder", "XYZCT")[2:]  # the first axis runs fastest
    sizes = {axis: int(pixels.get(f"Size{axis}", "1")) for axis in "TCZ"}
    for data in pixels:
        uuid = next((each for each in data if _tag(each) == "UUID"), None)
        if _tag(data) != "TiffData" or uuid is None or not _is_own(uuid, own, file_name):
            continue
        first_page = int(data.get("IFD", "0"))
        first = {axis: int(data.get(f"First{axis}", "0")) for axis in "TCZ"}
        for step in range(int(data.get("PlaneCount", "1"))):
            place, rest = dict(first), step
            for axis in order:
                rest, place[axis] = divmod(rest + place[axis], sizes[axis])
            yield first_page + step, (place["T"], place["C"], place["Z"])


def _is_own(uuid: ElementTree.Element, own: str, file_name: str) -> bool:
    if own and uuid.text:
        return uuid.text == own
    return uuid.get("FileName", "").lower() == file_name.lower()


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rsplit("}", 1)[-1]
