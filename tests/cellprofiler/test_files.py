"""Files of every kind, as CellProfiler reads them: the same ratings as by `zfocus rate`."""

from __future__ import annotations

import numpy as np
import pytest
from agreement import assert_same, close, number, write_csv

from zfocus_model import defocus
from zfocus_model.camera import photograph
from zfocus_model.scenes import field

SAME = ("int16", "uint32", "float32", "rgb8", "rgb16", "rgba8", "palette", "pyramid")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """TIFF files of 12-bit counts, each stored in another way."""
    import tifffile

    place = tmp_path_factory.mktemp("files")
    rng = np.random.default_rng(5)

    def counts(level, shape=(90, 180)):
        image = photograph(defocus(field(rng, shape), level=level), rng=rng)
        return np.clip(image, 0, 4095).astype(np.uint16)

    grey, colours = counts(1), np.stack([counts(1), counts(3), counts(6)], axis=-1)
    shallow = (colours >> 4).astype(np.uint8)
    opaque = np.full((*grey.shape, 1), 255, np.uint8)
    palette = np.zeros((3, 256), np.uint16)
    palette[0], palette[1] = np.arange(256) * 257, np.arange(256)[::-1] * 257

    def write(name, pixels, **options):
        tifffile.imwrite(place / f"{name}.tif", pixels, **options)

    write("int16", (grey.astype(int) - 500).astype(np.int16))
    write("uint32", grey.astype(np.uint32) * 20)
    write("float32", grey.astype(np.float32) / 4095)
    write("rgb8", shallow, photometric="rgb")
    write("rgb16", colours, photometric="rgb")
    rgba = np.concatenate([shallow, opaque], axis=-1)
    write("rgba8", rgba, photometric="rgb", extrasamples=["unassalpha"])
    write("palette", shallow[..., 0], photometric="palette", colormap=palette)
    write("white", 255 - shallow[..., 0], photometric="miniswhite")
    large = counts(1, (180, 200))
    with tifffile.TiffWriter(place / "pyramid.tif") as file:
        file.write(large, subifds=1, tile=(64, 64))
        file.write(large[::2, ::2], subfiletype=1, tile=(64, 64))
    write_csv(place / "images.csv", ["DNA"], [[f"{name}.tif", "."] for name in (*SAME, "white")])
    return place


@pytest.fixture(scope="module")
def measured(folder, cellprofiler, build):
    """Rows of CellProfiler's image table by file name."""
    pipeline = build.Pipeline()
    build.load_data(pipeline)
    build.measure(pipeline)
    build.export(pipeline)
    run = cellprofiler(build.write(pipeline, folder / "files.cppipe"), folder)
    return {row["FileName_DNA"]: row for row in run.table("Focus_Image.csv")}


def test_every_kind_of_file_is_rated_as_by_zfocus_rate(folder, measured, rated):
    images, _ = rated(folder)
    for name in SAME:
        (row,) = images[f"{name}.tif"]
        try:
            assert_same(measured[f"{name}.tif"], row)
        except AssertionError as error:
            raise AssertionError(f"{name}: {error}") from error


def test_cellprofiler_inverts_files_in_which_white_is_zero(folder, measured, model):
    """The one kind that differs, as the documentation says: stored pixels cannot be had."""
    import tifffile

    stored = tifffile.imread(folder / "white.tif")
    inverted, right = model.rate(255 - stored), model.rate(stored)
    assert abs(inverted.probabilities - right.probabilities).max() > 0.01
    for level in range(11):
        cell = number(measured["white.tif"][f"ImageFocus_P{level}_DNA"])
        assert close(cell, inverted.probabilities[level], 1e-4)
