from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import tifffile

from zfocus_model._errors import ZfocusError
from zfocus_model.images import Plane, open_image

Pixels = npt.NDArray[Any]


def read(path: Path) -> list[Plane]:
    with open_image(path) as file:
        assert file.problem == ""
        return list(file.planes())


def only(path: Path) -> Plane:
    (plane,) = read(path)
    return plane


def write_by_hand(
    path: Path, data: bytes, *, bits: int, height: int, width: int, description: bytes = b"zfocus\0"
) -> None:
    """A big-endian TIFF with one directory, its description at byte 160, pixels at byte 256."""
    tags = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, 1, bits),
        (259, 3, 1, 1),
        (262, 3, 1, 1),
        (270, 2, len(description), 160),
        (273, 4, 1, 256),
        (277, 3, 1, 1),
        (278, 4, 1, height),
        (279, 4, 1, height * width * bits // 8),
    ]
    head = b"MM\0*" + struct.pack(">IH", 8, len(tags))
    for tag, kind, count, value in tags:
        packed = struct.pack(">HH", value, 0) if kind == 3 else struct.pack(">I", value)
        head += struct.pack(">HHI", tag, kind, count) + packed
    text = (head + bytes(4)).ljust(160, b"\0") + description
    path.write_bytes(text.ljust(256, b"\0") + data)


@pytest.mark.parametrize(
    "dtype",
    ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float16", "float32", "float64"],
)
@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_pixels_are_as_stored_in_every_type(
    tmp_path: Path, pixels: Pixels, dtype: str, byteorder: Any
) -> None:
    stored = (pixels.astype(np.float64) - 20_000).astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", stored, byteorder=byteorder, photometric="minisblack")
    plane = only(tmp_path / "a.tif")
    np.testing.assert_array_equal(plane.pixels, stored)
    assert plane.pixels.dtype == stored.dtype
    limit = np.iinfo(stored.dtype).max if stored.dtype.kind in "iu" else None
    assert plane.maximum == limit


@pytest.mark.parametrize(
    "options",
    [
        {"compression": "lzw"},
        {"compression": "lzw", "predictor": True},
        {"compression": "deflate"},
        {"compression": "deflate", "tile": (32, 48)},
        {"compression": "zstd"},
        {"compression": "packbits"},
        {"rowsperstrip": 7},
        {"tile": (64, 64)},
        {"bigtiff": True},
        {"photometric": "miniswhite"},
    ],
    ids=str,
)
def test_storage_does_not_change_the_pixels(
    tmp_path: Path, pixels: Pixels, options: dict[str, Any]
) -> None:
    tifffile.imwrite(tmp_path / "a.tif", pixels, **{"photometric": "minisblack", **options})
    np.testing.assert_array_equal(only(tmp_path / "a.tif").pixels, pixels)


def test_jpeg_in_tiff_is_decoded(tmp_path: Path) -> None:
    smooth = np.tile(np.arange(128, dtype=np.uint8), (96, 1))
    tifffile.imwrite(tmp_path / "a.tif", smooth, compression="jpeg", photometric="minisblack")
    found = only(tmp_path / "a.tif").pixels
    assert np.abs(found.astype(int) - smooth).max() <= 3


def test_one_bit_is_zero_and_one_and_has_no_maximum(tmp_path: Path, pixels: Pixels) -> None:
    tifffile.imwrite(tmp_path / "a.tif", pixels > 30_000, photometric="minisblack")
    plane = only(tmp_path / "a.tif")
    np.testing.assert_array_equal(plane.pixels, pixels > 30_000)
    assert plane.saturated_fraction is None


def test_twelve_bits_packed(tmp_path: Path, pixels: Pixels) -> None:
    stored = pixels % 4096
    stored[0, :13] = 4095
    pairs = stored.astype(np.uint32).reshape(96, 65, 2)
    both = (pairs[..., 0] << 12) | pairs[..., 1]
    data = np.stack([both >> 16, both >> 8, both], axis=-1).astype(np.uint8).tobytes()
    write_by_hand(tmp_path / "a.tif", data, bits=12, height=96, width=130)
    plane = only(tmp_path / "a.tif")
    np.testing.assert_array_equal(plane.pixels, stored)
    assert plane.maximum == 4095
    assert plane.saturated_fraction == pytest.approx((stored == 4095).mean())


