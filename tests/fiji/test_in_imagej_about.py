"""About zfocus, the model's own test, and what users without jar or model are told."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import tifffile
from stand_in_fiji import HERE, MODEL, link, rows_of

from zfocus_model.packages import open_package


@pytest.fixture
def copy(tmp_path):
    return shutil.copytree(MODEL, tmp_path / "copy")


def test_it_says_what_is_installed_and_tests_it(imagej):
    ran = imagej.run("About_zfocus.py")
    assert not ran.error, ran.error
    said = {row["What"]: row["Value"] for row in rows_of(ran.outputs["table"])}
    package = open_package(MODEL)
    assert said["model"] == f"{package.name} {package.version}"
    assert said["package_sha256"] == package.sha256
    assert said["engine"] == "ONNX Runtime (jar)"
    assert said["ONNX Runtime jar"].startswith("onnxruntime-")
    assert said["self-test"].startswith("passed")
    assert said["ImageJ"].startswith("1.54")


def rewrite(package, name, data):
    """Replace a file of a package, hash and all."""
    (package / name).write_bytes(data)
    about = json.loads((package / "zfocus.json").read_text())
    about["files"][name] = hashlib.sha256(data).hexdigest()
    (package / "zfocus.json").write_text(json.dumps(about))


def test_a_model_that_answers_otherwise_fails_its_test(imagej, copy):
    data = bytearray((copy / "test_output.npy").read_bytes())
    data[-20:-16] = b"\x00\x00\x80\x3f"  # 1.0 as float32
    rewrite(copy, "test_output.npy", bytes(data))
    ran = imagej.run("About_zfocus.py", model=copy)
    assert "expected the model's own test to give the answer in its package" in ran.message


def test_a_damaged_model(imagej, copy):
    data = (copy / "model.onnx").read_bytes()
    (copy / "model.onnx").write_bytes(data[:-7])
    ran = imagej.run("About_zfocus.py", model=copy)
    assert "expected model.onnx of the model package" in ran.message
    assert "SHA-256 differs" in ran.message
    assert "\n" not in ran.message


def test_a_model_that_onnx_runtime_cannot_read(imagej, copy):
    rewrite(copy, "model.onnx", b"no network at all")
    ran = imagej.run("About_zfocus.py", model=copy)
    assert "to run in ONNX Runtime" in ran.message


def test_no_model(imagej, tmp_path):
    models = imagej.fiji / "zfocus" / "models"
    models.rename(tmp_path / "away")
    try:
        ran = imagej.run("About_zfocus.py")
    finally:
        (tmp_path / "away").rename(models)
    assert "expected a zfocus model in" in ran.message
    assert "zfocus fiji install" in ran.message


def test_the_command_gives_the_same_ratings_as_the_jar(imagej, stacks, tmp_path):
    """Also with a ROI, with planes that are too small, and for several planes in one call."""
    command = tmp_path / "zfocus"
    calls = tmp_path / "calls"
    command.write_text(
        f'#!/bin/sh\necho x >> {calls}\nexec {sys.executable} -m zfocus_model "$@"\n'
    )
    command.chmod(0o755)
    code = f"""
from ij import IJ
from ij.gui import OvalRoi
from zfocus_fiji import engines, model, packages, pixels
package = packages.open_package(model.installed_model())
image = IJ.openImage({str(stacks / "z.tif")!r})
def planes():
    rois = [None, OvalRoi(5, 3, 172, 97), OvalRoi(0, 0, 60, 90)]
    return [pixels.plane_of(image, k + 1, roi) for k in range(2) for roi in rois]
rated = [
    list(model.Model(package, engine).rate_many(planes()))
    for engine in (engines.OnnxEngine(package), engines.CommandEngine(package, {str(command)!r}))
]
result = [
    (a.status == b.status and a.reason == b.reason and len(a.rated) == len(b.rated),
     a.reason, max(abs(x - y) for x, y in zip(a.probabilities or [0], b.probabilities or [0])))
    for a, b in zip(*rated)
]
"""
    found = [tuple(row) for row in imagej.python(code)]
    assert len(found) == 6
    assert all(same for same, _, _ in found)
    assert [str(reason) for _, reason, _ in found][2::3] == ["too_small", "too_small"]
    assert max(difference for _, _, difference in found) < 1e-5
    assert calls.read_text().split() == ["x"]


def test_without_the_jar_the_command_is_asked_and_without_either_the_user_is_told(
    fiji_folder, stacks, model, tmp_path
):  # fmt: skip
    """In a process of its own: Java that has seen ONNX Runtime once cannot forget it."""
    bare = tmp_path / "Fiji.app"
    shutil.copytree(fiji_folder, bare, copy_function=link)
    for jar in (bare / "jars").glob("onnxruntime-*.jar"):
        jar.unlink()
    (bare / "zfocus" / "command.txt").unlink(missing_ok=True)
    command = tmp_path / "bin" / "zfocus-for-fiji"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m zfocus_model "$@"\n')
    command.chmod(0o755)
    program = f"""
import json, os, sys
from pathlib import Path
sys.path.insert(0, {str(HERE)!r})
import stand_in_fiji
ij = stand_in_fiji.ImageJ(Path({str(bare)!r}))
image = ij.open(Path({str(stacks / "z.tif")!r}))
neither = ij.run("Rate_Image.py", image).message
Path({str(bare)!r}, "zfocus", "command.txt").write_text({str(command)!r} + "\\n")
ran = ij.run("Rate_Stack.py", image)
rows = stand_in_fiji.rows_of(ran.outputs["table"]) if not ran.error else ran.error
about = stand_in_fiji.rows_of(ij.run("About_zfocus.py").outputs["table"])
print("ANSWER" + json.dumps([neither, rows, about]))
"""
    folders = os.environ["PATH"].split(os.pathsep)
    path = os.pathsep.join(place for place in folders if not Path(place, "zfocus").exists())
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(HERE.parents[1])}
    made = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env=environment,
        timeout=400,
    )
    assert "ANSWER" in made.stdout, made.stderr[-3000:]
    neither, rows, about = json.loads(made.stdout.split("ANSWER")[1])
    assert "there is no ONNX Runtime jar in Fiji's jars folder, and no zfocus command" in neither
    assert "zfocus fiji install --fiji" in neither
    wanted = [model.rate(plane).status for plane in tifffile.imread(stacks / "z.tif")]
    assert [row["Status"] for row in rows] == wanted
    said = {row["What"]: row["Value"] for row in about}
    assert said["engine"] == "zfocus command"
    assert said["ONNX Runtime jar"] == "none"
