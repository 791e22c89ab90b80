from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile

from zfocus_model._errors import ZfocusError
from zfocus_model.zposition.labels import read_labels, z_um_of_planes
from zfocus_model.zposition.simulator import dataset
from zfocus_model.zposition.simulator.dataset import write_stacks
from zfocus_model.zposition.simulator.optics import Grid
from zfocus_model.zposition.simulator.recipes import Recipe, recipes_of


def tiny(stacks: int = 3, seed: int = 1) -> list[tuple[str, Recipe]]:
    return [
        (
            name,
            replace(
                drawn,
                optics=replace(drawn.optics, points=2),
                grid=Grid(32, 0.24),
                size_px=30,
                planes=3,
                in_focus_plane=1.25,
                cells=3,
                trap_pairs=0,
                posts=0,
            ),
        )
        for name, drawn in recipes_of("yeast", stacks, seed, experiments=2)
    ]


def test_stacks_and_labels_are_written(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    labels = write_stacks(tmp_path, tiny(), progress=lambda n, of, _name: seen.append((n, of)))
    assert seen == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert read_labels(tmp_path / "labels.csv") == labels
    first = labels[0]
    assert (first.stack, first.experiment) == ("experiment1/yeast0000.ome.tif", "experiment1")
    assert (first.method, first.direction, first.in_focus_plane) == ("simulated", 1, 1.25)
    assert z_um_of_planes(first).tolist() == [-1.25, -0.25, 0.75]
    assert first.further["cells"] == "3"
    with tifffile.TiffFile(tmp_path / first.stack) as file:
        assert file.asarray().shape == (3, 30, 30)
        assert file.asarray().dtype == np.uint8
        assert 'PhysicalSizeX="0.24"' in (file.ome_metadata or "")
        assert 'PhysicalSizeZ="1.0"' in (file.ome_metadata or "")


def test_an_interrupted_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_stacks(tmp_path, tiny())
    (tmp_path / "experiment1/yeast0001.ome.tif").unlink()
    made: list[str] = []
    make = dataset._make

    def counted(task: dataset.Task) -> object:
        made.append(task.name)
        return make(task)

    monkeypatch.setattr(dataset, "_make", counted)
    labels = write_stacks(tmp_path, tiny())
    assert made == ["experiment1/yeast0001.ome.tif"]
    assert len(labels) == 3


def test_another_set_is_not_mixed_in(tmp_path: Path) -> None:
    write_stacks(tmp_path, tiny(1))
    with pytest.raises(ZfocusError, match="another system, seed or number"):
        write_stacks(tmp_path, tiny(1, seed=2))


def test_two_processes_make_the_same_stacks(tmp_path: Path) -> None:
    write_stacks(tmp_path / "one", tiny())
    write_stacks(tmp_path / "two", tiny(), processes=2)
    for label in read_labels(tmp_path / "one" / "labels.csv"):
        one, two = (tifffile.imread(tmp_path / part / label.stack) for part in ("one", "two"))
        assert np.array_equal(one, two)
