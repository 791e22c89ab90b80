"""Read the small .npy files of a model package's own test."""

from __future__ import division

import ast
import struct


def read_npy(data):
    """Shape and values (flat list) of the bytes of a float32 .npy file in C order."""
    if data[:6] != b"\x93NUMPY":
        raise ValueError("no .npy file")
    wide = ord(data[6:7]) > 1
    start = 12 if wide else 10
    (length,) = struct.unpack("<I" if wide else "<H", data[8:start])
    about = ast.literal_eval(data[start : start + length].decode("latin-1").strip())
    if about["descr"] != "<f4" or about["fortran_order"]:
        raise ValueError("expected float32 in C order")
    count = 1
    for side in about["shape"]:
        count *= side
    begin = start + length
    return tuple(about["shape"]), list(
        struct.unpack("<%df" % count, data[begin : begin + 4 * count])
    )
