"""Archives of packages, the same bytes everywhere."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from zfocus_model._errors import ZfocusError
from zfocus_model._files import whole_file
from zfocus_model._package_files import open_files
from zfocus_model.packages import DESCRIPTION, DOMAIN_ONNX, WEIGHTS, Package
from zfocus_model.training.packaging.archives import write_zip
from zfocus_model.training.packaging.fiji import FIJI

RDF = "rdf.yaml"
"""The only name of a description that bioimage.io's readers look for in an archive."""


def description_bytes(package: Package) -> bytes:
    """The bytes of a package's ``zfocus.json``."""
    return open_files(package.source).read(DESCRIPTION)


def task_of(package: Package) -> str:
    """What a package is for."""
    return str(json.loads(description_bytes(package))["task"])


def archive_name(package: Package, *, fiji: bool = False) -> str:
    """File name of a package's archive."""
    return f"{package.name}-{package.version}{'-fiji' if fiji else ''}.zip"


def write_bundle(package: Package, folder: Path, *, fiji: bool = False) -> Path:
    """Write a package as a .zip, for upload or for Fiji.

    Parameters
    ----------
    package : Package
        An opened package.
    folder : Path
        Where to write it; made if it is missing.
    fiji : bool
        Take the description that JDLL and deepImageJ read as ``rdf.yaml``, and leave out what
        only zfocus reads. Such an archive is neither for ``zfocus`` nor for upload.

    Returns
    -------
    Path
        The archive. Its bytes depend on the package alone.

    Raises
    ------
    ZfocusError
        If the package has no description for Fiji.
    """
    contents = {name: package.read(name) for name in package.files}
    if fiji:
        if FIJI not in contents:
            raise ZfocusError(
                f"expected {FIJI} in {package.name}, found none: export the model again"
            )
        contents[RDF] = contents.pop(FIJI)
        for name in (WEIGHTS, DOMAIN_ONNX):
            contents.pop(name, None)
    else:
        contents[DESCRIPTION] = description_bytes(package)
    target = folder / archive_name(package, fiji=fiji)
    with whole_file(target) as part:
        # Stored, not deflated: compressors differ between machines, and weights hardly shrink.
        write_zip(part, dict(sorted(contents.items())), compression=zipfile.ZIP_STORED)
    return target
