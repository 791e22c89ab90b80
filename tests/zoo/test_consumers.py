"""The same 100 simulated patches through every program that may run a package."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from java_runtime import fetch_jar, missing, run

from zfocus_model.training.packaging import samples, verify
from zfocus_model.zoo.check import TOLERANCE, runners
from zfocus_model.zoo.consumers import pipeline_probabilities
from zfocus_model.zoo.index import open_any

KINDS = ("focus-test", "focus-test-map")


@pytest.fixture(scope="module")
def patches() -> np.ndarray:
    return samples.check_patches()[:100]


@pytest.fixture(scope="module", params=KINDS)
def package(request: pytest.FixtureRequest, exported: Path) -> Any:
    return open_any(exported / request.param)


@pytest.fixture
def agrees(package: Any, patches: np.ndarray) -> Callable[[np.ndarray], None]:
    def check(found: np.ndarray) -> None:
        expected = runners(package)["numpy"](patches)
        assert expected.std() > 0.01  # the network does say something
        tiles = verify.by_tile(found)[: len(patches)]
        np.testing.assert_allclose(tiles, expected, rtol=0, atol=TOLERANCE)

    return check


@pytest.fixture
def images(package: Any, patches: np.ndarray) -> np.ndarray:
    return verify.lay_out(patches) if package.name.endswith("-map") else patches


@pytest.mark.parametrize("name", ["onnxruntime", "tensorflow", "keras"])
def test_python_libraries(package: Any, patches: np.ndarray, agrees: Any, name: str) -> None:
    agrees(runners(package)[name](patches))


def test_bioimageio_pipeline(package: Any, images: np.ndarray, agrees: Any) -> None:
    agrees(pipeline_probabilities(package, images, "onnx"))


@pytest.mark.skipif(bool(missing()), reason=f"ONNX Runtime for Java: {missing()}")
def test_onnxruntime_in_java(
    package: Any, images: np.ndarray, agrees: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = os.environ.get("ZFOCUS_JARS") or tmp_path_factory.getbasetemp() / "jars"
    agrees(run(fetch_jar(Path(folder)), package.source / "model.onnx", images))


def test_map_of_odd_sizes_and_many_planes(exported: Path, patches: np.ndarray) -> None:
    """Planes of a batch keep apart; what lies beyond the last tile does not matter."""
    found = open_any(exported / "focus-test-map")
    expected = runners(open_any(exported / "focus-test"))["numpy"](patches[:12])
    planes = np.zeros((2, 2 * 84 + 83, 3 * 84 + 1), np.float32)
    for number, patch in enumerate(patches[:12]):
        row, column = divmod(number % 6, 3)
        planes[number // 6, row * 84 : row * 84 + 84, column * 84 : column * 84 + 84] = patch
    for run_map, name in (
        (verify.onnx_probabilities, "model.onnx"),
        (verify.bundle_probabilities, "tf_saved_model.zip"),
        (verify.keras_file_probabilities, "model.keras"),
    ):
        maps = run_map(found.source / name, planes)
        assert maps.shape == (2, 11, 2, 3)
        np.testing.assert_allclose(verify.by_tile(maps), expected, rtol=0, atol=1e-5)
