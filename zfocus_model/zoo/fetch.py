"""Bring one file from a web address, with a checksum and a limit, or leave nothing."""

from __future__ import annotations

import hashlib
import http.client
import re
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from zfocus_model._errors import ZfocusError
from zfocus_model._version import __version__

MAX_DOWNLOAD_BYTES = 1 << 30
"""Largest file that is fetched."""

TIMEOUT_S = 30.0
"""How long a server may stay silent, s."""

_CHUNK = 1 << 18
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
    if urlsplit(url).scheme not in ("http", "https"):
        raise ZfocusError(f"expected an http or https address, got {url!r}: fetch the file first")
    digest = hashlib.sha256()
    try:
        request = Request(url, headers={"User-Agent": f"zfocus/{__version__}"})
        with build_opener(_Redirects()).open(request, timeout=TIMEOUT_S) as answer:
            length = answer.headers.get("Content-Length")
            expected = int(length) if length else None
            size = 0
            with target.open("xb") as file:
                while chunk := answer.read(_CHUNK):
                    size += len(chunk)
                    if size > limit:
                        raise ZfocusError(
                            f"expected at most {limit} bytes from {url}, got more: check it"
                        )
                    digest.update(chunk)
                    file.write(chunk)
    except (URLError, http.client.HTTPException, OSError, ValueError) as error:
        if isinstance(error, ZfocusError):
            raise
        plain = error.reason if type(error) is URLError else error
        reason = " ".join(str(plain).split())
        raise ZfocusError(f"cannot fetch {url} ({reason}): check address and network") from None
    if expected is not None and size != expected:
        raise ZfocusError(
            f"expected {expected} bytes from {url}, got {size}: the download was interrupted, "
            "try again"
        )
    return digest.hexdigest()


class _Redirects(HTTPRedirectHandler):
    """Follows no redirection from https to anything else."""

    def redirect_request(
        self, req: Request, fp: object, code: int, msg: str, headers: object, newurl: str
    ) -> Request | None:
        if urlsplit(req.full_url).scheme == "https" and urlsplit(newurl).scheme != "https":
            raise URLError(f"redirected from https to {newurl}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # pyright: ignore
