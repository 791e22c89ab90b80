"""Headless runs over what can go wrong, several images, objects, groups, databases, batch files."""

from __future__ import annotations

import sqlite3

import numpy as np
import pytest
from agreement import assert_same, close, number, write_csv

from zfocus_model import defocus
from zfocus_model.camera import photograph
from zfocus_model.scenes import field


def field_of(rng, shape=(180, 260), level=0):
    return photograph(defocus(field(rng, shape), level=level), rng=rng).astype(np.uint16)


@pytest.fixture(scope="module")
def awkward(cellprofiler, build, tmp_path_factory):
    """Constant, tiny, NaN, missing, masked and good images in a run that goes on after errors."""
    import tifffile

    folder = tmp_path_factory.mktemp("awkward")
    rng = np.random.default_rng(8)
    with_nan = field_of(rng).astype(np.float32)
    with_nan[:84, :84] = np.nan
    images = {
        "constant.tif": np.full((200, 180), 700, np.uint16),
        "tiny.tif": field_of(rng, (60, 300)),
        "nan.tif": with_nan,
        "all_nan.tif": np.full((100, 100), np.nan, np.float32),
        "missing.tif": None,
        "masked_out.tif": field_of(rng),
        "good.tif": field_of(rng),
    }
    for name, pixels in images.items():
        if pixels is not None:
            tifffile.imwrite(folder / name, pixels)
            mask = np.full(pixels.shape, 0 if name == "masked_out.tif" else 255, np.uint8)
            mask[:, 84:130] = 0  # more than half of the second column of patches
            tifffile.imwrite(folder / f"mask_{name}", mask)
    rows = [[name, ".", f"mask_{name}", "."] for name in images]
    write_csv(folder / "images.csv", ["DNA", "Mask"], rows)
    pipeline = build.Pipeline()
    # Not rescaled by the file's metadata but by its type: undone, too.
    build.load_data(pipeline, rescale=False)
    build.measure(pipeline, wants_patches=True, wants_map=True, wants_overlay=True)
    build.add(
        pipeline, "MaskImage", image_name="DNA", masked_image_name="Masked", source_choice="Image",
        masking_image_name="Mask",
    )  # fmt: skip
    build.measure(pipeline, "Masked")
    build.export(pipeline)
    run = cellprofiler(
        build.write(pipeline, folder / "awkward.cppipe"), folder, "--always-continue"
    )
    return folder, run, {row["FileName_DNA"]: row for row in run.table("Focus_Image.csv")}


def cell(rows, name, feature, image="DNA"):
    return rows[name][f"ImageFocus_{feature}_{image}"]


def test_a_missing_image_costs_only_itself(awkward, rated):
    folder, run, rows = awkward
    assert "missing.tif" in run.log  # said by LoadData, which opens it first
    assert "does not exist" in run.log
    assert cell(rows, "missing.tif", "Status") in ("", "None", "nan", "NaN")
    (expected,) = rated(folder / "good.tif")[0]["good.tif"]
    assert_same(rows["good.tif"], expected)


def test_an_image_that_is_masked_out_is_undecided(awkward):
    _, _, rows = awkward
    assert cell(rows, "masked_out.tif", "Status", "Masked") == "undecided"
    assert cell(rows, "masked_out.tif", "Reason", "Masked") == "masked"
    assert number(cell(rows, "masked_out.tif", "Score", "Masked")) is None
    assert number(cell(rows, "masked_out.tif", "Score")) is not None


def test_patches_mostly_outside_a_mask_are_left_out(awkward, model):
    import tifffile

    folder, _, rows = awkward
    image, mask = (tifffile.imread(folder / f"{name}good.tif") for name in ("", "mask_"))
    expected = model.rate(image, mask)
    assert expected.rated_patches == float(cell(rows, "good.tif", "Patches", "Masked")) == 4
    for level in range(11):
        measured = number(cell(rows, "good.tif", f"P{level}", "Masked"))
        assert close(measured, expected.probabilities[level], 1e-4)


