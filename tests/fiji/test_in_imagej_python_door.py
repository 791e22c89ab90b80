"""The pyimagej door on `ij.ImagePlus`: what comes back, and that it is what `rate(array)` says.

What needs a whole gateway (`imagej.init()`, with imagej-legacy and imglib2) is not tested: there
is none on Maven Central. A Dataset is only shown to be handed to the gateway.
"""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image
from stand_in_fiji import rows_of

from zfocus_model import _errors
from zfocus_model import imagej as door
from zfocus_model.planes import grey
from zfocus_model.report.colours import level_colour
from zfocus_model.tables import IMAGE_COLUMNS, PATCH_COLUMNS

jpype = pytest.importorskip("jpype")


@pytest.fixture(scope="module")
def java(imagej):
    """Java's classes, through scyjava as pyimagej gets them."""
    scyjava = pytest.importorskip("scyjava")
    return scyjava.jimport


@pytest.fixture(scope="module")
def pixels():
    from zfocus_model import defocus, scenes
    from zfocus_model.camera import photograph

    rng = np.random.default_rng(11)
    field = scenes.field(rng, (190, 290))
    halves = defocus(field, level=0)[:, :170], defocus(field, level=6)[:, 170:]
    image = photograph(np.concatenate(halves, axis=1), rng=rng)
    return np.clip(image, 0, 65535).astype(np.uint16)


@pytest.fixture
def opened(imagej, tmp_path):
    """Write an array as TIFF and open it in ImageJ."""

    def open_it(array, **options):
        path = tmp_path / "image.tif"
        tifffile.imwrite(path, array, **options)
        return imagej.open(path)

    return open_it


def same(rating, expected):
    np.testing.assert_allclose(rating.probabilities, expected.probabilities, atol=1e-4)
    assert (rating.status, rating.reason) == (expected.status, expected.reason)
    assert rating.patches.rated.tolist() == expected.patches.rated.tolist()
    assert rating.rated_fraction == expected.rated_fraction


def test_three_lines_give_rating_overlay_and_table(java, opened, pixels, model):
    imp = opened(pixels)
    rated = door.rate_image(imp, model=model)
    rated.show()
    expected = model.rate(pixels)
    same(rated.rating, expected)
    assert rated.rating.saturated_fraction == expected.saturated_fraction
    (row,) = rows_of(rated.table)
    assert list(row) == [door.drawing._camel(column) for column in IMAGE_COLUMNS]
    shown = [float(row[f"P{level}"]) for level in range(11)]
    np.testing.assert_allclose(shown, expected.probabilities, atol=1e-4)
    assert (row["Image"], row["Status"]) == ("image.tif", expected.status)
    assert (row["Height"], row["Width"], row["Z"], row["PixelSizeUm"]) == ("190", "290", "0", "")
    assert row["PackageSha256"] == model.package_sha256
    patches = rows_of(rated.patch_table)
    assert list(patches[0]) == [door.drawing._camel(column) for column in PATCH_COLUMNS]
    assert [(patch["Y"], patch["X"]) for patch in patches] == [
        (str(y), str(x)) for y in (0, 84) for x in (0, 84, 168)
    ]
    assert imp.getOverlay().size() == 6


def test_boxes_lie_inside_their_patches_in_the_levels_colours(java, opened, pixels, model):
    rated = door.rate_image(opened(pixels), model=model, border_px=6)
    patches = rated.rating.patches
    for number in range(6):
        row, column = divmod(number, 3)
        roi = rated.overlay.get(number)
        box, color = roi.getFloatBounds(), roi.getStrokeColor()
        assert (box.x, box.y) == (84 * column + 3, 84 * row + 3)
        assert (box.width, box.height) == (78, 78)
        assert [color.getRed(), color.getGreen(), color.getBlue()] == level_colour(
            patches.level[row, column], patches.certainty[row, column]
        ).tolist()


def test_showing_again_replaces_boxes_and_keeps_what_others_drew(java, opened, pixels, model):
    imp = opened(pixels)
    overlay = java("ij.gui.Overlay")()
    mine = java("ij.gui.Roi")(1, 2, 3, 4)
    overlay.add(mine)
    imp.setOverlay(overlay)
    for _ in range(2):
        door.rate_image(imp, model=model).show()
        assert imp.getOverlay().size() == 7
        assert imp.getOverlay().contains(mine)


