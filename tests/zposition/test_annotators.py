"""Simulated annotators do what their numbers say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.zposition.annotators import ANNOTATORS, SimulatedAnnotator

Z_UM = np.arange(-15.0, 16.0)
EXACT = SimulatedAnnotator("exact", spread_um=0.0, spread_per_um=0.0)


def test_without_faults_every_answer_is_right() -> None:
    rng = np.random.default_rng(0)
    assert EXACT.choose_plane(Z_UM, rng) == 15
    np.testing.assert_array_equal(EXACT.judge(Z_UM, rng), Z_UM)


def test_each_fault_does_what_it_is_called() -> None:
    rng = np.random.default_rng(0)
    assert replace(EXACT, bias_um=2.2).choose_plane(Z_UM, rng) == 17
    np.testing.assert_array_equal(replace(EXACT, wrong_side=1.0).judge([3.0, -2.0], rng), [-3, 2])
    np.testing.assert_array_equal(replace(EXACT, gain=0.5).judge([8.0, -4.0], rng), [4, -2])
    np.testing.assert_array_equal(replace(EXACT, bias_um=9).judge([10.0, 0.2], rng), [15, 9])
    chosen = [replace(EXACT, lapses=1.0).choose_plane(Z_UM, rng) for _ in range(300)]
    assert len(set(chosen)) > 25  # any plane at all


def test_spread_is_the_standard_deviation_in_stacks_and_of_images() -> None:
    rng = np.random.default_rng(1)
    noisy = SimulatedAnnotator("noisy", spread_um=2.0, spread_per_um=0.0)
    chosen = Z_UM[[noisy.choose_plane(Z_UM, rng) for _ in range(4000)]]
    assert np.std(chosen) == pytest.approx(2.0, rel=0.06)
    assert np.std(noisy.judge(np.zeros(4000), rng)) == pytest.approx(2.0, rel=0.06)
    wider = replace(noisy, spread_per_um=0.2)
    assert np.std(wider.judge(np.full(4000, 5.0), rng, reach_um=99)) == pytest.approx(3, rel=0.06)


def test_the_same_seed_looks_the_same_way_and_another_look_differs() -> None:
    person = ANNOTATORS[2]
    first = [person.choose_plane(Z_UM, np.random.default_rng(5)) for _ in range(2)]
    assert first[0] == first[1]
    rng = np.random.default_rng(5)
    assert (person.judge(Z_UM, rng) != person.judge(Z_UM, rng)).any()


def test_the_four_of_the_study_have_names_and_no_two_are_alike() -> None:
    assert len({person.name for person in ANNOTATORS}) == 4
    assert len({replace(person, name="") for person in ANNOTATORS}) == 4


def test_a_stack_without_planes_is_refused() -> None:
    with pytest.raises(ZfocusError, match="z of each plane"):
        EXACT.choose_plane([], np.random.default_rng(0))