def test_a_constant_image_is_blank(awkward):
    _, _, rows = awkward
    assert cell(rows, "constant.tif", "Status") == "undecided"
    assert cell(rows, "constant.tif", "Reason") == "blank"
    assert float(cell(rows, "constant.tif", "Certainty")) == pytest.approx(0, abs=1e-6)
    assert float(cell(rows, "constant.tif", "P10")) == pytest.approx(1 / 11, abs=1e-6)


@pytest.mark.parametrize(("name", "reason"), [("tiny.tif", "too_small"), ("all_nan.tif", "masked")])
def test_what_cannot_be_rated_is_undecided_and_not_a_number(awkward, name, reason):
    _, _, rows = awkward
    assert cell(rows, name, "Status") == "undecided"
    assert cell(rows, name, "Reason") == reason
    assert float(cell(rows, name, "Undecided")) == 1
    for feature in ("Score", "Certainty", "ExpectedLevel", "InFocusProbability", "P0"):
        assert number(cell(rows, name, feature)) is None


def test_patches_that_hold_nan_are_left_out(awkward, rated):
    folder, run, rows = awkward
    (expected,) = rated(folder / "nan.tif")[0]["nan.tif"]
    assert expected["patches"] == 5
    assert_same(rows["nan.tif"], expected)
    patches = [
        row["ImageFocus_Score_DNA"]
        for row in run.table("Focus_FocusPatches.csv")
        if row["ImageNumber"] == rows["nan.tif"]["ImageNumber"]
    ]
    assert [number(value) is None for value in patches] == [True] + [False] * 5


@pytest.fixture(scope="module")
def two_channels(cellprofiler, build, tmp_path_factory):
    """Two images a site, objects, maps, two groups, SQLite, batch file: everything at once."""
    import tifffile

    folder = tmp_path_factory.mktemp("channels")
    rng = np.random.default_rng(21)
    rows = []
    for site, (one, two) in enumerate([(0, 7), (3, 0), (9, 9)]):
        names = []
        for channel, level in (("dna", one), ("actin", two)):
            names += [f"site{site}_{channel}.tif", "."]
            tifffile.imwrite(folder / names[-2], field_of(rng, level=level))
        rows.append([*names, "plate1" if site < 2 else "plate2", site])
    write_csv(folder / "images.csv", ["DNA", "Actin"], rows, ["Plate", "Site"])
    pipeline = build.Pipeline()
    build.load_data(pipeline, group_by="Plate")
    build.add(pipeline, "IdentifyPrimaryObjects", x_name="DNA", y_name="Nuclei")
    build.measure(
        pipeline,
        "DNA, Actin",
        wants_patches=True,
        wants_map=True,
        wants_overlay=True,
        wants_objects=True,
        object_names="Nuclei",
    )
    build.flag(pipeline, "ImageFocus_Undecided_Actin", name="Unknown")
    build.save(pipeline, "FocusMap_Actin", named_by="Actin", suffix="_map")
    build.export(pipeline)
    database = build.add(
        pipeline,
        "ExportToDatabase",
        db_type="SQLite",
        sqlite_file="focus.db",
        directory=build.OUTPUT,
        want_table_prefix=False,
        save_cpa_properties=False,
        allow_overwrite="Data and schema",
    )
    database.location_object.value = "Nuclei"
    path = build.write(pipeline, folder / "channels.cppipe")
    return folder, path, cellprofiler(path, folder)


def test_each_image_is_rated_for_itself(two_channels, rated):
    folder, _, run = two_channels
    images, _ = rated(folder)
    table = run.table("Focus_Image.csv")
    assert len(table) == 3
    for measured in table:
        for image in ("DNA", "Actin"):
            (row,) = images[measured[f"FileName_{image}"]]
            assert_same(measured, row, image)
        assert float(measured["QCFlag_Unknown"]) == float(measured["ImageFocus_Undecided_Actin"])
        for name in ("DNA", "Actin"):
            assert float(measured[f"Count_FocusPatches_{name}"]) == 6