@pytest.mark.parametrize("kind", ["uint8", "float32", "int16", "rgb", "rgb48", "palette"])
def test_pixels_are_those_of_the_array(java, opened, pixels, model, kind):
    small = (pixels / pixels.max() * 255).astype(np.uint8)
    rgb = np.stack([small, small // 2, small // 3], axis=-1)
    options = {}
    if kind == "uint8":
        array = expected = small
    elif kind == "float32":
        array = expected = (pixels.astype(np.float32) - 300) / 7
    elif kind == "int16":
        array = expected = (pixels.astype(np.int32) // 2 - 20000).astype(np.int16)
    elif kind == "palette":
        table = random_palette()
        array, expected = small, grey(table[:, small].transpose(1, 2, 0))
        options = {"photometric": "palette", "colormap": table.astype(np.uint16) * 257}
    else:
        array = rgb if kind == "rgb" else rgb.astype(np.uint16) * 200
        expected, options = grey(array), {"photometric": "rgb"}
    rated = door.rate_image(opened(array, **options), model=model)
    same(rated.rating, model.rate(expected))


def test_showing_another_plane_keeps_the_boxes_of_the_first(java, opened, pixels, model):
    imp = opened(np.stack([pixels, pixels[::-1]]))
    for number in (1, 2, 1):
        imp.setSlice(number)
        door.rate_image(imp, model=model).show()
    assert [roi.getPosition() for roi in imp.getOverlay().toArray()].count(1) == 6
    assert imp.getOverlay().size() == 12


def random_palette():
    return np.random.default_rng(3).integers(0, 256, (3, 256), dtype=np.uint8)


def test_a_palette_that_came_with_the_file_is_expanded(imagej, java, pixels, model, tmp_path):
    small = (pixels / pixels.max() * 255).astype(np.uint8)
    picture = Image.fromarray(small)
    picture.putpalette(random_palette().T.tobytes())
    picture.save(tmp_path / "palette.png")
    rated = door.rate_image(imagej.open(tmp_path / "palette.png"), model=model)
    same(rated.rating, model.rate(grey(random_palette()[:, small].transpose(1, 2, 0))))


def test_a_colour_table_to_look_through_changes_nothing(java, opened, pixels, model):
    small = (pixels / pixels.max() * 255).astype(np.uint8)
    imp = opened(small)
    rows = [jpype.JArray(jpype.JByte)(row.tolist()) for row in random_palette().view(np.int8)]
    imp.setLut(java("ij.process.LUT")(*rows))
    assert imp.getProcessor().isColorLut()
    same(door.rate_image(imp, model=model).rating, model.rate(small))


def test_saturated_pixels_are_counted_as_in_python(java, opened, pixels, model):
    for array, options in (
        (np.minimum(pixels, 1023), {}),
        (np.clip(pixels, 0, 200).astype(np.uint8) + np.uint8(55), {}),
        (np.full((90, 90, 3), 255, np.uint8), {"photometric": "rgb"}),
        (np.full((90, 90), 32767, np.int16), {}),
    ):
        rated = door.rate_image(opened(array, **options), model=model)
        share = np.mean(array == array.max())
        assert rated.rating.saturated_fraction == pytest.approx(share)
        assert share > 0


def test_patches_with_pixels_that_are_not_finite_are_not_rated(java, opened, pixels, model):
    array = pixels.astype(np.float32)
    array[3, 90] = np.nan
    rated = door.rate_image(opened(array), model=model)
    same(rated.rating, model.rate(array))
    assert rated.rating.rated_patches == 5
    grey_box = rated.overlay.get(1)
    assert grey_box.getStrokeWidth() == 1
    assert grey_box.getStrokeColor().getRed() == 128


def test_a_rectangle_is_the_crop(java, opened, pixels, model):
    imp = opened(pixels)
    imp.setRoi(17, 9, 180, 100)
    rated = door.rate_image(imp, model=model)
    same(rated.rating, model.rate(pixels[9:109, 17:197]))
    box = rated.overlay.get(1).getFloatBounds()
    assert (box.x, box.y) == (17 + 84 + 2, 9 + 2)


@pytest.mark.parametrize("left", [30, -40, 150])
def test_an_oval_is_a_mask_over_its_box(java, opened, pixels, model, left):
    imp = opened(pixels)
    imp.setRoi(java("ij.gui.OvalRoi")(left, 5, 180, 180))
    y, x = np.mgrid[:190, :290]
    mask = (x - left - 89.5) ** 2 + (y - 5 - 89.5) ** 2 <= 90**2
    box = np.s_[5:185, max(left, 0) : left + 180]
    same(door.rate_image(imp, model=model).rating, model.rate(pixels[box], mask[box]))


def test_lines_and_points_select_nothing(java, opened, pixels, model):
    imp = opened(pixels)
    imp.setRoi(java("ij.gui.Line")(0, 0, 50, 50))
    same(door.rate_image(imp, model=model).rating, model.rate(pixels))


def test_a_selection_beside_the_image_is_an_error(java, opened, pixels, model):
    imp = opened(pixels)
    imp.setRoi(java("ij.gui.Roi")(500, 500, 100, 100))
    if imp.getRoi() is None:  # ImageJ itself may drop it
        pytest.skip("ImageJ keeps no such selection")
    with pytest.raises(_errors.ZfocusError, match="beside it"):
        door.rate_image(imp, model=model)


def test_a_hyperstack_has_its_indices_and_positions(java, opened, pixels, model):
    planes = np.stack([pixels[:90, :180], pixels[:90, 100:280], pixels[90:180, :180]] * 4)
    stack = planes.reshape(2, 3, 2, 90, 180)
    metadata = {"axes": "TZCYX", "unit": "micron", "finterval": 1.0}
    imp = opened(stack, imagej=True, metadata=metadata, resolution=(2.0, 2.0))
    assert imp.isHyperStack()
    rated = door.rate_image(imp, planes="all", model=model)
    rows = rows_of(rated.table)
    places = [(int(row["T"]), int(row["Z"]), int(row["C"])) for row in rows]
    assert places == list(np.ndindex(2, 3, 2))
    assert {row["PixelSizeUm"] for row in rows} == {"0.5000"}
    for place, rating in zip(places, rated.ratings):
        same(rating, model.rate(stack[place]))
    roi = rated.overlay.get(2 * (1 * 6 + 2 * 2 + 1))  # t 1, z 2, c 1; two patches a plane
    assert (roi.getTPosition(), roi.getZPosition(), roi.getCPosition()) == (2, 3, 2)
    imp.setPosition(2, 3, 1)
    same(door.rate_image(imp, model=model).rating, model.rate(stack[0, 2, 1]))


def test_an_image_smaller_than_a_patch_is_undecided(java, opened, pixels, model):
    rated = door.rate_image(opened(pixels[:83]), model=model)
    (row,) = rows_of(rated.table)
    assert (row["Status"], row["Reason"], row["P0"]) == ("undecided", "too_small", "")
    assert rated.overlay.size() == 0


def test_what_is_no_image_is_one_clear_line(java, model):
    for wrong in (None, np.zeros((90, 90)), java("java.lang.Object")()):
        with pytest.raises(_errors.ZfocusError, match=r"expected an ij\.ImagePlus"):
            door.rate_image(wrong, model=model)
    with pytest.raises(_errors.ZfocusError, match="'current' or 'all'"):
        door.rate_image(None, planes="some", model=model)


def test_a_dataset_goes_through_the_gateway(java, opened, pixels, model):
    imp = opened(pixels)

    class Dataset:
        def getImgPlus(self):
            raise AssertionError("converted by the gateway only")

    class Gateway:
        class py:
            @staticmethod
            def to_imageplus(data):
                assert isinstance(data, Dataset)
                return imp

    rated = door.rate_image(Dataset(), gateway=Gateway, model=model)
    same(rated.rating, model.rate(pixels))
    with pytest.raises(_errors.ZfocusError, match="gateway=ij"):
        door.rate_image(Dataset(), model=model)
