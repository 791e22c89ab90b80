"""What is put into a Fiji folder, and that nothing else there is touched."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from pathlib import Path

import pytest

from zfocus_model import fiji_bundle as door
from zfocus_model._errors import ZfocusError
from zfocus_model.fiji_bundle import installation, places
from zfocus_model.fiji_bundle import jar as java

SCRIPT = "scripts/Plugins/zfocus/Rate_Image.py"
MODEL = "zfocus/models/tiny"


@pytest.fixture
def scripts(tmp_path, monkeypatch):
    """Stand-ins for the scripts, so that these tests do not depend on what those are called."""
    source = tmp_path / "source"
    for name in (SCRIPT, "scripts/Plugins/zfocus/About.py", "jars/Lib/zfocus_fiji.py"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(f"# {name}\n")
    (source / "examples").mkdir()
    (source / "examples/rate.ijm").write_text("// rate\n")
    (source / "scripts/Plugins/zfocus/About$py.class").write_text("compiled")
    (source / "README.md").write_text("read me")
    for module in ("payload", "places"):
        monkeypatch.setattr(f"zfocus_model.fiji_bundle.{module}.scripts_folder", lambda: source)
    return source


@pytest.fixture
def fiji(tmp_path):
    """A folder that looks like Fiji's, with things of its owner's in it."""
    folder = tmp_path / "Fiji.app"
    for name in (
        *("jars/ij-1.54p.jar", "jars/scijava-common-2.100.1.jar", "jars/scripting-jython-1.jar"),
        *("plugins/Mine_.jar", "scripts/Plugins/Mine/Mine.py", "macros/StartupMacros.txt"),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


@pytest.fixture
def jar(tmp_path, monkeypatch):
    """A jar that passes for the pinned one."""
    path = tmp_path / "given.jar"
    path.write_bytes(b"onnx runtime")
    monkeypatch.setattr(java, "SHA256", hashlib.sha256(b"onnx runtime").hexdigest())
    return path


@pytest.fixture(autouse=True)
def no_command(monkeypatch):
    monkeypatch.setattr(installation, "_command", lambda: None)


def contents(folder):
    """Everything below a folder: bytes of files, None for folders."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def files(folder):
    return {name: data for name, data in contents(folder).items() if data is not None}


def test_all_goes_to_its_place_and_out_again(fiji, scripts, jar, package_folder):
    before = contents(fiji)
    made = door.install(fiji, models=[package_folder], jar=jar)
    new = {name: data for name, data in files(fiji).items() if name not in before}
    model = {f"{MODEL}/{path.name}" for path in package_folder.iterdir()}
    assert set(new) == model | {
        *(SCRIPT, "scripts/Plugins/zfocus/About.py", "jars/Lib/zfocus_fiji.py"),
        *("zfocus/examples/rate.ijm", "zfocus/installed.json", f"jars/{java.NAME}"),
    }
    assert new[SCRIPT] == (scripts / SCRIPT).read_bytes()
    assert new[f"jars/{java.NAME}"] == b"onnx runtime"
    assert made.models == {"tiny": hashlib.sha256(new[f"{MODEL}/zfocus.json"]).hexdigest()}
    assert (made.files, made.notes) == (len(new) - 1, ())
    removed = door.uninstall(fiji)
    assert (removed.files, removed.notes) == (made.files, ())
    assert contents(fiji) == before


def test_installing_again_changes_nothing(fiji, scripts, jar, package_folder):
    door.install(fiji, models=[package_folder], jar=jar)
    before = contents(fiji)
    stamp = (fiji / f"jars/{java.NAME}").stat().st_mtime_ns
    assert door.install(fiji, models=[package_folder], jar=jar).notes == ()
    assert contents(fiji) == before
    assert (fiji / f"jars/{java.NAME}").stat().st_mtime_ns == stamp  # Fiji may hold it open


