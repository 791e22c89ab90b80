from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from made_up import random_rated, rated, sure

from zfocus_model.aggregation import ranked_probability_score
from zfocus_model.evaluation.intervals import draws
from zfocus_model.evaluation.metrics import auc, is_negative, is_positive, within
from zfocus_model.evaluation.rated import join
from zfocus_model.evaluation.reliability import expected_calibration_error
from zfocus_model.evaluation.tally import METRICS, scores, tally


def values(images, counts=None):
    return {name: float(v) for name, v in scores(tally(images).total(counts)).items()}


def test_sums_give_what_the_plain_functions_give(rng):
    images = random_rated(rng, patches=15)
    found = values(images)
    assert list(found) == list(METRICS)
    true, chance = images.true, images.in_focus_probability
    expected = {
        "exact": within(true, images.level),
        "within_1": within(true, images.level, 1),
        "mean_absolute_error": np.abs(images.level - true).mean(),
        "bias": (images.level - true).mean(),
        "rps": ranked_probability_score(images.probabilities, true).mean(),
        "auc": auc(chance[is_positive(true)], chance[is_negative(true)]),
        "undecided": (images.status == "undecided").mean(),
        "patch_exact": within(images.patch_true, images.patch_probabilities.argmax(axis=1)),
        "ece": expected_calibration_error(images.patch_probabilities, images.patch_true),
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected)


def test_the_error_is_that_of_the_reliability_diagram_where_probabilities_tie():
    """All of one probability, the right ones first: bins that cut them would seem far off."""
    p = np.tile([0.5, 0.5, *[0.0] * 9], (100, 1))
    true = np.repeat([0, 1], [60, 40])
    found = values(rated(true, p, ["in_focus"] * 100, patches=1))
    assert found["ece"] == pytest.approx(0.1)
    assert found["ece"] == pytest.approx(expected_calibration_error(p, true))


def test_hand_counted_flags():
    """Six positives: four in, one out, one undecided; two negatives: one in, one out; a three."""
    true = [0, 0, 1, 1, 2, 2, 4, 10, 3]
    status = ["in_focus"] * 4 + ["out_of_focus", "undecided", "in_focus", "out_of_focus"]
    found = values(rated(true, sure(true), [*status, "in_focus"]))
    assert found["precision_in_focus"] == 4 / 5
    assert found["recall_in_focus"] == 4 / 6  # the undecided one is missed
    assert found["f_in_focus"] == pytest.approx(8 / 11)
    assert found["f_decided"] == 0.8
    assert found["precision_out_of_focus"] == 0.5
    assert found["recall_out_of_focus"] == 0.5
    assert found["false_flags_per_1000"] == pytest.approx(1000 / 6)
    assert found["false_flags_per_1000_at_0"] == 0
    assert found["flag_precision_at_1_percent"] == pytest.approx(0.005 / (0.005 + 0.99 / 6))
    assert found["undecided"] == pytest.approx(1 / 9)


def test_an_undecided_image_is_never_a_hit_nor_a_false_alarm(rng):
    images = random_rated(rng)
    silent = rated(images.true, images.probabilities, ["undecided"] * len(images))
    found = values(silent)
    assert (found["recall_in_focus"], found["recall_out_of_focus"]) == (0, 0)
    assert found["false_flags_per_1000"] == 0
    assert found["within_1"] == values(images)["within_1"]  # levels do not ask the status


def test_unrated_images_have_no_level_but_count_as_missed():
    p = sure([0, 0])
    p[1] = np.nan
    found = values(rated([0, 0], p, ["in_focus", "undecided"]))
    assert (found["exact"], found["recall_in_focus"], found["undecided"]) == (1, 0.5, 0.5)


def test_a_field_drawn_twice_counts_as_two(rng):
    images = random_rated(rng, fields=3)
    counts = np.array([2.0, 0.0, 1.0])
    twice = join([images.take(images.field == f) for f in (0, 0, 2)])
    drawn, copied = values(images, counts), values(twice)
    # Bins of the calibration error stay those of all fields, so that it may differ.
    assert {k: v for k, v in drawn.items() if not k.startswith("ece")} == pytest.approx(
        {k: v for k, v in copied.items() if not k.startswith("ece")}, nan_ok=True
    )


def test_samples_are_worked_out_all_at_once(rng):
    images = random_rated(rng)
    counts = draws(6, rng, replicates=5)
    together = scores(tally(images).total(counts))
    for number, row in enumerate(counts):
        alone = values(images, row)
        for name in METRICS:
            assert together[name][number] == pytest.approx(alone[name], nan_ok=True)


def test_worse_answers_score_worse(rng):
    images = random_rated(rng, fields=20)
    order = rng.permutation(len(images))
    shuffled = rated(
        images.true, images.probabilities[order], images.status[order], field=images.field
    )
    good, bad = values(images), values(shuffled)
    for name in ("exact", "within_1", "f_in_focus", "f_out_of_focus", "auc"):
        assert good[name] > bad[name] + 0.1
    for name in ("mean_absolute_error", "rps", "false_flags_per_1000"):
        assert good[name] < bad[name]


def test_perfect_probabilities_have_no_error_beyond_chance(rng):
    """Few patches: the plain error is well above 0, the debiased one is 0 on average."""
    plain, left = [], []
    for _ in range(150):
        p = rng.dirichlet(np.ones(11) / 2, 120)
        true = (p.cumsum(axis=1) < rng.random((120, 1))).sum(axis=1)
        found = values(rated(true, p, ["in_focus"] * 120, patches=1))
        plain.append(found["ece"])
        left.append(found["ece_debiased"])
        assert found["ece"] == pytest.approx(found["ece_debiased"] + found["ece_by_chance"])
    assert np.mean(plain) > 0.08
    assert np.mean(left) == pytest.approx(0, abs=0.01)
