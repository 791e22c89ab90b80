from __future__ import annotations

import shutil

import numpy as np
import pytest
import tifffile
from PIL import Image

from zfocus_model._errors import ZfocusError
from zfocus_model.zposition.labels import StackLabel
from zfocus_model.zposition.stack_files import find_stacks
from zfocus_model.zposition.stacks import ZStack, open_labelled, open_stack


def planes(count=3, height=4, width=5):
    """Plane k is k everywhere."""
    return np.tile(np.arange(count, dtype=np.uint16)[:, None, None], (1, height, width))


def write_ome(path, pixels, axes="ZYX", **metadata):
    tifffile.imwrite(path, pixels, ome=True, metadata={"axes": axes, **metadata})
    return path


def write_planes(folder, names, shapes=None):
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        shape = shapes[number] if shapes else (4, 5)
        Image.fromarray(np.full(shape, number, np.uint8)).save(folder / name)
    return folder


def values(stack):
    return [int(plane[0, 0]) for plane in stack]


def test_an_ome_stack_knows_its_sizes(tmp_path):
    sizes = {"PhysicalSizeZ": 500, "PhysicalSizeZUnit": "nm", "PhysicalSizeX": 0.1}
    with open_stack(write_ome(tmp_path / "a.ome.tif", planes(), **sizes)) as stack:
        assert (len(stack), stack.z_step_um, stack.pixel_size_um) == (3, 0.5, 0.1)
        assert (values(stack), stack.shape_px, stack[2].dtype) == ([0, 1, 2], (4, 5), np.uint16)
        with pytest.raises(IndexError):
            stack[3]


def test_what_is_given_counts_more_than_the_file(tmp_path):
    path = write_ome(tmp_path / "a.ome.tif", planes(), PhysicalSizeZ=0.5)
    with open_stack(path, z_step_um=2, pixel_size_um=0.2) as stack:
        assert (stack.z_step_um, stack.pixel_size_um) == (2, 0.2)
    with pytest.raises(ZfocusError, match="expected z_step_um above 0, got -1"):
        open_stack(path, z_step_um=-1)


def test_an_imagej_stack(tmp_path):
    metadata = {"axes": "ZYX", "spacing": 1.5, "unit": "um"}
    tifffile.imwrite(tmp_path / "a.tif", planes(), imagej=True, metadata=metadata)
    with open_stack(tmp_path / "a.tif") as stack:
        assert (stack.z_step_um, values(stack)) == (1.5, [0, 1, 2])


def test_one_channel_and_time_point_are_chosen(tmp_path):
    pixels = np.arange(2 * 3 * 2, dtype=np.uint8).reshape(2, 3, 2)[..., None, None]
    pixels = np.broadcast_to(pixels, (2, 3, 2, 4, 5)).copy()  # T, Z, C
    path = write_ome(tmp_path / "a.ome.tif", pixels, "TZCYX", Channel={"Name": ["BF", "GFP"]})
    with pytest.raises(ZfocusError, match=r"expected one time point, got 2: .*--t .*from 0, 1$"):
        open_stack(path)
    with pytest.raises(ZfocusError, match=r"one channel, got 2: .* from 0 \(BF\), 1 \(GFP\)"):
        open_stack(path, t=1)
    with pytest.raises(ZfocusError, match="expected c 0 to 1, got 2"):
        open_stack(path, t=1, c=2)
    with open_stack(path, t=1, c=1) as stack:
        assert values(stack) == [7, 9, 11]
        assert stack.infos[0].channel == "GFP"


