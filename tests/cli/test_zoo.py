from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from zfocus_model.cli import main
from zfocus_model.packages import open_package


def test_list_show_and_install(
    package_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for module in ("zfocus_model._package_search", "zfocus_model.zoo.install"):
        monkeypatch.setattr(f"{module}.user_data_folder", lambda: tmp_path / "home")
    assert main(["zoo", "install", str(package_folder)]) == 0
    assert "zfocus rate IMAGES --model tiny" in capsys.readouterr().out
    assert main(["zoo", "list"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("tiny ")]
    assert open_package(package_folder).sha256[:12] in line
    assert main(["zoo", "show", "tiny"]) == 0
    assert open_package(package_folder).sha256 in capsys.readouterr().out


def test_package_is_the_same_everywhere_and_opens(package_folder: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        out = str(tmp_path / name)
        assert main(["zoo", "package", str(package_folder), "-o", out]) == 0
    (one,), (two,) = (list((tmp_path / name).iterdir()) for name in ("one", "two"))
    assert one.name == "tiny-0.0.0.zip" and one.read_bytes() == two.read_bytes()
    assert open_package(one).sha256 == open_package(package_folder).sha256


def test_one_line_for_what_cannot_be(
    package_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words, expected in (
        (["show", "nothing"], "got 'nothing'"),
        (["package", str(package_folder), "--fiji", "-o", str(tmp_path)], "rdf_fiji.yaml in tiny"),
        (["index", str(tmp_path / "none")], "expected a folder"),
    ):
        assert main(["zoo", *words]) == 2
        error = capsys.readouterr().err
        assert expected in error and error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_upload_only_as_a_dry_run(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["zoo", "upload", "tiny"])
    assert stopped.value.code == 2
    assert "--dry-run" in capsys.readouterr().err


def test_index_is_written_once_and_checked(
    package_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = tmp_path / "tiny.zip"
    main(["zoo", "package", str(package_folder), "-o", str(tmp_path)])
    archive = tmp_path / "tiny-0.0.0.zip"
    with zipfile.ZipFile(archive) as file:
        file.extractall(tmp_path / "zoo" / "tiny")
    readme = tmp_path / "zoo" / "README.md"
    readme.write_text("# Mine\n\n<!-- table -->\n<!-- end of table -->\n\nThe end.\n")
    command = ["zoo", "index", str(tmp_path / "zoo")]
    assert main([*command, "--check"]) == 1
    assert main(command) == 0
    assert main([*command, "--check"]) == 0
    text = readme.read_text()
    assert text.startswith("# Mine\n") and text.endswith("The end.\n")
    assert "[tiny](tiny/README.md)" in text
    (entry,) = json.loads((tmp_path / "zoo" / "index.json").read_text())["models"]
    assert entry["package_sha256"] == open_package(package_folder).sha256
    assert entry["archive"] == archive.name
    readme.write_text("no marks")
    assert main(command) == 2
    assert "<!-- table -->" in capsys.readouterr().err


def test_a_map_is_no_model_for_rate(
    package_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from tiny_package import random_network, write_package

    network, arrays = random_network(np.random.default_rng(5))
    folder = write_package(tmp_path / "map", network, arrays, task="focus-level-map")
    image = tmp_path / "image.png"
    image.write_bytes(b"never read")
    assert main(["rate", str(image), "--model", str(folder), "-o", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert "task 'focus-level', got 'focus-level-map'" in error and error.count("\n") == 1
    assert main(["zoo", "show", str(folder)]) == 0
