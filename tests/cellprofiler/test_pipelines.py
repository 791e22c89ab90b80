"""The example pipelines in CellProfiler: their tables and images say what `zfocus rate` says."""

from __future__ import annotations

import imageio.v2 as imageio
import numpy as np
import pytest
from agreement import PLUGIN, PROBABILITIES, assert_same, close, number


@pytest.fixture(scope="module")
def plate_run(cellprofiler, plate):
    return cellprofiler(PLUGIN / "pipelines" / "plate_qc.cppipe", plate)


def test_images_are_rated_as_by_zfocus_rate(plate_run, plate, rated):
    images, _ = rated(plate)
    table = plate_run.table("Focus_Image.csv")
    assert len(table) == len(images) == 5
    for measured in table:
        (row,) = images[measured["FileName_DNA"]]
        assert_same(measured, row)


def test_patches_are_rated_as_by_zfocus_rate(plate_run, plate, rated):
    _, patches = rated(plate)
    names = {row["ImageNumber"]: row["FileName_DNA"] for row in plate_run.table("Focus_Image.csv")}
    table = plate_run.table("Focus_FocusPatches.csv")
    expected = [row for name in sorted(patches) for row in patches[name][0]]
    assert len(table) == len(expected) == 12 + 12 + 6 + 9 + 8
    for measured, row in zip(table, expected):
        assert names[measured["ImageNumber"]] == row["image"]
        for column in ("row", "column", "y", "x"):
            assert float(measured[f"ImageFocus_{column.title()}_DNA"]) == row[column]
        assert float(measured["Location_Center_X"]) == row["x"] + 41.5
        assert float(measured["Location_Center_Y"]) == row["y"] + 41.5
        for feature in PROBABILITIES:
            assert close(number(measured[f"ImageFocus_{feature}_DNA"]), row[feature.lower()], 1e-4)


def test_flags_follow_the_status(plate_run):
    table = plate_run.table("Focus_Image.csv")
    flags = [float(row["QCFlag_OutOfFocus"]) for row in table]
    assert flags == [float(row["ImageFocus_OutOfFocus_DNA"]) for row in table]


def test_overlays_show_borders_in_the_colour_of_the_level(plate_run, plate, model):
    import tifffile

    from zfocus_model.report.colours import level_colour

    name = "plate1_B02"
    drawn = imageio.imread(plate_run.output / f"{name}_focus.png")
    rating = model.rate(tifffile.imread(plate / f"{name}.tif"))
    patches = rating.patches
    assert drawn.shape == (100, 700, 3)
    colours = level_colour(patches.expected_level, patches.certainty).astype(int)
    for column in range(8):
        assert np.abs(drawn[2, column * 84 + 40].astype(int) - colours[0, column]).max() <= 2
    assert np.ptp(drawn[90:, :, :].astype(int), axis=-1).max() == 0  # no patch, no colour


def test_batches_add_up_to_the_single_run(plate_run, cellprofiler, plate):
    pipeline = PLUGIN / "pipelines" / "plate_qc.cppipe"
    parts = [
        cellprofiler(pipeline, plate, "-f", first, "-l", last)
        for first, last in (("1", "2"), ("3", "5"))
    ]
    for name in ("Focus_Image.csv", "Focus_FocusPatches.csv"):
        together = [row for part in parts for row in part.table(name)]
        whole = plate_run.table(name)
        times = [key for key in whole[0] if "ExecutionTime" in key]
        for row in [*together, *whole]:
            for key in times:
                row.pop(key, None)
        assert together == whole


def test_an_old_pipeline_runs_unchanged(cellprofiler, plate, rated):
    pipeline = PLUGIN / "pipelines" / "from_cellprofiler_3.cppipe"
    assert (
        "variable_revision_number:1|" in pipeline.read_text().split("MeasureImageFocus", 1)[1][:80]
    )
    run = cellprofiler(pipeline, plate)
    images, _ = rated(plate)
    for measured in run.table("Focus_Image.csv"):
        (row,) = images[measured["FileName_DNA"]]
        assert_same(measured, row)
        assert float(measured["QCFlag_OutOfFocus"]) == (row["level"] > 4)


def test_the_best_plane_of_stacks(cellprofiler, tmp_path, rated, model):
    import tifffile

    from zfocus_model import defocus
    from zfocus_model.camera import photograph
    from zfocus_model.report.colours import level_colour
    from zfocus_model.scenes import field

    rng = np.random.default_rng(3)
    for number_, levels in enumerate([(8, 0, 5), (3, 9)]):
        scene = field(rng, (170, 260))
        stack = [photograph(defocus(scene, level=level), rng=rng) for level in levels]
        path = tmp_path / f"stack{number_}.tif"
        tifffile.imwrite(path, np.stack(stack).astype(np.uint16), photometric="minisblack")
    run = cellprofiler(PLUGIN / "pipelines" / "z_stack.cppipe", tmp_path)
    images, _ = rated(tmp_path)
    table = run.table("Focus_Image.csv")
    assert [row["FileName_DNA"] for row in table] == ["stack0.tif", "stack1.tif"]
    for measured in table:
        rows = images[measured["FileName_DNA"]]
        decided = [row for row in rows if row["status"] != "undecided"]
        assert int(float(measured["ImageFocus_Planes_DNA"])) == len(rows)
        if decided:
            best = min(decided, key=lambda row: row["expected_level"])
            assert number(measured["ImageFocus_BestPlane_DNA"]) == best["z"]
            sharp = sum(row["status"] == "in_focus" for row in decided)
            percent = number(measured["ImageFocus_PercentInFocus_DNA"])
            assert percent == pytest.approx(100 * sharp / len(decided))
        else:
            best = max(rows, key=lambda row: row["certainty_aggregate"])
            assert number(measured["ImageFocus_BestPlane_DNA"]) is None
        assert_same(measured, best)

        stack = tifffile.imread(tmp_path / measured["FileName_DNA"])
        drawn = tifffile.imread(run.output / f"stack{table.index(measured)}_focus.tiff")
        assert drawn.shape == (*stack.shape, 3)
        for plane, pixels in zip(drawn, stack):
            patches = model.rate(pixels).patches
            colours = level_colour(patches.expected_level, patches.certainty).astype(int)
            assert np.abs(plane[2, 40].astype(int) - colours[0, 0]).max() <= 2
            assert np.abs(plane[86, 208].astype(int) - colours[1, 2]).max() <= 2
