from __future__ import annotations

import numpy as np
import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.evaluation.manifest import list_entries


def write(folder, text):
    path = folder / "m.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_manifest_needs_a_path_only(tmp_path):
    (entry,) = list_entries(write(tmp_path, "path\na/b.png\n"))
    assert (entry.path, entry.name) == (tmp_path / "a/b.png", "a/b.png")
    assert (entry.source, entry.role, entry.z_index) == ("m", "in_focus", None)
    assert entry.field == ""
    (entry,) = list_entries(write(tmp_path, "path,field\na_w1.png,a\n"))
    assert entry.field == "a"


def test_conditions_and_order_of_stacks(tmp_path):
    text = (
        "path,source,role,stack_id,z_index,z_um,split\n"
        "c.png,s,stack,k,10,4.5,dev\n"
        "b.png,s,stack,k,9,,dev\n"
        "x.png,s,blank,,far,,dev\n"  # of no stack: words may say which plane it is
        "a.png,s,in_focus,,,,train\n"
    )
    entries = list_entries(write(tmp_path, text), ["split=dev"])
    assert [entry.name for entry in entries] == ["x.png", "b.png", "c.png"]
    assert [entry.z_index for entry in entries] == [None, 9, 10]
    assert entries[2].z_um == 4.5


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        ("file\na.png\n", [], "a column named path"),
        ("path,role\na.png,sharp\n", [], "expected a role of in_focus"),
        ("path,role,z_index\na.png,stack,top\n", [], "a whole number as z_index"),
        ("path\na.png\n", ["split=dev"], "the columns are path"),
        ("path,split\na.png,dev\n", ["split=test"], "loosen --where"),
    ],
)
def test_what_does_not_fit_is_said_in_one_line(tmp_path, text, where, words):
    with pytest.raises(ZfocusError, match=words) as caught:
        list_entries(write(tmp_path, text), where)
    assert "\n" not in str(caught.value)


def test_subfolders_are_sources_and_hidden_files_are_left_out(tmp_path):
    for name in ("a.tif", "deep/b.png", ".hidden/c.png", "notes.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
    found = [(e.name, e.source) for e in list_entries(tmp_path)]
    assert found == [("deep/b.png", "deep"), ("a.tif", tmp_path.name)] or found == [
        ("a.tif", tmp_path.name),
        ("deep/b.png", "deep"),
    ]
    with pytest.raises(ZfocusError, match="a manifest for --where"):
        list_entries(tmp_path, ["a=b"])


def test_the_collection_can_be_listed(data_root):
    entries = list_entries(data_root / "manifest.csv", ["split=dev"])
    roles = {entry.role for entry in entries}
    assert {"in_focus", "out_of_focus", "blank", "stack", "synthetic_blur"} <= roles
    places = [e.z_index for e in entries if e.source == "neubias_dna_confocal"]
    assert places == list(np.arange(45))
