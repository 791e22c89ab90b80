"""Images in a folder, by the rules of `zfocus rate`. Plain Python 2.7 and 3, no Java."""

from __future__ import division

import fnmatch
import os

from zfocus_fiji.words import ZfocusError

SUFFIXES = frozenset(
    ".bmp .btf .flex .gif .jp2 .jpeg .jpg .lsm .pbm .pgm .png .pnm .ppm .stk .tf2 .tf8 .tif .tiff"
    " .webp".split()
)
"""Names that are taken for images, in lower case: those of zfocus_model.images.inputs."""

TABLES = ("images.csv", "patches.csv", "errors.csv")
PICTURES, CONTACT_SHEET = "montages", "contact_sheet.png"
UNFINISHED = ".zfocus-unfinished"


def find_images(folder, pattern="", subfolders=True, skip=None):
    """Find the images in a folder.

    Hidden files and folders are left out, and so are pictures that zfocus drew in a folder with
    its tables.

    Parameters
    ----------
    folder : str
        Where to look.
    pattern : str, optional
        Names to take, such as ``*_w1*``, several separated by ``;``; empty: all. A pattern with
        ``/`` is held against the path from the folder. Capitals and small letters are the same.
    subfolders : bool, optional
        Look there, too.
    skip : str, optional
        The folder that results go to.

    Returns
    -------
    list of tuple of str
        (path from the folder with ``/``, path), sorted by the first as text.

    Raises
    ------
    ZfocusError
        If there is no such folder.
    """
    if not os.path.isdir(folder):
        raise ZfocusError("expected a folder of images, got %s: choose one that exists" % folder)
    chosen = [word.strip().lower() for word in pattern.split(";") if word.strip()]
    skipped = os.path.normcase(os.path.abspath(skip)) if skip else None
    found = []
    for place, folders, files in os.walk(folder):
        here = os.path.normcase(os.path.abspath(place))
        written = UNFINISHED in folders or all(name in files for name in TABLES) or here == skipped
        drawn = (PICTURES, CONTACT_SHEET) if written else ()
        if not subfolders:
            del folders[:]
        folders[:] = sorted(n for n in folders if not n.startswith(".") and n not in drawn)
        for name in files:
            if name.startswith(".") or name in drawn or not _is_image(name):
                continue
            path = os.path.join(place, name)
            below = os.path.relpath(path, folder).replace(os.sep, "/")
            if _matches(below, chosen):
                found.append((below, path))
    return sorted(found)


def _is_image(name):
    return os.path.splitext(name)[1].lower() in SUFFIXES


def _matches(name, patterns):
    name = name.lower()
    base = name.rsplit("/", 1)[-1]
    return not patterns or any(
        fnmatch.fnmatchcase(name if "/" in pattern else base, pattern) for pattern in patterns
    )
