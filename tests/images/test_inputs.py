from __future__ import annotations

from pathlib import Path

import pytest

from zfocus_model.images import find_images


def touch(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def names_of(*inputs: str | Path, skip: Path | None = None) -> list[str]:
    found = find_images(inputs, skip=skip)
    assert found.failures == ()
    return [image.name for image in found.images]


def test_a_file_is_known_by_its_name(tmp_path: Path) -> None:
    touch(tmp_path, "deep/er/a.tif")
    assert names_of(tmp_path / "deep/er/a.tif") == ["a.tif"]


def test_a_file_that_is_named_is_taken_whatever_its_name(tmp_path: Path) -> None:
    touch(tmp_path, "a.C01")
    assert names_of(tmp_path / "a.C01") == ["a.C01"]


def test_folders_are_searched_and_sorted(tmp_path: Path) -> None:
    touch(tmp_path, "b.TIF", "a.png", "w1/a.jpg", "a-1.tiff", "notes.txt", "w1/x.ome.tif")
    touch(tmp_path, ".hidden.tif", ".git/a.tif", "._b.TIF")
    assert names_of(tmp_path) == ["a-1.tiff", "a.png", "b.TIF", "w1/a.jpg", "w1/x.ome.tif"]


def test_names_start_at_the_common_root(tmp_path: Path) -> None:
    touch(tmp_path, "p/w1/a.tif", "p/w2/a.tif", "p/b.tif")
    assert names_of(tmp_path / "p/w1", tmp_path / "p/w2") == ["w1/a.tif", "w2/a.tif"]
    assert names_of(tmp_path / "p/w1/a.tif", tmp_path / "p/w2") == ["w1/a.tif", "w2/a.tif"]
    assert names_of(tmp_path / "p/b.tif", tmp_path / "p/w2") == ["b.tif", "w2/a.tif"]


def test_each_file_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, "p/a.tif", "p/b.tif")
    monkeypatch.chdir(tmp_path)
    assert names_of("p", "p/a.tif", tmp_path / "p", "p/../p/*.tif") == ["a.tif", "b.tif"]


def test_quoted_patterns_are_expanded(tmp_path: Path) -> None:
    touch(tmp_path, "p/a1.tif", "p/a2.tif", "p/b1.tif", "p/a.txt", "p/q/a3.tif")
    assert names_of(f"{tmp_path}/p/a*") == ["a1.tif", "a2.tif"]
    assert names_of(f"{tmp_path}/p/**/a[23].tif") == ["a2.tif", "q/a3.tif"]


def test_a_name_with_brackets_is_a_name_first(tmp_path: Path) -> None:
    touch(tmp_path, "a[1].tif", "a1.tif")
    assert names_of(tmp_path / "a[1].tif") == ["a[1].tif"]


def test_results_are_not_inputs(tmp_path: Path) -> None:
    touch(tmp_path, "a.tif", "out/montages/a.png", "old/images.csv", "old/patches.csv")
    touch(tmp_path, "old/errors.csv", "old/montages/a.png")
    assert names_of(tmp_path, skip=tmp_path / "out") == ["a.tif"]


def test_results_of_an_interrupted_run_are_not_inputs(tmp_path: Path) -> None:
    touch(tmp_path, "a.tif", "old/montages/a.png", "old/.zfocus-unfinished/thumbs/a.jpg")
    assert names_of(tmp_path) == ["a.tif"]


def test_images_beside_results_are_inputs(tmp_path: Path) -> None:
    """Who rates a folder into itself can rate it again."""
    touch(tmp_path, "a.tif", "montages/a.png", "contact_sheet.png", "images.csv", "patches.csv")
    assert names_of(tmp_path, skip=tmp_path) == ["a.tif"]
    touch(tmp_path, "errors.csv")
    assert names_of(tmp_path) == ["a.tif"]


def test_inputs_without_images_are_failures_and_the_rest_stays(tmp_path: Path) -> None:
    touch(tmp_path, "a.tif", "texts/a.txt")
    (tmp_path / "empty").mkdir()
    inputs = [
        tmp_path / "a.tif",
        tmp_path / "missing.tif",
        tmp_path / "empty",
        tmp_path / "texts",
        f"{tmp_path}/*.png",
    ]
    found = find_images(inputs)
    assert [image.name for image in found.images] == ["a.tif"]
    assert [Path(failure.input).name for failure in found.failures] == [
        "*.png",
        "empty",
        "missing.tif",
        "texts",
    ]
    assert all("expected" in failure.error for failure in found.failures)
