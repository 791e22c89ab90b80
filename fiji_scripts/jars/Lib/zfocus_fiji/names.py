"""Well, site and channel from the names of files. Plain Python 2.7 and 3, no Java.

Known notations, tried in this order:

====================================  ===========================================
``WellA01_Site0_DAPI``                the word Well before it, as in the old well montage macro
``r03c11f02p01-ch1sk1fk1fl1``         Opera Phenix, Operetta: row, column, field, channel
``plate_A01_T0001F002L01A01Z01C03``   CellVoyager
``plate_A01_s2_w1``                   ImageXpress and the demo of zfocus: parts between ``_``,
                                      ``-``, ``.`` and blanks
``A01/site_3.tif``                    a folder for each well
====================================  ===========================================
"""

from __future__ import division

import re

from zfocus_fiji.plates import well_place
from zfocus_fiji.words import ZfocusError

EXAMPLE = r"(?P<well>[A-P]\d\d)_s(?P<site>\d+)_(?P<channel>\w+)"
"""A pattern of one's own."""

_AFTER_WELL = re.compile(r"well[_ ]?([a-z]{1,2}[0-9]{1,2})(?![0-9])", re.IGNORECASE)
_OPERA = re.compile(
    r"^r([0-9]{2})c([0-9]{2})f([0-9]+)p[0-9]+(?:.*?ch([0-9]+))?", re.IGNORECASE | re.DOTALL
)
_VOYAGER = re.compile(r"^T[0-9]+F([0-9]+)(?:.*?C([0-9]+))?", re.IGNORECASE)
_WELL = re.compile(r"^([A-P]|A[A-F])[0-9]{1,2}$", re.IGNORECASE)
_SITE = re.compile(r"^(?:s|site|f|field)([0-9]+)$", re.IGNORECASE)
_CHANNEL = re.compile(r"^((?:w|c|ch|channel)[0-9]+?)(?:[0-9A-F]{8})?$", re.IGNORECASE)
_MARK = re.compile(r"^[cfp][0-9]+$", re.IGNORECASE)


def own_pattern(text):
    """Check a regular expression of one's own.

    Parameters
    ----------
    text : str
        With a group named ``well``; ``site`` and ``channel`` are optional.

    Returns
    -------
    pattern
        Compiled; capitals and small letters are the same.

    Raises
    ------
    ZfocusError
        If it is no regular expression, or names no well.
    """
    try:
        pattern = re.compile(text, re.IGNORECASE)
    except re.error as error:
        raise ZfocusError(
            "expected a regular expression such as %s, got '%s' (%s)" % (EXAMPLE, text, error)
        )
    if "well" not in pattern.groupindex:
        raise ZfocusError(
            "expected a regular expression with a group named well such as %s, got '%s'"
            % (EXAMPLE, text)
        )
    return pattern


def place_of(name, pattern=None):
    """Well, site and channel of an image.

    Parameters
    ----------
    name : str
        Path with ``/`` from the folder, with its suffix.
    pattern : pattern, optional
        From :func:`own_pattern`; found anywhere in the name. Without it the known notations.

    Returns
    -------
    tuple or None
        ((row, column) of the well from 0, site, channel): site is a number, 0 if there is none;
        channel is text, empty if there is none. None if the name tells no well.
    """
    if pattern is not None:
        match = pattern.search(name)
        if match is None:
            return None
        groups = match.groupdict()
        return _place(groups["well"], groups.get("site"), groups.get("channel"))
    folders = name.split("/")
    stem = re.sub(r"(\.ome)?\.[A-Za-z0-9]{1,5}$", "", folders.pop())
    match = _OPERA.match(stem)
    if match is not None:
        row, column, site, channel = match.groups()
        return (int(row) - 1, int(column) - 1), int(site), "ch" + channel if channel else ""
    parts = [part for part in re.split(r"[_\-. ]+", stem) if part]
    match = _AFTER_WELL.search(stem)
    if match is not None:
        rest = [part for part in re.split(r"[_\-. ]+", stem[match.end() :]) if part]
        well = match.group(1)
        # What follows the site is the channel, with all its hyphens: CY3-AGP.
        named = re.search(r"site[_ ]?[0-9]+_(.+)$", stem[match.end() :], re.IGNORECASE)
        return _place(well, *_site_and_channel(rest, named.group(1) if named else ""))
    index = _well_index(parts)
    if index is not None:
        return _place(parts[index], *_site_and_channel(parts[index + 1 :]))
    for folder in reversed(folders):
        if _WELL.match(folder):
            return _place(folder, *_site_and_channel(parts))
    return None


def _well_index(parts):
    found = [index for index, part in enumerate(parts) if _WELL.match(part)]
    for index in found:
        if not _MARK.match(parts[index]):
            return index
    # c02 is a channel, and so on; C02 with two digits is a well if nothing else is.
    for index in found:
        if re.match(r"^[CFP][0-9]{2}$", parts[index]):
            return index
    return None


def _site_and_channel(parts, named=""):
    site, channel = "", named
    for index, part in enumerate(parts):
        number, voyager = _SITE.match(part), _VOYAGER.match(part)
        if voyager is not None:
            return voyager.group(1), "C" + voyager.group(2) if voyager.group(2) else ""
        following = parts[index + 1] if index + 1 < len(parts) else ""
        if not site and number is not None:
            site = number.group(1)
            if not channel and re.match(r"^[A-Za-z]", following):
                channel = following
        elif not site and part.lower() in ("site", "field") and following.isdigit():
            site = following
        elif not site and index == 0 and part.isdigit():
            site = part
    marked = [_CHANNEL.match(part) for part in parts]
    marked = [match.group(1) for match in marked if match is not None]
    return site, marked[0] if marked and not named else channel


def _place(well, site, channel):
    try:
        place = well_place(well or "")
    except ZfocusError:
        return None
    return place, int(re.sub(r"[^0-9]", "", site or "") or 0), channel or ""