def test_an_older_installation_is_replaced_as_a_whole(fiji, scripts, jar, package_folder):
    before = contents(fiji)
    door.install(fiji, models=[package_folder], jar=jar)
    (scripts / SCRIPT).rename(scripts / "scripts/Plugins/zfocus/Rate_One.py")
    (scripts / "examples/rate.ijm").unlink()
    (scripts / "jars/Lib/zfocus_fiji.py").write_text("# newer\n")
    made = door.install(fiji, models=[package_folder], with_jar=False)
    assert made.notes == ()
    assert not (fiji / SCRIPT).exists()
    assert not (fiji / "zfocus/examples").exists()
    assert not (fiji / f"jars/{java.NAME}").exists()
    assert (fiji / "jars/Lib/zfocus_fiji.py").read_text() == "# newer\n"
    door.uninstall(fiji)
    assert contents(fiji) == before


def test_an_edited_file_survives_an_update(fiji, scripts, package_folder):
    door.install(fiji, models=[package_folder], with_jar=False)
    for text in ("# mine\n", "# mine again\n"):
        (fiji / SCRIPT).write_text(text)
        (note,) = door.install(fiji, models=[package_folder], with_jar=False).notes
        assert SCRIPT in note
    assert (fiji / SCRIPT).read_bytes() == (scripts / SCRIPT).read_bytes()
    aside = fiji / f"{SCRIPT}.edited"
    assert aside.read_text() == "# mine\n"
    assert aside.with_name(f"{aside.name}1").read_text() == "# mine again\n"


def test_an_edited_file_survives_uninstalling(fiji, scripts, package_folder):
    before = files(fiji)
    door.install(fiji, models=[package_folder], with_jar=False)
    (fiji / SCRIPT).write_text("# mine\n")
    (fiji / MODEL / "mine.txt").write_text("mine")
    (note,) = door.uninstall(fiji).notes
    assert "edited and is kept" in note
    assert files(fiji) == {**before, SCRIPT: b"# mine\n", f"{MODEL}/mine.txt": b"mine"}


def test_what_jython_compiled_goes_too(fiji, scripts, package_folder):
    before = contents(fiji)
    door.install(fiji, models=[package_folder], with_jar=False)
    (fiji / "jars/Lib/zfocus_fiji$py.class").write_text("compiled")
    door.uninstall(fiji)
    assert contents(fiji) == before


def test_files_copied_by_hand_become_installed_ones(fiji, scripts, package_folder):
    (fiji / SCRIPT).parent.mkdir()
    shutil.copy(scripts / SCRIPT, fiji / SCRIPT)
    (fiji / SCRIPT).with_name("About.py").write_text("# older\n")
    (note,) = door.install(fiji, models=[package_folder], with_jar=False).notes
    assert "About.py.edited" in note
    door.uninstall(fiji)
    assert [path.name for path in (fiji / SCRIPT).parent.iterdir()] == ["About.py.edited"]


@pytest.mark.parametrize("name", [java.NAME, "onnxruntime-1.2.0.jar", "onnxruntime_gpu-1.9.jar"])
def test_a_runtime_that_was_there_before_stays(fiji, scripts, jar, package_folder, name):
    (fiji / "jars" / name).write_bytes(b"of another plugin")
    before = contents(fiji)
    (note,) = door.install(fiji, models=[package_folder], jar=jar).notes
    assert f"{name} was there before and stays" in note
    assert [path for path in files(fiji) if "onnxruntime" in path] == [f"jars/{name}"]
    door.uninstall(fiji)
    assert contents(fiji) == before


def test_a_folder_that_is_not_fijis_is_refused(fiji, tmp_path, scripts):
    plain = tmp_path / "ImageJ"
    plain.mkdir()
    (plain / "ij.jar").write_text("")
    for folder, words in {
        tmp_path / "none": "no folder",
        scripts: "no jars/ij-VERSION.jar",
        plain: "ImageJ 1 without",
        tmp_path: f"try '{fiji}'",
        fiji / "plugins": f"try '{fiji}'",
    }.items():
        for act in (door.install, door.uninstall):
            before = contents(folder) if folder.is_dir() else {}
            with pytest.raises(ZfocusError, match="expected a Fiji folder") as refused:
                act(folder)
            assert words in str(refused.value)
            assert "\n" not in str(refused.value)
            assert (contents(folder) if folder.is_dir() else {}) == before


