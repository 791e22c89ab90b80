from __future__ import annotations

import csv
import errno
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import imageio.v3 as iio
import numpy as np
import pytest
import tifffile

from zfocus_model import journal
from zfocus_model.cli import main
from zfocus_model.journal import STATE

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")


@pytest.fixture
def good(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(1).integers(0, 4000, (100, 180), dtype=np.uint16)
    tifffile.imwrite(tmp_path / "good.tif", pixels)
    return tmp_path / "good.tif"


@pytest.fixture
def model(package_folder: Path) -> list[str]:
    return ["--model", str(package_folder), "--engine", "numpy"]


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line]


def written(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_one_image(good: Path, model: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rate", str(good), *model]) == 0
    shown = capsys.readouterr()
    head, row = lines(shown.out)
    assert head.split("\t") == ["image", "plane", "status", "level", "certainty", "defocus"]
    assert row.startswith("good.tif\t\t")
    assert shown.err.startswith("1 plane rated: ")


def test_tables(
    good: Path, model: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rate", str(good), "-o", str(tmp_path / "out"), *model]) == 0
    assert [row["image"] for row in written(tmp_path / "out", "images.csv")] == ["good.tif"]
    assert len(written(tmp_path / "out", "patches.csv")) == 2
    assert written(tmp_path / "out", "errors.csv") == []
    shown = capsys.readouterr()
    assert shown.out == ""
    assert str(tmp_path / "out") in shown.err


def test_quiet_says_nothing(
    good: Path, model: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rate", str(good), "-o", str(tmp_path / "out"), "--quiet", *model]) == 0
    assert capsys.readouterr() == ("", "")


def test_json_only(good: Path, model: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rate", str(good), "--json", *model]) == 0
    (line,) = lines(capsys.readouterr().out)
    found = json.loads(line)
    assert (found["schema"], found["image"], found["plate"]) == (1, "good.tif", None)
    assert [patch["x"] for patch in found["patches"]] == [0, 84]


def test_pictures_get_a_folder(
    good: Path, model: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(good.parent)
    assert main(["rate", "good.tif", "--report", "--montage", "--quiet", *model]) == 0
    assert Path("zfocus_results/report.html").is_file()
    assert Path("zfocus_results/images.csv").is_file()


# Bad input: exit 1, one clear line, nothing else lost.


def truncated(path: Path) -> None:
    tifffile.imwrite(path, np.random.default_rng(0).integers(0, 9, (200, 200), dtype=np.uint16))
    path.write_bytes(path.read_bytes()[:30_000])


BAD: dict[str, Any] = {
    "missing": lambda path: None,
    "empty folder": lambda path: path.mkdir(),
    "truncated": truncated,
    "zero bytes": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("this is no image\n" * 30),
    "83 x 500 px": lambda path: tifffile.imwrite(path, np.ones((83, 500), np.uint8)),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_input_is_one_line_and_the_rest_is_rated(
    kind: str,
    good: Path,
    model: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bad, out = tmp_path / "bad.tif", tmp_path / "out"
    BAD[kind](bad)
    assert main(["rate", str(bad), str(good), "-o", str(out), "--quiet", *model]) == 1
    (line,) = lines(capsys.readouterr().err)
    assert line.startswith("zfocus: ")
    assert "bad.tif: expected" in line
    assert [row["image"] for row in written(out, "images.csv")] == ["good.tif"]
    (error,) = written(out, "errors.csv")
    assert error["input"].endswith("bad.tif")
    assert line.endswith(error["error"])


def test_bad_input_alone(
    model: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rate", str(tmp_path / "none.tif"), *model]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "none.tif: expected a file or folder" in shown.err
    assert "0 planes rated" in shown.err


def holes() -> Any:
    pixels = np.random.default_rng(0).normal(0, 50, (100, 180)).astype(np.float32)
    pixels[5, 5], pixels[90, 90] = np.nan, np.inf
    return pixels


RATED: dict[str, tuple[str, Any, dict[str, Any], int]] = {
    "constant": ("a.tif", np.full((90, 100), 5, np.uint16), {}, 1),
    "zeros": ("a.tif", np.zeros((90, 100), np.uint8), {}, 1),
    "nan and inf": ("a.tif", holes(), {}, 1),
    "negative": ("a.tif", np.random.default_rng(0).normal(-900, 50, (90, 100)), {}, 1),
    "1-bit": ("a.tif", np.random.default_rng(0).random((90, 100)) > 0.5, {}, 1),
    "RGBA": ("a.png", np.random.default_rng(0).integers(0, 255, (90, 100, 4), np.uint8), {}, 1),
    "5-D": (
        "a.ome.tif",
        np.random.default_rng(0).integers(0, 255, (2, 2, 3, 90, 100), np.uint8),
        {"photometric": "minisblack", "metadata": {"axes": "TCZYX"}},
        12,
    ),
}


@pytest.mark.parametrize("kind", RATED)
def test_awkward_input_is_rated(
    kind: str, model: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name, pixels, options, planes = RATED[kind]
    writer: Any = iio.imwrite if name.endswith("png") else tifffile.imwrite
    writer(tmp_path / name, pixels, **options)
    assert main(["rate", str(tmp_path / name), "--json", *model]) == 0
    found = [json.loads(line) for line in lines(capsys.readouterr().out)]
    assert len(found) == planes
    if kind in ("constant", "zeros"):
        assert (found[0]["status"], found[0]["certainty_max"]) == ("undecided", 0.0)
    if kind == "nan and inf":
        # the first patch holds NaN; the infinity lies in the remainder below
        assert [patch["level"] is None for patch in found[0]["patches"]] == [True, False]
    if kind == "5-D":
        assert [found[-1][name] for name in "tcz"] == [1, 1, 2]


# Exit 2: usage, model, output.


def test_a_changed_model_stops(
    good: Path, own_package: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = own_package / "weights.npz"
    data = bytearray(weights.read_bytes())
    data[len(data) // 2] ^= 1
    weights.write_bytes(bytes(data))
    assert main(["rate", str(good), "--model", str(own_package)]) == 2
    (line,) = lines(capsys.readouterr().err)
    assert "SHA-256 differs" in line


def test_an_unsafe_zip_stops(
    good: Path, own_package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "evil.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in own_package.iterdir():
            archive.write(file, file.name)
        archive.writestr("../evil.txt", "x")
    assert main(["rate", str(good), "--model", str(path)]) == 2
    (line,) = lines(capsys.readouterr().err)
    assert "../evil.txt" in line
    assert not (tmp_path.parent / "evil.txt").exists()


def test_an_unknown_model_stops(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rate", str(good), "--model", "no-such-model"]) == 2
    assert len(lines(capsys.readouterr().err)) == 1


def test_output_below_a_file(
    good: Path, model: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rate", str(good), "-o", str(good / "out"), *model]) == 2
    (line,) = lines(capsys.readouterr().err)
    assert "Not a directory" in line


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES])
@pytest.mark.parametrize("step", ["mkdir", "fsync"])
def test_no_permission_and_a_full_disk(
    good: Path,
    model: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    code: int,
    step: str,
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(*((Path, "mkdir") if step == "mkdir" else (journal.os, "fsync")), refuse)
    assert main(["rate", str(good), "-o", str(tmp_path / "out"), *model]) == 2
    (line,) = lines(capsys.readouterr().err)
    assert os.strerror(code) in line
    assert not (tmp_path / "out" / "images.csv").exists()


@pytest.mark.parametrize(
    "words",
    [[], ["rat"], ["rate"], ["rate", "x", "--threads", "0"], ["rate", "x", "--engine", "y"]],
)
def test_wrong_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert stopped.value.code == 2
    assert "usage:" in capsys.readouterr().err


# Signals and pipes, in real processes.


def start(*words: str, **options: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "zfocus_model", *words]

    def heed_interrupts() -> None:
        # A shell starts background jobs, a test run among them, with SIGINT ignored.
        signal.signal(signal.SIGINT, signal.default_int_handler)

    return subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, preexec_fn=heed_interrupts, **options
    )


def wait_for_planes(process: subprocess.Popen[str], rated: Path, count: int) -> None:
    """Wait until a run has kept so many planes."""
    end = time.monotonic() + 60
    while not (rated.exists() and rated.read_bytes().count(b"\n") > count):
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < end
        time.sleep(0.005)


@posix
def test_a_signal_stops_and_a_rerun_goes_on(tmp_path: Path, model: list[str]) -> None:
    path, out = tmp_path / "stack.tif", tmp_path / "out"
    planes = 120  # enough that a busy machine sends the signals before the end
    rng = np.random.default_rng(0)
    with tifffile.TiffWriter(path) as file:
        for _ in range(planes):
            file.write(rng.integers(0, 999, (430, 430), dtype=np.uint16), metadata=None)
    words = ["rate", str(path), "-o", str(out), *model]
    rated = out / STATE / "rated.jsonl"
    kept = 0
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        process = start(*words)
        wait_for_planes(process, rated, kept + 2)
        process.send_signal(number)
        error = process.communicate(timeout=60)[1]
        assert process.returncode == code, error
        (line,) = lines(error)
        assert "interrupted" in line
        assert [file.name for file in out.iterdir()] == [STATE]
        before, kept = kept, rated.read_bytes().count(b"\n") - 1
        assert before + 2 <= kept < planes

    assert main(words) == 0
    assert main(["rate", str(path), "-o", str(tmp_path / "whole"), *model]) == 0
    for name in ("images.csv", "patches.csv", "errors.csv"):
        assert (out / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert not (out / STATE).exists()


@posix
def test_a_reader_that_leaves_is_no_error(tmp_path: Path, model: list[str]) -> None:
    stack = np.random.default_rng(0).integers(0, 255, (80, 180, 180), dtype=np.uint8)
    tifffile.imwrite(tmp_path / "stack.tif", stack, photometric="minisblack")
    process = start("rate", str(tmp_path), "--json", *model, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["z"] == 0
    process.stdout.close()
    assert process.wait(timeout=60) == 0
    assert process.stderr is not None
    assert process.stderr.read() == ""
    process.stderr.close()
