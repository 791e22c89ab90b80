"""What goes into CellProfiler's plugins folder works by itself, on Python 3.8 with numpy alone."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from zfocus_model import cellprofiler_bundle as door
from zfocus_model._errors import ZfocusError
from zfocus_model.model import load_model

HERE = Path(__file__).resolve().parent

# Rates the image in argv[3] by the module in argv[1], with stand-ins from argv[2] for CellProfiler.
PROGRAM = """
import json, sys
folder, stand_ins, image = sys.argv[1:]
sys.path[:0] = [folder, stand_ins]
import stand_in_cellprofiler as cp
cp.install()
import numpy
import measureimagefocus
early = [name for name in sys.modules if name.startswith(("zfocus", "onnxruntime", "scipy"))]
pixels = numpy.load(image)
module = measureimagefocus.MeasureImageFocus()
module.image_names.value = "DNA"
for wants in (module.wants_patches, module.wants_map, module.wants_overlay):
    wants.value = True
class Workspace:
    image_set = cp.Images(DNA=cp.Image(pixels.astype("f4") / 65535, scale=65535))
    measurements, object_set = cp.Measurements(), cp.ObjectSet()
module.run(Workspace)
import zfocus_model
values = {k[1]: v for k, v in Workspace.measurements.items() if k[0] == "Image"}
values["early"], values["from"] = early, zfocus_model.__file__
values["overlay"] = Workspace.image_set["FocusOverlay"].pixel_data.shape
values["labels"] = int(Workspace.object_set["FocusPatches"].count)
print(json.dumps(values))
"""


@pytest.fixture
def plugins(tmp_path):
    folder = tmp_path / "plugins"
    folder.mkdir()
    return folder


@pytest.fixture
def pixels(rng):
    return rng.integers(0, 4000, (100, 260)).astype(np.uint16)


def rate(folder, pixels, tmp_path):
    np.save(tmp_path / "image.npy", pixels)
    # Isolated: no PYTHONPATH, no folder of the checkout.
    command = [sys.executable, "-I", "-c", PROGRAM, folder, HERE, tmp_path / "image.npy"]
    run = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, cwd=str(tmp_path)
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_an_installed_folder_rates_by_itself(plugins, package_folder, pixels, tmp_path):
    made = door.install(plugins, model=package_folder)
    values = rate(plugins, pixels, tmp_path)
    expected = load_model(package_folder, engine="numpy").rate(pixels)
    for level in range(11):
        measured = values[f"ImageFocus_P{level}_DNA"]
        assert measured == pytest.approx(expected.probabilities[level], abs=1e-4)
    assert values["ImageFocus_Status_DNA"] == expected.status
    assert values["ImageFocus_PackageSha256_DNA"] == made.package_sha256
    assert values["early"] == []
    assert Path(values["from"]).parts[-4:-1] == ("plugins", "_zfocus", "zfocus_model")
    assert (values["overlay"], values["labels"]) == ([100, 260, 3], 3)


def test_an_unpacked_bundle_is_the_same(plugins, package_folder, tmp_path):
    door.install(plugins, model=package_folder)
    door.bundle(tmp_path / "bundle.zip", model=package_folder)
    with zipfile.ZipFile(tmp_path / "bundle.zip") as archive:
        zipped = {name: archive.read(name) for name in archive.namelist()}
    placed = {
        path.relative_to(plugins).as_posix(): path.read_bytes()
        for path in plugins.rglob("*")
        if path.is_file()
    }
    assert zipped == placed


def test_installing_again_replaces_all(plugins, package_folder):
    door.install(plugins, model=package_folder)
    (plugins / "_zfocus" / "left_over.py").write_text("")
    (plugins / "another.py").write_text("")
    door.install(plugins, model=package_folder)
    assert {path.name for path in plugins.iterdir()} == {
        "_zfocus",
        "another.py",
        "measureimagefocus.py",
    }
    assert not (plugins / "_zfocus" / "left_over.py").exists()


def test_the_model_keeps_its_identity(plugins, package_folder):
    made = door.install(plugins, model=package_folder)
    (description,) = plugins.rglob("zfocus.json")
    assert hashlib.sha256(description.read_bytes()).hexdigest() == made.package_sha256


def test_only_the_module(plugins):
    made = door.install(plugins, module_only=True)
    assert [path.name for path in plugins.iterdir()] == ["measureimagefocus.py"]
    assert made.package_sha256 is None


def test_no_plugins_folder_is_refused(tmp_path, plugins):
    with pytest.raises(ZfocusError, match="plugins folder"):
        door.install(tmp_path / "absent", module_only=True)
    (plugins / "setup.py").write_text("")
    with pytest.raises(ZfocusError, match="active_plugins"):
        door.install(plugins, module_only=True)


def test_the_submission_is_what_the_repository_expects(tmp_path):
    paths = door.submission(tmp_path / "out")
    assert [path.relative_to(tmp_path / "out").as_posix() for path in paths] == [
        "active_plugins/measureimagefocus.py",
        "documentation/CP-plugins-documentation/supported_plugins_row.md",
        "tests/test_measureimagefocus.py",
    ]
    module = paths[0].read_text(encoding="utf-8")
    assert "class MeasureImageFocus(Module)" in module
    assert paths[1].read_text(encoding="utf-8").count("|") == 5
