"""What a person must know and do to hand a package to bioimage.io."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any, cast

from zfocus_model._errors import ZfocusError
from zfocus_model.packages import Package
from zfocus_model.zoo.check import Check

REQUIRED = ("authors", "cite", "covers", "description", "documentation", "license", "name", "tags")
"""Fields that the zoo's reviewers ask for."""

STEPS = """\
Nothing was sent. To hand {archive} over:
 1. Sign in at https://bioimage.io, choose "Upload" and drop the archive; the zoo gives the model
    its id and nickname, so the description carries none.
 2. Add your GitHub account as maintainer; look at the preview: name, cover, test result. Then
    choose "Request review".
    (From Python instead: bioimageio.spec.upload(ARCHIVE) with BIOIMAGEIO_HYPHA_UPLOAD_TOKEN.)
 3. Give the reviewers docs/zoo-review.md: what it is, how it was checked, which warnings remain.
 4. When it is published, note its id in model_zoo/README.md."""


def review(package: Package) -> list[Check]:
    """Check what the official route asks of a description beyond its tests.

    Parameters
    ----------
    package : Package
        The package.

    Returns
    -------
    list of Check
        Fields, the absence of an ``id``, the format, and the licence.

    Raises
    ------
    ZfocusError
        If the reader of descriptions is not installed.
    """
    try:
        yaml: Any = import_module("ruyaml").YAML(typ="safe", pure=True)
    except ImportError:
        raise ZfocusError(
            "expected the packages of the extra 'zoo': pip install 'zfocus[train,zoo]'"
        ) from None
    found = cast("dict[str, Any]", yaml.load(package.read("rdf.yaml").decode("utf-8")))
    missing = [name for name in REQUIRED if not found.get(name)]
    fields = "all there" if not missing else f"without {', '.join(missing)}"
    given = found.get("id")
    return [
        Check("fields", not missing, fields),
        Check("id", given is None, "none, as uploads need" if given is None else f"has {given!r}"),
        Check("type", found.get("type") == "model", str(found.get("type"))),
        Check("format", True, str(found.get("format_version"))),
        Check("licence", bool(found.get("license")), str(found.get("license"))),
    ]


def steps(archive: Path) -> str:
    """The hand-off, step by step."""
    return STEPS.format(archive=archive.name)
