"""Packages for the zoo's tests: tiny ones anywhere, exported ones beside TensorFlow."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tiny_package import random_network, write_package


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person's data folder of its own; it does not exist yet."""
    folder = tmp_path / "home" / "zfocus"
    for module in ("zfocus_model._package_search", "zfocus_model.zoo.install"):
        monkeypatch.setattr(f"{module}.user_data_folder", lambda: folder)
    return folder


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A package that a test may damage."""
    network, arrays = random_network(np.random.default_rng(5))
    return write_package(tmp_path / "source" / "tiny", network, arrays)


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a patch and a map package of one untrained network."""
    pytest.importorskip("tensorflow")
    pytest.importorskip("bioimageio.core")
    keras = pytest.importorskip("keras")
    from zfocus_model.training.export import export_run
    from zfocus_model.training.networks import build_network

    keras.utils.set_random_seed(3)
    run = tmp_path_factory.mktemp("run")
    build_network("small").save(run / "best.keras")
    (run / "run.json").write_text(json.dumps({"task": "focus-level", "command": "zfocus train"}))
    limits = {"temperature": 1.0, "certainty_min": 0.2, "in_focus_min": 0.5}
    (run / "calibration.json").write_text(json.dumps(limits))
    folder = tmp_path_factory.mktemp("exported")
    for name, tiled in (("focus-test", False), ("focus-test-map", True)):
        export_run(run, folder / name, tiled=tiled)
    return folder
