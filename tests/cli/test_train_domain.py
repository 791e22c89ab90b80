from __future__ import annotations

from pathlib import Path

import pytest

from zfocus_model.cli import main


def test_help_tells_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["train-domain", "--help"])
    assert stopped.value.code == 0
    text = capsys.readouterr().out
    for option in ("--in-focus", "--others", "--without", "--output"):
        assert option in text


def test_a_folder_without_images_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(
        ["train-domain", "--in-focus", f"{tmp_path}", "--others", f"{tmp_path}", "-o", "run"]
    )
    assert code == 2
    assert "expected in-focus images" in capsys.readouterr().err
