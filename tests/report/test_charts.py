from __future__ import annotations

import xml.etree.ElementTree as ET

from zfocus_model.report.charts import level_histogram, share_bar

_SVG = level_histogram([8, 4, 0, 0, 0, 0, 0, 0, 0, 0, 2], 1, "images")


def test_histogram_bars_are_in_proportion():
    heights = [float(bar.get("height", "")) for bar in ET.fromstring(_SVG).iter("rect")]
    assert heights == [150, 75, 37.5, 18.8]


def test_histogram_reads_aloud():
    root = ET.fromstring(_SVG)
    assert root.get("role") == "img"
    assert root.get("aria-label") == (
        "Number of images at each level. level 0: 8; level 1: 4; level 10: 2; undecided: 1"
    )


def test_nothing_to_show_is_still_a_picture():
    assert not list(ET.fromstring(level_histogram([0] * 11, 0, "images")).iter("rect"))
    assert not list(ET.fromstring(share_bar({"in focus": (0, "in_focus")})).iter("rect"))


def test_shares_fill_the_bar():
    bars = list(ET.fromstring(share_bar({"a": (3, "x"), "b": (0, "y"), "c": (1, "z")})))
    assert [(bar.get("x"), bar.get("width")) for bar in bars] == [
        ("0.0", "747.0"),
        ("750.0", "247.0"),
    ]
