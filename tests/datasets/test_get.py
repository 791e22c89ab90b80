"""Planes arrive whole, interrupted downloads go on, and nothing that differs is taken."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from zfocus_model._errors import ZfocusError
from zfocus_model.datasets import get
from zfocus_model.datasets.get import get_planes
from zfocus_model.evaluation.bbbc006 import list_fields

Z00, Z16 = "BBBC006_v1_images_z_00", "BBBC006_v1_images_z_16"


class Killed(BaseException):
    """Stands in for the end of the process."""


def tree(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.tif"))


def refused(match: str, *arguments: Any, **options: Any) -> None:
    with pytest.raises(ZfocusError, match=match) as caught:
        get_planes(*arguments, **options)
    assert "\n" not in str(caught.value)


def test_planes_are_fetched_unpacked_and_recorded(tmp_path: Path, server: Any) -> None:
    out, told = tmp_path / "out", []
    found = get_planes(
        out, [0, 16], source=server.address, progress=lambda *words: told.append(words)
    )
    assert [(got.plane, got.images, got.new, got.first_seen) for got in found] == [
        (0, 3, True, True),
        (16, 3, True, True),
    ]
    assert tree(out)[0] == f"bbbc006/{Z00}/mcf-z-stacks-03212011_a01_s1_w13c0a-11.tif"
    assert len(tree(out)) == 6
    assert sorted(path.name for path in (out / "bbbc006").iterdir()) == [Z00, Z16, "checksums.json"]
    size = (server.folder / f"{Z16}.zip").stat().st_size
    assert told[-1] == (f"{Z16}.zip", size, size)
    about = json.loads((out / "bbbc006" / "checksums.json").read_text())["archives"]
    assert about[f"{Z16}.zip"]["bytes"] == size and len(about[f"{Z16}.zip"]["sha256"]) == 64


def test_the_folder_is_what_evaluate_takes(tmp_path: Path, publisher: Path) -> None:
    get_planes(tmp_path, [0, 16], source=str(publisher))
    stacks = list_fields(tmp_path / "bbbc006")
    assert [(item.entries[0].source, item.entries[0].stack) for item in stacks] == [
        ("Hoechst", "a01_s1"),
        ("Hoechst", "p24_s2"),
        ("Phalloidin", "a01_s1"),
    ]
    assert [[entry.z_index for entry in item.entries] for item in stacks] == [[0, 16]] * 3


def test_what_is_there_is_not_asked_for_again(tmp_path: Path, server: Any) -> None:
    get_planes(tmp_path, [0], source=server.address)
    before = len(server.asked)
    (again,) = get_planes(tmp_path, [0], source=server.address)
    assert not again.new and len(server.asked) == before


@pytest.mark.parametrize("tag", ['"1"', ""])
def test_a_transfer_that_breaks_goes_on_where_it_stopped(
    tmp_path: Path, server: Any, tag: str
) -> None:
    server.tag, server.break_after = tag, [100, 50]
    get_planes(tmp_path, [0], source=server.address)
    assert [span for _, span in server.asked] == ["", "bytes=100-", "bytes=150-"]
    assert len(tree(tmp_path)) == 3


def test_a_killed_download_goes_on_in_the_next_run(tmp_path: Path, server: Any) -> None:
    server.break_after = [100, 0]
    refused("interrupted, run the same command again", tmp_path, [0], source=server.address)
    part = tmp_path / "bbbc006" / ".downloads" / f"{Z00}.zip.part"
    assert part.stat().st_size == 100
    assert tree(tmp_path) == []
    get_planes(tmp_path, [0], source=server.address)
    assert server.asked[-1][1] == "bytes=100-" and len(tree(tmp_path)) == 3


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("step", ["before record", "after record", "after rename"])
def test_a_run_killed_after_unpacking_is_made_good_by_the_next(
    tmp_path: Path, server: Any, monkeypatch: pytest.MonkeyPatch, step: str, keep: bool
) -> None:
    home, write, rename = tmp_path / "bbbc006", get.write_checksums, Path.replace

    def write_and_die(*arguments: Any) -> None:
        if step == "after record":
            write(*arguments)
        raise Killed

    def rename_and_die(path: Path, target: Path) -> Path:
        moved = rename(path, target)
        if target == home / Z00:
            raise Killed
        return moved

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", lambda *_, **__: None)  # nobody tidies up when killed
        if step == "after rename":
            patch.setattr(Path, "replace", rename_and_die)
        else:
            patch.setattr(get, "write_checksums", write_and_die)
        with pytest.raises(Killed):
            get_planes(tmp_path, [0], source=server.address, keep_archives=keep)
    asked = len(server.asked)
    (got,) = get_planes(tmp_path, [0], source=server.address, keep_archives=keep)
    assert got.images == len(tree(tmp_path)) == 3
    assert len(server.asked) == asked
    kept = [f"{Z00}.zip"] if keep else []
    assert sorted(path.name for path in home.iterdir()) == [Z00, *kept, "checksums.json"]


def test_a_part_of_another_version_is_thrown_away(tmp_path: Path, server: Any) -> None:
    server.break_after = [100, 0]
    refused("interrupted", tmp_path, [0], source=server.address)
    server.tag = '"2"'
    with zipfile.ZipFile(server.folder / f"{Z00}.zip", "a") as archive:
        archive.writestr(f"{Z00}/mcf-z-stacks-03212011_b01_s1_w1x.tif", b"more")
    (got,) = get_planes(tmp_path, [0], source=server.address)
    assert got.images == 4


def test_a_server_without_ranges_sends_all_again(tmp_path: Path, server: Any) -> None:
    server.ranges, server.break_after = False, [100]
    assert get_planes(tmp_path, [0], source=server.address)[0].images == 3


def test_a_whole_part_needs_no_more_bytes(tmp_path: Path, server: Any) -> None:
    server.break_after = [100, 0]
    refused("interrupted", tmp_path, [0], source=server.address)
    part = tmp_path / "bbbc006" / ".downloads" / f"{Z00}.zip.part"
    shutil.copyfile(server.folder / f"{Z00}.zip", part)
    assert get_planes(tmp_path, [0], source=server.address)[0].images == 3


def test_a_later_download_must_equal_the_first(tmp_path: Path, server: Any) -> None:
    get_planes(tmp_path, [0], source=server.address)
    shutil.rmtree(tmp_path / "bbbc006" / Z00)
    with zipfile.ZipFile(server.folder / f"{Z00}.zip", "a") as archive:
        archive.writestr("changed", b"")
    refused("expected the SHA-256 .* the publisher changed", tmp_path, [0], source=server.address)
    assert tree(tmp_path) == []


def test_somebody_elses_checksums(tmp_path: Path, server: Any) -> None:
    get_planes(tmp_path / "first", [0, 16], source=server.address)
    lock = tmp_path / "first" / "bbbc006" / "checksums.json"
    (got,) = get_planes(tmp_path / "second", [0], source=server.address, checksums=lock)
    assert not got.first_seen
    content = json.loads(lock.read_text())
    content["archives"][f"{Z16}.zip"]["sha256"] = "0" * 64
    lock.write_text(json.dumps(content))
    refused(
        "expected the SHA-256 0000",
        tmp_path / "second", [16], source=server.address, checksums=lock,
    )  # fmt: skip
    lock.write_text("{}")
    refused("expected checksums as", tmp_path / "second", [16], checksums=lock)
    refused("got none: check the name", tmp_path, [16], checksums=tmp_path / "no.json")


def test_a_folder_of_archives(tmp_path: Path, publisher: Path) -> None:
    (got,) = get_planes(tmp_path / "out", [16], source=str(publisher))
    assert got.images == 3 and (publisher / f"{Z16}.zip").is_file()
    refused(
        "expected BBBC006_v1_images_z_07.zip in the folder", tmp_path, [7], source=str(tmp_path)
    )


def test_archives_are_kept_when_asked(tmp_path: Path, server: Any) -> None:
    get_planes(tmp_path, [0], source=server.address, keep_archives=True)
    kept = tmp_path / "bbbc006" / f"{Z00}.zip"
    assert kept.read_bytes() == (server.folder / f"{Z00}.zip").read_bytes()


def test_images_that_are_missing_or_unknown(tmp_path: Path, server: Any) -> None:
    get_planes(tmp_path, [0], source=server.address)
    next((tmp_path / "bbbc006" / Z00).iterdir()).unlink()
    refused("expected 3 images .* got 2", tmp_path, [0], source=server.address)
    (tmp_path / "bbbc006" / Z16).mkdir()
    refused("move it away", tmp_path, [16], source=server.address)


def test_an_image_of_the_same_size_with_other_contents_is_refused(
    tmp_path: Path, server: Any
) -> None:
    get_planes(tmp_path, [0], source=server.address)
    image = tmp_path / tree(tmp_path)[1]
    sound = image.read_bytes()
    image.write_bytes(bytes([sound[0] ^ 1]) + sound[1:])
    refused("expected the images in .* as they came", tmp_path, [0], source=server.address)
    image.write_bytes(sound)
    assert not get_planes(tmp_path, [0], source=server.address)[0].new
    image.rename(image.with_name(image.name.replace("a01", "a02")))
    refused("other contents or names", tmp_path, [0], source=server.address)


def test_a_record_of_before_there_was_a_digest_of_contents(tmp_path: Path, server: Any) -> None:
    get_planes(tmp_path, [0], source=server.address)
    lock = tmp_path / "bbbc006" / "checksums.json"
    full = json.loads(lock.read_text())
    assert full["archives"][f"{Z00}.zip"].pop("contents")
    lock.write_text(json.dumps(full))
    assert not get_planes(tmp_path, [0], source=server.address)[0].new
    (tmp_path / tree(tmp_path)[0]).unlink()
    refused("expected 3 images .* got 2", tmp_path, [0], source=server.address)
    shutil.rmtree(tmp_path / "bbbc006" / Z00)
    assert get_planes(tmp_path, [0], source=server.address)[0].new
    assert json.loads(lock.read_text())["archives"][f"{Z00}.zip"]["contents"]


def test_the_better_of_two_records_is_held_to(tmp_path: Path, server: Any) -> None:
    get_planes(tmp_path, [0], source=server.address)
    lock, old = tmp_path / "bbbc006" / "checksums.json", tmp_path / "old.json"
    content = json.loads(lock.read_text())
    del content["archives"][f"{Z00}.zip"]["contents"]
    old.write_text(json.dumps(content))
    full = tmp_path / "full.json"
    shutil.copyfile(lock, full)
    image = tmp_path / tree(tmp_path)[0]
    image.write_bytes(image.read_bytes()[::-1])
    refused("as they came", tmp_path, [0], source=server.address, checksums=old)
    shutil.copyfile(old, lock)
    refused("as they came", tmp_path, [0], source=server.address, checksums=full)


def test_an_archive_that_is_none_leaves_nothing(tmp_path: Path, server: Any) -> None:
    (server.folder / f"{Z00}.zip").write_bytes(b"no zip at all")
    refused("a sound .zip file", tmp_path, [0], source=server.address)
    with zipfile.ZipFile(server.folder / f"{Z00}.zip", "w") as archive:
        archive.writestr("../../evil.tif", b"x")
    refused("expected images such as", tmp_path, [0], source=server.address)
    home = tmp_path / "bbbc006"
    assert [path.name for path in home.rglob("*") if path.is_file()] == []


def test_no_name_leads_outside(tmp_path: Path, publisher: Path) -> None:
    with zipfile.ZipFile(publisher / f"{Z00}.zip", "w") as archive:
        archive.writestr("../../../mcf-z-stacks-03212011_a01_s1_w1x.tif", b"x")
    get_planes(tmp_path / "out", [0], source=str(publisher))
    assert tree(tmp_path) == [f"out/bbbc006/{Z00}/mcf-z-stacks-03212011_a01_s1_w1x.tif"]


def test_an_archive_that_grows_without_end(
    tmp_path: Path, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zfocus_model.datasets.get.MAX_UNPACKED_BYTES", 100)
    refused("would grow to more", tmp_path, [0], source=server.address)
    monkeypatch.setattr("zfocus_model.datasets.get.MAX_ARCHIVE_BYTES", 100)
    refused("expected at most 100 bytes", tmp_path, [0], source=server.address)


def test_addresses_that_lead_nowhere(tmp_path: Path, server: Any) -> None:
    refused("cannot fetch .*404", tmp_path, [5], source=server.address)
    refused("http or https", tmp_path, [5], source="ftp://127.0.0.1/")