def test_one_series_is_chosen(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.ome.tif", ome=True) as writer:
        writer.write(planes(2), metadata={"axes": "ZYX"})
        writer.write(planes(4, 8, 8), metadata={"axes": "ZYX"})
    with pytest.raises(ZfocusError, match=r"one image, got 2: choose with --series .*another size"):
        open_stack(tmp_path / "a.ome.tif")
    with open_stack(tmp_path / "a.ome.tif", series=1) as stack:
        assert (len(stack), stack.shape_px) == (4, (8, 8))


def test_a_folder_in_natural_order(tmp_path):
    names = [f"z{number}.png" for number in (0, 1, 2, 10, 9, 3)]
    folder = write_planes(tmp_path / "planes", names)
    (folder / "notes.txt").write_text("no image")
    with open_stack(folder) as stack:
        assert values(stack) == [0, 1, 2, 5, 4, 3]
        assert stack.numbers == (0, 1, 2, 3, 9, 10)
        assert not stack.even and stack.z_step_um is None
    with pytest.raises(ZfocusError, match="evenly spaced planes, got planes 0, 1, 2, 3, 9, 10"):
        open_stack(folder, z_step_um=1)


@pytest.mark.parametrize(
    "names",
    [
        ["img_9.png", "img_10.png", "img_11.png"],
        ["t3_w1_z8.png", "t3_w1_z9.png", "t3_w1_z10.png"],
        ["z-010.png", "z+000.png", "z+010.png"],
        ["pos1_z-1.png", "pos1_z-2.png", "pos1_z-3.png"],
        ["size2_1.png", "size2_2.png", "size2_3.png"],
    ],
)
def test_the_number_that_counts_the_planes(tmp_path, names):
    with open_stack(write_planes(tmp_path / "planes", names)) as stack:
        assert values(stack) == [0, 1, 2]
        assert stack.even


def test_several_stacks_in_a_folder(tmp_path):
    names = [f"cells{x}_z{z}.png" for x in "AB" for z in range(3)]
    folder = write_planes(tmp_path / "planes", names)
    with pytest.raises(ZfocusError, match=r"expected one stack, got 2: name one, such as .*cellsA"):
        open_stack(folder)
    found, failures = find_stacks([folder])
    assert [source.text for source in found] == [
        str(folder / "cellsA_z*.png"),
        str(folder / "cellsB_z*.png"),
    ]
    assert failures == ()
    with open_stack(found[1].text) as stack:  # the name of a stack finds it again
        assert values(stack) == [3, 4, 5]
    assert find_stacks([found[0].text, folder])[0] == found


def test_stack_files_in_a_folder_are_a_stack_each(tmp_path):
    for number in (1, 2):
        write_ome(tmp_path / f"position{number}.ome.tif", planes())
    found, _ = find_stacks([tmp_path])
    assert [source.text for source in found] == [
        str(tmp_path / f"position{number}.ome.tif") for number in (1, 2)
    ]
    assert find_stacks([str(tmp_path / "*.ome.tif")])[0] == found


def test_a_manifest_orders_planes(tmp_path):
    write_planes(tmp_path, ["b.png", "a.png", "c.png", "alone.png"])
    (tmp_path / "manifest.csv").write_text(
        "path,stack_id,z_index,z_um\nalone.png,,,\nc.png,one,2,4\na.png,one,1,2\nb.png,one,0,0\n"
    )
    with open_stack(tmp_path) as stack:
        assert values(stack) == [0, 1, 2]
        assert (stack.z_step_um, stack.name) == (2.0, f"{tmp_path / 'manifest.csv'}#one")
    with open_stack(f"{tmp_path / 'manifest.csv'}#one") as again:
        assert values(again) == [0, 1, 2]
    with pytest.raises(ZfocusError, match=r"expected a stack of the manifest .* got 'two'"):
        open_stack(f"{tmp_path / 'manifest.csv'}#two")
    (tmp_path / "manifest.csv").write_text("path,z\na.png,1\n")
    with pytest.raises(ZfocusError, match=r"got manifest.csv without stack_id, z_index"):
        open_stack(tmp_path)


def test_one_plane_is_no_stack(tmp_path):
    write_planes(tmp_path, ["a.png"])
    for path in (tmp_path / "a.png", tmp_path):
        with pytest.raises(ZfocusError, match="expected a stack of at least 2 planes, got 1"):
            open_stack(path)
    with pytest.raises(ZfocusError, match="at least 2 planes, got none"):
        ZStack.of_arrays([])
    path = write_ome(tmp_path / "time.ome.tif", planes(), "TYX")
    with pytest.raises(ZfocusError, match="got time points of one plane each: if they are focal"):
        open_stack(path, t=0)


def test_planes_of_unequal_size_are_refused(tmp_path):
    folder = write_planes(tmp_path / "planes", ["z0.png", "z1.png"], [(4, 5), (4, 6)])
    with open_stack(folder) as stack:
        assert stack[0].shape == (4, 5)
        with pytest.raises(ZfocusError, match=r"one size, got 5 x 4 px and 6 x 4 px \(plane 1\)"):
            stack[1]


def test_what_is_not_there(tmp_path):
    for name, message in [("none.tif", "got nothing there"), ("*.tif", "match, got none")]:
        with pytest.raises(ZfocusError, match=message):
            open_stack(tmp_path / name)
    with pytest.raises(ZfocusError, match="got no image in it"):
        open_stack(tmp_path)
    found, failures = find_stacks([tmp_path, tmp_path / "none.tif"])
    assert found == () and [failure.input for failure in failures] == [
        str(tmp_path),
        str(tmp_path / "none.tif"),
    ]


def test_a_damaged_plane_is_named(tmp_path):
    folder = write_planes(tmp_path / "planes", ["z0.png", "z1.png"])
    (folder / "z1.png").write_bytes(b"")
    with (
        open_stack(folder) as stack,
        pytest.raises(ZfocusError, match=r"plane 1: .* an empty file"),
    ):
        stack[1]


def test_a_labelled_stack(tmp_path):
    pixels = np.stack([planes(), planes() + 10], axis=1)
    write_ome(tmp_path / "a.ome.tif", pixels, "ZCYX")
    label = StackLabel("a.ome.tif", "e", 3, 1.0, 1.5, 0.2, further={"c": "1", "t": ""})
    with open_labelled(label, tmp_path) as stack:
        assert (values(stack), stack.z_step_um, stack.pixel_size_um) == ([10, 11, 12], 1.5, 0.2)
    with pytest.raises(ZfocusError, match=r"a.ome.tif: expected 4 planes .* got 3"):
        open_labelled(StackLabel("a.ome.tif", "e", 4, 1.0, 1.5, further={"c": "1"}), tmp_path)


def test_arrays_are_a_stack(rng):
    pixels = rng.normal(size=(4, 6, 7))
    stack = ZStack.of_arrays(pixels, z_step_um=0.5)
    assert (len(stack), stack.shape_px, stack.z_step_um) == (4, (6, 7), 0.5)
    np.testing.assert_array_equal(list(stack), pixels)


def test_real_stacks_are_found(data_root, tmp_path):
    found, failures = find_stacks([data_root / "dev" / "baby_yeast_bf"])
    assert [len(source.files) for source in found] == [5] * 5 and failures == ()
    with open_stack(data_root / "dev" / "qcanet_8cell") as stack:
        assert (len(stack), stack.shape_px) == (51, (120, 122))
        assert stack.numbers == tuple(range(51))
    with open_stack(data_root / "dev" / "dhm_cell_zstack") as stack:
        assert stack.numbers[0] == -500 and not stack.even
    beads = f"{data_root / 'manifest.csv'}#faim_E07_s1_w1"
    with open_stack(beads) as stack:
        assert (len(stack), stack.z_step_um) == (10, 5.0)
    copy = shutil.copytree(data_root / "dev" / "faim_beads_zstack", tmp_path / "beads")
    assert [len(source.files) for source in find_stacks([copy])[0]] == [10, 10]
