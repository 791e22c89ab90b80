from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from stand_ins import LevelModel, ZReader, levels_of, planes, z_reading

import zfocus_model
from zfocus_model._errors import ModelError, ZfocusError
from zfocus_model.zposition import best_plane as module
from zfocus_model.zposition.best_choice import vertex
from zfocus_model.zposition.best_fluorescence import lowest_share
from zfocus_model.zposition.best_plane import MESSAGES, best_plane
from zfocus_model.zposition.best_transmitted import choose_by_z
from zfocus_model.zposition.stacks import ZStack


def by_level(values, **more):
    return best_plane(planes(values), model=LevelModel(**more), modality="fluorescence")


def by_z(values, step=1.0, **more):
    return best_plane(
        planes(values), z_model=ZReader(**more), modality="transmitted", z_step_um=step
    )


def test_it_is_public():
    assert zfocus_model.best_plane is best_plane


def test_the_least_expected_level_wins():
    found = by_level([6, 3, 1, 2, 5])
    assert (found.index, found.status, found.modality) == (2, "decided", "fluorescence")
    assert found.position == pytest.approx(2 + 0.5 * (2 / 6) / 1.0, abs=0.1)
    assert [round(reading.expected_level) for reading in found.readings] == [6, 3, 1, 2, 5]
    assert found.confidence > 0.99 and found.readings[2].share > 0.7
    assert (found.model, found.package_sha256) == ("levels", "ab" * 32)
    assert found.message == ""


def test_undecided_planes_are_left_out():
    found = by_level([-1, 6, 3, 4, -1])
    assert found.index == 2
    assert [reading.share for reading in found.readings][::4] == [0, 0]


def test_a_stack_and_its_reverse_agree():
    values = [6, 3, 1, 2, 5, 7]
    there, back = by_level(values), by_level(values[::-1])
    assert there.index + back.index == len(values) - 1
    assert there.position + back.position == pytest.approx(len(values) - 1)
    assert there.confidence == pytest.approx(back.confidence)


def test_flat_stacks_are_not_sure():
    sharp, flat = by_level([6, 3, 1, 3, 6, 8, 9]), by_level([1.0, 1, 1, 0.99, 1, 1, 1])
    assert flat.index == 3 and flat.confidence < 0.6 < sharp.confidence


def test_blank_stacks_are_undecided():
    found = by_level([-1, -1, -1])
    assert (found.index, found.position, found.confidence) == (None, None, 0.0)
    assert (found.status, found.reason) == ("undecided", "blank")
    assert found.message == "all planes are blank: take another field"


def test_focus_beyond_the_stack_is_not_made_up():
    assert by_level([4, 5, 6]).reason == "no_focus"
    assert "focus lies beyond" in by_level([9, 8, 7]).message
    assert by_level([1, 5, 6]).index == 0  # sharp enough to be used


@pytest.mark.parametrize(
    ("probabilities", "shares"),
    [
        ([[1, 0, 0], [0, 1, 0], [0, 0, 1]], [1, 0, 0]),
        ([[0, 1, 0]] * 4, [0.25] * 4),
        ([[0.5, 0.5], [0, 1]], [0.75, 0.25]),
        ([[0.5, 0.5], [0.5, 0.5], [0.5, 0.5]], [1 / 3] * 3),
    ],
)
def test_shares_by_hand(probabilities, shares):
    np.testing.assert_allclose(lowest_share(probabilities), shares, atol=1e-9)


def test_shares_as_if_drawn(rng):
    p = np.stack([levels_of(level, 1.5) for level in (2, 3, 2.5, 6)])
    draws = np.stack([rng.choice(11, 40_000, p=row) for row in p])
    lowest = draws == draws.min(axis=0)
    np.testing.assert_allclose(
        lowest_share(p), (lowest / lowest.sum(axis=0)).mean(axis=1), atol=0.01
    )
    assert lowest_share(np.tile(levels_of(1.0), (300, 1))) == pytest.approx(np.full(300, 1 / 300))


def test_the_peak_lies_between_planes():
    assert vertex([9.0, 1.0, 9.0], 1) == 0
    assert vertex([1.0, 1.0, 9.0], 1) == -0.5
    assert vertex([9.0, 1.0, np.nan], 1) == vertex([1.0, 2.0], 0) == vertex([1.0] * 3, 1) == 0


def test_planes_vote_on_where_focus_is():
    found = by_z([-3.4, -1.4, 0.6, 2.6, 4.6], step=2.0)
    assert (found.index, found.direction, found.modality) == (2, 1, "transmitted")
    assert found.position == pytest.approx(1.7, abs=0.05)
    assert found.confidence > 0.8
    assert [reading.z_um for reading in found.readings] == pytest.approx(
        [-3.4, -1.4, 0.6, 2.6, 4.6], abs=0.1
    )


def test_a_stack_that_was_taken_the_other_way():
    found = by_z([4.0, 2.0, 0.0, -2.0, -4.0], step=2.0)
    assert (found.index, found.direction) == (2, -1)


def test_one_wrong_plane_is_outvoted():
    found = by_z([-2.0, -1.0, 0.0, 15.0, 2.0, 3.0])
    assert found.index == 2


