"""Whether a Fiji folder is as it was installed."""

from __future__ import annotations

from pathlib import Path

from zfocus_model._errors import ZfocusError
from zfocus_model._version import __version__
from zfocus_model.fiji_bundle import jar as java
from zfocus_model.fiji_bundle import manifest, places

_SHOWN = 3


def check(fiji: Path) -> list[tuple[str, bool]]:
    """Compare a Fiji folder with the list of what was installed in it.

    Parameters
    ----------
    fiji
        The Fiji folder.

    Returns
    -------
    list of (str, bool)
        What was found, and whether that is good. Empty if nothing of zfocus is listed there.
    """
    try:
        interrupted = manifest.read(fiji, places.PENDING) is not None
        listed = manifest.read(fiji)
    except ZfocusError as error:
        return [(str(error), False)]
    found: list[tuple[str, bool]] = []
    if interrupted:
        found.append((f"{fiji}: an installation was interrupted: install again", False))
    if listed is None:
        return found
    if listed.version != __version__:
        got = f"scripts of zfocus {listed.version}, this is {__version__}: install again"
        found.append((f"{fiji}: {got}", False))
    missing = [path for path in listed.files if not (fiji / path).is_file()]
    changed = [
        path
        for path, digest in listed.files.items()
        if path not in missing and java.sha256_of(fiji / path) != digest
    ]
    for what, paths in (("missing", missing), ("changed since", changed)):
        if paths:
            more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
            names = ", ".join(paths[:_SHOWN])
            found.append((f"{fiji}: {what}: {names}{more}: install again", False))
    runtimes = places.runtimes(fiji)
    if len(runtimes) > 1:
        text = f"{fiji}: expected one ONNX Runtime, got {', '.join(runtimes)}: keep one"
        found.append((text, False))
    elif not runtimes:
        found.append((f"{fiji}: no ONNX Runtime: the scripts call the command zfocus", True))
    if not any(not good for _, good in found):
        found.append((f"{fiji}: {len(listed.files)} files as installed", True))
    return found
