from __future__ import annotations

from fake_ratings import rated, row_of

from zfocus_model.report.choice import LEAST_PER_GROUP, choose


def _rows(counts):
    rows = []
    for level, count in counts.items():
        rating = rated((84, 84), level)
        rows += [row_of(rating, f"{level}-{n}.tif") for n in range(count)]
    return rows


def test_all_from_sharp_to_blurred_and_undecided_apart():
    choice = choose(_rows({7: 2, None: 2, 0: 1, 3: 1}))
    assert [row["level"] for row in choice.decided] == [0, 3, 7, 7]
    assert [row["image"] for row in choice.undecided] == ["None-0.tif", "None-1.tif"]
    assert choice.note == "All 6 are shown."


def test_many_are_sampled_by_level_and_the_sheet_says_so():
    rows = _rows({0: 900, 1: 60, 5: 30, 9: 3, None: 7})
    choice = choose(rows, most=100)
    shown = [row["level"] for row in choice.decided]
    assert len(shown) + len(choice.undecided) <= 100 and len(shown) > 85
    assert shown == sorted(shown)
    assert shown.count(9) == 3 and len(choice.undecided) == 7
    assert shown.count(5) >= LEAST_PER_GROUP and shown.count(0) > shown.count(1) > shown.count(5)
    assert f"{len(shown) + 7} of 1,000 are shown" in choice.note
    assert {r["image"] for r in choose(rows[::-1], most=100).decided} == {
        r["image"] for r in choice.decided
    }


def test_nothing():
    assert choose([]).decided == () and choose([]).note == ""
