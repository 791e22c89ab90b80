from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
import tifffile

from zfocus_model.cli import main
from zfocus_model.cli.measure import NAMES, PLANE_COLUMNS
from zfocus_model.measures import MEASURES, WITHOUT_EXTRAS, measure

RNG = np.random.default_rng(5)
STACK = RNG.integers(0, 4000, (3, 40, 50), dtype=np.uint16)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tifffile.imwrite(tmp_path / "b.tif", STACK, photometric="minisblack")
    tifffile.imwrite(tmp_path / "a.tif", STACK[1])
    return tmp_path


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_row_a_plane_on_standard_output(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["measure", str(folder)]) == 0
    shown = capsys.readouterr()
    rows = table(shown.out)
    assert [(row["image"], row["z"]) for row in rows] == [
        ("a.tif", "0"), ("b.tif", "0"), ("b.tif", "1"), ("b.tif", "2"),
    ]  # fmt: skip
    assert tuple(rows[0]) == (*PLANE_COLUMNS, *WITHOUT_EXTRAS)
    for name in WITHOUT_EXTRAS:
        assert rows[3][name] == f"{measure(STACK[2], name):.6g}"
        assert rows[0][name] == rows[2][name]  # the same pixels in another file
    assert shown.err == "4 planes measured\n"


def test_the_same_table_in_a_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = folder / "new" / "focus.csv"
    assert main(["measure", str(folder), "-o", str(out)]) == 0
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == f"4 planes measured. Table: {out}\n"
    assert main(["measure", str(folder), "--quiet"]) == 0
    shown = capsys.readouterr()
    assert (out.read_text(encoding="utf-8"), "") == (shown.out, shown.err)


def test_chosen_measures_in_their_order(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ["vollath_f4", "brenner"]
    given = [word for name in names for word in ("--name", name)]
    assert main(["measure", str(folder / "a.tif"), *given, "--name", "brenner"]) == 0
    (row,) = table(capsys.readouterr().out)
    assert list(row)[len(PLANE_COLUMNS) :] == names


def test_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    below_zero = (STACK[0].astype(np.int16) - 4001).astype(np.int16)
    tifffile.imwrite(folder / "c.tif", below_zero)
    assert main(["measure", str(folder / "c.tif"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["schema"], found["image"], found["height"]) == (1, "c.tif", 40)
    assert found["brenner"] == float(f"{measure(STACK[0], 'brenner'):.6g}")
    assert found["normalised_variance"] is None


def test_what_cannot_be_measured_is_a_line_and_the_rest_is_measured(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "broken.tif").write_bytes(b"no image")
    tifffile.imwrite(folder / "small.tif", np.eye(20, dtype=np.uint8))
    assert main(["measure", str(folder), str(folder / "nothing")]) == 1
    shown = capsys.readouterr()
    assert len(table(shown.out)) == 4
    *lines, last = shown.err.splitlines()
    assert last == "4 planes measured; 3 could not be measured"
    assert [line.split(": ")[1].split("/")[-1] for line in lines] == [
        "nothing", "broken.tif", "small.tif",
    ]  # fmt: skip
    assert "expected at least 32 x 32 px for power_slope, got 20 x 20" in lines[2]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--name", "sharpness"], "expected a measure named brenner, "),
        (["-o", "."], "expected a CSV file for -o, got the folder"),
        (["-o", "x.csv", "--json"], "expected -o or --json, got both"),
    ],
)
def test_wrong_usage(
    words: list[str], line: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["measure", str(folder), *words]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(f"zfocus: {line}") and shown.err.count("\n") == 1


def test_a_missing_extra_is_said_before_any_image_is_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "skimage.measure", None)
    assert main(["measure", str(folder), "--name", "blur_effect"]) == 2
    assert "pip install 'zfocus[measures]'" in capsys.readouterr().err


def test_the_help_names_every_measure() -> None:
    assert NAMES.split() == list(MEASURES)
