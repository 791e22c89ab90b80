"""Parts of a package's README and licence note: tables of nested values, and the licence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

UNKNOWN_LICENCE = "not stated"

_INTERVAL = {"value", "low", "high"}


def licence_note(licences: Mapping[str, str], *, named: bool) -> str:
    """Write a licence note: BSD-3-Clause for the weights, and what they were trained on.

    Parameters
    ----------
    licences : mapping of str to str
        Licence by source of images; empty where a source states none.
    named : bool
        Whether the run names its sources.

    Returns
    -------
    str
        Content of ``LICENSE``.
    """
    return "\n".join(
        [
            "The weights, descriptions and pictures in this package are licensed under the",
            "BSD 3-Clause License (SPDX: BSD-3-Clause), copyright the zfocus developers.",
            "",
            "No training image is part of it. The weights were fitted to images under these",
            "licences, as their sources state them:",
            "",
            *[f"  {source}: {given or UNKNOWN_LICENCE}" for source, given in licences.items()],
            *([] if named else ["  (the run does not name its sources)"]),
            "",
            _BSD_3_CLAUSE,
        ]
    )


def flatten(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Rows of name and value of a nested mapping; names of the levels are joined by colons.

    A mapping of ``value``, ``low`` and ``high`` is one row: the value, its interval in brackets.
    """
    rows: list[tuple[str, str]] = []
    for key, value in values.items():
        name = f"{prefix}{key}".replace("_", " ")
        if isinstance(value, Mapping) and set(cast("Mapping[str, Any]", value)) == _INTERVAL:
            number, low, high = (plain(value[part]) for part in ("value", "low", "high"))
            rows.append((name, f"{number} ({low} to {high})"))
        elif isinstance(value, Mapping):
            rows += flatten(cast("Mapping[str, Any]", value), f"{prefix}{key}: ")
        elif isinstance(value, (list, tuple)):
            rows.append((name, ", ".join(plain(v) for v in cast("Sequence[Any]", value))))
        else:
            rows.append((name, plain(value)))
    return rows


def tables(values: Mapping[str, Any], title: str = "") -> list[str]:
    """Lines of Markdown: a table for each mapping of a nested one that holds values.

    Parameters
    ----------
    values : mapping
        As for `flatten`.
    title : str
        What they are, above the table.

    Returns
    -------
    list of str
        Titles, tables and empty lines.
    """
    inner = {
        key: cast("Mapping[str, Any]", value)
        for key, value in values.items()
        if isinstance(value, Mapping) and set(cast("Mapping[str, Any]", value)) != _INTERVAL
    }
    lines: list[str] = []
    rows = flatten({key: value for key, value in values.items() if key not in inner})
    if rows:
        lines += [f"**{title}**", ""] if title else []
        lines += ["| what | value |", "|---|---|"]
        lines += [*(f"| {cell(key)} | {cell(value)} |" for key, value in rows), ""]
    for key, value in inner.items():
        words = key.replace("_", " ")
        lines += tables(value, f"{title}: {words}" if title else words)
    return lines


def plain(value: Any) -> str:
    """A value in words: floats with four digits."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def cell(text: str) -> str:
    """A text that cannot break a table."""
    return " ".join(str(text).replace("|", "\\|").split())


def mapping(values: Mapping[str, Any], key: str) -> dict[str, Any]:
    """An entry that is a mapping; empty if it is none."""
    found = values.get(key)
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


_BSD_3_CLAUSE = """\
Redistribution and use in source and binary forms, with or without modification, are permitted
provided that the following conditions are met:

1. Redistributions of source code must retain the above copyright notice, this list of conditions
   and the following disclaimer.
2. Redistributions in binary form must reproduce the above copyright notice, this list of conditions
   and the following disclaimer in the documentation and/or other materials provided with the
   distribution.
3. Neither the name of the copyright holder nor the names of its contributors may be used to endorse
   or promote products derived from this software without specific prior written permission.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY EXPRESS OR
IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND
FITNESS FOR A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR
CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL
DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE,
DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER
IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF
THE USE OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.
"""
