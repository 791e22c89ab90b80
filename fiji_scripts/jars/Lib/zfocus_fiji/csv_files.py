"""CSV files that grow row by row and are there whole or not at all. Plain Python 2.7 and 3."""

from __future__ import division

import io
import os

from zfocus_fiji.columns import csv_text


class GrowingTable(object):
    """A table that is written as its rows come, so that memory does not grow with it.

    `path`: what it is called once it is kept; `names`: its columns.
    """

    def __init__(self, path, names):
        self._path, self._partial, self._names = path, path + ".partial", names
        self._stream = io.open(self._partial, "w", encoding="utf-8", newline="")
        self._stream.write(csv_text(names, []))

    def add(self, rows):
        """Write rows: values by column."""
        _, lines = csv_text(self._names, rows).split("\n", 1)  # the head is there already
        self._stream.write(lines)

    def keep(self):
        """Take the place of an older file."""
        self._stream.close()
        if os.path.exists(self._path):
            os.remove(self._path)  # on Windows, Python 2 cannot rename over a file
        os.rename(self._partial, self._path)

    def discard(self):
        """Forget it, unless it was kept."""
        self._stream.close()
        if os.path.exists(self._partial):
            os.remove(self._partial)
