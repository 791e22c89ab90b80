"""Files appear whole or not at all, and nothing is left of one that failed."""

from __future__ import annotations

import json
import os
import stat
import sys

import pytest

from zfocus_model._files import whole_file, write_json, write_whole


def test_write_whole_leaves_the_old_file_if_it_fails(tmp_path, monkeypatch):
    path = tmp_path / "new" / "file.bin"
    write_whole(path, b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in path.parent.iterdir()] == ["file.bin"]


@pytest.mark.parametrize("error", [OSError("full"), KeyboardInterrupt()])
def test_nothing_is_left_of_a_file_that_is_broken_off(tmp_path, error):
    with pytest.raises(type(error)), whole_file(tmp_path / "a.npz") as part:
        part.write_bytes(b"half")
        raise error
    assert list(tmp_path.iterdir()) == []


def test_a_failure_before_anything_is_written_is_told_as_it_is(tmp_path):
    with pytest.raises(ValueError, match="before"), whole_file(tmp_path / "a.npz"):
        raise ValueError("before")


def test_the_lent_name_is_hidden_keeps_the_suffix_and_is_new_each_time(tmp_path):
    with whole_file(tmp_path / "a.keras") as first, whole_file(tmp_path / "a.keras") as second:
        assert first != second
        for part in (first, second):
            assert part.parent == tmp_path
            assert part.name.startswith(".") and part.suffix == ".keras"
            part.write_bytes(part.name.encode())
    assert (tmp_path / "a.keras").read_bytes() == first.name.encode()  # the block that ended last
    assert [path.name for path in tmp_path.iterdir()] == ["a.keras"]


def test_long_names(tmp_path):
    path = tmp_path / ("x" * 250 + ".png")
    write_whole(path, b"1")
    assert path.read_bytes() == b"1"


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX systems")
def test_permissions_are_those_of_any_new_file(tmp_path):
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "a", b"1")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


def test_json_is_read_back(tmp_path):
    content = {"unit": "µm", "none": None, "values": [1, 0.5]}
    write_json(tmp_path / "a.json", content)
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == content
