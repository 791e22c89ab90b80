from __future__ import annotations

import pytest

from zfocus_model import cli


@pytest.mark.parametrize(
    "option", [("--photons", "500"), ("--focus-plane", "3"), ("--best-plane", "a=3")]
)
def test_options_that_mean_nothing_for_a_label_table_are_refused(option, tmp_path, capsys):
    labels = tmp_path / "labels.csv"
    labels.write_text("stack,in_focus_plane\na.tif,3\n")
    assert cli.main(["evaluate", str(labels), "-o", str(tmp_path / "out"), *option]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"leave {option[0]} out" in line and "label table" in line
    assert not (tmp_path / "out").exists()
