"""The same files as a .zip, to be unpacked over a Fiji folder elsewhere."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path

from zfocus_model._files import whole_file
from zfocus_model.fiji_bundle import jar as java
from zfocus_model.fiji_bundle import places
from zfocus_model.fiji_bundle.installation import Done, folders_of
from zfocus_model.fiji_bundle.manifest import Manifest
from zfocus_model.fiji_bundle.payload import collect
from zfocus_model.packages import DEFAULT_MODEL

_EPOCH = (1980, 1, 1, 0, 0, 0)


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
    (jar and weights are already), and all files have one date.

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
                entry = zipfile.ZipInfo(name, _EPOCH)
                entry.create_system = 3  # Unix, also where it is written on Windows
                entry.external_attr = 0o100644 << 16
                opened = source.open("rb") if isinstance(source, Path) else io.BytesIO(source)
                with opened as file, archive.open(entry, "w") as packed:
                    shutil.copyfileobj(file, packed, 1 << 20)
    return Done(target, len(contents), target.stat().st_size, payload.models)
