"""The same files as a .zip, to be unpacked over a Fiji folder elsewhere."""

from __future__ import annotations

import hashlib
import io
import shutil
import zipfile
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta
from pathlib import Path

from zfocus_model._files import whole_file
from zfocus_model.fiji_bundle import jar as java
from zfocus_model.fiji_bundle import places
from zfocus_model.fiji_bundle.installation import Done, folders_of
from zfocus_model.fiji_bundle.manifest import Manifest
from zfocus_model.fiji_bundle.payload import collect
from zfocus_model.packages import DEFAULT_MODEL

_FIRST_DATE = datetime(1990, 1, 1)
_DAYS = 30 * 365


def bundle(
    path: str | Path,
    *,
    models: Sequence[str | Path] = (DEFAULT_MODEL,),
    jar: str | Path | None = None,
    with_jar: bool = True,
    say: Callable[[str], None] = lambda line: None,
) -> Done:
    """Write what ``install`` puts into a Fiji folder as a .zip file.

    The same version, models and jar give the same bytes, on every machine: nothing is compressed
    (jar and weights are already), and a file's date follows from its content.

    Parameters
    ----------
    path
        The .zip file to write; an older one is replaced.
    models
        Names or paths of the model packages to put in.
    jar
        ONNX Runtime; None: from the local Maven repository, or fetched by Maven's client.
    with_jar
        False: without ONNX Runtime.
    say
        Called with a line before the network is asked.

    Returns
    -------
    Done
        What was written.

    Raises
    ------
    ModelError
        If a model cannot be used.
    ZfocusError
        If the jar is another, or this installation lacks the scripts.
    OSError
        If the file cannot be written.
    """
    target = Path(path)
    with java.provide(jar, say) if with_jar else nullcontext(None) as runtime:
        payload = collect(models, runtime, None)
        ours = {name for name in folders_of(list(payload.sources)) if "zfocus" in name.split("/")}
        listed = Manifest(payload.sha256, payload.models, tuple(ours))
        contents = {**payload.sources, places.MANIFEST: listed.to_bytes()}
        with whole_file(target) as partial, zipfile.ZipFile(partial, "w") as archive:
            for name, source in sorted(contents.items()):
                entry = zipfile.ZipInfo(name, _date(payload.sha256.get(name, "")))
                entry.create_system = 3  # Unix, also where it is written on Windows
                entry.external_attr = 0o100644 << 16
                opened = source.open("rb") if isinstance(source, Path) else io.BytesIO(source)
                with opened as file, archive.open(entry, "w") as packed:
                    shutil.copyfileobj(file, packed, 1 << 20)
    return Done(target, len(contents), target.stat().st_size, payload.models)


def _date(sha256: str) -> tuple[int, int, int, int, int, int]:
    """Date of a file, made up from its content.

    Jython runs what it once compiled from a module as long as the module's date is the same. So
    another content must have another date, which must not depend on when the .zip is made.
    """
    number = int(hashlib.sha256(sha256.encode()).hexdigest()[:12], 16)
    made = _FIRST_DATE + timedelta(seconds=2 * (number % (_DAYS * 86400 // 2)))
    return made.year, made.month, made.day, made.hour, made.minute, made.second
