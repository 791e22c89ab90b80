from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.zposition.labels import StackLabel, read_labels
from zfocus_model.zposition.training.resampling import average, factor_between
from zfocus_model.zposition.training.stackset import load_stacks, split_labels


def labels(count, experiments, split=""):
    return [
        StackLabel(f"{i}.tif", f"day{i % experiments}", 31, 15.0, 1.0, split=split)
        for i in range(count)
    ]


def test_the_split_holds_out_an_experiment_and_a_tenth_of_the_other_stacks():
    parts = split_labels(labels(50, 5))
    assert (len(parts.train), len(parts.validation), len(parts.test)) == (36, 4, 10)
    assert len({label.experiment for label in parts.test}) == 1
    assert not {x.experiment for x in parts.test} & {x.experiment for x in parts.train}
    assert len({x.experiment for x in parts.validation}) == 4
    names = {x.stack for part in (parts.train, parts.validation, parts.test) for x in part}
    assert len(names) == 50
    assert parts.note == ""


def test_a_split_that_the_table_gives_is_kept():
    given = [*labels(10, 5)[:8], *(replace(x, split="test") for x in labels(10, 5)[8:])]
    assert [x.stack for x in split_labels(given).test] == ["8.tif", "9.tif"]


def test_too_few_stacks_are_refused():
    with pytest.raises(ZfocusError, match="at least 3 labelled stacks, got 2"):
        split_labels(labels(2, 2))
    with pytest.raises(ZfocusError, match="at least 2 stacks to train on, got 1"):
        split_labels([*labels(3, 3, "test"), *labels(1, 1)])


def test_stacks_are_read_as_they_are_stored(label_table):
    known = read_labels(label_table)
    seen = []
    stacks = load_stacks(known, label_table.parent, progress=lambda *done: seen.append(done))
    assert seen[-1] == (6, 6)
    assert [planes.shape for planes in stacks.pixels] == [(9, 72, 72)] * 6
    assert stacks.pixels[0].dtype == np.uint8
    assert stacks.side_px == 72
    assert stacks.z_um[:3].tolist() == [-16, -12, -8]
    assert stacks.stack_of[8:10].tolist() == [0, 1]
    assert stacks.plane_of[8:10].tolist() == [8, 0]
    assert len(stacks.images()) == 54
    two = stacks.take([4, 1])
    assert two.images()[9] is not None
    assert np.array_equal(two.pixels[1], stacks.pixels[1])


def test_a_direction_of_minus_1_mirrors_z(label_table):
    label = replace(read_labels(label_table)[0], direction=-1)
    assert load_stacks([label], label_table.parent).z_um[:2].tolist() == [16, 12]


def test_stacks_that_cannot_be_trained_on_are_refused(label_table):
    label, folder = read_labels(label_table)[0], label_table.parent
    with pytest.raises(ZfocusError, match="expected a pixel size, got none"):
        load_stacks([replace(label, pixel_size_um=None)], folder)
    with pytest.raises(ZfocusError, match=r"at least 64 x 64 px of 0.48 um, got 36 x 36"):
        load_stacks([label], folder, pixel_size_um=0.48)
    with pytest.raises(ZfocusError, match=r"at most 0.12 um, got 0.24 um"):
        load_stacks([label], folder, pixel_size_um=0.12)
    with pytest.raises(ZfocusError, match="at least one labelled stack"):
        load_stacks([], folder)


def test_a_part_of_a_pixel_counts_by_its_area():
    image = np.arange(25.0).reshape(5, 5)
    found = average(image, 2.5)
    # Rows and columns weigh 1, 1, 1/2: mean of 0, 1, 2 with these is 0.8.
    assert found[0] == pytest.approx([0.8 + 5 * 0.8, 3.2 + 5 * 0.8])
    assert average(np.full((7, 7), 3.0), 1.7) == pytest.approx(np.full((4, 4), 3.0))
    assert average(image, 1) == pytest.approx(image)


def test_pixel_sizes_that_are_nearly_multiples_are_taken_as_multiples():
    assert factor_between(0.065, 0.24) == 4
    assert factor_between(0.24, 0.6) == 2.5
    assert factor_between(0.263, 0.24) == 1
    with pytest.raises(ZfocusError, match="pixel sizes above 0 um"):
        factor_between(0, 0.24)


def test_averaged_stacks_keep_their_contrast(label_table):
    label, folder = replace(read_labels(label_table)[0], pixel_size_um=0.2), label_table.parent
    stored = load_stacks([label], folder, pixel_size_um=0.2).pixels[0][0].astype(float)
    coarse = load_stacks([label], folder, pixel_size_um=0.22).pixels[0][0].astype(float)
    assert coarse.shape == stored.shape  # 10 % are within what pixel sizes are known to
    label = replace(label, pixel_size_um=0.16)
    with pytest.raises(ZfocusError, match="got 48 x 48"):
        load_stacks([label], folder, pixel_size_um=0.24)
