"""The description that Fiji reads: the same weights in the words of an older format.

JDLL, which deepImageJ uses, casts documentation and covers to strings and needs an ``id``. The
newest format demands mappings, and bioimage.io refuses uploads that carry an ``id``. Hence two
descriptions lie beside each other in one package, and ``zfocus zoo package --fiji`` makes the
archive in which this one is called ``rdf.yaml``, the only name that those programs look for.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

FIJI = "rdf_fiji.yaml"
"""Name of the description in a package."""

FORMAT_VERSION = "0.5.9"
"""Newest format whose documentation and covers may be strings."""


def for_fiji(description: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Say the same in the form that JDLL 0.6 reads.

    Parameters
    ----------
    description : mapping
        Content of ``rdf.yaml``.
    name : str
        Name of the package; it becomes the ``id``.

    Returns
    -------
    dict
        Content of ``rdf_fiji.yaml``. Only LICENSE stays attached: the rest is for zfocus.
    """
    found = copy.deepcopy(dict(description))
    found["format_version"] = FORMAT_VERSION
    found["id"] = name
    found["documentation"] = found["documentation"]["source"]
    found["covers"] = [cover["source"] for cover in found["covers"]]
    found["attachments"] = [file for file in found["attachments"] if file["source"] == "LICENSE"]
    return found
