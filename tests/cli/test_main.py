from __future__ import annotations

import subprocess
import sys

import pytest

from zfocus_model import __version__
from zfocus_model.cli import main


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out == f"zfocus {__version__}\n"


def test_help_names_the_verbs(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    text = capsys.readouterr().out
    assert "rate how sharp images are" in text
    assert "doctor" in text


def test_help_of_a_verb_tells_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["rate", "--help"])
    text = capsys.readouterr().out
    for option in ("--output", "--model", "--montage", "--report", "--json", "--quiet"):
        assert option in text


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys\nfrom zfocus_model.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "heavy = {'numpy', 'rich', 'onnxruntime', 'tifffile', 'imageio', 'PIL', 'tensorflow'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stderr == "[]\n"


def test_module_runs_as_the_command() -> None:
    command = [sys.executable, "-m", "zfocus_model", "--version"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, f"zfocus {__version__}\n")