def test_a_stack_that_does_not_hold_focus_still_knows():
    assert by_z([5.0, 6.0, 7.0, 8.0]).reason == "no_focus"
    assert by_z([-2.0, -1.0, 0.0, 1.0]).index == 2


def test_without_a_step_the_readings_tell_it():
    found = by_z([-4.5, -3.0, -1.5, 0.0, 1.5], step=None)
    assert (found.index, found.z_step_um) == (3, pytest.approx(1.5, abs=0.1))
    assert by_z([-1.0, 0.0, 1.0], step=None).reason == "uncertain"  # too few to tell


def test_readings_that_do_not_follow_the_planes():
    found = by_z([3.0, -2.0, 2.0, -3.0, 3.0, -2.0])
    assert (found.index, found.reason) == (None, "no_order")
    assert "check modality" in found.message
    flat = by_z([-0.4, -0.2, 0.0, 0.1, 0.3], step=2.0)  # rises, but planes lie 2 um apart
    assert (flat.index, flat.reason) == (None, "no_order")


def test_broad_readings_do_not_decide():
    found = choose_by_z([z_reading(z, spread_um=12) for z in (-1, 0, 1)], 1.0)
    assert (found.index, found.reason) == (None, "uncertain")


def test_bimodal_planes_vote_for_both_and_the_others_decide():
    both = [z_reading(z, second_um=z + 8) for z in (-2.0, -1.0)]
    found = choose_by_z([*both, *(z_reading(z) for z in (0.0, 1.0, 2.0))], 1.0)
    assert found.index == 2


def test_a_given_direction_is_obeyed():
    readings = [z_reading(z) for z in (-0.3, 0.0, 0.3)]
    assert choose_by_z(readings, 1.0, -1).direction == -1


def test_the_modality_is_told_from_the_domain():
    levels, z = LevelModel(out_of_domain=0.2), ZReader()
    assert best_plane(planes([3, 1, 3]), model=levels, z_model=z).modality == "fluorescence"
    assert levels.seen == 3  # planes are rated once
    other = LevelModel(out_of_domain=0.95)
    found = best_plane(
        planes([-1, 0, 1]), model=other, z_model=z, z_step_um=1.0, pixel_size_um=0.24
    )
    assert (found.modality, found.index, z.sizes) == ("transmitted", 1, [0.24])


@pytest.mark.parametrize("score", [0.7, None])
def test_what_cannot_be_told_is_asked_for(score):
    with pytest.raises(ZfocusError, match=r"cannot tell which from .*: choose with --modality"):
        best_plane(planes([3, 1, 3]), model=LevelModel(out_of_domain=score))


def test_a_modality_that_nobody_knows():
    with pytest.raises(ZfocusError, match="fluorescence, transmitted or auto, got 'phase'"):
        best_plane(planes([1, 2]), modality="phase")


def test_transmitted_light_said_to_be_fluorescence():
    found = by_level([3, 1, 3], out_of_domain=0.95)
    assert (found.reason, found.index) == ("out_of_domain", None)
    assert "--modality transmitted" in found.message


def test_without_a_z_model_nothing_is_made_up(monkeypatch):
    def none():
        raise ModelError("none")

    monkeypatch.setattr(module, "_default_z_model", none)
    found = best_plane(planes([1, 2, 3]), modality="transmitted")
    assert (found.index, found.reason, found.readings) == (None, "no_model", ())
    assert "install one" in found.message and "\n" not in found.message


def test_uneven_planes_have_no_step():
    stack = ZStack.of_arrays(planes([1, 2, 3]))
    stack.numbers = (0, 1, 3)
    with pytest.raises(ZfocusError, match="expected evenly spaced planes, got planes 0, 1, 3"):
        best_plane(stack, modality="transmitted", z_model=ZReader())
    assert best_plane(stack, modality="fluorescence", model=LevelModel()).index == 0


def test_bad_stacks_are_refused():
    with pytest.raises(ZfocusError, match="at least 2 planes, got 1"):
        by_level([1])
    with pytest.raises(ZfocusError, match="expected planes of one size"):
        best_plane([np.zeros((84, 84)), np.zeros((84, 85))], model=LevelModel())


def test_messages_are_one_line():
    assert all("\n" not in text and len(text) < 160 for text in MESSAGES.values())


REAL = [
    ("dev/faim_beads_zstack/E07_s1_w1_z*.png", {4}),
    ("dev/faim_beads_zstack/E07_s2_w1_z*.png", {4}),
    ("dev/neubias_dna_confocal", {21, 22, 23}),
]


@pytest.mark.parametrize(("path", "known"), REAL)
def test_real_stacks(data_root, path, known):
    found = best_plane(str(data_root / path))
    assert found.modality == "fluorescence"
    assert found.index in known


def test_a_real_phase_contrast_stack_is_seen_to_be_transmitted(data_root, monkeypatch):
    reader = ZReader()
    reader.locate_stack = lambda stack, **_: [z_reading(z - 6.0) for z in range(len(stack))]
    monkeypatch.setattr(module, "_default_z_model", lambda: reader)
    found = best_plane(data_root / "train" / "isl_phase_zstack", z_step_um=1.0)
    assert (found.modality, found.index) == ("transmitted", 6)
