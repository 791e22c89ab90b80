from __future__ import annotations

from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest
import tifffile

from zfocus_model.cli import main
from zfocus_model.images import open_image
from zfocus_model.optics import Optics, defocus


@pytest.fixture
def picture() -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.integers(100, 4000, (60, 70)).astype(np.uint16)


def read(path: Path) -> list[np.ndarray]:
    with open_image(path) as file:
        return [plane.pixels for plane in file.planes()]


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_level_keeps_format_and_type(tmp_path, picture, name, dtype):
    pixels = (picture // 16).astype(dtype)
    iio.imwrite(tmp_path / name, pixels)
    assert main(["defocus", str(tmp_path / name), "--level", "3", "-o", str(tmp_path / "o")]) == 0
    (written,) = read(tmp_path / "o" / name)
    assert written.dtype == pixels.dtype
    np.testing.assert_array_equal(written, np.rint(defocus(pixels, level=3)))
    assert (tmp_path / "o" / name).read_bytes()[1:4] == (b"PNG" if name == "a.png" else b"I*\0")


def test_z_and_optics_options(tmp_path, picture):
    tifffile.imwrite(tmp_path / "a.tif", picture.astype(np.float32))
    words = "--z-um 7 --wavelength-nm 600 --na 0.8 --index 1.33 --pixel-size-um 0.3".split()
    assert main(["defocus", str(tmp_path / "a.tif"), *words, "-o", str(tmp_path / "o")]) == 0
    (written,) = read(tmp_path / "o" / "a.tif")
    assert written.dtype == np.float32
    expected = defocus(picture, z_um=7, optics=Optics(600.0, 0.8, 1.33, 0.3))
    np.testing.assert_allclose(written, expected, rtol=1e-6)


def test_pixel_size_of_the_file_counts_and_stays(tmp_path, picture):
    metadata = {"axes": "YX", "PhysicalSizeX": 0.2, "PhysicalSizeY": 0.2}
    tifffile.imwrite(tmp_path / "a.ome.tif", picture, metadata=metadata)
    words = ["defocus", str(tmp_path / "a.ome.tif"), "--z-um", "2", "-o", str(tmp_path / "o")]
    assert main(words) == 0
    with open_image(tmp_path / "o" / "a.ome.tif") as file:
        plane = file.read(0)
    assert plane.pixel_size_um == pytest.approx(0.2)
    expected = defocus(picture, z_um=2, optics=Optics(pixel_size_um=0.2))
    np.testing.assert_array_equal(plane.pixels, np.rint(expected))


def test_planes_keep_their_places(tmp_path, picture):
    stack = np.stack([picture + 100 * i for i in range(6)]).reshape(2, 3, 60, 70)
    metadata = {"axes": "CZYX", "Channel": {"Name": ["DNA", "actin"]}}
    tifffile.imwrite(tmp_path / "a.ome.tif", stack, metadata=metadata)
    words = ["defocus", str(tmp_path / "a.ome.tif"), "--level", "2", "-o", str(tmp_path / "o")]
    assert main(words) == 0
    with open_image(tmp_path / "o" / "a.ome.tif") as file:
        planes = list(file.planes())
    assert [(p.t, p.c, p.z, p.channel) for p in planes] == [
        (0, c, z, name) for c, name in enumerate(("DNA", "actin")) for z in range(3)
    ]
    for plane in planes:
        expected = np.rint(defocus(stack[plane.c, plane.z], level=2))
        np.testing.assert_array_equal(plane.pixels, expected)


def test_files_of_several_series(tmp_path, picture):
    with tifffile.TiffWriter(tmp_path / "a.ome.tif") as writer:
        writer.write(picture)
        writer.write(picture[:50, :40].astype(np.uint8))
    words = ["defocus", str(tmp_path / "a.ome.tif"), "--level", "1", "-o", str(tmp_path / "o")]
    assert main(words) == 0
    assert [(p.shape, p.dtype.name) for p in read(tmp_path / "o" / "a.ome.tif")] == [
        ((60, 70), "uint16"),
        ((50, 40), "uint8"),
    ]


def test_other_formats_become_tiff(tmp_path, picture):
    iio.imwrite(tmp_path / "a.bmp", (picture // 16).astype(np.uint8))
    iio.imwrite(tmp_path / "b.png", np.stack([(picture // 16).astype(np.uint8)] * 3, axis=-1))
    assert main(["defocus", str(tmp_path), "--level", "1", "-o", str(tmp_path / "o")]) == 0
    assert sorted(path.name for path in (tmp_path / "o").iterdir()) == ["a.bmp.tif", "b.png.tif"]


def test_noise_by_seed(tmp_path, picture):
    iio.imwrite(tmp_path / "a.png", (picture // 16).astype(np.uint8))
    results = []
    for number, seed in enumerate(["4", "4", "5"]):
        output = tmp_path / f"o{number}"
        words = ["--level", "0", "--photons", "3000", "--offset", "50", "--read-noise", "3"]
        assert (
            main(["defocus", str(tmp_path / "a.png"), *words, "--seed", seed, "-o", str(output)])
            == 0
        )
        results += read(output / "a.png")
    assert results[0].dtype == np.uint16
    assert 2700 < results[0].max() < 3400
    np.testing.assert_array_equal(results[0], results[1])
    assert (results[0] != results[2]).any()


def test_subfolders_are_kept(tmp_path, picture):
    for folder in ("A", "B"):
        (tmp_path / "in" / folder).mkdir(parents=True)
        iio.imwrite(tmp_path / "in" / folder / "a.png", picture)
    assert main(["defocus", str(tmp_path / "in"), "--level", "1", "-o", str(tmp_path / "o")]) == 0
    assert (tmp_path / "o/A/a.png").is_file()
    assert (tmp_path / "o/B/a.png").is_file()


def test_one_bad_file_does_not_stop_the_others(tmp_path, picture, capsys):
    iio.imwrite(tmp_path / "good.png", picture)
    (tmp_path / "bad.tif").write_text("not an image")
    (tmp_path / "nan.tif").write_bytes(b"")
    tifffile.imwrite(tmp_path / "nan.tif", np.full((9, 9), np.nan, np.float32))
    words = ["defocus", str(tmp_path), str(tmp_path / "none.tif"), "--level", "1"]
    assert main([*words, "-o", str(tmp_path / "o")]) == 1
    lines = capsys.readouterr().err.splitlines()
    for name in ("bad.tif", "nan.tif", "none.tif"):
        assert sum(name in line for line in lines) == 1
    assert [path.name for path in (tmp_path / "o").iterdir()] == ["good.png"]


def test_nothing_is_left_of_a_file_that_fails_half_way(tmp_path, picture):
    stack = np.stack([picture, picture]).astype(np.float32)
    stack[1, 0, 0] = np.inf
    tifffile.imwrite(tmp_path / "a.tif", stack)
    words = ["defocus", str(tmp_path / "a.tif"), "--level", "1", "-o", str(tmp_path / "o")]
    assert main(words) == 1
    assert list((tmp_path / "o").iterdir()) == []


def test_inputs_are_never_overwritten(tmp_path, picture, capsys):
    iio.imwrite(tmp_path / "a.png", picture)
    before = (tmp_path / "a.png").read_bytes()
    words = ["defocus", str(tmp_path / "a.png"), "--level", "1", "-o", str(tmp_path)]
    assert main(words) == 2
    assert "folder apart from the images" in capsys.readouterr().err
    assert (tmp_path / "a.png").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--level -1", "level of 0 or more, got -1"),
        ("--level 1 --na 1.4", "below the refractive index (1), got 1.4"),
        ("--level 1 --pixel-size-um -1", "pixel_size_um from"),
        ("--level 1 --seed 3", "expected --photons with --seed"),
        ("--level 1 --photons -3", "peak in photons of 0 or more"),
        ("--level 1 --photons 9 --read-noise -3", "read noise"),
        ("--level 1 --photons 9 --seed -3", "seed of 0 or more"),
    ],
)
def test_wrong_options_are_one_line_and_status_2(tmp_path, picture, capsys, words, message):
    iio.imwrite(tmp_path / "a.png", picture)
    output = tmp_path / "o"
    assert main(["defocus", str(tmp_path / "a.png"), *words.split(), "-o", str(output)]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not output.exists()


@pytest.mark.parametrize("words", ["", "--level 1 --z-um 2"])
def test_level_or_z_but_one_of_them(tmp_path, words):
    with pytest.raises(SystemExit) as stopped:
        main(["defocus", "a.png", *words.split(), "-o", str(tmp_path)])
    assert stopped.value.code == 2


def test_output_that_cannot_be_written(tmp_path, picture, capsys):
    iio.imwrite(tmp_path / "a.png", picture)
    (tmp_path / "o").write_text("a file")
    words = ["defocus", str(tmp_path / "a.png"), "--level", "1", "-o", str(tmp_path / "o")]
    assert main(words) == 2
    assert capsys.readouterr().err.count("\n") == 1