def test_rgb_is_averaged_whichever_way_it_lies(tmp_path: Path) -> None:
    rgb = np.random.default_rng(1).integers(0, 65_536, (96, 130, 3), dtype=np.uint16)
    mean = rgb.astype(np.float64).mean(axis=-1)
    tifffile.imwrite(tmp_path / "chunky.tif", rgb, photometric="rgb")
    tifffile.imwrite(
        tmp_path / "planar.tif", np.moveaxis(rgb, -1, 0), photometric="rgb", planarconfig="separate"
    )
    rgba = np.dstack([rgb, np.full((96, 130), 7, np.uint16)])
    tifffile.imwrite(tmp_path / "rgba.tif", rgba, photometric="rgb", extrasamples=["unassalpha"])
    for name in ("chunky", "planar", "rgba"):
        plane = only(tmp_path / f"{name}.tif")
        assert plane.pixels.dtype == np.float32
        np.testing.assert_allclose(plane.pixels, mean, rtol=1e-6)
        assert plane.maximum == 65_535


def test_grey_with_alpha_loses_alpha(tmp_path: Path, pixels: Pixels) -> None:
    both = np.dstack([pixels, np.full_like(pixels, 9)])
    tifffile.imwrite(
        tmp_path / "a.tif",
        both,
        photometric="minisblack",
        planarconfig="contig",
        extrasamples=["unassalpha"],
    )
    np.testing.assert_array_equal(only(tmp_path / "a.tif").pixels, pixels)


def test_samples_without_rgb_are_channels(tmp_path: Path, pixels: Pixels) -> None:
    both = np.dstack([pixels, pixels[::-1]])
    tifffile.imwrite(
        tmp_path / "a.tif",
        both,
        photometric="minisblack",
        planarconfig="contig",
        extrasamples=["unspecified"],
    )
    planes = read(tmp_path / "a.tif")
    assert [plane.c for plane in planes] == [0, 1]
    np.testing.assert_array_equal(planes[1].pixels, pixels[::-1])


