"""What fine-tuning at a microscope hands to training, and what it takes back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_package import constant_z_network, write_z_package

from zfocus_model._errors import ZfocusError
from zfocus_model.zposition.labels import StackLabel
from zfocus_model.zposition.lock.acquire import _write_stack
from zfocus_model.zposition.lock.protocol import Frame
from zfocus_model.zposition.lock.tune import model_of, reread, tuner
from zfocus_model.zposition.model import ZModel, load_z_model


def certain(z_um: int) -> np.ndarray[Any, Any]:
    p = np.full(41, 1e-4)
    p[20 + z_um] = 1 - 40e-4
    return p


@pytest.fixture
def start(tmp_path: Path) -> ZModel:
    write_z_package(tmp_path / "start", *constant_z_network(certain(3)))
    return load_z_model(tmp_path / "start")


@pytest.fixture
def labels(tmp_path: Path) -> list[StackLabel]:
    rng = np.random.default_rng(0)
    found: list[StackLabel] = []
    for number, split in enumerate(("train", "train", "test", "train")):
        name = f"stacks/field-{number}.ome.tif"
        planes = list(rng.integers(0, 255, (3, 128, 128), np.uint8))
        _write_stack(tmp_path / name, planes, 0.12, 1.0)
        found.append(StackLabel(name, str(number), 3, 1.0, 1.0, 0.12, split=split))
    return found


def test_a_model_needs_the_pixel_size_of_its_pictures(start: ZModel) -> None:
    model = model_of(start)
    frame = np.random.default_rng(1).integers(0, 255, (64, 64), np.uint8)
    assert model.locate(Frame(frame, 0.0, 0.24)).z_um == 3
    with pytest.raises(ZfocusError, match="give --pixel-size-um"):
        model.locate(Frame(frame, 0.0, None))


def test_only_training_stacks_are_trained_on_and_one_of_them_chooses(
    start: ZModel, labels: list[StackLabel], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("tensorflow", reason="extra train is not installed")
    from zfocus_model.training import warm
    from zfocus_model.zposition.packaging import export
    from zfocus_model.zposition.training import fit, networks

    called: dict[str, Any] = {}

    def fit_z(training: Any, validation: Any, run: Path, options: Any, **more: Any) -> None:
        called.update(training=training, validation=validation, options=options, **more)
        run.mkdir()

    def export_z_run(run: Path, package: Path, *, name: str) -> None:
        called["calibration"] = json.loads((run / "calibration.json").read_text())
        write_z_package(package, *constant_z_network(certain(-2)))

    monkeypatch.setattr(warm, "exported_model", lambda package: "weights")
    monkeypatch.setattr(networks, "network_kind", lambda model: "small")
    monkeypatch.setattr(fit, "fit_z", fit_z)
    monkeypatch.setattr(export, "export_z_run", export_z_run)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text("{}")  # of an earlier time
    better = tuner(start, minutes=1.5)(labels, tmp_path)
    assert [label.stack[-9] for label in called["training"].labels] == ["0", "1"]
    assert [label.stack[-9] for label in called["validation"].labels] == ["3"]
    assert called["training"].pixels[0].shape == (3, 64, 64)
    assert (called["options"].minutes, called["options"].start) == (1.5, start.package_sha256)
    assert called["start"] == "weights"
    assert called["calibration"]["limits"]["sd_max_um"] == start.limits.sd_max_um
    assert better.name == str(tmp_path / "model")
    assert better.sha256 != start.package_sha256
    assert [reading.z_um for reading in reread(better, labels[2], tmp_path)] == [-2] * 3
