"""The headers of all scripts keep the rules that macros and batches depend on."""

from __future__ import annotations

import re

import pytest
from stand_in_fiji import ROOT

SCRIPTS = ROOT / "fiji_scripts"
MENU = SCRIPTS / "scripts" / "Plugins" / "zfocus"
ALL = sorted(MENU.glob("*.py"))
PARAMETER = re.compile(r"#@ (\w+)\s*(?:\((.*)\))?\s*(\w+)$")


def header(path):
    return [line for line in path.read_text("ascii").splitlines() if line.startswith("#@")]


def parameters(path):
    """(type, attributes, name) of the inputs of a script."""
    lines = [line for line in header(path)[1:] if not line.startswith("#@output")]
    return [PARAMETER.fullmatch(line).groups() for line in lines]


def test_there_are_scripts():
    assert {"Rate_Image", "Rate_Stack", "About_zfocus"} <= {path.stem for path in ALL}


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_header(path):
    first = path.read_text("ascii").splitlines()[0]
    assert first == '#@script(language="jython", headless=true)'  # .py alone may be Python mode's
    keys = []
    for kind, attributes, name in parameters(path):
        attributes = attributes or ""
        if kind == "ImagePlus":
            # Filled in by SciJava, never recorded; without an image the script says so itself.
            assert attributes == "required=false, persist=false" and name == "imp"
            continue
        # A value that is kept under a bare name leaks into other scripts.
        keys += re.findall(r'persistKey="(zfocus\.[a-z_]+\.\w+)"', attributes)
        assert keys[-1:] and keys[-1].endswith("." + name), name
        if "required=false" in attributes:
            # An optional File that is left empty opens a dialog in the middle of a batch.
            assert kind == "String" and 'value=""' in attributes, name
        if kind == "File":
            assert "optional" not in attributes, name
    assert len(keys) == len(set(keys))
    lowered = [name.lower() for _, _, name in parameters(path)]
    assert len(lowered) == len(set(lowered))  # macros know the names in lower case
    for line in header(path):
        if line.startswith("#@output"):
            # A number or text as output would open a window.
            assert line.split()[1] in ("ResultsTable", "ImagePlus"), line


def test_no_two_scripts_share_a_key():
    keys = [key for path in ALL for key in re.findall(r'persistKey="([^"]*)"', path.read_text())]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_a_script_is_thin_and_guarded(path):
    body = path.read_text().splitlines()[len(header(path)) :]
    assert len(body) < 45
    assert any("guarded(work)" in line for line in body)


@pytest.mark.parametrize(
    "path", sorted((SCRIPTS / "jars" / "Lib" / "zfocus_fiji").glob("*.py")), ids=lambda p: p.stem
)
def test_modules_are_short_and_plain_text(path):
    text = path.read_text("ascii")  # Python 2 refuses anything else without a coding line
    assert len(text.splitlines()) < 300
    if path.stem != "__init__":
        assert "from __future__ import division" in text
