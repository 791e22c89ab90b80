"""Measurements that are appended to CellProfiler's store are what CellProfiler would have added."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def plugin(build):
    import measureimagefocus

    return measureimagefocus


@pytest.fixture
def new(build):
    from cellprofiler_core.measurement import Measurements

    made = []

    def measurements():
        made.append(Measurements())
        return made[-1]

    yield measurements
    for each in made:
        each.close()


IMAGES = [
    {"Score": 3.0, "Patches": 48, "Status": "in_focus"},
    {"Score": np.nan, "Patches": 0, "Status": "undecided"},
    {"Score": 10.0, "Patches": 7, "Status": ""},
]
CELLS = [{"Score": np.arange(n) / 2, "InFocus": np.ones(n, int)} for n in (3, 0, 2)]


def by_cellprofiler(measurements, object_name, values):
    for feature, value in values.items():
        measurements.add_measurement(object_name, f"ImageFocus_{feature}_DNA", value)


def go_to(measurements, number):
    """Make an image set the current one, and number it, as a pipeline does."""
    measurements.image_set_number = number
    measurements.group_number = 1


def stored(measurements, object_name, feature):
    group = measurements.hdf5_dict.top_group[object_name][f"ImageFocus_{feature}_DNA"]
    return group["data"].dtype, group["data"][:].tolist(), group["index"][:].tolist()


def appended(plugin, monkeypatch):
    """Count what is appended, and what is left to CellProfiler."""
    counts = {True: 0, False: 0}
    append = plugin._append

    def counted(*arguments):
        done = append(*arguments)
        counts[done] += 1
        return done

    monkeypatch.setattr(plugin, "_append", counted)
    return counts


def test_the_store_holds_what_cellprofiler_would_have_added(plugin, new, monkeypatch):
    counts = appended(plugin, monkeypatch)
    ours, theirs = new(), new()
    for number, (image, cells) in enumerate(zip(IMAGES, CELLS), 1):
        for measurements in (ours, theirs):
            go_to(measurements, number)
            measurements.add_measurement("Cells", "Number_Object_Number", cells["Score"])
        plugin.add_measurements(ours, "Image", "DNA", image)
        plugin.add_measurements(ours, "Cells", "DNA", cells)
        by_cellprofiler(theirs, "Image", image)
        by_cellprofiler(theirs, "Cells", cells)
    assert counts == {True: 10, False: 5}  # the first image of each feature is CellProfiler's
    for name, features in (("Image", IMAGES[0]), ("Cells", CELLS[0])):
        for feature in features:
            kind, data, index = stored(ours, name, feature)
            expected_kind, expected, expected_index = stored(theirs, name, feature)
            assert (kind, np.array(index)[:, 0].tolist()) == (
                expected_kind,
                np.array(expected_index)[:, 0].tolist(),
            )
            np.testing.assert_array_equal(data, expected)
            for number in (1, 2, 3):
                np.testing.assert_array_equal(
                    ours.get_measurement(name, f"ImageFocus_{feature}_DNA", number),
                    theirs.get_measurement(name, f"ImageFocus_{feature}_DNA", number),
                )


def test_measuring_again_replaces(plugin, new):
    measurements = new()
    for number, score in ((1, 1.0), (2, 2.0), (1, 7.0), (2, 8.0)):
        go_to(measurements, number)
        plugin.add_measurements(measurements, "Image", "DNA", {"Score": score})
    scores = measurements.get_all_measurements("Image", "ImageFocus_Score_DNA")
    assert list(scores) == [7.0, 8.0]


@pytest.mark.parametrize("change", ["removed", "made floats", "cleared"])
def test_what_others_change_in_between_is_seen(plugin, new, change, monkeypatch):
    """A dataset kept open must not be one that is no longer in the file."""
    counts = appended(plugin, monkeypatch)
    measurements, name = new(), "ImageFocus_Patches_DNA"
    for number in range(1, 7):
        go_to(measurements, number)
        if number == 3 and change == "removed":
            measurements.remove_measurement("Image", name)
        elif number == 3 and change == "cleared":
            measurements.clear()
        elif number == 3:
            measurements.add_measurement("Image", name, 0.5)
            continue
        plugin.add_measurements(measurements, "Image", "DNA", {"Patches": number})
    first = 1 if change == "made floats" else 3
    values = [measurements.get_measurement("Image", name, each) for each in range(first, 7)]
    assert values == ([1, 2, 0.5, 4, 5, 6] if first == 1 else [3, 4, 5, 6])
    assert counts[True] == (1 if first == 1 else 4)


def test_other_types_are_left_to_cellprofiler(plugin, new):
    measurements = new()
    for number, value in enumerate((1, 2, 2.5, "x"), 1):
        go_to(measurements, number)
        plugin.add_measurements(measurements, "Image", "DNA", {"Patches": value})
    name = "ImageFocus_Patches_DNA"
    values = [measurements.get_measurement("Image", name, each) for each in range(1, 5)]
    assert [str(value) for value in values] == ["1.0", "2.0", "2.5", "x"]


def test_a_closed_store_is_let_go(plugin, new):
    import gc
    import weakref

    measurements = new()
    for number in (1, 2, 3):
        go_to(measurements, number)
        plugin.add_measurements(measurements, "Image", "DNA", {"Score": 1.0})
    ((data, _),) = plugin._DATASETS[measurements.hdf5_dict].values()
    assert data.shape == (3,)
    store = weakref.ref(measurements.hdf5_dict)
    measurements.close()  # drops its store
    gc.collect()
    assert not data
    assert store() is None


def test_a_file_that_was_opened_again_is_written(plugin, new, tmp_path):
    from cellprofiler_core.measurement import Measurements

    path = str(tmp_path / "measurements.h5")
    for mode, numbers in (("w", (1, 2, 3)), ("a", (4, 5))):
        measurements = Measurements(filename=path, mode=mode)
        for number in numbers:
            go_to(measurements, number)
            plugin.add_measurements(measurements, "Image", "DNA", {"Score": float(number)})
        measurements.close()
    measurements = Measurements(filename=path, mode="r")
    scores = measurements.get_all_measurements("Image", "ImageFocus_Score_DNA")
    measurements.close()
    assert list(scores) == [1.0, 2.0, 3.0, 4.0, 5.0]
