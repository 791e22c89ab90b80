from __future__ import annotations

import numpy as np
import pytest
import tifffile
from zfocus_fiji.tiff_chain import is_cut_short


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_list_of_pages_that_leads_out_of_the_file(tmp_path, order):
    path = tmp_path / "a.tif"
    stack = np.zeros((3, 40, 40), np.uint16)
    with tifffile.TiffWriter(path, byteorder=order) as tiff:
        for plane in stack:
            tiff.write(plane, contiguous=False)
    assert not is_cut_short(str(path))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert is_cut_short(str(path))


def test_other_files_are_not_looked_at(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"\x89PNG")
    assert not is_cut_short(str(path))
