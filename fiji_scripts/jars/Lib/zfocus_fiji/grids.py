"""Where the wells lie in a montage. Plain Python 2.7 and 3, no Java."""

from __future__ import division

from zfocus_fiji.words import ZfocusError


def cells(width, height, rows, columns, gap=0):
    """Boxes of a montage's fields, all of one size, row by row.

    Parameters
    ----------
    width, height : int
        Size of the montage in px.
    rows, columns : int
        Number of fields.
    gap : int, optional
        Px between fields.

    Returns
    -------
    list of tuple of int
        (x, y, width, height) of each field. Px that are left over by the division lie at the
        right and bottom, as in montages with a border.

    Raises
    ------
    ZfocusError
        If fields would be smaller than a pixel.

    Examples
    --------
    >>> cells(203, 100, 1, 2, 2)
    [(0, 0, 100, 100), (102, 0, 100, 100)]
    """
    across = (width - gap * (columns - 1)) // columns
    down = (height - gap * (rows - 1)) // rows
    if across < 1 or down < 1:
        raise ZfocusError(
            "expected a montage of %d rows and %d columns, got an image of %d x %d px: "
            "check rows and columns" % (rows, columns, width, height)
        )
    return [
        (column * (across + gap), row * (down + gap), across, down)
        for row in range(rows)
        for column in range(columns)
    ]


def tile_fields(count):
    """Rows and columns in which the fields of one well are laid out, as square as can be.

    Parameters
    ----------
    count : int
        At least 1.

    Returns
    -------
    tuple of int
        (rows, columns), columns at least rows.

    Examples
    --------
    >>> [tile_fields(count) for count in (1, 2, 4, 5, 9)]
    [(1, 1), (1, 2), (2, 2), (2, 3), (3, 3)]
    """
    rows = int(count**0.5)
    while (rows + 1) * (rows + 1) <= count:
        rows += 1
    return rows, -(-count // rows)


def fit(width, height, room_width, room_height):
    """Size of a picture that is reduced to fit into a room, never enlarged.

    Parameters
    ----------
    width, height : int
        Of the picture, px.
    room_width, room_height : int
        Of the room, px.

    Returns
    -------
    tuple of int
        (width, height), at least 1.
    """
    scale = min(1.0, room_width / width, room_height / height)
    return max(1, int(width * scale + 1e-9)), max(1, int(height * scale + 1e-9))


def sheet(count, wide=1.4, least=1, most=24):
    """Columns and rows of a contact sheet.

    Parameters
    ----------
    count : int
        Number of pictures.
    wide : float, optional
        Columns for a row.
    least, most : int, optional
        Bounds for the columns.

    Returns
    -------
    tuple of int
        (rows, columns).

    Examples
    --------
    >>> sheet(24), sheet(1), sheet(1000)
    ((4, 6), (1, 1), (42, 24))
    """
    columns = int((wide * count) ** 0.5 + 0.999)
    columns = max(least, min(most, columns, max(count, 1)))
    return max(1, -(-count // columns)), columns
