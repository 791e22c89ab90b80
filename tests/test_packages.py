from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import zipfile

import numpy as np
import pytest
from tiny_package import describe

from zfocus_model import _package_files
from zfocus_model._errors import ModelError, ZfocusError
from zfocus_model.packages import Package, installed_models, open_package
from zfocus_model.rating import StatusLimits


def refused(path, match):
    """The package is refused with one line that names it."""
    with pytest.raises(ModelError, match=match) as caught:
        open_package(path)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, ZfocusError)


def edit(folder, change):
    about = json.loads((folder / "zfocus.json").read_text(encoding="utf-8"))
    change(about)
    (folder / "zfocus.json").write_text(json.dumps(about), encoding="utf-8")


def zipped(folder, path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder).as_posix())
    return path


def add_to_zip(path, name, data=b"x", *, mode=0o644 | stat.S_IFREG):
    entry = zipfile.ZipInfo(name)
    entry.external_attr = mode << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(entry, data)
    return path


def test_a_folder_and_its_zip_are_the_same_package(own_package, tmp_path):
    folder = open_package(own_package)
    archive = open_package(zipped(own_package, tmp_path / "tiny.zip"))
    raw = (own_package / "zfocus.json").read_bytes()
    for package in (folder, archive):
        assert isinstance(package, Package)
        assert (package.name, package.version) == ("tiny", "0.0.0")
        assert package.sha256 == hashlib.sha256(raw).hexdigest()
        assert package.limits == StatusLimits(0.2, 0.5)
        assert [layer["op"] for layer in package.network][:2] == ["normalise", "conv"]
        assert package.read("weights.npz") == (own_package / "weights.npz").read_bytes()
        assert package.arrays()["conv1/kernel"].shape == (5, 5, 1, 6)


def test_a_zip_is_not_unpacked(own_package, tmp_path):
    path = zipped(own_package, tmp_path / "tiny.zip")
    before = sorted(tmp_path.rglob("*"))
    open_package(path).arrays()
    assert sorted(tmp_path.rglob("*")) == before


