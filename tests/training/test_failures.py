from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from zfocus_model import load_model
from zfocus_model.levels import LEVELS
from zfocus_model.rating import StatusLimits
from zfocus_model.training.packaging.failures import SIDE_PX, picture_bytes, rate_cases, words
from zfocus_model.training.packaging.markdown import flatten

LIMITS = StatusLimits(certainty_min=0.2, in_focus_min=0.5, out_of_domain_max=0.8)


def always(level, classes=LEVELS):
    return lambda patches: np.tile(np.eye(classes, dtype=np.float32)[level], (len(patches), 1))


@pytest.fixture(scope="module")
def sharp():
    """What a model says that calls everything sharp."""
    return rate_cases(always(0), LIMITS)


def test_a_model_that_calls_everything_sharp_is_wrong_where_it_is(sharp):
    wanted = [case.wanted for case in sharp]
    assert set(wanted) == {"in_focus", "out_of_focus", "undecided"}
    assert [case.right for case in sharp] == [status == "in_focus" for status in wanted]
    text = words(sharp, "failures.png")
    assert sum("**wrong:**" in line for line in text) == len(wanted) - wanted.count("in_focus")
    assert "(failures.png)" in text[0]


def test_a_foreign_image_is_undecided():
    cases = rate_cases(always(0), LIMITS, always(1, classes=2))
    assert {(case.rating.status, case.rating.reason) for case in cases} == {
        ("undecided", "out_of_domain")
    }
    text = "\n".join(words(cases, "failures.png"))
    assert "wrong:**" not in text and "it gets 0 wrong" in text
    have_an_answer = [case for case in cases if case.wanted != "undecided"]
    assert text.count("open: `undecided`") == len(have_an_answer)


def test_the_shipped_card_says_what_the_shipped_package_says(sharp):
    pytest.importorskip("onnxruntime")
    place = Path(__file__).resolve().parents[2] / "model_zoo" / "focus-fluorescence"
    model = load_model(place)
    cases = tuple(replace(case, rating=model.rate(case.picture)) for case in sharp)
    card = (place / "README.md").read_text(encoding="utf-8").splitlines()
    assert set(words(cases, "failures.png")) <= set(card)


def test_pictures_differ_and_are_the_same_every_time(sharp):
    again = rate_cases(always(0), LIMITS)
    for one, other in zip(sharp, again):
        assert one.picture.shape == (SIDE_PX, SIDE_PX)
        assert np.ptp(one.picture) > 0
        np.testing.assert_array_equal(one.picture, other.picture)
    assert len({case.picture.tobytes() for case in sharp}) == len(sharp)


def test_all_pictures_are_on_the_sheet(sharp):
    image = pytest.importorskip("PIL.Image")
    content = picture_bytes(sharp)
    assert len(content) < 400_000
    sheet = image.open(io.BytesIO(content))
    assert sheet.width * sheet.height > len(sharp) * SIDE_PX**2


def test_a_value_with_its_interval_is_one_row():
    nested = {"mean": {"exact": {"value": 71.97, "low": 65.25, "high": 78.13}, "images": 330}}
    assert flatten(nested) == [("mean: exact", "71.97 (65.25 to 78.13)"), ("mean: images", "330")]
