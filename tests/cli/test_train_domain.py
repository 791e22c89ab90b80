from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from zfocus_model.cli import main, train_domain
from zfocus_model.training.domain import DomainOptions


def test_help_tells_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["train-domain", "--help"])
    assert stopped.value.code == 0
    text = capsys.readouterr().out
    for option in ("--in-focus", "--others", "--without", "--output"):
        assert option in text


def test_its_defaults_are_the_recipe() -> None:
    parser = argparse.ArgumentParser()
    train_domain.add_arguments(parser)
    given = parser.parse_args(["--in-focus", "x", "--others", "y", "-o", "z"])
    recipe = DomainOptions()
    assert (given.patches, given.epochs) == (recipe.patches, recipe.epochs)
    assert (given.scenes, given.seed) == (recipe.scenes, recipe.seed)


def test_a_folder_without_images_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(
        ["train-domain", "--in-focus", f"{tmp_path}", "--others", f"{tmp_path}", "-o", "run"]
    )
    assert code == 2
    assert "expected in-focus images" in capsys.readouterr().err
