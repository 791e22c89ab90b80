"""What the description of a TIFF file says: OME-XML, MetaMorph. Plain Python 2.7 and 3, no Java.

ImageJ's own reader passes over these texts: it takes all pages for z. So does nothing else in a
Fiji whose Bio-Formats is not asked.
"""

from __future__ import division

import re

UM_PER_UNIT = {
    "nm": 1e-3,
    "um": 1.0,
    "mm": 1e3,
    "cm": 1e4,
    "m": 1e6,
    "pm": 1e-6,
}
IMMERSION_INDEX = {"air": 1.0, "water": 1.333, "glycerol": 1.47, "oil": 1.515}


class About(object):
    """What is known of a file's planes.

    `places`: (t, c, z) by page, None where the file does not tell; `channels`: names;
    `pixel_size_um`, `numerical_aperture`, `refractive_index`: None where unknown. `problem`: why
    the planes cannot be told apart here, empty if they can.
    """

    def __init__(self):
        self.places = None
        self.channels = ()
        self.pixel_size_um = self.numerical_aperture = self.refractive_index = None
        self.problem = ""


def read_description(text, file_name, pages):
    """Read a description.

    Parameters
    ----------
    text : str or None
        Of the first page.
    file_name : str
        Without folders.
    pages : int
        Number of pages in the file.

    Returns
    -------
    About or None
        None if it is neither OME-XML nor MetaMorph's.
    """
    text = text or ""
    if re.search(r"<(?:\w+:)?OME[\s>]", text):
        return _ome(text, file_name, pages)
    if "<MetaData>" in text and "<PlaneInfo>" in text:
        return _metamorph(text)
    return None


def _ome(text, file_name, pages):
    about = About()
    images = re.findall(r"<(?:\w+:)?Image\s.*?</(?:\w+:)?Image>", text, re.DOTALL)
    if len(images) != 1:
        about.problem = "an OME-TIFF file with %d images" % len(images)
        return about
    image = images[0]
    pixels = _attributes(image, "Pixels")
    about.channels = tuple(
        _values(tag).get("Name", "") for tag in re.findall(r"<(?:\w+:)?Channel\b[^>]*>", image)
    )
    size = _positive(pixels.get("PhysicalSizeX"))
    factor = _factor(pixels.get("PhysicalSizeXUnit", "um"))
    about.pixel_size_um = size * factor if size and factor else None
    settings, objectives = _attributes(image, "ObjectiveSettings"), {}
    for tag in re.findall(r"<(?:\w+:)?Objective\b[^>]*>", text):
        objectives[_values(tag).get("ID", "")] = _values(tag)
    lens = objectives.get(settings.get("ID", ""), {}) if settings else {}
    if not settings and len(objectives) == 1:
        lens = next(iter(objectives.values()))
    about.numerical_aperture = _positive(lens.get("LensNA"))
    about.refractive_index = _positive(settings.get("RefractiveIndex")) or IMMERSION_INDEX.get(
        lens.get("Immersion", "").lower()
    )
    about.places = _places(text, image, pixels, file_name, pages)
    if len(about.places) != pages:
        about.problem = "an OME-TIFF file that describes %d planes and holds %d pages" % (
            len(about.places),
            pages,
        )
    return about


def _places(text, image, pixels, file_name, pages):
    order = pixels.get("DimensionOrder", "XYZCT")[2:]
    sizes = dict((axis, int(pixels.get("Size" + axis, "1"))) for axis in "TCZ")
    total = sizes["T"] * sizes["C"] * sizes["Z"]
    own = _attributes(text, "OME").get("UUID", "")
    parts = []
    for tag, inside in re.findall(
        r"<(?:\w+:)?TiffData\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?TiffData>)", image, re.DOTALL
    ):
        uuid = re.search(r"<(?:\w+:)?UUID\b([^>]*)>([^<]*)<", inside)
        if uuid is not None:
            name, value = _values(uuid.group(1)).get("FileName", ""), uuid.group(2).strip()
            if (value != own) if own and value else (name.lower() != file_name.lower()):
                continue
        parts.append(_values(tag))
    if not parts or parts == [{}]:
        parts = [{"PlaneCount": str(total)}]
    places = {}
    for part in parts:
        first = dict((axis, int(part.get("First" + axis, "0"))) for axis in "TCZ")
        page = int(part.get("IFD", "0"))
        count = int(part.get("PlaneCount", "1" if "IFD" in part else str(total)))
        for step in range(count):
            place, rest = {}, step
            for axis in order:
                rest, place[axis] = divmod(rest + first[axis], sizes[axis])
            places[page + step] = place["T"], place["C"], place["Z"]
    return places


def _metamorph(text):
    about = About()
    known = {}
    for tag in re.findall(r"<prop\b[^>]*>", text):
        values = _values(tag)
        known.setdefault(values.get("id", ""), values.get("value", ""))
    size = _positive(known.get("spatial-calibration-x"))
    factor = _factor(known.get("spatial-calibration-units", ""))
    on = known.get("spatial-calibration-state", "on").lower() not in ("off", "false", "0")
    about.pixel_size_um = size * factor if size and factor and on else None
    about.numerical_aperture = _positive(known.get("_MagNA_"))
    about.refractive_index = _positive(known.get("_MagRI_"))
    name = known.get("_IllumSetting_", "")
    about.channels = (name,) if name else ()
    return about


def _factor(unit):
    # ImageJ reads UTF-8 in the computer's own coding: the letter before m may be anything.
    return 1.0 if re.match("^[^\x00-\x7f]+m$", unit) else UM_PER_UNIT.get(unit.lower())


def _attributes(text, tag):
    match = re.search(r"<(?:\w+:)?%s\b([^>]*)>" % tag, text)
    return _values(match.group(1)) if match is not None else {}


def _values(tag):
    found = re.findall(r"""([\w:\-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""", tag)
    return dict((name, _plain(one or other)) for name, one, other in found)


def _plain(text):
    for code, letter in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'")):
        text = text.replace(code, letter)
    text = re.sub(r"&#x([0-9A-Fa-f]+);", lambda m: _letter(int(m.group(1), 16)), text)
    text = re.sub(r"&#([0-9]+);", lambda m: _letter(int(m.group(1))), text)
    return text.replace("&amp;", "&")


def _letter(code):
    return (b"\\u%04x" % code).decode("unicode_escape") if code < 0x10000 else "?"


def _positive(text):
    try:
        value = float(text)
    except (TypeError, ValueError):
        return None
    return value if 0 < value < float("inf") else None
