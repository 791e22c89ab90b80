"""Bring one file from a web address, with a checksum and a limit, or leave nothing."""

from __future__ import annotations

import re
from pathlib import Path

from zfocus_model._errors import ZfocusError
from zfocus_model._web import fetch

MAX_DOWNLOAD_BYTES = 1 << 30
"""Largest file that is fetched."""

_SHA256 = re.compile(r"[0-9a-f]{64}")


def is_url(text: str) -> bool:
    """Tell whether a text is a web address and not a path."""
    return "://" in text


def checked_sha256(text: str) -> str:
    """A SHA-256 in lower case.

    Parameters
    ----------
    text : str
        What a person or an index says.

    Returns
    -------
    str
        64 lower-case hexadecimal digits.

    Raises
    ------
    ZfocusError
        If it is none.
    """
    low = text.strip().lower()
    if not _SHA256.fullmatch(low):
        raise ZfocusError(f"expected a SHA-256 of 64 hexadecimal digits, got {text[:80]!r}")
    return low


def download(url: str, target: Path, *, limit: int = MAX_DOWNLOAD_BYTES) -> str:
    """Fetch a file.

    Parameters
    ----------
    url : str
        Address, ``http`` or ``https``; redirections from ``https`` must stay there.
    target : Path
        File to write, in a folder that the caller removes whatever happens.
    limit : int
        Most bytes to accept.

    Returns
    -------
    str
        SHA-256 of what came.

    Raises
    ------
    ZfocusError
        If it cannot be had, ends early or is larger than the limit.
    """
    return fetch(url, target, limit=limit)
