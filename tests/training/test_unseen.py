from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.cli import main
from zfocus_model.training.calibrate import IN_FOCUS_LIMITS
from zfocus_model.training.graded import GradedRatings
from zfocus_model.training.sources import SourceImage
from zfocus_model.training.temperature import at_temperature
from zfocus_model.training.unseen import (
    Unseen,
    UnseenSource,
    factor_of,
    measure_unseen,
    read_unseen,
    score_limits,
    summarise,
    write_unseen,
)


def rated(levels, rows):
    """One patch an image."""
    p = np.asarray(rows, float)
    return GradedRatings(np.array(levels), p, np.arange(len(levels)), p.astype(np.float32))


def in_focus(*shares):
    """Probabilities of which so much lies on levels 0 to 2."""
    return [[share / 3] * 3 + [(1 - share) / 8] * 8 for share in shares]


def source(run, seen, here, name="a", ratings=None):
    ratings = ratings or rated([0, 9], in_focus(0.9, 0.1))
    return UnseenSource(run, name, len(ratings.levels), seen, 0.5, here, ratings)


def test_the_factor_is_the_geometric_mean_of_the_ratios_over_sources():
    found = [source("one", 1.0, 4.0), source("two", 0.5, 0.5), source("two", 0.5, 1.0)]
    assert factor_of(found) == pytest.approx(2.0)  # of 4, 1 and 2


def test_limits_are_scored_by_hand():
    # Sharp images at 0.9 and 0.4, blurred ones at 0.1 and 0.6; level 3 does not count.
    ratings = rated([0, 2, 4, 10, 3], in_focus(0.9, 0.4, 0.1, 0.6, 0.99))
    scores = dict(zip(IN_FOCUS_LIMITS.tolist(), score_limits(ratings, 1.0).tolist()))
    assert scores[0.3] == pytest.approx([0.8, 0.0, 0.5])
    assert scores[0.5] == pytest.approx([0.5, 0.5, 0.5])
    assert scores[0.7] == pytest.approx([2 / 3, 0.5, 0.0])


def test_a_higher_temperature_moves_images_towards_the_middle():
    ratings = rated([0, 9], in_focus(0.9, 0.1))
    flat = at_temperature(ratings.probabilities, 3.0)[:, :3].sum(1)
    assert score_limits(ratings, 3.0)[IN_FOCUS_LIMITS > flat[0], 1].tolist() == pytest.approx(
        [1.0] * int((IN_FOCUS_LIMITS > flat[0]).sum())
    )


def test_a_source_is_judged_with_the_factor_of_the_other_runs():
    found = [source("one", 1.0, 2.0), source("two", 1.0, 3.0, "b"), source("two", 1.0, 3.0, "c")]
    unseen = summarise(found)
    assert unseen.factor == pytest.approx(18 ** (1 / 3), abs=1e-4)
    assert [one["factor_of_other_runs"] for one in unseen.record["sources"]] == pytest.approx(
        [3.0, 2.0, 2.0]
    )
    assert unseen.record["sources"][0]["calibration_error"]["factor 1"] > 0
    assert "ratings" not in unseen.record["sources"][0]
    assert unseen.record["sources"][0]["at_seen_in_focus_min"]["f_score"] == 1


def test_what_was_found_is_kept_and_read(tmp_path):
    unseen = Unseen(1.25, {"command": "python benchmarks/unseen.py"})
    write_unseen(tmp_path / "unseen.json", unseen)
    assert read_unseen(tmp_path / "unseen.json") == unseen


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"factor": 9, "record": {}}', "from 0.25 to 4"),
        ('{"factor": 1.2}', "expected factor and record"),
        ("nothing", "expected factor and record"),
    ],
)
def test_a_damaged_file_is_refused(tmp_path, content, words):
    (tmp_path / "unseen.json").write_text(content)
    with pytest.raises(ZfocusError, match=words):
        read_unseen(tmp_path / "unseen.json")


def image(name):
    return SourceImage(Path("0.tif"), name, "CC0", np.zeros((84, 84), np.float32))


def test_runs_have_to_be_finished_and_calibrated_on_seen_sources(tmp_path):
    with pytest.raises(ZfocusError, match=r"expected best\.keras"):
        measure_unseen([tmp_path], [image("a")])
    (tmp_path / "best.keras").touch()
    (tmp_path / "run.json").write_text(json.dumps({"data": [{"sources": {"a": {"images": 1}}}]}))
    (tmp_path / "calibration.json").write_text('{"temperature": 1, "unseen": {"sources": []}}')
    with pytest.raises(ZfocusError, match="has a factor for unseen ones"):
        measure_unseen([tmp_path], [image("a"), image("b")])


def test_the_option_is_for_whole_trainings(capsys):
    words = ["train", "--from", "tiny", "--in-focus", "mine", "-o", "run", "--unseen", "x.json"]
    assert main(words) == 2
    assert "expected --unseen with a whole training" in capsys.readouterr().err
