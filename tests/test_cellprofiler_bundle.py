"""What goes into CellProfiler's plugins folder works by itself, on Python 3.8 with numpy alone."""

from __future__ import annotations

import ast
import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from tiny_package import random_domain_network, random_network, write_package

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


def test_the_domain_network_goes_along(plugins, rng, pixels, tmp_path):
    network, arrays = random_network(rng)
    domain = random_domain_network(rng)
    package = write_package(tmp_path / "tiny", network, arrays, domain=domain)
    door.install(plugins, model=package)
    values = rate(plugins, pixels, tmp_path)
    expected = load_model(package, engine="numpy").rate(pixels)
    assert 0 <= expected.out_of_domain <= 1
    assert values["ImageFocus_OutOfDomain_DNA"] == pytest.approx(expected.out_of_domain, abs=1e-4)
    assert values["ImageFocus_Status_DNA"] == expected.status
    assert values["ImageFocus_Reason_DNA"] == expected.reason


def test_the_parts_are_all_that_the_runtime_imports():
    """Follow the imports from what the module uses; nothing else, and nothing less, goes along."""
    package = Path(door.__file__).parent
    found, wanted = set(), ["model", "planes", "rating", "report.colours"]
    while wanted:
        name = wanted.pop()
        path = package / f"{name.replace('.', '/')}.py"
        path = path if path.exists() else package / name.replace(".", "/") / "__init__.py"
        if not path.exists() or path in found:
            continue  # a name in a module
        found.add(path)
        wanted += [name.rpartition(".")[0] or "__init__"]
        tree = ast.parse(path.read_text(encoding="utf-8"))
        # The package itself names all its rooms, to be imported when they are asked for.
        for node in (
            tree.body if path.parent == package and path.stem == "__init__" else ast.walk(tree)
        ):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("zfocus_model"):
                module = node.module.partition(".")[2]
                wanted += [module] if module else []
                wanted += [f"{module}.{each.name}".strip(".") for each in node.names]
    names = {path.relative_to(package).as_posix() for path in found}
    assert {name for name, _ in door._sources()} == names


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


def test_the_examples_can_be_had_without_a_checkout(tmp_path):
    paths = door.examples(tmp_path / "new")
    assert [path.name for path in paths] == [
        "from_cellprofiler_3.cppipe",
        "plate_qc.cppipe",
        "z_stack.cppipe",
        "images.csv",
        "drop_flagged_sites.py",
    ]
    pipelines = [path.read_text(encoding="utf-8") for path in paths[:3]]
    assert all("\nMeasureImageFocus:" in text for text in pipelines)
    assert "Name of the file:images.csv" in pipelines[1]
    header = paths[3].read_text(encoding="utf-8").splitlines()[0].split(",")
    assert header[:2] == ["Image_FileName_DNA", "Image_PathName_DNA"]
