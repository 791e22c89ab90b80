"""Put zfocus into a Fiji folder, over an older one or not, and take it out again."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from zfocus_model._errors import ZfocusError
from zfocus_model._files import write_whole
from zfocus_model.fiji_bundle import jar as java
from zfocus_model.fiji_bundle import manifest, places
from zfocus_model.fiji_bundle.manifest import Manifest
from zfocus_model.fiji_bundle.payload import Payload, Source, collect
from zfocus_model.packages import DEFAULT_MODEL


@dataclass(frozen=True)
class Done:
    """What was put where, or taken out."""

    place: Path
    """The Fiji folder, or the .zip file."""
    files: int
    """Number of files that are there now, or were removed."""
    bytes: int
    """Size of what is there now; 0 when it was removed."""
    models: dict[str, str]
    """Name of each model -> ``package_sha256``."""
    notes: tuple[str, ...] = ()
    """What a person should know, a line each."""


def install(
    folder: str | Path,
    *,
    models: Sequence[str | Path] = (DEFAULT_MODEL,),
    jar: str | Path | None = None,
    with_jar: bool = True,
    say: Callable[[str], None] = lambda line: None,
) -> Done:
    """Put scripts, models and ONNX Runtime into a Fiji folder.

    What an earlier call put there is replaced; what somebody edited since is kept under another
    name. Nothing else is touched. When a call is interrupted, files are old or new, never half,
    and the next call goes on.

    Parameters
    ----------
    folder
        The Fiji folder.
    models
        Names or paths of the model packages to put there.
    jar
        ONNX Runtime; None: from the local Maven repository, or fetched by Maven's client.
    with_jar
        False: without ONNX Runtime; the scripts then call the command ``zfocus``.
    say
        Called with a line before the network is asked.

    Returns
    -------
    Done
        What is there now.

    Raises
    ------
    ModelError
        If a model cannot be used.
    ZfocusError
        If the folder is not Fiji's, the jar is another, or this installation lacks the scripts.
    OSError
        If the folder cannot be written.
    """
    fiji = places.check_fiji(folder)
    known = manifest.owned(fiji)
    notes: list[str] = []
    foreign = [path for path in places.runtimes(fiji) if path not in known]
    if foreign:
        notes.append(
            f"{foreign[0]} was there before and stays; zfocus is tested with {java.NAME}"
            if foreign[0] != f"jars/{java.NAME}"
            else f"{foreign[0]} was there before and stays"
        )
    wants = with_jar and not foreign
    with java.provide(jar, say) if wants else nullcontext(None) as runtime:
        payload = collect(models, runtime, _command())
        notes += _notes(fiji, runtime is not None)
        notes += _replace(fiji, payload, known)
    sizes = [(fiji / path).stat().st_size for path in payload.sources]
    return Done(fiji, len(sizes), sum(sizes), payload.models, tuple(notes))


def uninstall(folder: str | Path) -> Done:
    """Take out of a Fiji folder what :func:`install` or an unpacked bundle put there.

    Parameters
    ----------
    folder
        The Fiji folder.

    Returns
    -------
    Done
        What was removed; its notes name files that were edited and are therefore kept.

    Raises
    ------
    ZfocusError
        If the folder is not Fiji's, or nothing of zfocus is installed there.
    OSError
        If the folder cannot be written.
    """
    fiji = places.check_fiji(folder)
    known = manifest.owned(fiji)
    if not known:
        raise ZfocusError(
            f"expected {places.MANIFEST} in {str(folder)!r}, got none: "
            "zfocus is not installed there, or was copied by hand; remove such files by hand"
        )
    made = manifest.folders(fiji)
    shutil.rmtree(fiji / places.PARTIAL, ignore_errors=True)
    removed, notes = _remove(fiji, known)
    for name in (places.MANIFEST, places.PENDING):
        with suppress(FileNotFoundError):
            (fiji / name).unlink()
    _remove_folders(fiji, made)
    return Done(fiji, removed, 0, {}, tuple(notes))


def folders_of(paths: Sequence[str]) -> set[str]:
    """All folders above some files.

    Parameters
    ----------
    paths
        Relative POSIX paths.

    Returns
    -------
    set of str
        Relative POSIX paths.

    Examples
    --------
    >>> sorted(folders_of(["zfocus/models/a.json"]))
    ['zfocus', 'zfocus/models']
    """
    return {str(folder) for path in paths for folder in PurePosixPath(path).parents} - {"."}


def _replace(fiji: Path, payload: Payload, known: dict[str, set[str]]) -> list[str]:
    """Put all files in their places; returns lines about files that were kept."""
    partial = fiji / places.PARTIAL
    shutil.rmtree(partial, ignore_errors=True)
    needed = folders_of([*payload.sources, places.MANIFEST])
    made = manifest.folders(fiji) | {name for name in needed if not (fiji / name).is_dir()}
    now = Manifest(payload.sha256, payload.models, tuple(made))
    try:
        waiting = [path for path, digest in payload.sha256.items() if not _is(fiji / path, digest)]
        for path in waiting:
            _stage(payload.sources[path], partial / path)
        # From here on an interrupt leaves old and new files; this list knows both.
        write_whole(fiji / places.PENDING, now.to_bytes())
        notes: list[str] = []
        for path in waiting:
            target = fiji / path
            if target.exists() and java.sha256_of(target) not in known.get(path, ()):
                notes.append(f"{path} was edited; the edited file is now {_set_aside(target)}")
            target.parent.mkdir(parents=True, exist_ok=True)
            (partial / path).replace(target)
            _forget_compiled(target)
        gone = {path: known[path] for path in known if path not in payload.sources}
        notes += _remove(fiji, gone)[1]
        write_whole(fiji / places.MANIFEST, now.to_bytes())
        (fiji / places.PENDING).unlink()
        _remove_folders(fiji, made - needed)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        _remove_folders(fiji, {places.HOME} & made)
    return notes


def _stage(source: Source, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(source, Path):
        shutil.copyfile(source, target)
    else:
        target.write_bytes(source)


def _is(path: Path, digest: str) -> bool:
    return path.is_file() and java.sha256_of(path) == digest


def _set_aside(path: Path) -> str:
    """Rename an edited file to what Fiji takes for no script; returns its new name."""
    number = 0
    while True:
        aside = path.with_name(f"{path.name}.edited{number or ''}")
        if not aside.exists():
            path.replace(aside)
            return aside.name
        number += 1


def _remove(fiji: Path, known: dict[str, set[str]]) -> tuple[int, list[str]]:
    """Remove files that are as they were put there; their number, and lines about the others."""
    removed, notes = 0, list[str]()
    for path, digests in sorted(known.items()):
        target = fiji / path
        if not target.is_file():
            continue
        if java.sha256_of(target) not in digests:
            notes.append(f"{path} was edited and is kept")
            continue
        target.unlink()
        removed += 1
        _forget_compiled(target)
    return removed, notes


def _forget_compiled(script: Path) -> None:
    """Remove what Jython compiled from a script or module and keeps beside it."""
    if script.suffix == ".py":
        with suppress(FileNotFoundError):
            script.with_name(f"{script.stem}$py.class").unlink()


def _remove_folders(fiji: Path, names: set[str]) -> None:
    for name in sorted(names, reverse=True):  # the innermost first
        with suppress(OSError):  # gone already, or holds something else
            (fiji / name).rmdir()


def _command() -> Path | None:
    """The command ``zfocus`` of this Python, None if there is none."""
    beside = Path(sys.executable).parent
    found = shutil.which("zfocus", path=str(beside)) or shutil.which("zfocus")
    return Path(found).absolute() if found else None


def _notes(fiji: Path, with_jar: bool) -> list[str]:
    notes: list[str] = []
    if not places.has_jython(fiji):
        notes.append("jars/ holds no scripting-jython jar: without it the scripts do not run")
    system = (platform.system(), platform.machine().lower())
    if with_jar and system in {("Darwin", "x86_64"), ("Windows", "arm64")}:
        notes.append(
            f"{java.NAME} does not run on this processor: the scripts call the command zfocus"
        )
    return notes
