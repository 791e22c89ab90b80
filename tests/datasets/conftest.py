"""A made-up copy of BBBC006, and a web server on this machine that can misbehave."""

from __future__ import annotations

import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

WELLS = ("a01_s1_w1", "a01_s1_w2", "p24_s2_w1")


class Server:
    """Serves files with byte ranges; what it does wrong is set by each test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[tuple[str, str]] = []
        self.break_after: list[int] = []
        self.ranges = True
        self.tag = '"1"'
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                wanted = self.headers.get("Range", "")
                server.asked.append((self.path, wanted))
                path = server.folder / self.path.lstrip("/")
                if not path.is_file():
                    self.send_error(404)
                    return
                content, start = path.read_bytes(), 0
                same = self.headers.get("If-Range", server.tag) == server.tag
                if wanted and server.ranges and same:
                    start = int(wanted[len("bytes=") : -1])
                    if start >= len(content):
                        self.send_response(416)
                        self.send_header("Content-Range", f"bytes */{len(content)}")
                        self.send_header("Content-Length", "0")
                        self.end_headers()
                        return
                    self.send_response(206)
                    span = f"bytes {start}-{len(content) - 1}/{len(content)}"
                    self.send_header("Content-Range", span)
                else:
                    self.send_response(200)
                if server.tag:
                    self.send_header("ETag", server.tag)
                rest = content[start:]
                self.send_header("Content-Length", str(len(rest)))
                self.end_headers()
                self.wfile.write(rest[: server.break_after.pop(0)] if server.break_after else rest)

            def log_message(self, *words: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.http.server_address[1]}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()


@pytest.fixture
def publisher(tmp_path: Path) -> Path:
    """A folder with the archives of planes 0 and 16, as they are published."""
    folder = tmp_path / "published"
    folder.mkdir()
    for plane in (0, 16):
        name = f"BBBC006_v1_images_z_{plane:02d}"
        with zipfile.ZipFile(folder / f"{name}.zip", "w") as archive:
            archive.writestr(f"{name}/", b"")
            archive.writestr(f"{name}/Thumbs.db", b"junk")
            for well in WELLS:
                archive.writestr(
                    f"{name}/mcf-z-stacks-03212011_{well}3c0a-11.tif", f"{plane}{well}" * 50
                )
    return folder


@pytest.fixture
def server(publisher: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr("zfocus_model.datasets.get.PAUSE_S", 0.0)
    found = Server(publisher)
    yield found
    found.http.shutdown()
    found.http.server_close()