def test_objects_are_rated_by_the_patches_they_lie_in(two_channels, rated):
    folder, _, run = two_channels
    _, patches = rated(folder)
    names = {row["ImageNumber"]: row["FileName_Actin"] for row in run.table("Focus_Image.csv")}
    compared = 0
    for nucleus in run.table("Focus_Nuclei.csv"):
        x, y = float(nucleus["Location_Center_X"]), float(nucleus["Location_Center_Y"])
        expected = number(nucleus["ImageFocus_ExpectedLevel_Actin"])
        row, column = int(y // 84), int(x // 84)
        # Far enough from the borders that the nucleus lies in one patch.
        if min(x % 84, y % 84) > 32 and max(x % 84, y % 84) < 52 and row < 2 and column < 3:
            patch = patches[names[nucleus["ImageNumber"]]][0][row * 3 + column]
            assert close(expected, patch["expected_level"], 1e-3)
            assert number(nucleus["ImageFocus_Score_Actin"]) == patch["level"]
            compared += 1
        flags = [float(nucleus[f"ImageFocus_{f}_DNA"]) for f in ("InFocus", "OutOfFocus")]
        assert sum(flags) + float(nucleus["ImageFocus_Undecided_DNA"]) == 1
    assert compared > 0


def test_the_map_is_the_expected_level(two_channels, rated):
    import imageio.v2 as imageio

    folder, _, run = two_channels
    _, patches = rated(folder)
    drawn = imageio.imread(run.output / "site1_actin_map.png")
    for patch in patches["site1_actin.tif"][0]:
        shade = drawn[patch["y"] + 40, patch["x"] + 40]
        assert shade == pytest.approx(25.5 * patch["expected_level"], abs=1)


def test_the_database_holds_the_measurements(two_channels):
    _, _, run = two_channels
    table = run.table("Focus_Image.csv")
    with sqlite3.connect(run.output / "focus.db") as database:
        stored = database.execute(
            "SELECT Image_ImageFocus_Score_DNA, Image_ImageFocus_Status_DNA FROM Per_Image "
            "ORDER BY ImageNumber"
        ).fetchall()
        objects = database.execute(
            "SELECT Nuclei_ImageFocus_Score_Actin FROM Per_Object "
            "ORDER BY ImageNumber, Nuclei_Number_Object_Number"
        ).fetchall()
    assert stored == [
        (number(row["ImageFocus_Score_DNA"]), row["ImageFocus_Status_DNA"]) for row in table
    ]
    assert len(objects) > 0
    assert [score for (score,) in objects] == [
        number(row["ImageFocus_Score_Actin"]) for row in run.table("Focus_Nuclei.csv")
    ]


def test_groups_add_up_to_the_single_run(two_channels, cellprofiler):
    folder, path, run = two_channels
    parts = [
        cellprofiler(path, folder, "-g", f"Metadata_Plate={plate}")
        for plate in ("plate1", "plate2")
    ]
    scores = [
        row["ImageFocus_ExpectedLevel_Actin"]
        for part in parts
        for row in part.table("Focus_Image.csv")
    ]
    assert scores == [row["ImageFocus_ExpectedLevel_Actin"] for row in run.table("Focus_Image.csv")]


def test_a_batch_file_runs(cellprofiler, build, plate, rated, tmp_path):
    pipeline = build.Pipeline()
    build.load_data(pipeline)
    build.measure(pipeline)
    build.export(pipeline)
    build.add(
        pipeline, "CreateBatchFiles", wants_default_output_directory=False,
        custom_output_directory=str(tmp_path),
    )  # fmt: skip
    cellprofiler(build.write(pipeline, tmp_path / "batch.cppipe"), plate)
    run = cellprofiler(tmp_path / "Batch_data.h5", plate, "-f", "4", "-l", "5")
    images, _ = rated(plate)
    table = run.table("Focus_Image.csv")
    assert [row["ImageNumber"] for row in table] == ["4", "5"]
    for measured in table:
        (row,) = images[measured["FileName_DNA"]]
        assert_same(measured, row)
