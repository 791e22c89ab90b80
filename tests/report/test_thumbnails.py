from __future__ import annotations

import io

import numpy as np
from fake_ratings import LIMITS, noise, probabilities, rated, row_of
from PIL import Image

from zfocus_model.rating import rate_patches
from zfocus_model.report.thumbnails import Thumbnails, detail, group


def test_groups():
    assert group({"status": "in_focus", "level": "0"}) == "00"
    assert group({"status": "out_of_focus", "level": 10}) == "10"
    assert group({"status": "undecided", "level": 3}) == "un"
    assert group({"status": "undecided", "level": None}) == "un"


def test_the_detail_shows_the_patch_that_speaks_for_the_level():
    p = probabilities(5, 6, 4)
    p *= 0.6
    p += 0.4 / 11
    p[3, 4] = probabilities(1, 1, 4)[0, 0]
    p[0, 0] = probabilities(1, 1, 9)[0, 0]  # as sure, but of another level
    plane = np.zeros((430, 510), np.uint16)
    plane[3 * 84 : 4 * 84, 4 * 84 : 5 * 84] = 900
    cut = detail(plane, rate_patches(p, LIMITS, shape_px=plane.shape))
    assert cut.shape == (168, 168)
    assert (cut[42:126, 42:126] == 255).all() and (cut == 255).sum() == 84 * 84


def test_details_of_small_planes_are_whole():
    assert detail(noise((60, 90)), rated((60, 90), None)).shape == (60, 90)


def test_the_choice_is_small_fair_and_survives_an_interrupt(tmp_path):
    rating, plane = rated((84, 84), 2), noise((84, 84))
    rows = [row_of(rating, f"{n}.tif") for n in range(30)]
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    at_once = Thumbnails(whole, kept=5)
    for row in rows:
        at_once.add(row, plane, rating)
    for some in (rows[20:], rows[:20]):  # two runs, in another order
        again = Thumbnails(parts, kept=5)
        for row in some:
            again.add(row, plane, rating)
    names = sorted(path.name for path in whole.iterdir())
    assert len(names) == 5 and names == sorted(path.name for path in parts.iterdir())
    third = Thumbnails(parts, kept=5)
    assert not any(third.wanted(row) for row in rows)
    shown = [third.read(row) for row in rows]
    assert sum(data is not None for data in shown) == 5
    assert Image.open(io.BytesIO(next(d for d in shown if d))).size == (84, 84)


def test_a_lost_thumbnail_is_wanted_again(tmp_path):
    rating = rated((84, 84), 2)
    thumbnails = Thumbnails(tmp_path)
    assert thumbnails.wanted(row_of(rating))
    thumbnails.add(row_of(rating), noise((84, 84)), rating)
    assert not Thumbnails(tmp_path).wanted(row_of(rating))
    next(tmp_path.glob("*.jpg")).unlink()
    assert Thumbnails(tmp_path).wanted(row_of(rating))
