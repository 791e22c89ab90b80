"""``zfocus data get``: what a person reads, and that nothing is fetched unasked."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from zfocus_model.cli import main


def test_get_from_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = "BBBC006_v1_images_z_16"
    with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as archive:
        archive.writestr(f"{name}/mcf-z-stacks-03212011_a01_s1_w1x.tif", b"x")
    words = ["data", "get", "bbbc006", "-o", str(tmp_path / "out"), "--planes", "16"]
    words += ["--from", str(tmp_path)]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert f"{name}: 1 images, unpacked" in said
    assert "recorded at first sight" in said and "nmeth.2083" in said
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "already there" in said and "first sight" not in said


def test_wrong_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "get", "bbbc006", "-o", str(tmp_path), "--planes", "99"]) == 2
    assert "expected planes from 0 to 33" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(SystemExit):
        main(["data", "get", "bbbc999"])
    with pytest.raises(SystemExit):
        main(["data"])
