"""Bring planes of BBBC006 to this machine: resumable, checked, each plane whole or not there."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import time
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Callable

from zfocus_model._errors import ZfocusError
from zfocus_model._web import fetch
from zfocus_model.datasets import bbbc006
from zfocus_model.datasets.checksums import (
    FILE,
    Archive,
    digest_crcs,
    read_checksums,
    write_checksums,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    Progress = Callable[[str, int, "int | None"], None]

MAX_ARCHIVE_BYTES = 4 << 30
"""Largest archive that is fetched; a plane's is far smaller."""
MAX_UNPACKED_BYTES = 8 << 30
"""Largest size of an archive's images."""
DOWNLOADS = ".downloads"
"""Folder of archives that are not yet complete, beside the images."""
TRIES = 4
"""How often a transfer that breaks but moves on is taken up again."""
PAUSE_S = 2.0
"""Wait before that, s."""

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Got:
    """One plane that is there now."""

    plane: int
    """Its number."""
    folder: Path
    """Where its images lie."""
    images: int
    """How many."""
    new: bool
    """False if it was there before."""
    first_seen: bool
    """Nothing was known to check it against: its checksum has been recorded."""


def get_planes(
    out: Path,
    planes: Sequence[int],
    *,
    source: str = bbbc006.ADDRESS,
    checksums: Path | None = None,
    keep_archives: bool = False,
    progress: Progress | None = None,
    done: Callable[[Got], None] | None = None,
) -> list[Got]:
    """Fetch and unpack planes, one after the other; those that are there are only checked.

    Parameters
    ----------
    out
        Folder in which ``bbbc006/BBBC006_v1_images_z_NN`` are made.
    planes
        Numbers, 0 to 33.
    source
        http(s) address of the folder of archives, or a local folder that holds them.
    checksums
        A ``checksums.json`` that somebody else's download wrote, to be held to; beside the images,
        one is written in any case.
    keep_archives
        Keep the .zip files in ``bbbc006`` too.
    progress
        Told a name, the bytes so far and in all (None: unknown).
    done
        Told each plane when it is there.

    Returns
    -------
    list of Got
        One a plane.

    Raises
    ------
    ZfocusError
        If an archive cannot be had, is not what was recorded or holds something else, or the
        images that are there are not those recorded. What came of an archive stays, and the same
        call goes on from there; complete planes stay too.
    OSError
        If files cannot be written.
    """
    home = Path(out) / bbbc006.NAME
    home.mkdir(parents=True, exist_ok=True)
    for stale in home.glob(".unpacking-*"):  # of a process that was killed
        shutil.rmtree(stale, ignore_errors=True)
    given = read_checksums(checksums) if checksums is not None else {}
    if checksums is not None and not given:
        raise ZfocusError(f"expected checksums in {checksums}, got none: check the name")
    found: list[Got] = []
    for plane in planes:
        got = _plane(home, plane, source, given, keep_archives, progress)
        found.append(got)
        if done is not None:
            done(got)
    with contextlib.suppress(OSError):
        (home / DOWNLOADS).rmdir()
    return found


def _plane(
    home: Path,
    plane: int,
    source: str,
    given: dict[str, Archive],
    keep: bool,
    progress: Progress | None,
) -> Got:
    name = f"{bbbc006.folder_name(plane)}.zip"
    folder = home / bbbc006.folder_name(plane)
    known = read_checksums(home / FILE)
    theirs, ours = given.get(name), known.get(name)
    if theirs is not None and ours is not None and theirs.sha256 != ours.sha256:
        raise ZfocusError(
            f"expected the same checksum of {name} in both files of checksums, got "
            f"{theirs.sha256} and {ours.sha256} in {home / FILE}: find out which is right"
        )
    expected = ours if theirs is None or (ours is not None and ours.contents) else theirs
    if folder.exists():
        if expected is None:
            raise ZfocusError(
                f"expected no folder {folder}, of which {home / FILE} knows nothing: move it away"
            )
        _check_folder(folder, expected)
        _put_away(home, name, keep)  # left there by a process that was killed
        return Got(plane, folder, expected.images, new=False, first_seen=False)
    archive, sha256 = _bring(home, name, source, progress)
    if expected is not None and expected.sha256 != sha256:
        if archive.parent == home / DOWNLOADS:
            archive.unlink()
        raise ZfocusError(
            f"expected the SHA-256 {expected.sha256} of {name}, got {sha256}: try again; if it "
            "stays so, the publisher changed the file"
        )
    partial = home / f".unpacking-{folder.name}"
    try:
        about = _unpack(archive, partial, sha256)
        # Recorded first: wherever this process is killed, no folder is without its record.
        write_checksums(home / FILE, {**known, name: about})
        partial.replace(folder)
    except ZfocusError:
        if archive.parent == home / DOWNLOADS:
            archive.unlink()
        raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    if archive.parent == home / DOWNLOADS:
        _put_away(home, name, keep)
    return Got(plane, folder, about.images, new=True, first_seen=expected is None)


