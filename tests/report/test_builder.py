"""The report of a run as a whole: files, words, and nothing from outside."""

from __future__ import annotations

import datetime
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from fake_ratings import LIMITS, noise, rated, row_of
from PIL import Image

from zfocus_model.report.builder import ReportBuilder
from zfocus_model.report.table import MOST_ROWS
from zfocus_model.report.words import montage_name

SHAPE = (168, 252)
MADE = datetime.datetime(2026, 11, 2, 9, 5)
ERRORS = [{"input": "<script>alert(1)</script>.tif", "error": "expected a TIFF, got <b>text</b>"}]


def _run(output, levels, *, errors=(), montages=True, rows=None):
    builder = ReportBuilder(output, output / ".state", montages=montages, report=True)
    made = []
    for index, level in enumerate(levels):
        rating = rated(SHAPE, level)
        made.append(row_of(rating, f"plate & <em>/A{index:02d}.tif", well=f"A{index:02d}"))
        builder.add(made[-1], noise(SHAPE, index), rating)
    files = builder.finish(
        made if rows is None else rows, errors, limits=LIMITS, model_version="1.2.3",
        folder="my <plate>", made=MADE,
    )  # fmt: skip
    return files, made


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    output = tmp_path_factory.mktemp("run")
    files, rows = _run(output, [0, 0, 2, 7, None], errors=ERRORS)
    return output, files, rows, (output / "report.html").read_text("utf-8")


class _Page(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "input", "wbr"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def test_files(run):
    output, files, rows, _ = run
    assert [path.name for path in files] == ["contact_sheet.png", "report.html"]
    assert all(path.is_file() for path in files)
    assert {p.name for p in (output / "montages").iterdir()} == {montage_name(r) for r in rows}
    assert not list(output.rglob("*.part*"))


def test_the_page_is_well_formed_and_needs_nothing_from_outside(run):
    html = run[3]
    page = _Page(html)
    assert page.open == []
    assert not re.search(r"https?://|//[a-z]+\.|@import|url\(", html)
    for tag, attributes in page.seen:
        source = attributes.get("src")
        assert source is None or (tag == "img" and source.startswith("data:image/jpeg;base64,"))
        assert tag != "link"
        target = attributes.get("href", "")
        assert target == "" or target.endswith(".csv") or (run[0] / target).is_file()


def test_everything_is_escaped(run):
    html = run[3]
    assert (
        "<em>" not in html
        and "<script>alert" not in html
        and "<b>text</b>" not in html
        and "<plate>" not in html
    )
    assert "&lt;script&gt;alert(1)&lt;/script&gt;.tif" in html and "my &lt;plate&gt;" in html


def test_headline_and_counts(run):
    words = " ".join("".join(_Page(run[3]).words).split())
    assert "3 of 5 images are in focus" in words
    assert "2 November 2026, 09:05" in words and "focus-test 1.2.3" in words and "ab" * 32 in words
    counts = re.findall(r"<dt>([a-z ]+)</dt><dd><b>(\d+)</b><span>([^<]*)", run[3])
    assert counts == [
        ("in focus", "3", "60%"),
        ("out of focus", "1", "20%"),
        ("undecided", "1", "1 blank"),
        ("could not be rated", "1", "see below"),
    ]
    assert "below 0.2 for this model" in words and "at least 0.5 for this model" in words


def test_pictures_are_all_there_and_sorted(run):
    page = _Page(run[3])
    names = [a["alt"] for tag, a in page.seen if tag == "img"]
    assert [name.rpartition(": ")[2] for name in names] == [
        "in focus, level 0, certainty 1.00",
        "in focus, level 0, certainty 1.00",
        "in focus, level 2, certainty 1.00",
        "out of focus, level 7, certainty 1.00",
        "undecided (blank), certainty 0.00",
    ]


def test_the_contact_sheet_holds_a_frame_of_every_group(run):
    from zfocus_model.report.colours import level_colour

    with Image.open(run[0] / "contact_sheet.png") as sheet:
        pixels = np.asarray(sheet.convert("RGB"))
    for level in (0, 2, 7):
        frame = (pixels[118:] == level_colour(level)).all(axis=-1).sum()
        assert frame >= 178 * 4 * 4  # below the legend


def test_planes_of_an_interrupted_run_are_shown_from_its_folder(run, tmp_path):
    output, _, rows, html = run
    again = ReportBuilder(output, output / ".state", montages=True, report=True)
    assert not any(again.needs(row) for row in rows)
    again.finish(rows, ERRORS, limits=LIMITS, model_version="1.2.3", folder="my <plate>", made=MADE)
    assert (output / "report.html").read_text("utf-8") == html
    elsewhere = ReportBuilder(tmp_path, tmp_path / ".state", montages=True)
    assert all(elsewhere.needs(row) for row in rows)


def test_a_montage_that_is_missing_is_needed(tmp_path):
    _, rows = _run(tmp_path, [0], montages=False)
    assert not ReportBuilder(tmp_path, tmp_path / ".state", report=True).needs(rows[0])
    assert ReportBuilder(tmp_path, tmp_path / ".state", montages=True).needs(rows[0])


def test_a_report_of_failures_only(tmp_path):
    files, _ = _run(tmp_path, [], errors=ERRORS)
    assert [path.name for path in files] == ["report.html"]
    html = files[0].read_text("utf-8")
    assert "No images could be rated" in html and _Page(html).open == []


def test_long_tables_are_cut_and_say_where_the_rest_is(tmp_path):
    rating = rated(SHAPE, 1)
    rows = [row_of(rating, f"{n:05d}.tif") for n in range(MOST_ROWS + 40)]
    files, _ = _run(tmp_path, [], rows=rows)
    html = files[-1].read_text("utf-8")
    assert html.count('<td class="name">') == MOST_ROWS
    assert "The first 2,000 of 2,040 images" in html and 'href="images.csv"' in html
    assert "240 of 2,040 are shown" in html


def test_planes_of_one_file_are_called_planes(tmp_path):
    rating = rated(SHAPE, 1)
    rows = [row_of(rating, "stack.tif", z=z) for z in range(3)]
    html = _run(tmp_path, [], rows=rows)[0][-1].read_text("utf-8")
    assert "All 3 planes are in focus" in html and "stack.tif (z 2)" in html
