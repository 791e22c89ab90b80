"""Whether a TIFF file's list of pages is whole: ImageJ takes what it finds and says nothing.

Plain Python 2.7 and 3, no Java.
"""

from __future__ import division

import os
import struct


def is_cut_short(path):
    """Whether the list of pages leads out of the file.

    Parameters
    ----------
    path : str
        A TIFF file. BigTIFF and other files are not looked at.

    Returns
    -------
    bool
        True if a page is announced that is not in the file.
    """
    length = os.path.getsize(path)
    with open(path, "rb") as stream:
        start = stream.read(8)
        order = {b"II*\0": "<", b"MM\0*": ">"}.get(start[:4])
        if order is None:
            return False
        if len(start) < 8:
            return True
        offset, seen = struct.unpack(order + "I", start[4:])[0], set()
        while offset and offset not in seen:
            seen.add(offset)
            stream.seek(offset)
            count = stream.read(2)
            if len(count) < 2:
                return True
            after = offset + 2 + 12 * struct.unpack(order + "H", count)[0]
            if after + 4 > length:
                return True
            stream.seek(after)
            offset = struct.unpack(order + "I", stream.read(4))[0]
    return False
