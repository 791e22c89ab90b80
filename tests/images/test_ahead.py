from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.images import ImagePath, Plane, PlaneInfo, ReadAhead, ReadError, ahead
from zfocus_model.images.base import ImageFile


class FakeFile(ImageFile):
    """`N-problem`: N planes; plane 1 of a file with 3 is damaged, later planes come faster."""

    opened: Sequence[FakeFile] = ()
    waiting = 0
    most = 0
    guard = threading.Lock()

    def __init__(self, path: Path) -> None:
        number = int(path.name)
        if number == 0:
            raise ZfocusError("expected an image")
        super().__init__(path, [PlaneInfo(0, 0, 0, z) for z in range(number)])
        self.closed = False
        FakeFile.opened = [*FakeFile.opened, self]

    def _pixels(self, number: int) -> tuple[npt.NDArray[Any], int | None]:
        assert not self.closed
        time.sleep(0.01 if number % 2 == 0 else 0.001)
        with FakeFile.guard:
            FakeFile.waiting += 1
            FakeFile.most = max(FakeFile.most, FakeFile.waiting)
        if len(self) == 3 and number == 1:
            raise OSError("bad sector")
        return np.full((2, 2), number), None

    def _close(self) -> None:
        self.closed = True


@pytest.fixture(autouse=True)
def fake_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "open_image", FakeFile)
    FakeFile.opened, FakeFile.waiting, FakeFile.most = [], 0, 0


def images(*counts: int) -> list[ImagePath]:
    return [ImagePath(Path("x", str(count)), f"{i}") for i, count in enumerate(counts)]


def test_order_is_that_of_the_files_and_planes() -> None:
    found: list[tuple[str, int]] = []
    with ReadAhead(images(4, 1, 9, 2), threads=3, ahead=5) as reader:
        for image, item in reader:
            assert isinstance(item, Plane)
            assert item.pixels[0, 0] == item.z
            found.append((image.name, item.z))
    assert found == [(f"{i}", z) for i, n in enumerate((4, 1, 9, 2)) for z in range(n)]
    assert (reader.planes_found, reader.files_opened) == (16, 4)
    assert all(file.closed for file in FakeFile.opened)


def test_few_planes_wait_in_memory() -> None:
    with ReadAhead(images(30), ahead=3) as reader:
        for _image, _item in reader:
            time.sleep(0.002)
            with FakeFile.guard:
                FakeFile.waiting -= 1
    assert 2 <= FakeFile.most <= 4


def test_bad_files_and_planes_cost_only_themselves() -> None:
    kinds: list[str] = []
    with ReadAhead(images(0, 3, 0, 1)) as reader:
        for _image, item in reader:
            if isinstance(item, ReadError):
                kinds.append("file" if item.info is None else f"plane {item.info.z}")
            else:
                kinds.append("good")
    assert kinds == ["file", "good", "plane 1", "good", "file", "good"]


def test_unwanted_planes_are_not_read() -> None:
    with ReadAhead(images(200), wanted=lambda image, info: info.z == 150) as reader:
        items = [item for _image, item in reader]
    assert [item.z for item in items if isinstance(item, Plane)] == [150]
    assert len(items) == 200
    assert FakeFile.most == 1


def test_stopping_early_closes_files() -> None:
    with ReadAhead(images(5, 5, 5)) as reader:
        next(iter(reader))
    assert FakeFile.opened
    assert all(file.closed for file in FakeFile.opened)
