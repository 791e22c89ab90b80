"""Whatever is wrong with a package, it is refused with one line and nothing is left behind."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import stat
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_package import describe

from zfocus_model._errors import ZfocusError
from zfocus_model.packages import open_package
from zfocus_model.zoo.bundle import write_bundle
from zfocus_model.zoo.index import INDEX, write_index
from zfocus_model.zoo.install import install


class Server:
    """A web server on this machine; what it says is set by each test."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.cut = False
        self.redirect = ""
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if server.redirect:
                    self.send_response(302)
                    self.send_header("Location", server.redirect)
                    self.end_headers()
                    return
                content = server.files.get(self.path)
                if content is None:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content[: len(content) // 2] if server.cut else content)

            def log_message(self, *words: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def offer(self, file: Path) -> str:
        self.files[f"/{file.name}"] = file.read_bytes()
        return f"http://127.0.0.1:{self.http.server_address[1]}/{file.name}"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    found = Server()
    yield found
    found.http.shutdown()
    found.http.server_close()


@pytest.fixture
def archive(tiny: Path, tmp_path: Path) -> Path:
    return write_bundle(open_package(tiny), tmp_path / "archives")


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def refused(data_folder: Path, source: object, match: str, **options: Any) -> None:
    with pytest.raises(ZfocusError, match=match) as caught:
        install(str(source), **options)
    assert "\n" not in str(caught.value) and ".partial" not in str(caught.value)
    assert not data_folder.parent.exists()


def add(archive: Path, name: str, content: bytes = b"x", mode: int = stat.S_IFREG | 0o644) -> Path:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = mode << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr(entry, content)
    return archive


def with_file(tiny: Path, name: str, content: bytes) -> Path:
    """The package with one more file that its maker has listed properly."""
    about = json.loads((tiny / "zfocus.json").read_text())
    (tiny / name).write_bytes(content)
    about["files"][name] = hashlib.sha256(content).hexdigest()
    (tiny / "zfocus.json").write_text(json.dumps(about))
    return tiny


def keras_file(tmp_path: Path, config: object, **parts: bytes) -> bytes:
    path = tmp_path / "some.keras"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("metadata.json", "{}")
        file.writestr("config.json", json.dumps(config))
        file.writestr("model.weights.h5", b"")
        for name, content in parts.items():
            file.writestr(name, content)
    return path.read_bytes()


def test_folder_and_zip_are_installed_and_found_by_name(
    tiny: Path, archive: Path, data_folder: Path
) -> None:
    found = install(str(tiny))
    assert (found.name, found.folder) == ("tiny", data_folder / "models" / "tiny")
    assert open_package("tiny").sha256 == open_package(tiny).sha256 == found.sha256
    assert install(str(archive), sha256=sha256(archive)).replaced is False
    assert [path.name for path in (data_folder / "models").iterdir()] == ["tiny"]


def test_another_model_of_the_name_is_kept_unless_told(tiny: Path, data_folder: Path) -> None:
    first = install(str(tiny))
    with_file(tiny, "notes.txt", b"more")
    with pytest.raises(ZfocusError, match="add --replace"):
        install(str(tiny))
    assert open_package("tiny").sha256 == first.sha256
    second = install(str(tiny), replace=True)
    assert second.replaced and open_package("tiny").sha256 == second.sha256 != first.sha256
    assert [path.name for path in (data_folder / "models").iterdir()] == ["tiny"]


def test_a_download_with_its_checksum(archive: Path, server: Server, data_folder: Path) -> None:
    url = server.offer(archive)
    assert install(url, sha256=sha256(archive).upper()).name == "tiny"
    assert [path.name for path in (data_folder / "models").iterdir()] == ["tiny"]


def test_a_download_with_an_index(tiny: Path, archive: Path, server: Server) -> None:
    write_index(tiny.parent)
    url = server.offer(archive)
    assert install(url, index=str(tiny.parent / INDEX)).name == "tiny"
    index = server.offer(tiny.parent / INDEX)
    assert install(url, index=index).replaced is False


def test_a_download_without_checksum(archive: Path, server: Server, data_folder: Path) -> None:
    refused(data_folder, server.offer(archive), "expected a checksum .* add --sha256")


def test_a_wrong_checksum(archive: Path, server: Server, data_folder: Path) -> None:
    url = server.offer(archive)
    refused(data_folder, url, "expected the SHA-256 0000", sha256="0" * 64)
    refused(data_folder, archive, "expected the SHA-256 0000", sha256="0" * 64)
    refused(data_folder, archive, "64 hexadecimal digits, got 'abc'", sha256="abc")


def test_an_archive_that_the_index_does_not_name(
    archive: Path, tmp_path: Path, data_folder: Path
) -> None:
    index = tmp_path / INDEX
    index.write_text('{"schema": 1, "models": []}')
    refused(data_folder, archive, "does not name it", index=str(index))
    index.write_text("[]")
    refused(data_folder, archive, "list of models", index=str(index))
    refused(data_folder, archive, "cannot read the index", index=str(tmp_path / "none.json"))


def test_an_interrupted_download(archive: Path, server: Server, data_folder: Path) -> None:
    url = server.offer(archive)
    server.cut = True
    refused(data_folder, url, "interrupted", sha256=sha256(archive))


def test_a_person_who_interrupts(
    archive: Path, server: Server, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("zfocus_model.zoo.install.open_files", stop)
    with pytest.raises(KeyboardInterrupt):
        install(server.offer(archive), sha256=sha256(archive))
    assert not data_folder.parent.exists()


def test_what_a_killed_download_left_is_removed_by_the_next(tiny: Path, data_folder: Path) -> None:
    old, young = (data_folder / "models" / f".partial-{name}" for name in ("old", "young"))
    for folder in (old, young):
        folder.mkdir(parents=True)
        (folder / "download.zip").write_bytes(b"half")
    for path in (old / "download.zip", old):
        os.utime(path, (1e9, 1e9))
    install(str(tiny))
    assert not old.exists()
    assert young.exists()  # perhaps another process is writing there


def test_a_download_that_never_ends(
    archive: Path, server: Server, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zfocus_model.zoo.fetch.download.__kwdefaults__", {"limit": 100})
    refused(data_folder, server.offer(archive), "at most 100 bytes", sha256=sha256(archive))


def test_addresses_that_lead_nowhere(server: Server, data_folder: Path, archive: Path) -> None:
    url = server.offer(archive)
    refused(data_folder, url + "x", "cannot fetch .*404", sha256="0" * 64)
    refused(data_folder, archive.as_uri(), "http or https", sha256="0" * 64)
    server.redirect = archive.as_uri()
    refused(data_folder, url, "cannot fetch", sha256=sha256(archive))


def test_a_tampered_package(tiny: Path, data_folder: Path) -> None:
    weights = tiny / "weights.npz"
    weights.write_bytes(weights.read_bytes() + b"x")
    refused(data_folder, tiny, r"weights\.npz .* SHA-256 differs")


def test_a_zip_bomb(archive: Path, data_folder: Path) -> None:
    refused(data_folder, add(archive, "zeros", bytes(32 << 20)), "would grow")


@pytest.mark.parametrize("name", ["/etc/evil", "../evil", "a/../../evil", "C:/evil", "a\\evil"])
def test_a_name_that_leads_outside(archive: Path, data_folder: Path, name: str) -> None:
    refused(data_folder, add(archive, name), "points outside")


def test_a_symbolic_link_in_a_zip(archive: Path, data_folder: Path) -> None:
    mode = stat.S_IFLNK | 0o777
    refused(data_folder, add(archive, "link", b"/etc/passwd", mode), "link or special file")


@pytest.mark.skipif(os.name == "nt", reason="needs symbolic links")
def test_a_symbolic_link_in_a_folder(tiny: Path, data_folder: Path) -> None:
    (tiny / "link").symlink_to("/etc/passwd")
    refused(data_folder, tiny, "links 'link' to elsewhere")


@pytest.mark.parametrize(
    ("config", "match"),
    [
        ({"layers": [{"module": "keras.layers", "class_name": "Lambda"}]}, "a Lambda layer"),
        ({"fn": {"class_name": "__lambda__", "config": {"code": "4wEA"}}}, "a __lambda__"),
        ({"class_name": "Evil", "module": "os", "config": {}}, "Evil of os"),
        ({"class_name": "Evil", "module": None, "registered_name": "Evil"}, "custom object Evil"),
    ],
)
def test_a_keras_file_that_runs_code(
    tiny: Path, tmp_path: Path, data_folder: Path, config: object, match: str
) -> None:
    with_file(tiny, "model.keras", keras_file(tmp_path, config))
    refused(data_folder, tiny, f"{match}.* runs code")


def test_a_keras_file_with_more_in_it(tiny: Path, tmp_path: Path, data_folder: Path) -> None:
    with_file(tiny, "model.keras", keras_file(tmp_path, {}, extra=b"x"))
    refused(data_folder, tiny, "'extra', which Keras does not write")
    with_file(tiny, "model.keras", b"no zip")
    refused(data_folder, tiny, "no Keras 3 file")


def test_pickles(tiny: Path, tmp_path: Path, data_folder: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return (os.mkdir, (str(tmp_path / "trapped"),))

    trap = np.empty(1, object)
    trap[0] = Trap()
    network = list(open_package(tiny).network)
    kept = (tiny / "weights.npz").read_bytes()
    np.savez(tiny / "weights.npz", kernel=trap)
    describe(tiny, network)
    refused(data_folder, tiny, "plain numeric arrays")
    (tiny / "weights.npz").write_bytes(kept)
    np.save(tiny / "test.npy", trap)
    describe(tiny, network)
    refused(data_folder, tiny, r"test\.npy holds no plain array")
    (tiny / "test.npy").unlink()
    (tiny / "weights.pkl").write_bytes(pickle.dumps(1))
    describe(tiny, network)
    refused(data_folder, tiny, r"weights\.pkl may hold code")
    assert not (tmp_path / "trapped").exists()


@pytest.mark.parametrize("task", ["cell-count", "focus-level-map"])
def test_a_package_of_another_task(tiny: Path, data_folder: Path, task: str) -> None:
    describe(tiny, list(open_package(tiny).network), task=task)
    refused(data_folder, tiny, f"task 'focus-level', got '{task}'")


def test_names_that_are_none(tiny: Path, data_folder: Path) -> None:
    describe(tiny, list(open_package(tiny).network), name="../up")
    refused(data_folder, tiny, r"a model name .* got '\.\./up'")


def test_shipped_names_are_taken(
    tiny: Path, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = [tiny.parent, data_folder / "models"]
    monkeypatch.setattr("zfocus_model.zoo.install.model_folders", lambda: folders)
    refused(data_folder, tiny, "no shipped model has, got 'tiny'")


def test_nothing_is_there(tmp_path: Path, data_folder: Path) -> None:
    refused(data_folder, tmp_path / "nowhere.zip", "no such file")
    refused(data_folder, tmp_path / "nowhere.zip", "cannot read", sha256="0" * 64)


def test_a_package_that_reads_z_positions_is_installed(tmp_path: Path) -> None:
    from tiny_package import random_z_network, write_z_package

    network, arrays = random_z_network(np.random.default_rng(3))
    source = write_z_package(tmp_path / "source" / "tiny-z", network, arrays, with_onnx=False)
    found = install(str(source))
    assert (found.name, found.replaced) == ("tiny-z", False)
    assert install(str(source)).folder == found.folder
