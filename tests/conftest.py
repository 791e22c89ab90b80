"""Fixtures that several test files use. Everything here needs numpy only, unless it says so."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from tiny_package import random_network, write_package

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def rng():
    return np.random.default_rng(20180319)


@pytest.fixture(scope="session")
def package_folder(tmp_path_factory):
    """A model package with small random weights; with model.onnx where onnx can be imported."""
    network, arrays = random_network(np.random.default_rng(5))
    return write_package(tmp_path_factory.mktemp("zoo") / "tiny", network, arrays)


@pytest.fixture
def own_package(tmp_path):
    """The same package, for a test that damages it."""
    network, arrays = random_network(np.random.default_rng(5))
    return write_package(tmp_path / "tiny", network, arrays, with_onnx=False)


@pytest.fixture(scope="session")
def data_root():
    """Folder of the real images, which are no part of the repository."""
    named = os.environ.get("ZFOCUS_DATA")
    root = Path(named) if named else ROOT.parent / "shared" / "data"
    if not (root / "manifest.csv").is_file():
        pytest.skip(f"no real images: set ZFOCUS_DATA ({root} holds no manifest.csv)")
    return root


@pytest.fixture(scope="session")
def conformance_root():
    """Folder of the published conformance images, beside the real images."""
    named = os.environ.get("ZFOCUS_CONFORMANCE")
    root = Path(named) if named else ROOT.parent / "shared" / "conformance"
    if not root.is_dir():
        pytest.skip(f"no conformance images: set ZFOCUS_CONFORMANCE ({root} is no folder)")
    return root
