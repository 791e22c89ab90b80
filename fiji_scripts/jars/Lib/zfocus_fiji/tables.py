"""Rows (values by column) in ImageJ's results tables."""

from __future__ import division

from ij.measure import ResultsTable

from zfocus_fiji.columns import IMAGE_COLUMNS, PATCH_COLUMNS, camel

IMAGES, PATCHES = "zfocus images", "zfocus patches"
DIGITS = 4


def image_table(rows=(), table=None):
    """A table with a row a plane, columns as in images.csv, names in CamelCase.

    `table`: the table to add the rows to.
    """
    return _fill(table or _empty(), IMAGE_COLUMNS, rows)


def patch_table(rows=(), table=None):
    """A table with a row a patch, columns as in patches.csv, names in CamelCase."""
    return _fill(table or _empty(), PATCH_COLUMNS, rows)


def open_table(title):
    """The table that is open in a window of this title, else None."""
    return ResultsTable.getResultsTable(title)


def _empty():
    table = ResultsTable()
    table.setPrecision(DIGITS)
    table.showRowNumbers(False)
    return table


def _fill(table, columns, rows):
    for row in rows:
        table.incrementCounter()
        for column in columns:
            value = row.get(column)
            if value is None:
                value = ""  # undefined is empty, not 0
            table.addValue(camel(column), value)
    return table