def test_palette_is_expanded(tmp_path: Path) -> None:
    indices = np.random.default_rng(2).integers(0, 256, (96, 130), dtype=np.uint8)
    colours = np.random.default_rng(3).integers(0, 256, (3, 256), dtype=np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", indices, photometric="palette", colormap=colours * 256)
    plane = only(tmp_path / "a.tif")
    expected = colours.astype(np.float64).mean(axis=0)[indices]
    np.testing.assert_allclose(plane.pixels, expected, rtol=1e-6)
    assert plane.maximum == 255


def test_undeclared_pages_are_z(tmp_path: Path, pixels: Pixels) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        for shift in range(4):
            file.write(pixels + shift, photometric="minisblack", metadata=None, contiguous=False)
    planes = read(tmp_path / "a.tif")
    assert [plane.index for plane in planes] == [(0, 0, 0, z) for z in range(4)]
    np.testing.assert_array_equal(planes[3].pixels, pixels + 3)


def test_pages_of_other_sizes_are_other_series(tmp_path: Path, pixels: Pixels) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        for page in (pixels, pixels + 1, pixels[:90]):
            file.write(page, photometric="minisblack", metadata=None, contiguous=False)
    planes = read(tmp_path / "a.tif")
    assert [plane.index for plane in planes] == [(0, 0, 0, 0), (0, 0, 0, 1), (1, 0, 0, 0)]
    assert planes[2].pixels.shape == (90, 130)


@pytest.mark.parametrize("axes", ["TCZYX", "ZTCYX", "CZTYX"])
def test_ome_axes_decide(tmp_path: Path, axes: str) -> None:
    sizes = {"T": 2, "C": 3, "Z": 4, "Y": 90, "X": 100}
    shape = [sizes[letter] for letter in axes]
    stack = np.random.default_rng(4).integers(0, 255, shape, dtype=np.uint8)
    tifffile.imwrite(
        tmp_path / "a.ome.tif",
        stack,
        photometric="minisblack",
        metadata={"axes": axes, "Channel": {"Name": ["DAPI", "GFP", "Cy5"]}},
    )
    planes = read(tmp_path / "a.ome.tif")
    assert len(planes) == 24
    assert [plane.index for plane in planes] == sorted(plane.index for plane in planes)
    ordered = np.transpose(stack, [axes.index(letter) for letter in "TCZYX"])
    for plane in planes:
        np.testing.assert_array_equal(plane.pixels, ordered[plane.t, plane.c, plane.z])
        assert plane.channel == ["DAPI", "GFP", "Cy5"][plane.c]


def test_ome_colour_with_channels(tmp_path: Path) -> None:
    stack = np.random.default_rng(5).integers(0, 255, (2, 90, 100, 3), dtype=np.uint8)
    tifffile.imwrite(tmp_path / "a.ome.tif", stack, photometric="rgb", metadata={"axes": "CYXS"})
    planes = read(tmp_path / "a.ome.tif")
    assert [plane.c for plane in planes] == [0, 1]
    np.testing.assert_allclose(planes[1].pixels, stack[1].mean(axis=-1), rtol=1e-6)


def test_pyramid_gives_full_resolution_only(tmp_path: Path, pixels: Pixels) -> None:
    with tifffile.TiffWriter(tmp_path / "a.ome.tif") as file:
        file.write(pixels, subifds=2, photometric="minisblack", tile=(32, 32))
        for step in (2, 4):
            file.write(pixels[::step, ::step], subfiletype=1, tile=(32, 32))
    np.testing.assert_array_equal(only(tmp_path / "a.ome.tif").pixels, pixels)


def test_reduced_pages_are_left_out(tmp_path: Path, pixels: Pixels) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(pixels, photometric="minisblack", metadata=None)
        file.write(pixels[:85, :90], photometric="minisblack", metadata=None, subfiletype=1)
    np.testing.assert_array_equal(only(tmp_path / "a.tif").pixels, pixels)


def test_imagej_hyperstack(tmp_path: Path) -> None:
    stack = np.random.default_rng(6).integers(0, 60_000, (2, 3, 2, 90, 100), dtype=np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", stack, imagej=True, metadata={"axes": "TZCYX"})
    planes = read(tmp_path / "a.tif")
    assert len(planes) == 12
    for plane in planes:
        np.testing.assert_array_equal(plane.pixels, stack[plane.t, plane.z, plane.c])


def test_imagej_stack_with_one_directory(tmp_path: Path) -> None:
    # ImageJ writes stacks beyond 4 GB like this: the data follow each other, only page 0 is listed.
    stack = np.random.default_rng(6).integers(0, 60_000, (5, 90, 100), dtype=np.uint16)
    about = b"ImageJ=1.53t\nimages=5\nslices=5\n\0"
    data = stack.astype(">u2").tobytes()
    write_by_hand(tmp_path / "a.tif", data, bits=16, height=90, width=100, description=about)
    planes = read(tmp_path / "a.tif")
    assert [plane.z for plane in planes] == [0, 1, 2, 3, 4]
    for plane in planes:
        np.testing.assert_array_equal(plane.pixels, stack[plane.z])


def test_signed_calibrated_imagej_file_keeps_raw_values(tmp_path: Path, pixels: Pixels) -> None:
    # ImageJ stores signed 16-bit as unsigned, with the calibration -32768 + x beside it.
    tifffile.imwrite(
        tmp_path / "a.tif", pixels, imagej=True, metadata={"cf": 0, "c0": -32768.0, "c1": 1.0}
    )
    np.testing.assert_array_equal(only(tmp_path / "a.tif").pixels, pixels)


def test_planes_of_a_set_of_files_belong_to_their_files(tmp_path: Path, pixels: Pixels) -> None:
    data = '<TiffData FirstZ="{}" IFD="0" PlaneCount="1"><UUID FileName="{}">{}</UUID></TiffData>'
    xml = f"""<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">
    <Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" SizeX="130"
    SizeY="96" SizeZ="2" SizeC="1" SizeT="1" PhysicalSizeX="0.5"><Channel ID="Channel:0:0"
    Name="GFP" SamplesPerPixel="1"/>{data.format(0, "z0.ome.tif", "urn:uuid:00")}
    {data.format(1, "z1.ome.tif", "urn:uuid:11")}</Pixels></Image></OME>"""
    for z, own in enumerate(("00", "11")):
        text = xml.replace("<OME ", f'<OME UUID="urn:uuid:{own}" ')
        tifffile.imwrite(
            tmp_path / f"z{z}.ome.tif",
            pixels + z,
            photometric="minisblack",
            description=text,
            metadata=None,
        )
    for z in (0, 1):
        plane = only(tmp_path / f"z{z}.ome.tif")
        assert plane.index == (0, 0, 0, z)
        assert (plane.channel, plane.pixel_size_um) == ("GFP", 0.5)
        np.testing.assert_array_equal(plane.pixels, pixels + z)


def test_a_damaged_plane_costs_only_itself(tmp_path: Path, pixels: Pixels) -> None:
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as file:
        for shift in range(3):
            file.write(pixels + shift, compression="deflate", photometric="minisblack")
    with tifffile.TiffFile(path) as tiff:
        start = tiff.pages[1].dataoffsets[0]  # type: ignore[union-attr]
    data = bytearray(path.read_bytes())
    data[start : start + 400] = bytes(400)
    path.write_bytes(bytes(data))
    with open_image(path) as file:
        assert len(file) == 3
        with pytest.raises(ZfocusError, match="damaged data"):
            file.read(1)
        np.testing.assert_array_equal(file.read(2).pixels, pixels + 2)
        np.testing.assert_array_equal(file.read(0).pixels, pixels)


@pytest.mark.parametrize("compression", [None, "lzw", "deflate"])
@pytest.mark.parametrize("kind", ["plain", "imagej", "ome", "pages"])
def test_a_file_cut_anywhere_says_so(
    tmp_path: Path, pixels: Pixels, compression: str | None, kind: str
) -> None:
    path = tmp_path / ("a.ome.tif" if kind == "ome" else "a.tif")
    if kind == "pages":
        with tifffile.TiffWriter(path) as file:
            for shift in range(3):
                file.write(pixels + shift, compression=compression, metadata=None)
    elif kind == "imagej":
        tifffile.imwrite(path, np.stack([pixels] * 3), imagej=True, metadata={"axes": "ZYX"})
    else:
        options: dict[str, Any] = {"metadata": {"axes": "ZYX"}} if kind == "ome" else {}
        tifffile.imwrite(
            path,
            np.stack([pixels] * 3),
            compression=compression,
            photometric="minisblack",
            **options,
        )
    whole = path.read_bytes()
    for length in (
        4,
        9,
        200,
        len(whole) // 3,
        len(whole) // 2,
        len(whole) * 3 // 4,
        len(whole) - 40,
    ):
        path.write_bytes(whole[:length])
        complaints: list[str] = []
        try:
            with open_image(path) as file:
                complaints += [file.problem] if file.problem else []
                for number in range(len(file)):
                    try:
                        file.read(number)
                    except ZfocusError as error:
                        complaints.append(str(error))
        except ZfocusError as error:
            complaints.append(str(error))
        assert complaints, length
        assert all("\n" not in line for line in complaints)


def test_reading_a_stack_holds_one_plane(tmp_path: Path) -> None:
    import tracemalloc

    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as file:
        for z in range(40):
            plane = np.full((400, 500), z, np.uint16)  # 0.4 MB
            file.write(plane, contiguous=True, photometric="minisblack")
    tracemalloc.start()
    with open_image(path) as opened:
        for plane in opened.planes():
            assert plane.pixels[0, 0] == plane.z
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * 400_000
