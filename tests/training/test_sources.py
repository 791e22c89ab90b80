from __future__ import annotations

from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.training.sources import SourceImage, list_images, read_images, split_images


@pytest.fixture
def folder(tmp_path, rng):
    for source in ("a", "b"):
        (tmp_path / source).mkdir()
        for number in range(5):
            pixels = rng.integers(0, 4000, (90, 100)).astype(np.uint16)
            iio.imwrite(tmp_path / source / f"{number}.png", pixels)
    rows = [
        f"{source}/{number}.png,{source},{'train' if number else 'dev'},CC0"
        for source in ("a", "b")
        for number in range(5)
    ]
    text = "\n".join(["path,source,split,licence", *rows]) + "\n"
    (tmp_path / "manifest.csv").write_text(text)
    return tmp_path


def test_each_folder_is_a_source(folder):
    found = list_images(folder)
    assert len(found) == 10
    assert {source for _, source, _ in found} == {"a", "b"}


def test_a_manifest_is_filtered_by_its_columns(folder):
    manifest = folder / "manifest.csv"
    assert len(list_images(manifest)) == 10
    assert len(list_images(manifest, ["split=train"])) == 8
    found = list_images(manifest, ["split=train", "source!=a,c", "path!=*/4.png"])
    assert [path.relative_to(folder).as_posix() for path, _, _ in found] == [
        "b/1.png",
        "b/2.png",
        "b/3.png",
    ]
    assert found[0][2] == "CC0"


@pytest.mark.parametrize(
    ("where", "message"),
    [
        (["colour=red"], "column, got 'colour=red': the columns are path, source, "),
        (["split"], "column, got 'split'"),
        (["split=test"], "got none that fit: loosen --where"),
    ],
)
def test_a_condition_that_does_not_fit_is_named(folder, where, message):
    with pytest.raises(ZfocusError, match=message):
        list_images(folder / "manifest.csv", where)


def test_wrong_places_are_named(folder, tmp_path):
    with pytest.raises(
        ZfocusError, match=r"images or a CSV manifest, got .*nowhere, nothing there"
    ):
        list_images(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ZfocusError, match="got none that fit: add sharp images"):
        list_images(tmp_path / "empty")
    with pytest.raises(ZfocusError, match="expected a manifest for --where"):
        list_images(folder, ["split=train"])
    (tmp_path / "bad.csv").write_text("file\nx.png\n")
    with pytest.raises(ZfocusError, match=r"column named path .*, got file: name an image"):
        list_images(tmp_path / "bad.csv")


def test_a_manifest_as_spreadsheets_write_it(folder):
    path = folder / "sheet.csv"
    path.write_bytes("\ufeffpath,source\r\na/1.png,x\r\nb/1.png\r\n".encode())
    assert [source for _, source, _ in list_images(path)] == ["x", "images"]


def test_an_image_that_cannot_be_read_is_named(folder):
    (folder / "a" / "broken.png").write_bytes(b"no image")
    with pytest.raises(ZfocusError, match=r"broken\.png: expected an image"):
        read_images(list_images(folder))


def test_pixels_are_scaled_and_small_planes_left_out(folder, rng):
    iio.imwrite(folder / "a" / "tiny.png", rng.integers(0, 255, (83, 500)).astype(np.uint8))
    iio.imwrite(folder / "a" / "flat.png", np.full((90, 90), 7, np.uint8))
    images = read_images(list_images(folder))
    assert len(images) == 10
    low, high = np.percentile(images[0].pixels, (1, 99.9))
    assert (low, high) == pytest.approx((0, 1), abs=1e-3)


def test_too_few_images_are_refused(folder):
    with pytest.raises(ZfocusError, match="at least 4 in-focus images"):
        read_images(list_images(folder / "a")[:2])


def test_the_split_is_by_image_and_repeatable():
    pixels = np.zeros((84, 84), np.float32)
    # Two planes of each file: both must land on the same side.
    images = [
        SourceImage(Path(f"{source}/{number}.tif"), source, "", pixels)
        for source in ("a", "b")
        for number in range(10)
        for _ in range(2)
    ]
    training, validation = split_images(images, seed=3)
    assert len(training) + len(validation) == len(images)
    assert not {i.path for i in training} & {i.path for i in validation}
    assert {i.source for i in validation} == {"a", "b"}
    again, _ = split_images(list(reversed(images)), seed=3)
    assert {i.path for i in again} == {i.path for i in training}
    other, _ = split_images(images, seed=4)
    assert {i.path for i in other} != {i.path for i in training}
