"""Wells of a plate: names, places, standard sizes. Plain Python 2.7 and 3, no Java."""

from __future__ import division

import re

from zfocus_fiji.words import ZfocusError

SIZES = ((2, 3), (3, 4), (4, 6), (6, 8), (8, 12), (16, 24), (32, 48))
"""Rows and columns of plates with 6, 12, 24, 48, 96, 384 and 1536 wells."""

_NAME = re.compile(r"^([A-Za-z]{1,2})0*([1-9][0-9]?)$")


def row_name(row):
    """Letters of a row.

    Parameters
    ----------
    row : int
        From 0.

    Returns
    -------
    str
        ``A`` ... ``Z``, ``AA`` ... ``ZZ``.

    Examples
    --------
    >>> row_name(0) == "A", row_name(25) == "Z", row_name(31) == "AF"
    (True, True, True)
    """
    if row < 26:
        return chr(ord("A") + row)
    return chr(ord("A") + row // 26 - 1) + chr(ord("A") + row % 26)


def well_name(row, column):
    """Name of a well such as ``A01``.

    Parameters
    ----------
    row, column : int
        From 0.

    Returns
    -------
    str
        Letters of the row, two digits of the column.
    """
    return "%s%02d" % (row_name(row), column + 1)


def well_place(name):
    """Row and column of a well.

    Parameters
    ----------
    name : str
        ``A01``, ``a1``, ``AF48``.

    Returns
    -------
    tuple of int
        (row, column) from 0.

    Raises
    ------
    ZfocusError
        If it is no well's name.
    """
    match = _NAME.match(name.strip())
    if match is None:
        raise ZfocusError("expected a well such as A01, got '%s': letter, then number" % name)
    letters = match.group(1).upper()
    row = ord(letters[-1]) - ord("A")
    if len(letters) == 2:
        row += 26 * (ord(letters[0]) - ord("A") + 1)
    return row, int(match.group(2)) - 1


def plate_shape(text, wells=()):
    """Rows and columns of a plate.

    Parameters
    ----------
    text : str
        Number of wells (``96``), rows x columns (``8x12``), or ``auto``: the smallest standard
        plate that holds ``wells``.
    wells : iterable of (int, int)
        Rows and columns from 0 that the plate must hold.

    Returns
    -------
    tuple of int
        (rows, columns).

    Raises
    ------
    ZfocusError
        If the text says something else, or a well lies outside.

    Examples
    --------
    >>> plate_shape("384"), plate_shape("4 x 5"), plate_shape("auto", [(0, 0), (8, 3)])
    ((16, 24), (4, 5), (16, 24))
    """
    wells = list(wells)
    said = text.strip().lower()
    shape = None
    if said == "auto":
        for rows, columns in SIZES:
            if shape is None and all(row < rows and column < columns for row, column in wells):
                shape = rows, columns
        if shape is None:
            shape = 1 + max(row for row, _ in wells), 1 + max(column for _, column in wells)
    match = re.match(r"^([1-9][0-9]*)\s*[x*,]\s*([1-9][0-9]*)$", said)
    if match is not None:
        shape = int(match.group(1)), int(match.group(2))
    for rows, columns in SIZES:
        if said == str(rows * columns):
            shape = rows, columns
    if shape is None or shape[0] > 99 or shape[1] > 99:
        raise ZfocusError(
            "expected a plate of 6, 12, 24, 48, 96, 384 or 1536 wells, rows x columns such as "
            "8x12, or auto, got '%s'" % text
        )
    for row, column in wells:
        if row >= shape[0] or column >= shape[1]:
            raise ZfocusError(
                "expected wells of a plate with %d rows and %d columns, got %s: name a larger plate"
                % (shape[0], shape[1], well_name(row, column))
            )
    return shape


def wells_of(text):
    """Wells that a person names: ``A01, B02-B05, H*, *12``.

    Parameters
    ----------
    text : str
        Wells, ranges (rectangles from one well to another), rows (``H*``) and columns (``*12``),
        separated by commas or blanks; may be empty.

    Returns
    -------
    function
        (row, column) -> bool, whether a well is among them.

    Raises
    ------
    ZfocusError
        If a word is none of these.

    Examples
    --------
    >>> chosen = wells_of("A01-B02, *12")
    >>> [chosen(0, 0), chosen(1, 1), chosen(2, 0), chosen(7, 11)]
    [True, True, False, True]
    """
    boxes = []
    for word in re.split(r"[\s,;]+", re.sub(r"\s*-\s*", "-", text.strip())):
        if not word:
            continue
        if re.match(r"^[A-Za-z]{1,2}\*$", word):
            row = well_place(word[:-1] + "1")[0]
            boxes.append((row, 0, row, 98))
        elif re.match(r"^\*[0-9]{1,2}$", word):
            column = well_place("A" + word[1:])[1]
            boxes.append((0, column, 701, column))
        else:
            ends = [well_place(end) for end in word.split("-")]
            if len(ends) > 2:
                raise ZfocusError("expected wells such as A01 or A01-B06, got '%s'" % word)
            (top, left), (bottom, right) = ends[0], ends[-1]
            boxes.append((min(top, bottom), min(left, right), max(top, bottom), max(left, right)))

    def chosen(row, column):
        return any(t <= row <= b and le <= column <= r for t, le, b, r in boxes)

    return chosen
