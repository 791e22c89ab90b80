from __future__ import annotations

from zfocus_fiji.csv_files import GrowingTable


def test_a_table_is_there_whole_or_not_at_all(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("old")
    table = GrowingTable(str(path), ("name", "value"))
    table.add([{"name": "a, b", "value": 1 / 3}, {"name": 'say "x"', "value": None}])
    assert path.read_text() == "old"
    table.add([{"name": "c", "value": 2}])
    table.keep()
    table.discard()
    assert path.read_text() == 'name,value\n"a, b",0.333333\n"say ""x""",\nc,2\n'
    assert [file.name for file in tmp_path.iterdir()] == ["t.csv"]


def test_a_table_that_is_not_kept_leaves_nothing(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("old")
    table = GrowingTable(str(path), ("name",))
    table.add([{"name": "a"}])
    table.discard()
    assert [file.name for file in tmp_path.iterdir()] == ["t.csv"]
    assert path.read_text() == "old"