def test_nothing_is_touched_when_something_is_wrong(fiji, scripts, jar, own_package, tmp_path):
    before = contents(fiji)
    other = tmp_path / "other.jar"
    other.write_bytes(b"another")
    with pytest.raises(ZfocusError, match="SHA-256"):
        door.install(fiji, models=[own_package], jar=other)
    with pytest.raises(ZfocusError, match="no file"):
        door.install(fiji, models=[own_package], jar=tmp_path / "none.jar")
    with pytest.raises(ZfocusError, match="twice"):
        door.install(fiji, models=[own_package, own_package], jar=jar)
    (own_package / "weights.npz").write_bytes(b"damaged")
    with pytest.raises(ZfocusError, match="SHA-256 differs"):
        door.install(fiji, models=[own_package], jar=jar)
    with pytest.raises(ZfocusError, match="not installed there"):
        door.uninstall(fiji)
    assert contents(fiji) == before


def test_a_full_disk_leaves_nothing(fiji, scripts, jar, package_folder, monkeypatch):
    before = contents(fiji)

    def full(source, target):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(b"ha")
        if target.name == java.NAME:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(installation, "_stage", full)
    with pytest.raises(OSError, match="No space"):
        door.install(fiji, models=[package_folder], jar=jar)
    assert contents(fiji) == before


@pytest.mark.parametrize("step", range(11))
def test_an_interrupt_leaves_whole_files_and_is_mended(
    fiji, scripts, jar, package_folder, monkeypatch, step
):
    before = contents(fiji)
    door.install(fiji, models=[package_folder], jar=jar)
    old = files(fiji)
    for path in scripts.rglob("*.py"):
        path.write_text("# newer\n")
    (scripts / "examples/rate.ijm").rename(scripts / "examples/rate_one.ijm")
    calls = iter(range(100))
    with monkeypatch.context() as patch:
        for name in ("replace", "unlink"):
            original = getattr(Path, name)

            def maybe(self, *rest, original=original, **options):
                if next(calls) == step:
                    raise KeyboardInterrupt
                return original(self, *rest, **options)

            patch.setattr(Path, name, maybe)
        with pytest.raises(KeyboardInterrupt):
            door.install(fiji, models=[package_folder], jar=jar)
    now = files(fiji)
    whole = {*old.values(), b"# newer\n", b"// rate\n"}
    listed = ("zfocus/installed.json", "zfocus/installing.json")
    assert {name for name, data in now.items() if data not in whole} <= set(listed)
    assert not [name for name in now if ".part" in name]
    assert door.install(fiji, models=[package_folder], jar=jar).notes == ()
    assert {path.read_text() for path in (fiji / SCRIPT).parent.iterdir()} == {"# newer\n"}
    door.uninstall(fiji)
    assert contents(fiji) == before


def test_uninstalling_mends_an_interrupted_first_installation(
    fiji, scripts, jar, package_folder, monkeypatch
):
    before = contents(fiji)
    with monkeypatch.context() as patch:
        original = Path.replace
        patch.setattr(
            Path,
            "replace",
            lambda self, target: original(self, target if self.name != "About.py" else None),
        )
        with pytest.raises(TypeError):
            door.install(fiji, models=[package_folder], jar=jar)
    assert (fiji / f"jars/{java.NAME}").is_file()
    door.uninstall(fiji)
    assert contents(fiji) == before


def test_a_list_that_points_elsewhere_is_refused(fiji, scripts, package_folder, tmp_path):
    door.install(fiji, models=[package_folder], with_jar=False)
    path = fiji / places.MANIFEST
    about = json.loads(path.read_bytes())
    digest = hashlib.sha256(b"precious").hexdigest()
    (tmp_path / "precious").write_bytes(b"precious")
    path.write_text(json.dumps({**about, "files": {"../precious": digest}}))
    for act in (door.uninstall, lambda fiji: door.install(fiji, with_jar=False)):
        with pytest.raises(ZfocusError, match="points outside"):
            act(fiji)
    assert (tmp_path / "precious").exists()
    path.write_text("{")
    with pytest.raises(ZfocusError, match="expected the list"):
        door.uninstall(fiji)


