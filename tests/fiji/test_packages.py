"""Model packages as the scripts open them: the same identity, and damage is noticed."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from stand_in_fiji import MODEL
from zfocus_fiji import npy, packages
from zfocus_fiji.words import ZfocusError

from zfocus_model.packages import open_package


@pytest.fixture
def copy(tmp_path):
    return shutil.copytree(MODEL, tmp_path / "models" / "copy")


def change(folder, change_it):
    path = folder / "zfocus.json"
    about = json.loads(path.read_text())
    change_it(about)
    path.write_text(json.dumps(about))


def test_a_package_is_what_python_says_it_is():
    found, expected = packages.open_package(str(MODEL)), open_package(MODEL)
    assert (found.name, found.version, found.sha256) == (
        expected.name, expected.version, expected.sha256
    )  # fmt: skip
    assert found.limits.certainty_min == expected.limits.certainty_min
    assert found.limits.in_focus_min == expected.limits.in_focus_min
    assert found.limits.out_of_domain_max == expected.limits.out_of_domain_max
    assert found.read("model.onnx") == (MODEL / "model.onnx").read_bytes()


def test_a_domain_network_needs_its_file(copy):
    change(copy, lambda about: about.update(domain_network=[{"op": "normalise"}]))
    change(copy, lambda about: about["files"].pop("domain.onnx", None))
    with pytest.raises(ZfocusError, match=r"lists no domain.onnx"):
        packages.open_package(str(copy))
    change(copy, lambda about: about["files"].update({"domain.onnx": "0" * 64}))
    change(copy, lambda about: about["config"]["zfocus"].update(domain={"out_of_domain_max": 0.6}))
    found = packages.open_package(str(copy))
    assert found.has_domain
    assert found.limits.out_of_domain_max == 0.6


def test_a_changed_file_is_refused(copy):
    with (copy / "model.onnx").open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(ZfocusError, match=r"model.onnx of the model package .* SHA-256 differs"):
        packages.open_package(str(copy)).read("model.onnx")


def test_a_missing_file_is_named(copy):
    (copy / "model.onnx").unlink()
    with pytest.raises(ZfocusError, match=r"expected model.onnx in .* missing"):
        packages.open_package(str(copy)).read("model.onnx")


@pytest.mark.parametrize(
    ("what", "message"),
    [
        (lambda about: about.update(schema=2), "schema"),
        (lambda about: about.update(task="z-position"), "one for z-position"),
        (lambda about: about.pop("name"), "name"),
        (lambda about: about["config"]["zfocus"].pop("status"), "status"),
        (lambda about: about["config"]["zfocus"].update(levels=5), "levels"),
        (lambda about: about["files"].pop("model.onnx"), "lists no model.onnx"),
        (lambda about: about.update(config=None), "missing or wrong"),
    ],
)
def test_a_wrong_description_is_refused(copy, what, message):
    change(copy, what)
    with pytest.raises(ZfocusError, match=message):
        packages.open_package(str(copy))


def test_no_json_and_no_package(copy, tmp_path):
    (copy / "zfocus.json").write_bytes(b"\xff\x00 no")
    with pytest.raises(ZfocusError, match="no JSON"):
        packages.open_package(str(copy))
    with pytest.raises(ZfocusError, match="expected the folder of a model package"):
        packages.open_package(str(tmp_path))


def test_the_default_model_goes_first(tmp_path):
    assert packages.find_package(str(tmp_path / "none")) is None
    for name in ("zebra", "alpha", "not-a-package"):
        (tmp_path / name).mkdir()
    assert packages.find_package(str(tmp_path)) is None
    for name in ("zebra", "alpha"):
        (tmp_path / name / "zfocus.json").write_text("{}")
    assert packages.find_package(str(tmp_path)) == str(tmp_path / "alpha")
    (tmp_path / packages.DEFAULT_MODEL).mkdir()
    (tmp_path / packages.DEFAULT_MODEL / "zfocus.json").write_text("{}")
    assert packages.find_package(str(tmp_path)) == str(tmp_path / packages.DEFAULT_MODEL)


def test_arrays_are_read_as_numpy_reads_them():
    for name in ("test_input.npy", "test_output.npy"):
        shape, values = npy.read_npy((MODEL / name).read_bytes())
        expected = np.load(MODEL / name)
        assert shape == expected.shape
        assert values == expected.ravel().tolist()
