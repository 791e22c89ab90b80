from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile

sys.path.insert(0, str(Path(__file__).parents[1] / "zposition"))

from stand_ins import phase_stack

from zfocus_model.cli import main
from zfocus_model.zposition.labels import read_labels

HEAD = (
    "stack,experiment,planes,in_focus_plane,z_step_um,pixel_size_um,direction,method,split,"
    "finder,confidence\n"
)


def write(path, focus=4.0, planes=10, **metadata):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.stack(list(phase_stack(np.arange(planes) - focus, side=64))).astype(np.uint16)
    tifffile.imwrite(path, pixels, ome=True, metadata={"axes": "ZYX", **metadata})
    return path


STEP = {"PhysicalSizeZ": 1.0, "PhysicalSizeX": 0.24}


@pytest.fixture
def table(tmp_path):
    return tmp_path / "labels.csv"


def annotate(*words):
    return main(["annotate", *map(str, words)])


def test_stacks_are_found_and_labelled(tmp_path, table, capsys):
    write(tmp_path / "day1" / "a.ome.tif", **STEP)
    write(tmp_path / "day2" / "b.ome.tif", focus=6.0, **STEP)
    assert annotate(tmp_path / "day1", tmp_path / "day2", "-o", table) == 0
    first, second = read_labels(table)
    assert (first.stack, first.experiment, first.z_step_um) == ("day1/a.ome.tif", "day1", 1.0)
    assert (first.method, first.further["finder"]) == ("found", "contrast reversal")
    assert first.in_focus_plane == pytest.approx(4, abs=0.3)
    assert second.in_focus_plane == pytest.approx(6, abs=0.3)
    error = capsys.readouterr().err
    assert error.startswith("day1/a.ome.tif: plane 4") or "day1/a.ome.tif: plane 3" in error
    assert error.endswith(f"2 stacks labelled. Table: {table}\n")


def test_rows_that_are_there_are_kept(tmp_path, table, capsys):
    path = write(tmp_path / "a.ome.tif", **STEP)
    row = "a.ome.tif,mine,10,2.5,1,0.24,-1,given,test,,\nold.tif,gone,31,3,1,,1,given,,,\n"
    table.write_text(HEAD + row)
    assert annotate(path, "-o", table) == 0
    assert table.read_text() == HEAD + row
    assert "0 stacks labelled, 1 labelled before" in capsys.readouterr().err
    assert annotate(path, "-o", table, "--in-focus", "3", "--experiment", "new") == 0
    new = row.replace("mine,10,2.5,", "new,10,3,").replace("given,test,,", "given,test,given,")
    assert table.read_text() == HEAD + new
    assert annotate(path, "-o", table, "--in-focus", "4") == 0
    assert table.read_text() == HEAD + new.replace("new,10,3,", "new,10,4,")


def test_a_table_that_is_none_is_not_replaced(tmp_path, table, capsys):
    table.write_text("something else\n")
    assert annotate(write(tmp_path / "a.ome.tif", **STEP), "-o", table) == 2
    assert table.read_text() == "something else\n"
    assert "expected a label table" in capsys.readouterr().err


def test_planes_from_a_list(tmp_path, table):
    for name in ("a", "b"):
        write(tmp_path / f"{name}.ome.tif", focus=3.0, **STEP)
    (tmp_path / "given.csv").write_text("stack,in_focus_plane\nb.ome.tif,7\n")
    assert annotate(tmp_path, "-o", table, "--in-focus", tmp_path / "given.csv", "--away") == 0
    first, second = read_labels(table)
    assert (first.method, second.method, second.in_focus_plane) == ("found", "given", 7.0)
    assert second.direction == -1


def test_a_person_is_asked(tmp_path, table, monkeypatch):
    for name in "abcd":
        write(tmp_path / f"{name}.ome.tif", **STEP)
    monkeypatch.setattr(sys, "stdin", io.StringIO("\nx\n99\n2.5\ns\n"))
    assert annotate(tmp_path, "-o", table, "--ask") == 0
    assert [(label.stack, label.method) for label in read_labels(table)] == [
        ("a.ome.tif", "found"),
        ("b.ome.tif", "given"),
    ]


def test_what_cannot_be_labelled_is_named_and_the_rest_is_done(tmp_path, table, capsys):
    write(tmp_path / "good.ome.tif", **STEP)
    write(tmp_path / "beyond.ome.tif", focus=-3.0, **STEP)
    write(tmp_path / "one.ome.tif", planes=1, **STEP)
    write(tmp_path / "step.ome.tif")
    (tmp_path / "broken.tif").write_bytes(b"II*\0")
    # named one by one: in a folder, the other files' names tell nothing of these
    assert annotate(*sorted(tmp_path.glob("*.tif")), tmp_path / "none.tif", "-o", table) == 1
    assert [label.stack for label in read_labels(table)] == ["good.ome.tif"]
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("zfocus: ")]
    for name, words in (
        ("beyond", "got no plane within it at which contrast is least and reverses"),
        ("one", "expected a stack of at least 2 planes, got 1"),
        ("step", "give it in um with --z-step"),
        ("broken", "got one cut short"),
        ("none", "got nothing there"),
    ):
        assert sum(name in line and words in line for line in lines) == 1, name


def test_pictures_are_drawn(tmp_path, table):
    path = write(tmp_path / "a.ome.tif", **STEP)
    assert annotate(path, "-o", table, "--pictures", tmp_path / "pictures", "--quiet") == 0
    assert [file.name for file in (tmp_path / "pictures").iterdir()] == ["a.png"]


@pytest.mark.parametrize(
    "words", [["--z-step", "0"], ["--c", "-1"], ["--modality", "phase"], ["-o", "."]]
)
def test_wrong_usage(tmp_path, words):
    path = write(tmp_path / "a.ome.tif")
    try:
        code = annotate(path, *words)
    except SystemExit as stopped:
        code = stopped.code
    assert code == 2
