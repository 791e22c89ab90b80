from __future__ import annotations

import csv
import errno
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from zfocus_model import batch, journal
from zfocus_model._errors import ModelError, ZfocusError
from zfocus_model.batch import rate_files
from zfocus_model.journal import STATE, OutputError
from zfocus_model.model import Model, load_model
from zfocus_model.results import BatchResult, Progress

TABLES = ("images.csv", "patches.csv", "errors.csv")


@pytest.fixture(scope="module")
def model(package_folder: Path) -> Model:
    return load_model(package_folder, engine="numpy")


@pytest.fixture
def plate(tmp_path: Path) -> Path:
    """Three good images, one of them a stack of four, and three bad ones."""
    rng = np.random.default_rng(8)
    folder = tmp_path / "plate"
    (folder / "w1").mkdir(parents=True)
    for name in ("b.tif", "w1/a.tif"):
        tifffile.imwrite(folder / name, rng.integers(0, 4000, (170, 180), dtype=np.uint16))
    stack = rng.integers(0, 255, (4, 90, 100), dtype=np.uint8)
    tifffile.imwrite(folder / "stack.tif", stack, photometric="minisblack")
    (folder / "empty.tif").write_bytes(b"")
    (folder / "text.tif").write_text("text " * 100)
    tifffile.imwrite(folder / "thin.tif", np.zeros((83, 500), np.uint8))
    return folder


def tables(folder: Path) -> list[bytes]:
    return [(folder / name).read_bytes() for name in TABLES]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def names(result: BatchResult) -> list[tuple[Any, Any]]:
    return [(image.row["image"], image.row["z"]) for image in result.images]


def test_good_images_are_rated_and_bad_ones_listed(plate: Path, model: Model) -> None:
    result = rate_files(plate, model=model)
    stack = [("stack.tif", z) for z in range(4)]
    assert names(result) == [("b.tif", 0), *stack, ("w1/a.tif", 0)]
    assert [error.input for error in result.errors] == ["empty.tif", "text.tif", "thin.tif"]
    assert "0 bytes" in result.errors[0].error
    assert "at least 84 x 84 px, got 83 x 500" in result.errors[2].error
    assert result.files == ()


def test_ratings_are_those_of_the_model(plate: Path, model: Model) -> None:
    first = rate_files(plate / "b.tif", model=model).images[0]
    expected = model.rate(tifffile.imread(plate / "b.tif"))
    assert first.rating is not None
    np.testing.assert_array_equal(first.rating.probabilities, expected.probabilities)
    assert first.row["level"] == expected.level
    assert first.row["expected_level"] == pytest.approx(expected.expected_level, rel=1e-5)
    assert first.row["package_sha256"] == model.package_sha256


def test_tables_hold_the_same_rows(plate: Path, model: Model, tmp_path: Path) -> None:
    result = rate_files(plate, model=model, output=tmp_path / "out")
    written = rows(tmp_path / "out/images.csv")
    assert [(row["image"], int(row["z"])) for row in written] == names(result)
    assert [row["p7"] for row in written] == [f"{image.row['p7']:.6g}" for image in result.images]
    patches = rows(tmp_path / "out/patches.csv")
    assert len(patches) == sum(int(str(image.row["patches"])) for image in result.images)
    assert [row["input"] for row in rows(tmp_path / "out/errors.csv")] == [
        error.input for error in result.errors
    ]
    assert all(image.rating is None for image in result.images)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(TABLES)


def test_nothing_good_at_all_still_makes_tables(tmp_path: Path, model: Model) -> None:
    result = rate_files([tmp_path / "missing.tif"], model=model, output=tmp_path / "out")
    assert (len(result.images), len(result.errors)) == (0, 1)
    assert rows(tmp_path / "out/images.csv") == []


class Stop(Exception):
    pass


