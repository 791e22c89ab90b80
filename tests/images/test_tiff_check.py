from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from zfocus_model._errors import ZfocusError
from zfocus_model.images.tiff_check import check_data, walk_pages


@pytest.mark.parametrize("bigtiff", [False, True])
@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_pages_are_counted(tmp_path: Path, bigtiff: bool, byteorder: str) -> None:
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path, bigtiff=bigtiff, byteorder=byteorder) as file:
        for _ in range(5):
            file.write(np.zeros((8, 9), np.uint8), contiguous=False)
    chain = walk_pages(path)
    assert (chain.pages, chain.whole) == (5, True)


def test_a_circle_of_pages_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((8, 9), np.uint8), metadata=None, byteorder="<")
    data = bytearray(path.read_bytes())
    start = int.from_bytes(data[4:8], "little")
    entries = int.from_bytes(data[start : start + 2], "little")
    end = start + 2 + 12 * entries
    data[end : end + 4] = data[4:8]
    path.write_bytes(bytes(data))
    assert walk_pages(path).pages == 1


def test_strips_beyond_the_end() -> None:
    check_data([8, 100], [92, 50], 150)
    check_data([], [], 0)
    with pytest.raises(ZfocusError, match="at least 150 bytes, got 149"):
        check_data([100, 8], [50, 92], 149)
