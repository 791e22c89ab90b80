from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.zposition.labels import (
    COLUMNS,
    StackLabel,
    leaks,
    read_labels,
    split_by_experiment,
    write_labels,
    z_um_of_planes,
)

HEAD = "stack,experiment,planes,in_focus_plane,z_step_um,pixel_size_um,direction,method,split"


def label(stack="a.tif", experiment="day1", planes=5, focus=2.0, **more):
    return StackLabel(stack, experiment, planes, focus, 1.0, **more)


def many(*counts):
    """Stacks of experiments e0, e1, ... with so many each."""
    return [
        label(f"e{number}/{i}.tif", f"e{number}")
        for number, count in enumerate(counts)
        for i in range(count)
    ]


def test_z_is_where_the_plane_was_taken_minus_where_focus_is():
    assert z_um_of_planes(label(focus=2.0)).tolist() == [-2, -1, 0, 1, 2]
    assert z_um_of_planes(label(focus=1.0, direction=-1)).tolist() == [1, 0, -1, -2, -3]


def test_a_table_as_written(tmp_path):
    write_labels(tmp_path / "labels.csv", [label(pixel_size_um=0.24, split="test"), label("b")])
    assert (tmp_path / "labels.csv").read_text(encoding="utf-8") == (
        f"{HEAD}\na.tif,day1,5,2,1,0.24,1,given,test\nb,day1,5,2,1,,1,given,\n"
    )
    assert HEAD == ",".join(COLUMNS)


def test_a_table_comes_back_with_further_columns(tmp_path):
    table = tmp_path / "labels.csv"
    table.write_text(f"\ufeff{HEAD},strain\r\na,e,31,14.5,1.5,0.1,-1,found,train,wild\r\n", "utf-8")
    (found,) = read_labels(table)
    assert (found.in_focus_plane, found.direction, found.split) == (14.5, -1, "train")
    assert found.further == {"strain": "wild"}
    write_labels(tmp_path / "again.csv", [found, label()])
    first, second = read_labels(tmp_path / "again.csv")
    assert (first, first.further["strain"], second.further["strain"]) == (found, "wild", "")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a,e,31,14,,0.1,1,found,train", "row 2, column z_step_um: expected a distance in um"),
        ("a,e,31,14,1,-1,1,found,train", "row 2, column pixel_size_um: expected a size"),
        ("a,e,31,31,1,,1,found,train", "column in_focus_plane: expected an index of 31 planes"),
        ("a,e,1,0,1,,1,found,train", "column planes: expected a number of planes, at least 2"),
        ("a,e,31,x,1,,1,found,train", "column in_focus_plane: .* got 'x'"),
        ("a,e,31,3,1,,2,found,train", "column direction: expected 1 or -1, got '2'"),
        ("a,e,31,3,1,,1,guess,train", "column method: expected simulated or given or found"),
        ("a,e,31,3,1,,1,found,dev", "column split: expected nothing or train or test"),
        (",e,31,3,1,,1,found,", "column stack: expected the path of a stack, got 'nothing'"),
        ("a,e", "column planes: expected a number"),
        ("a,e,9,3,1,,1,found,\na,e,9,4,1,,1,found,", r"row 3: expected every stack once, got a"),
    ],
)
def test_what_makes_no_sense_is_named_by_row_and_column(tmp_path, row, message):
    (tmp_path / "labels.csv").write_text(f"{HEAD}\n{row}\n", "utf-8")
    with pytest.raises(ZfocusError, match=message):
        read_labels(tmp_path / "labels.csv")


def test_a_table_must_be_one(tmp_path):
    with pytest.raises(ZfocusError, match=r"expected a label table \(CSV\), got: No such file"):
        read_labels(tmp_path / "none.csv")
    (tmp_path / "other.csv").write_text("image,level\na,1\n", "utf-8")
    with pytest.raises(ZfocusError, match="got none called stack, experiment"):
        read_labels(tmp_path / "other.csv")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ZfocusError, match="not text in UTF-8"):
        read_labels(tmp_path / "binary.csv")


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("counts", [(1, 1), (90, 80, 95, 86, 80), (50, 1), (1, 50), (3, 3, 3)])
def test_no_experiment_is_on_both_sides(seed, counts):
    found, note = split_by_experiment(many(*counts), seed=seed)
    assert leaks(found) == () and note == ""
    assert {one.split for one in found} == {"train", "test"}
    assert [one.stack for one in found] == [one.stack for one in many(*counts)]


def test_a_share_of_the_stacks_is_for_the_test():
    found, _ = split_by_experiment(many(*[10] * 10), test_share=0.3, seed=3)
    assert sum(one.split == "test" for one in found) == 30
    assert found == split_by_experiment(many(*[10] * 10), test_share=0.3, seed=3)[0]
    assert found != split_by_experiment(many(*[10] * 10), test_share=0.3, seed=4)[0]


def test_one_experiment_is_split_by_stack_and_said_to_be():
    found, note = split_by_experiment(many(10), test_share=0.2)
    assert sum(one.split == "test" for one in found) == 2
    assert note.startswith("all stacks are of one experiment (e0): split by stack")
    assert leaks(found) == ("e0",)


@pytest.mark.parametrize(("counts", "share"), [((1,), 0.2), ((5, 5), 0.0), ((5, 5), 1.0)])
def test_what_cannot_be_split(counts, share):
    with pytest.raises(ZfocusError, match="expected at least 2 stacks and a test share"):
        split_by_experiment(many(*counts), share)


def test_a_label_is_not_changed_by_accident():
    with pytest.raises(dataclasses.FrozenInstanceError):
        label().split = "test"
    assert np.all(np.diff(z_um_of_planes(label())) == 1)
