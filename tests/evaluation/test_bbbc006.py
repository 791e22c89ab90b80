from __future__ import annotations

import csv
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from made_up import rated, sure

from zfocus_model import cli
from zfocus_model._errors import ZfocusError
from zfocus_model.evaluation.bbbc006 import score, true_level
from zfocus_model.evaluation.bbbc006_files import is_layout, list_fields
from zfocus_model.evaluation.runner import RatedItem


def test_a_plane_is_a_level():
    assert true_level(np.arange(4, 30)).tolist() == [
        *(10, 10, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 10, 10)
    ]


def test_the_layout_is_known_by_its_folders(small_bbbc006, tmp_path):
    assert is_layout(small_bbbc006) and is_layout(small_bbbc006 / "bbbc006")
    assert not is_layout(tmp_path) and not is_layout(tmp_path / "none")


def test_stacks_by_stain_well_and_site(small_bbbc006):
    items = list_fields(small_bbbc006)
    names = [(item.source, item.entries[0].stack) for item in items]
    assert names == [
        ("Hoechst", "a01_s2"),
        ("Hoechst", "p24_s2"),
        ("Phalloidin", "a01_s2"),
        ("Phalloidin", "p24_s2"),
    ]
    assert [entry.z_index for entry in items[0].entries] == [0, 14, 16, 17, 33]
    assert [entry.z_um for entry in items[0].entries] == [-32, -4, 0, 2, 34]


def test_other_files_in_the_folders_are_left_out(tmp_path):
    folder = tmp_path / "BBBC006_v1_images_z_16"
    folder.mkdir()
    (folder / "thumbnail_a01.tif").write_bytes(b"")
    with pytest.raises(ZfocusError, match="run zfocus data get bbbc006"):
        list_fields(tmp_path)


def test_a_model_that_sees_every_plane_right_has_the_best_table(small_bbbc006):
    planes = np.array([0, 14, 16, 17, 33])
    levels = true_level(planes)
    status = np.where(levels <= 2, "in_focus", "out_of_focus")
    stack = rated([-1] * 5, sure(levels), status, field=[0] * 5, place=planes)
    items = [RatedItem(item, stack) for item in list_fields(small_bbbc006)]
    found = score(items)
    assert [channel.channel for channel in found.channels] == ["Hoechst", "Phalloidin"]
    for channel in found.channels:
        assert channel.group.scores["f_in_focus"].value == 1
        assert channel.group.scores["auc"].value == 1
        assert (channel.group.fields, channel.best_planes) == (2, {16: 2})
        assert (channel.error_planes, channel.spearman) == (0, pytest.approx(1, abs=0.03))
    assert [row.z_um for row in found.distances[:5]] == [-32, -4, 0, 2, 34]
    assert all(row.within_1 == row.exact == 1 for row in found.distances)
    # Were plane 17 in focus, every plane between the ends would be one level off.
    moved = score(items, focus=17)
    assert [row.exact for row in moved.distances[:5]] == [1, 0, 0, 0, 1]
    assert [row.within_1 for row in moved.distances[:5]] == [1, 1, 1, 1, 1]
    assert [channel.error_planes for channel in moved.channels] == [1, 1]


def test_order_and_best_plane_are_means_over_fields(small_bbbc006):
    """One field seen rightly, one upside down, one undecided throughout."""
    planes = np.array([0, 14, 16, 17, 33])
    decided = ["out_of_focus"] * 5
    stacks = [
        rated([-1] * 5, sure(levels), status, field=[0] * 5, place=planes)
        for levels, status in (
            ([9, 5, 0, 2, 10], decided),
            ([1, 5, 10, 8, 0], decided),
            ([9, 5, 0, 2, 10], ["undecided"] * 5),
        )
    ]
    item = list_fields(small_bbbc006)[0]
    (found,) = score([RatedItem(item, stack) for stack in stacks]).channels
    assert found.best_planes == {16: 1, 33: 1}
    assert found.error_planes == 17 / 2
    assert found.spearman == pytest.approx((1 - 1) / 2)


def test_the_command_writes_table_figures_and_page(small_bbbc006, package_folder, tmp_path):
    words = ["evaluate", small_bbbc006, "-o", tmp_path, "--model", package_folder]
    assert cli.main([str(word) for word in [*words, "--engine", "numpy", "--quiet"]]) == 0
    found = json.loads((tmp_path / "bbbc006.json").read_text(encoding="utf-8"))
    assert [channel["published_f"] for channel in found["channels"]] == [0.89, 0.86]
    with (tmp_path / "bbbc006.csv").open(newline="", encoding="utf-8") as stream:
        table = list(csv.DictReader(stream))
    assert [(row["channel"], row["images"]) for row in table] == [
        *[("Hoechst", "2")] * 5,
        *[("Phalloidin", "2")] * 5,
    ]
    page = (tmp_path / "evaluation.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 2 and "Phalloidin" in page
    assert found["about"]["focus_plane"] == 16 and found["about"]["images"]
    unused = {"where", "simulators", "settings", "best_planes"}
    assert not unused & set(found["about"])


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (["--where", "a=b"], "--where"),
        (["--simulator", "vectorial"], "--simulator"),
        (["--photons", "0"], "--photons"),
        (["--best-plane", "Hoechst=3"], "--best-plane"),
        (["--train-manifest", "m.csv", "--photons", "100"], "--photons, --train-manifest"),
        (["--focus-plane", "99"], "0 to 33, got 99: the planes in .* are 0, 14, 16, 17, 33"),
        (["--focus-plane", "-1"], "0 to 33, got -1"),
    ],
)
def test_options_that_mean_nothing_there_are_refused(
    option, said, small_bbbc006, package_folder, tmp_path, capsys
):
    words = ["evaluate", small_bbbc006, "-o", tmp_path / "o", "--model", package_folder, *option]
    assert cli.main([str(word) for word in words]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert re.search(said, line)
    assert not (tmp_path / "o").exists()
