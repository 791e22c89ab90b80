"""Which planes the contact sheet shows, in which order, and how that is said."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from zfocus_model.report.thumbnails import KEPT_PER_GROUP, UNDECIDED_GROUP, group
from zfocus_model.report.words import Row, number, plane_key

LEAST_PER_GROUP = 8
"""Planes shown of every level that has as many, when not all can be shown."""


@dataclass(frozen=True)
class Choice:
    """The planes of a contact sheet."""

    decided: tuple[Row, ...]
    """From sharp to blurred."""
    undecided: tuple[Row, ...]
    """By name."""
    note: str
    """How many are shown, and how they were chosen."""


def choose(rows: Sequence[Row], *, most: int = KEPT_PER_GROUP) -> Choice:
    """Choose at most ``most`` planes: all of them, else a fair sample of every level.

    The sample is fixed by the planes' names, so that it is the same in every run.
    """
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(group(row), []).append(row)
    if len(rows) > most:
        shares = _shares({name: len(members) for name, members in groups.items()}, most)
        for name, members in groups.items():
            groups[name] = sorted(members, key=plane_key)[: shares[name]]
    undecided = groups.pop(UNDECIDED_GROUP, [])
    decided = [row for members in groups.values() for row in members]
    decided.sort(key=lambda row: (_finite(number(row, "expected_level")), plane_key(row)))
    undecided.sort(key=lambda row: (str(row.get("image")), plane_key(row)))
    shown = len(decided) + len(undecided)
    if shown == len(rows):
        note = f"All {shown:,} are shown." if shown > 1 else ""
    else:
        note = (
            f"{shown:,} of {len(rows):,} are shown: a random choice in proportion to each level, "
            f"with at least {LEAST_PER_GROUP} of every level that has as many."
        )
    return Choice(tuple(decided), tuple(undecided), note)


def _finite(value: float) -> float:
    return math.inf if math.isnan(value) else value


def _shares(sizes: dict[str, int], most: int) -> dict[str, int]:
    """Places of every group: a minimum each, the rest in proportion to what is left."""
    least = min(LEAST_PER_GROUP, most // len(sizes))
    shares = {name: min(size, least) for name, size in sizes.items()}
    left = {name: size - shares[name] for name, size in sizes.items()}
    room, remaining = most - sum(shares.values()), sum(left.values())
    return {name: shares[name] + room * left[name] // max(remaining, 1) for name in sizes}
