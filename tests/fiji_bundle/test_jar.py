"""ONNX Runtime for Java: found, fetched by Maven's client, and never another file."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.fiji_bundle import jar as java

ROOT = Path(__file__).resolve().parents[2]
CONTENT = b"onnx runtime"

# Stands in for Maven's client: writes argv[1] where -DoutputDirectory says, or fails.
CLIENT = """#!{python}
import pathlib, sys
words = dict(word[2:].split("=", 1) for word in sys.argv if word.startswith("-D"))
if {content!r} is None:
    print("[INFO] trying")
    print("[ERROR] Unknown host")
    sys.exit(1)
assert words["artifact"] == "com.microsoft.onnxruntime:onnxruntime:{version}", words
pathlib.Path(words["outputDirectory"], {name!r}).write_bytes({content!r})
"""


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(java, "SHA256", hashlib.sha256(CONTENT).hexdigest())
    monkeypatch.setattr("pathlib.Path.home", lambda: tmp_path / "home")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()
    return tmp_path / "home"


@pytest.fixture
def said():
    return []


def client(tmp_path, content):
    path = tmp_path / "bin" / "mvn"
    path.write_text(
        CLIENT.format(python=sys.executable, content=content, version=java.VERSION, name=java.NAME)
    )
    path.chmod(0o755)


def test_the_given_jar_goes_first(tmp_path, home, said):
    local = java.local_repository()
    local.parent.mkdir(parents=True)
    local.write_bytes(b"damaged")
    given = tmp_path / "given.jar"
    given.write_bytes(CONTENT)
    with java.provide(given, said.append) as found:
        assert found == given
    assert said == []


def test_the_local_repository_is_looked_at_next(home, said):
    local = java.local_repository()
    assert local.is_relative_to(home / ".m2" / "repository")
    local.parent.mkdir(parents=True)
    local.write_bytes(CONTENT)
    with java.provide(None, said.append) as found:
        assert found == local
    assert said == []
    local.write_bytes(b"damaged")
    with pytest.raises(ZfocusError, match="SHA-256"), java.provide(None):
        pass


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script with a #! line")
def test_mavens_client_fetches_it(tmp_path, said):
    client(tmp_path, CONTENT)
    with java.provide(None, said.append) as found:
        assert found.read_bytes() == CONTENT
    assert not found.exists()
    (line,) = said
    assert "fetches" in line


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script with a #! line")
def test_a_client_that_fails_is_quoted_in_one_line(tmp_path):
    client(tmp_path, None)
    with pytest.raises(ZfocusError, match=r"Unknown host.*--jar FILE") as error, java.provide(None):
        pass
    assert "\n" not in str(error.value)
    client(tmp_path, b"another file")
    with pytest.raises(ZfocusError, match="SHA-256"), java.provide(None):
        pass


def test_without_a_client_one_is_told_what_to_do():
    with pytest.raises(ZfocusError, match=r"mvn.*--jar FILE.*--no-jar"), java.provide(None):
        pass


def test_the_scripts_are_tested_with_the_version_that_is_installed():
    pom = (ROOT / "tests" / "fiji" / "pom.xml").read_text(encoding="utf-8")
    _, entry = pom.split("<artifactId>onnxruntime</artifactId>")
    assert entry.split("</version>")[0].strip() == f"<version>{java.VERSION}"
