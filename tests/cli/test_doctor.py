from __future__ import annotations

import json
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_package import (
    random_domain_network,
    random_network,
    random_z_network,
    write_package,
    write_z_package,
)

from zfocus_model import __version__, doctor
from zfocus_model.cli import main
from zfocus_model.engines.numpy_engine import NumpyEngine
from zfocus_model.packages import open_package


@pytest.fixture(autouse=True)
def no_z_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if no z model were installed, so that all that is said is about the named one."""
    monkeypatch.setattr(doctor, "find_z_model", lambda: None)


def test_all_is_well(package_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--model", str(package_folder)]) == 0
    text = capsys.readouterr().out
    assert "BAD" not in text
    assert f"zfocus          {__version__}" in text
    assert open_package(package_folder).sha256 in text
    assert "tifffile" in text


def test_a_door_with_the_same_package(
    package_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(package_folder, tmp_path / "plugins/zfocus/model")
    assert main(["doctor", "--model", str(package_folder), "--door", str(tmp_path)]) == 0
    assert "the same package" in capsys.readouterr().out


def test_a_door_with_another_package(
    package_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(package_folder, tmp_path / "model")
    path = tmp_path / "model/zfocus.json"
    about = json.loads(path.read_text())
    path.write_text(json.dumps({**about, "version": "99"}))
    assert main(["doctor", "--model", str(package_folder), "--door", str(tmp_path)]) == 1
    assert "BAD door" in capsys.readouterr().out


def test_a_door_without_a_package(
    package_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for door in (tmp_path, tmp_path / "missing"):
        assert main(["doctor", "--model", str(package_folder), "--door", str(door)]) == 1
        assert "got none" in capsys.readouterr().out


@pytest.mark.skipif(
    find_spec("onnxruntime") is None or find_spec("onnx") is None,
    reason="two engines are needed to compare them",
)
def test_engines_that_differ_are_bad(
    package_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    original = NumpyEngine.probabilities

    def tilted(self: Any, patches: Any) -> Any:
        found = original(self, patches)
        found[0, 0] += 2e-4
        return found

    monkeypatch.setattr(NumpyEngine, "probabilities", tilted)
    assert main(["doctor", "--model", str(package_folder)]) == 1
    assert "BAD self-test" in capsys.readouterr().out


@pytest.mark.skipif(
    find_spec("onnxruntime") is None or find_spec("onnx") is None,
    reason="two engines are needed to compare them",
)
@pytest.mark.parametrize("apart", [0.0, 2e-4])
def test_the_domain_network_is_compared_too(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    apart: float,
) -> None:
    rng = np.random.default_rng(4)
    folder = tmp_path / "model"
    write_package(folder, *random_network(rng), domain=random_domain_network(rng))
    original = NumpyEngine.probabilities

    def tilted(self: Any, patches: Any) -> Any:
        return original(self, patches) + (apart if self.classes == 2 else 0)

    monkeypatch.setattr(NumpyEngine, "probabilities", tilted)
    assert main(["doctor", "--model", str(folder)]) == int(apart > 0)
    lines = [line for line in capsys.readouterr().out.splitlines() if "self-test" in line]
    assert ["domain network" in line for line in lines] == [False, True]
    assert ["BAD" in line for line in lines] == [False, apart > 0]


def test_a_model_that_cannot_be_used(own_package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (own_package / "weights.npz").unlink()
    assert main(["doctor", "--model", str(own_package)]) == 2
    assert "weights.npz" in capsys.readouterr().err


def test_simulated_patches_are_different_and_fixed() -> None:
    patches = doctor.simulated_patches()
    assert patches.shape == (4, 84, 84)
    np.testing.assert_array_equal(patches, doctor.simulated_patches())
    shapes = [(patch - patch.min()) / np.ptp(patch) for patch in patches]
    assert all(np.abs(a - b).max() > 0.1 for i, a in enumerate(shapes) for b in shapes[:i])


def test_the_shipped_z_model_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    found = doctor.find_z_model()
    assert found is not None
    assert found.name == "zposition-yeast"


def test_a_z_model_is_tested_too(
    package_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    network, arrays = random_z_network(np.random.default_rng(3))
    z_model = write_z_package(tmp_path / "tiny-z", network, arrays)
    assert main(["doctor", "--model", str(z_model)]) == 0
    assert "tiny-z 0.0.0" in capsys.readouterr().out
    monkeypatch.setattr(doctor, "find_z_model", lambda: z_model)
    assert main(["doctor", "--model", str(package_folder)]) == 0
    assert capsys.readouterr().out.count("self-test") == 2
    (z_model / "weights.npz").write_bytes(b"x")
    assert main(["doctor", "--model", str(package_folder)]) == 1
    assert "BAD model" in capsys.readouterr().out
