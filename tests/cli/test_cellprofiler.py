from __future__ import annotations

from zfocus_model.cli import main


def test_install_says_what_it_put_where(package_folder, tmp_path, capsys):
    assert main(["cellprofiler", "install", str(tmp_path), "--model", str(package_folder)]) == 0
    assert (tmp_path / "measureimagefocus.py").is_file()
    said = capsys.readouterr().out
    assert str(tmp_path) in said
    assert "package_sha256" in said


def test_doctor_knows_the_installed_door(package_folder, own_package, tmp_path, capsys):
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    main(["cellprofiler", "install", str(plugins), "--model", str(own_package)])
    assert main(["doctor", "--model", str(own_package), "--door", str(plugins)]) == 0
    assert "the same package" in capsys.readouterr().out
    other = own_package / "zfocus.json"
    other.write_text(other.read_text().replace('"0.0.0"', '"0.0.1"'))
    assert main(["doctor", "--model", str(own_package), "--door", str(plugins)]) == 1


def test_bundle_and_submission(package_folder, tmp_path, capsys):
    bundle = tmp_path / "focus.zip"
    words = ["cellprofiler", "bundle", "-o", str(bundle), "--model", str(package_folder)]
    assert main(words) == 0
    assert bundle.stat().st_size > 1000
    for what in ("submission", "examples"):
        assert main(["cellprofiler", what, "-o", str(tmp_path / "out")]) == 0
    assert "active_plugins" in capsys.readouterr().out


def test_a_folder_that_is_none_is_refused(tmp_path, capsys):
    assert main(["cellprofiler", "install", str(tmp_path / "none"), "--module-only"]) == 2
    assert "plugins folder" in capsys.readouterr().err
