"""Files from web addresses, with a limit; a broken transfer can go on where it stopped."""

from __future__ import annotations

import hashlib
import http.client
from pathlib import Path
from typing import Any, Callable
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from zfocus_model._errors import ZfocusError
from zfocus_model._version import __version__

TIMEOUT_S = 30.0
"""How long a server may stay silent, s."""

_CHUNK = 1 << 18
_RANGE_NOT_SATISFIABLE = 416


def fetch(
    url: str,
    target: Path,
    *,
    limit: int,
    resume: bool = False,
    progress: Callable[[int, int | None], None] | None = None,
) -> str:
    """Bring one file.

    Parameters
    ----------
    url : str
        Address, ``http`` or ``https``; redirections from ``https`` must stay there.
    target : Path
        File to write; it must not be there, unless `resume`.
    limit : int
        Most bytes to accept.
    resume : bool
        Ask only for what is missing behind the bytes that are in `target`. A mark beside it
        (``.from``) says of which version of the file they are; another version starts anew.
        What came stays in `target` if the transfer breaks.
    progress : callable, optional
        Told the bytes so far and in all (None: unknown).

    Returns
    -------
    str
        SHA-256 of the whole file.

    Raises
    ------
    ZfocusError
        If it cannot be had, ends early or is larger than the limit.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise ZfocusError(f"expected an http or https address, got {url!r}: fetch the file first")
    mark = target.with_name(f"{target.name}.from")
    digest, have = _had(target, mark) if resume else (hashlib.sha256(), 0)
    try:
        with _open(url, have, mark) as answer:
            if have and answer.status != http.client.PARTIAL_CONTENT:
                digest, have = hashlib.sha256(), 0  # another version, or no ranges: from the start
            elif have and not _starts_at(answer.headers, have):
                raise ZfocusError(
                    f"expected what lies behind byte {have} of {url}, got another part: remove "
                    f"{target} and try again"
                )
            if resume:
                tag = answer.headers.get("ETag") or answer.headers.get("Last-Modified") or ""
                mark.write_text(tag, encoding="utf-8")
            length = answer.headers.get("Content-Length")
            expected = have + int(length) if length else None
            if expected is not None and expected > limit:
                raise ZfocusError(
                    f"expected at most {limit} bytes from {url}, got {expected}: check it"
                )
            with target.open("ab" if have else "wb" if resume else "xb") as file:
                while chunk := answer.read(_CHUNK):
                    have += len(chunk)
                    if have > limit:
                        raise ZfocusError(
                            f"expected at most {limit} bytes from {url}, got more: check it"
                        )
                    digest.update(chunk)
                    file.write(chunk)
                    if progress is not None:
                        progress(have, expected)
    except HTTPError as error:
        # The file is whole already when nothing lies behind its end.
        if not (have and error.code == _RANGE_NOT_SATISFIABLE and _all_bytes(error) == have):
            raise _failed(url, error, resume and have > 0) from None
        expected = have
    except (URLError, http.client.HTTPException, OSError, ValueError) as error:
        if isinstance(error, ZfocusError):
            raise
        raise _failed(url, error, resume and have > 0) from None
    if expected is not None and have != expected:
        again = "run the same command again, it goes on from there" if resume else "try again"
        raise ZfocusError(
            f"expected {expected} bytes from {url}, got {have}: the download was interrupted, "
            f"{again}"
        )
    mark.unlink(missing_ok=True)
    return digest.hexdigest()


def _had(target: Path, mark: Path) -> tuple[Any, int]:
    """Digest and number of the bytes that are there already, and known to be of which version."""
    digest, have = hashlib.sha256(), 0
    if target.is_file() and mark.is_file():
        with target.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                have += len(chunk)
    return digest, have


def _open(url: str, have: int, mark: Path) -> Any:
    headers = {"User-Agent": f"zfocus/{__version__}"}
    if have:
        headers["Range"] = f"bytes={have}-"
        tag = mark.read_text(encoding="utf-8")
        if tag and not tag.startswith("W/"):  # a weak tag is no promise of equal bytes
            headers["If-Range"] = tag
    return build_opener(_Redirects()).open(Request(url, headers=headers), timeout=TIMEOUT_S)


def _starts_at(headers: Any, have: int) -> bool:
    """Tell whether a partial answer is the part that was asked for: ``bytes 100-199/200``."""
    text = str(headers.get("Content-Range", ""))
    return text.startswith(f"bytes {have}-")


def _all_bytes(error: HTTPError) -> int | None:
    """Length of the file that an answer 416 states: ``bytes */1234``."""
    text = error.headers.get("Content-Range", "").rpartition("/")[2]
    return int(text) if text.isdigit() else None


def _failed(url: str, error: BaseException, goes_on: bool) -> ZfocusError:
    plain = error.reason if type(error) is URLError else error
    reason = " ".join(str(plain).split())
    hint = "; the same command goes on from where this stopped" if goes_on else ""
    return ZfocusError(f"cannot fetch {url} ({reason}): check address and network{hint}")


class _Redirects(HTTPRedirectHandler):
    """Follows no redirection from https to anything else."""

    def redirect_request(
        self, req: Request, fp: object, code: int, msg: str, headers: object, newurl: str
    ) -> Request | None:
        if urlsplit(req.full_url).scheme == "https" and urlsplit(newurl).scheme != "https":
            raise URLError(f"redirected from https to {newurl}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # pyright: ignore
