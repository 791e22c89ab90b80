from __future__ import annotations

import pytest
from zfocus_fiji.files import SUFFIXES, find_images
from zfocus_fiji.words import ZfocusError

from zfocus_model.images import find_images as find_in_python
from zfocus_model.images import inputs


@pytest.fixture
def folder(tmp_path):
    for name in (
        "b_w2.TIF",
        "a_w1.png",
        "notes.txt",
        ".hidden.tif",
        "sub/c_w1.jpeg",
        ".cache/d.tif",
        "zfocus_results/images.csv",
        "zfocus_results/patches.csv",
        "zfocus_results/errors.csv",
        "zfocus_results/contact_sheet.png",
        "zfocus_results/montages/a.png",
        "zfocus_results/kept.tif",
        "old/montages/e.tif",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def names(found):
    return [name for name, _ in found]


def test_the_images_are_those_that_zfocus_rate_finds(folder):
    assert set(SUFFIXES) == set(inputs.SUFFIXES)
    expected = [image.name for image in find_in_python([folder]).images]
    assert names(find_images(str(folder))) == expected
    assert "zfocus_results/kept.tif" in expected  # a person's own


def test_patterns_and_subfolders(folder):
    assert names(find_images(str(folder), "*_W1*")) == ["a_w1.png", "sub/c_w1.jpeg"]
    assert names(find_images(str(folder), "a*; b*")) == ["a_w1.png", "b_w2.TIF"]
    assert names(find_images(str(folder), "sub/*")) == ["sub/c_w1.jpeg"]
    assert names(find_images(str(folder), "", False)) == ["a_w1.png", "b_w2.TIF"]


def test_pictures_in_the_folder_of_the_results_are_left_out(folder):
    (folder / "montages").mkdir()
    (folder / "montages" / "x.png").touch()
    assert "montages/x.png" in names(find_images(str(folder)))
    assert "montages/x.png" not in names(find_images(str(folder), skip=str(folder)))


def test_no_such_folder(folder):
    with pytest.raises(ZfocusError, match=r"expected a folder of images, got .*nowhere"):
        find_images(str(folder / "nowhere"))
