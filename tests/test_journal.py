from __future__ import annotations

import errno
from pathlib import Path

import pytest

from zfocus_model.journal import STATE, Entry, Journal, OutputError, writing

STAMP = ("/a.tif", 10, 99)


def entry(name: str, z: int = 0) -> Entry:
    return Entry((name, 0, 0, 0, z), STAMP, [name, str(z)], [[name, "p0"], [name, "p1"]])


def test_what_was_added_is_there_again(tmp_path: Path) -> None:
    with Journal(tmp_path, {"package": 1}) as journal:
        journal.add(entry("b"))
        journal.add(entry("a", 2))
    with Journal(tmp_path, {"package": 1}) as journal:
        assert len(journal) == 2
        assert journal.get(("a", 0, 0, 0, 2)) == entry("a", 2)
        assert journal.has(("b", 0, 0, 0, 0), STAMP)
        assert not journal.has(("b", 0, 0, 0, 0), ("/a.tif", 11, 99))
        assert not journal.has(("b", 0, 0, 0, 1), STAMP)


@pytest.mark.parametrize("cut", [1, 5, 60])
def test_a_line_cut_short_is_dropped(tmp_path: Path, cut: int) -> None:
    with Journal(tmp_path, {}) as journal:
        journal.add(entry("a"))
        journal.add(entry("b"))
    path = tmp_path / STATE / "rated.jsonl"
    path.write_bytes(path.read_bytes()[:-cut])
    with Journal(tmp_path, {}) as journal:
        assert len(journal) == 1
        journal.add(entry("c"))
    with Journal(tmp_path, {}) as journal:
        assert journal.get(("c", 0, 0, 0, 0)) == entry("c")


def test_another_model_starts_anew(tmp_path: Path) -> None:
    with Journal(tmp_path, {"package": 1}) as journal:
        journal.add(entry("a"))
    with Journal(tmp_path, {"package": 2}) as journal:
        assert len(journal) == 0


def test_tables_are_sorted_and_the_state_is_gone(tmp_path: Path) -> None:
    with Journal(tmp_path, {}) as journal:
        for one in (entry("b"), entry("a", 10), entry("a", 2), entry("old")):
            journal.add(one)
        journal.finish(
            [("b", 0, 0, 0, 0), ("a", 0, 0, 0, 10), ("a", 0, 0, 0, 2)], [("x.tif", "bad, very")]
        )
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "errors.csv", "images.csv", "patches.csv",
    ]  # fmt: skip
    lines = (tmp_path / "images.csv").read_text().splitlines()
    assert lines[1:] == ["a,2", "a,10", "b,0"]
    assert (tmp_path / "patches.csv").read_text().count("\n") == 7
    assert (tmp_path / "errors.csv").read_text() == 'input,error\nx.tif,"bad, very"\n'


def test_a_second_run_is_kept_out(tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    with Journal(tmp_path, {}), pytest.raises(OutputError, match="another zfocus"):
        Journal(tmp_path, {})
    with Journal(tmp_path, {}):  # the first has ended
        pass


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="Not a directory"):
        Journal(tmp_path / "file" / "out", {})


def test_only_system_errors_are_turned(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="No space left"), writing(tmp_path):
        raise OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(KeyError), writing(tmp_path):
        raise KeyError("x")
