from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from zfocus_model.cli import main
from zfocus_model.packages import open_package
from zfocus_model.training.packaging import archives
from zfocus_model.zoo.bundle import write_bundle
from zfocus_model.zoo.check import check_package
from zfocus_model.zoo.index import open_any
from zfocus_model.zoo.upload import review


def relist(folder: Path) -> Path:
    """Sums as a maker who knows zfocus would write them."""
    description = folder / "zfocus.json"
    about = json.loads(description.read_text())
    description.unlink()
    about["files"] = archives.folder_sums(folder)
    description.write_text(json.dumps(about))
    return folder


@pytest.fixture
def own(exported: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(exported / "focus-test", tmp_path / "focus-test"))


@pytest.mark.parametrize("name", ["focus-test", "focus-test-map"])
def test_an_export_passes_everything_untouched(exported: Path, name: str) -> None:
    """Our checks, and bioimage.io's test of both descriptions with all weight formats."""
    before = sorted(Path().iterdir())
    checks = {check.name: check for check in check_package(exported / name)}
    assert {name: check.detail for name, check in checks.items() if not check.passed} == {}
    for flavour in ("bioimageio test", "bioimageio test, Fiji"):
        assert "keras_v3, onnx, tensorflow_saved_model_bundle" in checks[flavour].detail
        # What docs/zoo-review.md explains, and nothing else.
        assert all("maintainers" in warning for warning in checks[flavour].warnings)
    assert sorted(Path().iterdir()) == before


@pytest.mark.parametrize("name", ["focus-test", "focus-test-map"])
def test_a_dry_run_says_how_to_hand_over(
    exported: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["zoo", "upload", str(exported / name), "--dry-run", "--quick", "-o", str(tmp_path)]
    assert main(words) == 0
    text = capsys.readouterr().out
    assert "BAD" not in text and "Nothing was sent" in text
    assert (tmp_path / f"{name}-0.1.0.zip").is_file()


def test_formats_that_differ_are_found(
    own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arrays = open_package(own).arrays()
    arrays["logits/bias"] = arrays["logits/bias"] + np.eye(11, dtype=np.float32)[0]
    archives.write_npz(own / "weights.npz", arrays)
    relist(own)
    assert main(["zoo", "test", "--quick", str(own)]) == 1
    assert "BAD      parity" in capsys.readouterr().out
    words = ["zoo", "upload", str(own), "--dry-run", "--quick", "-o", str(tmp_path / "out")]
    assert main(words) == 1
    assert "Not ready" in capsys.readouterr().out
    assert not (tmp_path / "out").exists()


def test_what_an_upload_may_not_have(own: Path) -> None:
    text = (own / "rdf.yaml").read_text().replace("\ntags:", "\nid: mine\nlabels:")
    (own / "rdf.yaml").write_text(text)
    found = {check.name: check for check in review(open_package(relist(own)))}
    assert found["fields"].passed is False and "tags" in found["fields"].detail
    assert found["id"].passed is False and "'mine'" in found["id"].detail


def test_the_readme_needs_its_validation(own: Path) -> None:
    (own / "README.md").write_text("# Model\n")
    checks = {check.name: check for check in check_package(relist(own), bioimageio=False)}
    assert checks["documentation"].passed is False


def test_the_archive_for_fiji_holds_the_older_description(exported: Path, tmp_path: Path) -> None:
    ruyaml = pytest.importorskip("ruyaml")
    package = open_any(exported / "focus-test")
    with zipfile.ZipFile(write_bundle(package, tmp_path, fiji=True)) as archive:
        names = archive.namelist()
        found = ruyaml.YAML(typ="safe", pure=True).load(archive.read("rdf.yaml").decode())
    assert {"zfocus.json", "weights.npz", "rdf_fiji.yaml"}.isdisjoint(names)
    assert (found["format_version"], found["id"]) == ("0.5.9", "focus-test")
    assert (found["documentation"], found["covers"]) == ("README.md", ["cover.png"])
    zoo = ruyaml.YAML(typ="safe", pure=True).load((exported / "focus-test/rdf.yaml").read_text())
    assert found["weights"] == zoo["weights"] and "id" not in zoo
