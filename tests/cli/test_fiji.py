from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from zfocus_model.cli import main
from zfocus_model.fiji_bundle import payload


@pytest.fixture(autouse=True)
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "source/scripts/Plugins/zfocus"
    folder.mkdir(parents=True)
    (folder / "Rate_Image.py").write_text("# rates\n")
    monkeypatch.setattr(payload, "scripts_folder", lambda: tmp_path / "source")


@pytest.fixture
def fiji(tmp_path: Path) -> Path:
    jars = tmp_path / "Fiji" / "jars"
    jars.mkdir(parents=True)
    for name in ("ij-1.54p.jar", "scijava-common-2.100.1.jar"):
        (jars / name).write_text("")
    return jars.parent


def install(fiji: Path, *models: Path) -> int:
    chosen = [word for model in models for word in ("--model", str(model))]
    return main(["fiji", "install", "--fiji", str(fiji), "--no-jar", *chosen])


def doctor(fiji: Path, model: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    capsys.readouterr()
    code = main(["doctor", "--model", str(model), "--door", str(fiji)])
    return code, capsys.readouterr().out


def test_install_and_uninstall_say_what_they_did(
    fiji: Path, own_package: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert install(fiji, own_package) == 0
    out, err = capsys.readouterr()
    assert f"{fiji}: " in out
    assert "model tiny, package_sha256 " in out
    assert "no scripting-jython" in err
    assert (fiji / "scripts/Plugins/zfocus/Rate_Image.py").is_file()
    assert main(["fiji", "uninstall", "--fiji", str(fiji)]) == 0
    assert "files of zfocus removed" in capsys.readouterr().out
    assert sorted(path.name for path in fiji.rglob("*")) == [
        *("ij-1.54p.jar", "jars", "scijava-common-2.100.1.jar"),
    ]


def test_a_wrong_folder_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert install(tmp_path / "none") == 2
    err = capsys.readouterr().err
    assert err.startswith("zfocus: expected a Fiji folder")
    assert err.count("\n") == 1
    assert main(["fiji", "uninstall", "--fiji", str(tmp_path)]) == 2


def test_bundle(own_package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "made" / "zfocus.zip"
    words = ["fiji", "bundle", "--no-jar", "-o", str(path), "--model", str(own_package)]
    assert main(words) == 0
    assert "unpack it" in capsys.readouterr().out
    with zipfile.ZipFile(path) as archive:
        assert "zfocus/models/tiny/zfocus.json" in archive.namelist()


def test_doctor_knows_the_installed_door(
    fiji: Path, own_package: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(fiji, own_package)
    code, out = doctor(fiji, own_package, capsys)
    assert code == 0
    assert "the same package" in out
    assert "files as installed" in out
    other = own_package / "zfocus.json"
    other.write_text(other.read_text().replace('"0.0.0"', '"0.0.1"'))
    code, out = doctor(fiji, own_package, capsys)
    assert code == 1
    assert "expected package_sha256" in out


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda path: path.unlink(), "missing: scripts/Plugins/zfocus/Rate_Image.py"),
        (lambda path: path.write_text("#"), "changed since: scripts/Plugins"),
    ],
)
def test_doctor_sees_what_became_of_the_files(
    fiji: Path, own_package: Path, capsys: pytest.CaptureFixture[str], damage, words: str
) -> None:
    install(fiji, own_package)
    damage(fiji / "scripts/Plugins/zfocus/Rate_Image.py")
    code, out = doctor(fiji, own_package, capsys)
    assert code == 1
    assert words in out


def test_doctor_sees_an_interrupted_or_older_installation(
    fiji: Path, own_package: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(fiji, own_package)
    listed = fiji / "zfocus/installed.json"
    whole = listed.read_text()
    listed.rename(listed.with_name("installing.json"))
    code, out = doctor(fiji, own_package, capsys)
    assert (code, "was interrupted" in out) == (1, True)
    install(fiji, own_package)
    listed.write_text(whole.replace('"zfocus": "', '"zfocus": "0.0.'))
    code, out = doctor(fiji, own_package, capsys)
    assert (code, "scripts of zfocus 0.0." in out) == (1, True)
    listed.write_text("[]")
    code, out = doctor(fiji, own_package, capsys)
    assert (code, "expected the list" in out) == (1, True)


def test_doctor_counts_runtimes(
    fiji: Path, own_package: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(fiji, own_package)
    assert "the scripts call the command" in doctor(fiji, own_package, capsys)[1]
    for name in ("onnxruntime-1.29.0.jar", "onnxruntime-1.10.0.jar"):
        (fiji / "jars" / name).write_text("")
    code, out = doctor(fiji, own_package, capsys)
    assert code == 1
    assert "expected one ONNX Runtime" in out


def test_another_model_beside_this_one_is_no_fault(
    fiji: Path, own_package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    second = tmp_path / "second"
    second.mkdir()
    for path in own_package.iterdir():
        (second / path.name).write_bytes(path.read_bytes())
    about = second / "zfocus.json"
    about.write_text(about.read_text().replace('"tiny"', '"second"'))
    install(fiji, own_package, second)
    code, out = doctor(fiji, own_package, capsys)
    assert code == 0
    assert "another model, second" in out
    install(fiji, second)
    code, out = doctor(fiji, own_package, capsys)
    assert code == 1
    assert "expected tiny" in out