def test_a_changed_byte_is_found_in_folder_and_zip(own_package, tmp_path):
    weights = own_package / "weights.npz"
    data = bytearray(weights.read_bytes())
    data[len(data) // 2] ^= 1
    weights.write_bytes(bytes(data))
    refused(own_package, "weights.npz .* SHA-256 differs")
    refused(zipped(own_package, tmp_path / "tiny.zip"), "weights.npz .* SHA-256 differs")


def test_a_change_after_opening_is_found(own_package):
    package = open_package(own_package)
    (own_package / "weights.npz").write_bytes(b"other")
    with pytest.raises(ModelError, match="SHA-256 differs"):
        package.read("weights.npz")
    (own_package / "weights.npz").unlink()
    with pytest.raises(ModelError, match=r"cannot read weights\.npz"):
        package.arrays()


def test_any_change_of_the_description_is_another_package(own_package):
    before = open_package(own_package).sha256
    edit(own_package, lambda about: about.update(version="0.0.1"))
    assert open_package(own_package).sha256 != before


def test_missing_and_unlisted_weights(own_package):
    (own_package / "extra.onnx").write_bytes(b"x")
    refused(own_package, "weights extra.onnx")
    (own_package / "extra.onnx").unlink()
    (own_package / "weights.npz").unlink()
    refused(own_package, "weights.npz .* missing")


def test_notes_and_litter_do_no_harm_but_are_not_read(own_package):
    (own_package / "notes.txt").write_text("mine", encoding="utf-8")
    (own_package / "._weights.npz").write_bytes(b"x")
    package = open_package(own_package)
    with pytest.raises(ModelError, match=r"notes\.txt"):
        package.read("notes.txt")
    with pytest.raises(ModelError, match=r"model.onnx.*does not list it"):
        package.read("model.onnx")


def set_key(key, value):
    return lambda about: about.update({key: value})


def set_config(key, value):
    return lambda about: about["config"]["zfocus"].update({key: value})


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (set_key("schema", 2), "schema 1, got 2: update zfocus"),
        (set_key("schema", None), "schema 1, got None"),
        (set_key("task", "z-position"), "'focus-level', got 'z-position'"),
        (set_key("name", ""), "name and version"),
        (set_key("config", []), "config must be an object"),
        (set_key("files", {"../up": "0" * 64}), r"'\.\./up'"),
        (set_key("files", {"/etc/passwd": "0" * 64}), "'/etc/passwd'"),
        (set_key("files", {"C:\\x": "0" * 64}), "which no package file may have"),
        (set_key("files", {"a": "XYZ"}), "SHA-256 of 'a'"),
        (set_key("network", {"op": "conv"}), "network must be a list"),
        (set_key("network", ["conv"]), "layer must be an object"),
        (set_config("levels", 3), "levels must be 11, got 3"),
        (set_config("levels", True), "levels must be 11"),
        (set_config("patch_px", 64), "patch_px must be 84"),
        (set_config("disc_px_per_level", 3.0), "disc_px_per_level must be 3.07692"),
        (set_config("disc_px_per_level", 10**400), "disc_px_per_level must be"),
        (set_config("status", {"certainty_min": 0.2}), "in_focus_min must be 0 to 1, got None"),
        (set_config("status", {"certainty_min": 1.5, "in_focus_min": 0}), "certainty_min must be"),
        (
            set_config("status", {"certainty_min": float("nan"), "in_focus_min": 0}),
            "certainty_min must be 0 to 1, got nan",
        ),
    ],
)
def test_descriptions_that_are_refused(own_package, change, match):
    edit(own_package, change)
    refused(own_package, match)


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe", b"[]", b"[" * 100_000])
def test_descriptions_that_are_not_json(own_package, raw):
    (own_package / "zfocus.json").write_bytes(raw)
    refused(own_package, "zfocus.json")


@pytest.mark.parametrize(
    "name", ["../evil.txt", "a/../../evil", "/abs", "C:/x", "a\\b", "a//b", "./a", ".."]
)
def test_zips_with_names_that_lead_outside(own_package, tmp_path, name):
    path = zipped(own_package, tmp_path / "tiny.zip")
    refused(add_to_zip(path, name), "points outside")


def test_zips_with_links_doubles_and_encryption(own_package, tmp_path):
    path = zipped(own_package, tmp_path / "link.zip")
    refused(add_to_zip(path, "link", b"/etc", mode=0o777 | stat.S_IFLNK), "link or special file")
    path = zipped(own_package, tmp_path / "double.zip")
    with pytest.warns(UserWarning, match="Duplicate"):
        add_to_zip(path, "weights.npz")
    refused(path, "'weights.npz' twice")


def test_zip_bombs(own_package, tmp_path, monkeypatch):
    path = zipped(own_package, tmp_path / "bomb.zip")
    refused(add_to_zip(path, "zeros", bytes(20 << 20)), "would grow")
    monkeypatch.setattr(_package_files, "MAX_FILE_BYTES", 1000)
    refused(own_package, "more than 1000")
    monkeypatch.setattr(_package_files, "MAX_FILE_BYTES", 1 << 30)
    monkeypatch.setattr(_package_files, "MAX_PACKAGE_BYTES", 1000)
    refused(own_package, "more than 1000 bytes")


def test_damaged_zips(own_package, tmp_path):
    data = zipped(own_package, tmp_path / "tiny.zip").read_bytes()
    cut = tmp_path / "cut.zip"
    cut.write_bytes(data[: len(data) // 2])
    refused(cut, "another kind of file")
    flipped = bytearray(data)
    flipped[200] ^= 0xFF
    cut.write_bytes(bytes(flipped))
    refused(cut, "expected")


@pytest.mark.skipif(not hasattr(os, "symlink") or os.name == "nt", reason="needs symbolic links")
def test_folders_with_links(own_package, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(own_package)
    assert open_package(link).name == "tiny"  # the package itself may be linked
    shutil.move(str(own_package / "weights.npz"), str(tmp_path / "weights.npz"))
    (own_package / "weights.npz").symlink_to(tmp_path / "weights.npz")
    refused(own_package, "links 'weights.npz'")


def test_pickled_arrays_are_not_unpickled(own_package):
    class Trap:
        def __reduce__(self):
            return (os.mkdir, (str(own_package / "trapped"),))

    network = open_package(own_package).network
    trap = np.empty(1, object)
    trap[0] = Trap()
    np.savez(own_package / "weights.npz", kernel=trap)
    describe(own_package, list(network))
    package = open_package(own_package)
    with pytest.raises(ModelError, match="plain numeric arrays"):
        package.arrays()
    assert not (own_package / "trapped").exists()


@pytest.mark.parametrize("data", [b"", b"text", b"PK\x03\x04"])
def test_weights_that_are_no_npz(own_package, data):
    network = open_package(own_package).network
    (own_package / "weights.npz").write_bytes(data)
    describe(own_package, list(network))
    with pytest.raises(ModelError, match="plain numeric arrays"):
        open_package(own_package).arrays()


def test_wrong_paths(tmp_path):
    refused("no-such-model", "got 'no-such-model'")
    refused(tmp_path / "nowhere", "nowhere")
    refused(tmp_path, "zfocus.json at its top")
    (tmp_path / "text.zip").write_text("text", encoding="utf-8")
    refused(tmp_path / "text.zip", "another kind of file")


def test_models_in_the_data_folder_are_found_by_name(own_package, tmp_path, monkeypatch):
    models = tmp_path / "data" / "models"
    monkeypatch.setattr("zfocus_model._package_search.user_data_folder", lambda: tmp_path / "data")
    assert "tiny" not in installed_models()
    models.mkdir(parents=True)
    zipped(own_package, models / "packed.zip")
    shutil.copytree(own_package, models / "tiny")
    assert installed_models()["tiny"] == models / "tiny"
    assert installed_models()["packed"] == models / "packed.zip"
    assert open_package("tiny").source == models / "tiny"
    assert open_package("packed").sha256 == open_package("tiny").sha256
    refused("tinny", "packed, tiny")
