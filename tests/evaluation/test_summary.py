from __future__ import annotations

import sys
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from made_up import rated, sure

from zfocus_model.evaluation.manifest import IN_FOCUS, Entry
from zfocus_model.evaluation.metrics import precision_at
from zfocus_model.evaluation.runner import Item, RatedItem
from zfocus_model.evaluation.summary import grade
from zfocus_model.evaluation.tally import FLAG_PRECISIONS


def source(name, fields, *, flagged=False, shift=0):
    """Fields that are all alike: seen rightly, but for a flag at level 2 and a shift of levels."""
    true = np.arange(11)
    status = np.where(true <= 2, "in_focus", "out_of_focus")
    status[2] = "out_of_focus" if flagged else "in_focus"
    levels = np.minimum(true + shift, 10)
    like = np.full((11, 3), 0.1)
    return [
        RatedItem(
            Item((Entry(Path("x.png"), f"{name}{k}.png", name, IN_FOCUS),), "paraxial"),
            rated(true, sure(levels), status, field=[0] * 11, patches=1, properties=like),
        )
        for k in range(fields)
    ]


def test_precision_of_flags_follows_from_the_mean_of_its_parts():
    """Three sources without a false flag, one where every third sharp image is flagged."""
    items = [one for name in "abc" for one in source(name, 3)] + source("d", 3, flagged=True)
    (found,) = grade(items, None)
    mean, pooled = found.mean.scores, found.pooled.scores
    assert mean["false_flags_per_1000"].value == pytest.approx(1000 / 12)
    for name, share in FLAG_PRECISIONS.items():
        expected = float(precision_at(share, 1, 1 / 12))
        # Fields of a source are alike here, so that drawing others changes nothing.
        assert astuple(mean[name])[:3] == pytest.approx((expected,) * 3)
        assert pooled[name].value == pytest.approx(expected)
        of_source = [one.scores[name].value for one in found.sources]
        assert of_source == pytest.approx([1, 1, 1, float(precision_at(share, 1, 1 / 3))])
        # Other sources: some draws have no d, and so no false flag; others have more than one.
        assert mean[name].low_new_sources < expected < mean[name].high_new_sources == 1
        cautious = found.sharp["at_highest_share"][name]
        assert cautious == float(precision_at(share, 1, found.sharp["highest_share_of_fields"]))
        assert 0 < cautious < expected


def test_all_images_together_are_drawn_within_their_sources_but_strata_are_not():
    """Sources that differ, each of fields that are alike: what was drawn shows in the interval."""
    (found,) = grade(source("a", 4) + source("b", 4, shift=2), None)
    exact = found.pooled.scores["exact"]
    assert exact.low == exact.high == exact.value
    ((stratum,), *_) = found.strata.values()
    score = stratum.scores["exact"]
    assert score.value == exact.value
    assert score.low < score.value < score.high
