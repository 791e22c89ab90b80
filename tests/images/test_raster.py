from __future__ import annotations

from pathlib import Path
from typing import Any

import imagecodecs
import imageio.v3 as iio
import numpy as np
import numpy.typing as npt
import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.images import Plane, open_image

Pixels = npt.NDArray[Any]


def only(path: Path) -> Plane:
    with open_image(path) as file:
        (plane,) = file.planes()
    return plane


@pytest.mark.parametrize("suffix", ["png", "bmp", "gif", "pgm", "tif.png"])
def test_eight_bit_grey(tmp_path: Path, pixels: Pixels, suffix: str) -> None:
    stored = (pixels >> 8).astype(np.uint8)
    iio.imwrite(tmp_path / f"a.{suffix}", stored, extension="." + suffix.split(".")[-1])
    plane = only(tmp_path / f"a.{suffix}")
    np.testing.assert_array_equal(plane.pixels, stored)
    assert plane.index == (0, 0, 0, 0)


def test_sixteen_bit_png(tmp_path: Path, pixels: Pixels) -> None:
    iio.imwrite(tmp_path / "a.png", pixels)
    plane = only(tmp_path / "a.png")
    np.testing.assert_array_equal(plane.pixels, pixels)
    assert (plane.pixels.dtype, plane.maximum) == (np.uint16, 65_535)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [2, 3, 4])
def test_colour_is_averaged_and_alpha_dropped(tmp_path: Path, dtype: Any, channels: int) -> None:
    top = np.iinfo(dtype).max
    stored = np.random.default_rng(1).integers(0, top, (90, 100, channels), dtype=dtype)
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(stored))
    colours = stored[..., :1] if channels == 2 else stored[..., :3]
    expected = colours.astype(np.float64).mean(axis=-1)
    np.testing.assert_allclose(only(tmp_path / "a.png").pixels, expected, rtol=1e-6)
    assert only(tmp_path / "a.png").maximum == top


def test_one_bit(tmp_path: Path, pixels: Pixels) -> None:
    from PIL import Image

    Image.fromarray(pixels > 30_000).save(tmp_path / "a.png")
    plane = only(tmp_path / "a.png")
    np.testing.assert_array_equal(plane.pixels.astype(int), pixels > 30_000)
    assert plane.saturated_fraction is None


def test_palette_is_expanded(tmp_path: Path) -> None:
    from PIL import Image

    indices = np.random.default_rng(2).integers(0, 4, (90, 100), dtype=np.uint8)
    colours = np.array([[0, 0, 0], [10, 20, 60], [200, 100, 0], [255, 255, 255]])
    picture = Image.frombytes("P", (100, 90), indices.tobytes())
    picture.putpalette(colours.astype(np.uint8).ravel().tolist())
    picture.save(tmp_path / "a.png")
    plane = only(tmp_path / "a.png")
    np.testing.assert_allclose(plane.pixels, colours.mean(axis=1)[indices], rtol=1e-6)


def test_frames_are_z(tmp_path: Path) -> None:
    frames = np.stack([np.full((90, 100), 40 * z, np.uint8) for z in range(3)])
    iio.imwrite(tmp_path / "a.gif", frames)
    with open_image(tmp_path / "a.gif") as file:
        planes = list(file.planes())
    assert [plane.z for plane in planes] == [0, 1, 2]
    assert [int(plane.pixels.mean()) for plane in planes] == [0, 40, 80]


def test_content_counts_not_the_name(tmp_path: Path, pixels: Pixels) -> None:
    iio.imwrite(tmp_path / "a.png", pixels)
    (tmp_path / "a.png").rename(tmp_path / "a.tif")
    np.testing.assert_array_equal(only(tmp_path / "a.tif").pixels, pixels)


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp"])
def test_cut_pictures_say_so(tmp_path: Path, pixels: Pixels, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    iio.imwrite(path, (pixels >> 8).astype(np.uint8))
    whole = path.read_bytes()
    for length in (10, 60, len(whole) // 2, len(whole) * 3 // 4):
        path.write_bytes(whole[:length])
        with pytest.raises(ZfocusError, match="expected"):
            only(path)


def test_cut_deep_png_says_so(tmp_path: Path, pixels: Pixels) -> None:
    iio.imwrite(tmp_path / "a.png", pixels)
    whole = (tmp_path / "a.png").read_bytes()
    for length in (20, 30, 200, len(whole) // 2, len(whole) - 20):
        (tmp_path / "a.png").write_bytes(whole[:length])
        with pytest.raises(ZfocusError, match="expected"):
            only(tmp_path / "a.png")


def test_other_files_are_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "text.tif").write_text("not an image\n" * 50)
    (tmp_path / "empty.tif").write_bytes(b"")
    (tmp_path / "half.tif").write_bytes(b"II*\0")
    for name, words in {
        "text.tif": "of another kind",
        "empty.tif": "0 bytes",
        "half.tif": "cut short",
        "missing.tif": "No such file",
        "": "a folder",
    }.items():
        with pytest.raises(ZfocusError, match=words) as caught:
            open_image(tmp_path / name)
        assert "\n" not in str(caught.value)
