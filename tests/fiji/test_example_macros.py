"""Example macros name every option of a script: Fiji asks in a dialog for those left out."""

from __future__ import annotations

import re

import pytest
from stand_in_fiji import ROOT

SCRIPTS = ROOT / "fiji_scripts" / "scripts" / "Plugins" / "zfocus"
MACROS = sorted((ROOT / "fiji_scripts" / "examples").glob("*.ijm"))


def options(script: str) -> set[str]:
    """Names of a script's options as the recorder writes them; the image in front is none."""
    text = (SCRIPTS / f"{script.replace(' ', '_')}.py").read_text(encoding="utf-8")
    names = re.findall(r"^#@ (?!ImagePlus)\w+ \(.*\) (\w+)$", text, re.MULTILINE)
    return {name.lower() for name in names}


@pytest.mark.parametrize("macro", MACROS, ids=lambda path: path.stem)
def test_a_macro_leaves_no_option_out(macro):
    calls = re.findall(
        r'run\("(Rate \w+|Score \w+|About \w+)", (.*?)\);\n', macro.read_text(), re.S
    )
    assert calls
    for script, words in calls:
        given = " ".join(re.findall(r'"([^"]*)"', words))
        assert set(re.findall(r"(?:^|[\s\]])(\w+)=", given)) == options(script)