@pytest.mark.parametrize("after", [1, 3, 6])
def test_a_stopped_run_goes_on_to_the_same_tables(
    plate: Path, model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    rate_files(plate, model=model, output=tmp_path / "whole")

    def stop(progress: Progress) -> None:
        if progress.planes == after:
            raise Stop

    with pytest.raises(Stop):
        rate_files(plate, model=model, output=tmp_path / "out", progress=stop)
    assert [path.name for path in (tmp_path / "out").iterdir()] == [STATE]

    rated: list[int] = []
    original = Model.rate

    def count(self: Model, *args: Any, **options: Any) -> Any:
        rated.append(1)
        return original(self, *args, **options)

    monkeypatch.setattr(Model, "rate", count)
    seen: list[Any] = []
    rate_files(
        plate,
        model=model,
        output=tmp_path / "out",
        on_plane=lambda row, patches: seen.append((row["image"], len(patches()))),
    )
    assert len(rated) == 6 - after
    assert len(seen) == 6
    assert tables(tmp_path / "out") == tables(tmp_path / "whole")


def test_a_changed_file_is_rated_again(plate: Path, model: Model, tmp_path: Path) -> None:
    def stop(progress: Progress) -> None:
        if progress.planes == 6:
            raise Stop

    with pytest.raises(Stop):
        rate_files(plate, model=model, output=tmp_path / "out", progress=stop)
    pixels = np.random.default_rng(9).integers(0, 4000, (170, 180), dtype=np.uint16)
    tifffile.imwrite(plate / "b.tif", pixels + 1000)
    rate_files(plate, model=model, output=tmp_path / "out")
    rate_files(plate, model=model, output=tmp_path / "whole")
    assert tables(tmp_path / "out") == tables(tmp_path / "whole")


def test_a_finished_folder_is_rated_anew(plate: Path, model: Model, tmp_path: Path) -> None:
    rate_files(plate, model=model, output=tmp_path / "out")
    before = tables(tmp_path / "out")
    (plate / "b.tif").unlink()
    result = rate_files(plate, model=model, output=tmp_path / "out")
    assert len(result.images) == 5
    assert tables(tmp_path / "out") != before


def test_results_inside_the_input_are_not_rated(plate: Path, model: Model) -> None:
    for _ in range(2):
        result = rate_files(plate, model=model, output=plate / "out", montage=True)
        assert len(result.images) == 6


def test_a_full_disk_leaves_the_old_tables_and_goes_on(
    plate: Path, model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rate_files(plate, model=model, output=tmp_path / "out")
    before = tables(tmp_path / "out")

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(journal.os, "fsync", full)
        with pytest.raises(OutputError, match="No space left on device"):
            rate_files(plate, model=model, output=tmp_path / "out")
    assert tables(tmp_path / "out") == before
    rate_files(plate, model=model, output=tmp_path / "out")
    assert tables(tmp_path / "out") == before
    assert not (tmp_path / "out" / STATE).exists()


def test_a_model_that_breaks_stops_the_run(
    plate: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ModelError("expected finite probabilities")

    monkeypatch.setattr(Model, "rate", broken)
    with pytest.raises(ModelError):
        rate_files(plate, model=model)


def test_pictures_need_a_folder(plate: Path, model: Model) -> None:
    with pytest.raises(ZfocusError, match="output folder"):
        rate_files(plate, model=model, report=True)


def test_pictures_of_a_stopped_run_are_completed(plate: Path, model: Model, tmp_path: Path) -> None:
    def stop(progress: Progress) -> None:
        if progress.planes == 3:
            raise Stop

    options: dict[str, Any] = {"model": model, "output": tmp_path / "out", "montage": True}
    with pytest.raises(Stop):
        rate_files(plate, **options, report=True, progress=stop)
    result = rate_files(plate, **options, report=True)
    assert len(list((tmp_path / "out/montages").glob("*.png"))) == 6
    assert (tmp_path / "out/report.html").is_file()
    assert (tmp_path / "out/report.html") in result.files


def test_progress_ends_at_what_there_is(plate: Path, model: Model) -> None:
    seen: list[Progress] = []
    rate_files(plate, model=model, progress=seen.append)
    assert (seen[-1].planes, seen[-1].rated) == (6, 6)
    assert all(one.expected >= one.planes for one in seen)


@pytest.mark.parametrize(
    ("pixels", "status", "reason"),
    [
        (np.full((90, 200), 7, np.uint16), "undecided", "blank"),
        (np.zeros((90, 200), np.uint8), "undecided", "blank"),
        (np.full((90, 200), np.nan, np.float32), "undecided", "masked"),
    ],
)
def test_nothing_to_see_is_undecided(
    tmp_path: Path, model: Model, pixels: Any, status: str, reason: str
) -> None:
    tifffile.imwrite(tmp_path / "a.tif", pixels)
    result = rate_files(tmp_path / "a.tif", model=model)
    (image,) = result.images
    assert result.errors == ()
    assert (image.row["status"], image.row["reason"]) == (status, reason)


def test_patches_with_nan_are_not_rated(tmp_path: Path, model: Model) -> None:
    pixels = np.random.default_rng(1).normal(-5, 100, (90, 260)).astype(np.float32)
    pixels[3, 100] = np.nan
    pixels[3, 200] = np.inf
    tifffile.imwrite(tmp_path / "a.tif", pixels)
    row = rate_files(tmp_path / "a.tif", model=model).images[0].row
    assert (row["patches"], row["saturated_fraction"]) == (1, None)
    assert row["rated_fraction"] == pytest.approx(84 * 84 / (90 * 260), rel=1e-5)


def test_saturation_comes_from_the_stored_type(tmp_path: Path, model: Model) -> None:
    import imageio.v3 as iio

    colour = np.random.default_rng(1).integers(0, 250, (90, 100, 3), dtype=np.uint8)
    colour[:9] = 255
    iio.imwrite(tmp_path / "a.png", colour)
    row = rate_files(tmp_path / "a.png", model=model).images[0].row
    assert row["saturated_fraction"] == pytest.approx(0.1)


def test_several_inputs_share_a_root(plate: Path, model: Model) -> None:
    result = rate_files([plate / "w1", plate / "b.tif", plate / "w1/a.tif"], model=model)
    assert names(result) == [("b.tif", 0), ("w1/a.tif", 0)]


def test_default_model_is_opened_by_name(
    plate: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(batch, "load_model", lambda name: asked.append(name) or model)
    rate_files(plate / "b.tif")
    assert asked == ["focus-fluorescence"]
