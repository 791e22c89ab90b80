from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from zfocus_model.cli import main
from zfocus_model.zposition.labels import read_labels
from zfocus_model.zposition.simulator import recipes
from zfocus_model.zposition.simulator.optics import Grid


@pytest.fixture(autouse=True)
def small_stacks(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = recipes.recipe

    def small(*arguments: Any) -> recipes.Recipe:
        drawn = whole(*arguments)
        return replace(
            drawn,
            optics=replace(drawn.optics, points=2),
            grid=Grid(32, drawn.grid.pixel_size_um),
            size_px=30,
            cells=3,
            trap_pairs=0,
            posts=0,
        )

    monkeypatch.setattr(recipes, "recipe", small)


def test_one_command_makes_stacks_with_labels(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["simulate", "yeast", "-o", str(tmp_path / "set"), "--stacks", "3", "--processes", "1"]
    assert main(words) == 0
    table = tmp_path / "set" / "labels.csv"
    assert capsys.readouterr().out == f"{table}: 3 stacks of 31 planes\n"
    labels = read_labels(table)
    assert [label.experiment for label in labels] == ["experiment1", "experiment2", "experiment3"]
    assert all((tmp_path / "set" / label.stack).is_file() for label in labels)
    assert main(words) == 0


def test_long_cells_have_51_planes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["simulate", "euglena", "-o", str(tmp_path), "--stacks", "1", "--processes", "1"]
    assert main(words) == 0
    assert "1 stacks of 51 planes" in capsys.readouterr().out


def test_another_seed_in_the_same_folder_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["simulate", "yeast", "-o", str(tmp_path), "--stacks", "1", "--processes", "1"]
    assert main(words) == 0
    assert main([*words, "--seed", "2"]) == 2
    assert "name another folder" in capsys.readouterr().err


def test_no_stacks_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["simulate", "yeast", "-o", str(tmp_path), "--stacks", "0"])
    assert stopped.value.code == 2
