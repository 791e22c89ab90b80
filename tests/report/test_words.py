from __future__ import annotations

import math
import re

from zfocus_model.report.words import montage_name, number, plane_indices, plane_key, verdict


def _row(image: str, **indices: int) -> dict[str, object]:
    return {"image": image, "series": 0, "t": 0, "c": 0, "z": 0, **indices}


def test_numbers_from_values_and_from_texts_of_a_file():
    assert number({"level": "3"}, "level") == number({"level": 3}, "level") == 3
    assert math.isnan(number({"level": ""}, "level"))
    assert math.isnan(number({"level": None}, "level")) and math.isnan(number({}, "level"))


def test_planes_are_the_same_from_values_and_from_texts():
    texts = {"image": "a.tif", "series": "0", "t": "0", "c": "1", "z": "12"}
    assert plane_key(texts) == plane_key(_row("a.tif", c=1, z=12))
    assert plane_indices(texts) == "c 1, z 12" and plane_indices(_row("a.tif")) == ""


def test_montage_names_differ_and_are_safe_everywhere():
    images = ["a/x.tif", "b/x.tif", "A/x.tif", "a-x.tif", "a/x.png", "a_x.tif", "../x.tif",
              "日本.tif", "a b:*?.ome.tif", "x" * 300 + ".tif", ".hidden.tif"]  # fmt: skip
    rows = [_row(i) for i in images] + [_row("a/x.tif", z=1), _row("a/x.tif", t=1)]
    names = [montage_name(row) for row in rows]
    assert len({name.lower() for name in names}) == len(rows)
    for name in names:
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}\.png", name), name


def test_the_level_of_an_undecided_plane_is_not_told():
    row = {"status": "undecided", "reason": "out_of_domain", "level": 4, "certainty_aggregate": 0.1}
    assert verdict(row) == "undecided (out of domain), certainty 0.10"