def _put_away(home: Path, name: str, keep: bool) -> None:
    """Keep or remove an archive that was fetched and is unpacked."""
    archive = home / DOWNLOADS / name
    if archive.is_file():
        if keep:
            archive.replace(home / name)
        else:
            archive.unlink()


def _check_folder(folder: Path, about: Archive) -> None:
    images = list(folder.glob("*.tif"))
    size = sum(path.stat().st_size for path in images)
    again = "remove the folder and run the same command again"
    if (len(images), size) != (about.images, about.image_bytes):
        raise ZfocusError(
            f"expected {about.images} images of {about.image_bytes} bytes in {folder}, got "
            f"{len(images)} of {size}: {again}"
        )
    if about.contents and about.contents != digest_crcs({path.name: _crc(path) for path in images}):
        raise ZfocusError(
            f"expected the images in {folder} as they came, got other contents or names in one or "
            f"more: {again}"
        )


def _crc(path: Path) -> int:
    crc = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            crc = zlib.crc32(chunk, crc)
    return crc


def _bring(home: Path, name: str, source: str, progress: Progress | None) -> tuple[Path, str]:
    """The archive on this machine, and its SHA-256."""
    if "://" not in source:
        local = Path(source).expanduser() / name
        if not local.is_file():
            raise ZfocusError(
                f"expected {name} in the folder {source}, found none: download it there, or give "
                "the address of a folder"
            )
        return local, _sha256(local)
    for kept in (home / name, home / DOWNLOADS / name):
        if kept.is_file():
            return kept, _sha256(kept)
    part = home / DOWNLOADS / f"{name}.part"
    part.parent.mkdir(exist_ok=True)
    url = f"{source.rstrip('/')}/{name}"

    def tell(have: int, total: int | None) -> None:
        if progress is not None:
            progress(name, have, total)

    for left in reversed(range(TRIES)):
        before = part.stat().st_size if part.exists() else 0
        try:
            sha256 = fetch(url, part, limit=MAX_ARCHIVE_BYTES, resume=True, progress=tell)
            break
        except ZfocusError:
            moved = part.exists() and part.stat().st_size > before
            if not (left and moved):
                raise
            time.sleep(PAUSE_S)
    else:
        raise AssertionError  # the last try raises or breaks
    whole = part.with_suffix("")
    part.replace(whole)
    return whole, sha256


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _unpack(archive: Path, folder: Path, sha256: str) -> Archive:
    """Unpack the images into a new folder: what is known of the archive then."""
    folder.mkdir()
    try:
        with zipfile.ZipFile(archive) as package:
            # Only the last part of a name is used, so that no name can lead elsewhere.
            members = {
                Path(info.filename).name: info
                for info in package.infolist()
                if bbbc006.MEMBER.fullmatch(Path(info.filename).name)
            }
            if not members:
                raise ZfocusError(
                    f"expected images such as mcf-z-stacks-03212011_a01_s1_w1....tif in "
                    f"{archive.name}, got none: check where it comes from"
                )
            if sum(info.file_size for info in members.values()) > MAX_UNPACKED_BYTES:
                raise ZfocusError(
                    f"expected at most {MAX_UNPACKED_BYTES} bytes in {archive.name}, it would grow "
                    "to more: check where it comes from"
                )
            for name, info in members.items():
                with package.open(info) as file, (folder / name).open("xb") as target:
                    shutil.copyfileobj(file, target, _CHUNK)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise ZfocusError(
            f"expected a sound .zip file of images, got {archive.name} ({error}): try again"
        ) from None
    return Archive(
        bytes=archive.stat().st_size,
        sha256=sha256,
        images=len(members),
        image_bytes=sum(info.file_size for info in members.values()),
        contents=digest_crcs({name: info.CRC for name, info in members.items()}),
    )
