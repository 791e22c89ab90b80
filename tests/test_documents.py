"""What the documents say is so: commands, examples, words, columns and links."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from zfocus_model import rating, tables
from zfocus_model.zposition.reading import REASONS
from zfocus_model.zposition.tables import POSITION_COLUMNS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("model_zoo/*.md")])


def code(language: str) -> list[str]:
    """Blocks of code in the README."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def first_cells(page: str, heading: str) -> list[str]:
    """The names in back quotes in the first column of the table below a heading."""
    section = page.split(heading, 1)[1].split("\n## ", 1)[0]
    cells = re.findall(r"^\|([^|]*)\|", section, re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]


def test_the_words_are_those_of_the_code() -> None:
    words = set(re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE))
    assert words == {*rating.STATUSES, *rating.REASONS}


@pytest.mark.parametrize(
    ("heading", "columns"),
    [
        ("## images.csv", tables.IMAGE_COLUMNS),
        ("## patches.csv", tables.PATCH_COLUMNS),
        ("## errors.csv", tables.ERROR_COLUMNS),
    ],
)
def test_every_column_is_explained_in_its_place(heading: str, columns: tuple[str, ...]) -> None:
    page = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
    assert first_cells(page, heading) == list(columns)


def test_every_column_of_positions_is_explained_in_its_place() -> None:
    page = (ROOT / "docs" / "zposition.md").read_text(encoding="utf-8")
    assert first_cells(page, "## positions.csv") == list(POSITION_COLUMNS)
    assert set(first_cells(page, "## What undecided means")) == set(REASONS)


def test_the_two_commands_are_verbs_of_bootstrap() -> None:
    commands = re.findall(r"python3 bootstrap\.py (\w+)", code("sh")[0])
    assert commands == ["rate", "test"]
    usage = subprocess.run(
        [sys.executable, ROOT / "bootstrap.py", "--help"], capture_output=True, text=True
    )
    assert usage.returncode == 0
    assert [f"bootstrap.py {verb}" in usage.stdout for verb in commands] == [True, True]


def test_the_example_runs_and_tells_sharp_from_blurred() -> None:
    (example,) = code("python")
    names: dict[str, object] = {}
    exec(example, names)
    sharp, blurred = names["sharp"], names["blurred"]
    assert isinstance(sharp, rating.Rating) and isinstance(blurred, rating.Rating)
    assert (sharp.status, blurred.status) == (rating.IN_FOCUS, rating.OUT_OF_FOCUS)
    assert sharp.patches.probabilities.shape == (6, 8, 11)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    local = [target for target in targets if "://" not in target]
    assert [target for target in local if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_into_a_page_find_their_heading(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]*)#([^)\s]+)\)", page.read_text(encoding="utf-8"))
    missing = [
        f"{file}#{anchor}"
        for file, anchor in targets
        if "://" not in file and anchor not in anchors(page.parent / file if file else page)
    ]
    assert missing == []


def anchors(page: Path) -> set[str]:
    """What GitHub makes of the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    words = (re.sub(r"[^\w\- ]", "", heading.strip().lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in words}