def test_an_unpacked_bundle_is_the_same(fiji, scripts, jar, package_folder, tmp_path):
    before = contents(fiji)
    made = door.bundle(tmp_path / "one.zip", models=[package_folder], jar=jar)
    with zipfile.ZipFile(made.place) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        archive.extractall(fiji)
    assert names == sorted(names)
    unpacked = files(fiji)
    assert door.check(fiji) == [(f"{fiji}: {len(names) - 1} files as installed", True)]
    assert door.install(fiji, models=[package_folder], jar=jar).notes == ()
    installed = files(fiji)
    for listing in (unpacked, installed):
        about = json.loads(listing.pop(places.MANIFEST))
        assert set(about["files"]) == set(names) - {places.MANIFEST}
    assert unpacked == installed
    door.uninstall(fiji)
    assert files(fiji) == {name: data for name, data in before.items() if data is not None}


def test_a_bundle_has_the_same_bytes_whenever_it_is_made(scripts, jar, package_folder, tmp_path):
    made = [door.bundle(tmp_path / "one.zip", models=[package_folder], jar=jar)]
    for path in scripts.rglob("*.py"):
        path.touch()
    made.append(door.bundle(tmp_path / "two.zip", models=[package_folder], jar=jar))
    one, two = (done.place.read_bytes() for done in made)
    assert one == two
    assert made[0].bytes == len(one)
    smaller = door.bundle(tmp_path / "two.zip", models=[package_folder], with_jar=False)
    assert smaller.files == made[0].files - 1


def test_another_content_has_another_date(scripts, package_folder, tmp_path):
    # Jython runs what it compiled from a module for as long as the module's date is the same.
    def dates():
        made = door.bundle(tmp_path / "one.zip", models=[package_folder], with_jar=False)
        with zipfile.ZipFile(made.place) as archive:
            return {entry.filename: entry.date_time for entry in archive.infolist()}

    before = dates()
    (scripts / SCRIPT).write_text("# newer\n")
    changed = {name for name, date in dates().items() if date != before[name]}
    assert changed == {SCRIPT}


def test_an_update_forgets_what_jython_compiled(fiji, scripts, package_folder):
    door.install(fiji, models=[package_folder], with_jar=False)
    for name in ("zfocus_fiji$py.class", "another$py.class"):
        (fiji / "jars/Lib" / name).write_text("compiled")
    (scripts / "jars/Lib/zfocus_fiji.py").write_text("# newer\n")
    door.install(fiji, models=[package_folder], with_jar=False)
    assert {path.name for path in (fiji / "jars/Lib").iterdir()} == {
        *("zfocus_fiji.py", "another$py.class"),
    }


def test_the_command_is_named_on_this_machine_only(
    fiji, scripts, package_folder, tmp_path, monkeypatch
):
    monkeypatch.setattr(installation, "_command", lambda: Path("/opt/bin/zfocus"))
    door.install(fiji, models=[package_folder], with_jar=False)
    assert (fiji / places.COMMAND).read_text(encoding="utf-8") == "/opt/bin/zfocus\n"
    made = door.bundle(tmp_path / "one.zip", models=[package_folder], with_jar=False)
    with zipfile.ZipFile(made.place) as archive:
        assert places.COMMAND not in archive.namelist()


def test_this_checkout_carries_scripts_and_their_modules():
    from zfocus_model.fiji_bundle.payload import collect

    paths = collect([], None, None).sources
    assert SCRIPT in paths
    assert "jars/Lib/zfocus_fiji/__init__.py" in paths
    assert {Path(path).suffix for path in paths} <= {".py", ".ijm"}
    assert {path.split("/")[0] for path in paths} <= {"scripts", "jars", "zfocus"}
