"""What benchmarks keep must be what they would compute: `benchmarks/_kept.py`."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

SOURCE = Path(__file__).parents[1] / "benchmarks" / "_kept.py"


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("_kept", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "CACHE", tmp_path)
    return module


def refuse() -> dict[str, float]:
    raise AssertionError("computed again")


def test_numbers_outlive_the_process_bit_by_bit(kept: ModuleType) -> None:
    numbers = {"a": 0.1 + 0.2, "b": -math.pi * 1e-9}
    picture = np.arange(6, dtype=np.uint16).reshape(2, 3)
    assert kept.Numbers("some", []).of(picture, lambda: numbers) == numbers
    assert kept.Numbers("some", []).of(picture.copy(), refuse) == numbers


def test_other_pixels_shape_or_type_are_another_picture(kept: ModuleType) -> None:
    picture = np.arange(6, dtype=np.uint16).reshape(2, 3)
    store = kept.Numbers("some", [])
    store.of(picture, lambda: {"a": 1.0})
    for other in (picture + np.uint16(1), picture.reshape(3, 2), picture.astype(np.int16)):
        assert store.of(other, lambda: {"a": 2.0}) == {"a": 2.0}


def test_other_code_forgets(kept: ModuleType, tmp_path: Path) -> None:
    code = ModuleType("code")
    code.__file__ = str(tmp_path / "code.py")
    names = []
    for text in ("one = 1", "one = 2"):
        Path(code.__file__).write_text(text, encoding="utf-8")
        names.append(kept.version([code]))
    assert names[0] != names[1]


def test_a_torn_line_is_computed_again(kept: ModuleType, tmp_path: Path) -> None:
    picture = np.zeros((2, 2))
    kept.Numbers("some", []).of(picture, lambda: {"a": 1.0})
    (file,) = tmp_path.glob("some-*.jsonl")
    file.write_text(file.read_text(encoding="utf-8")[:30], encoding="utf-8")
    assert kept.Numbers("some", []).of(picture, lambda: {"a": 3.0}) == {"a": 3.0}
    assert kept.Numbers("some", []).of(picture, refuse) == {"a": 3.0}


def test_pictures_come_back_as_they_were(kept: ModuleType, tmp_path: Path) -> None:
    made = np.arange(24, dtype=np.uint16).reshape(2, 3, 4)
    for store in (kept.Pictures(None, []), kept.Pictures(tmp_path / "p", [])):
        found = store.get("key", lambda: made)
        np.testing.assert_array_equal(found, made)
        assert found.dtype == made.dtype
    again = kept.Pictures(tmp_path / "p", []).get("key", refuse)
    np.testing.assert_array_equal(again, made)
