"""Plots as plain SVG, written by hand: sharp at every size, readable aloud, no library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from zfocus_model.levels import LEVELS
from zfocus_model.report.colours import hex_colour


def level_histogram(counts: Sequence[int], undecided: int, noun: str) -> str:
    """Bars of the images at each level, and of the undecided ones, as an SVG element.

    Parameters
    ----------
    counts
        (11,), decided images at levels 0 to 10.
    undecided
        Undecided images.
    noun
        What is counted, in the plural: ``images`` or ``planes``.

    Examples
    --------
    >>> level_histogram([3] + [0] * 10, 1, "images").startswith("<svg")
    True
    """
    step, bar, base, tall = 56, 40, 190, 150
    width, most = 12 * step + 76, max([*counts, undecided, 1])
    bars = [(str(level), count, hex_colour(level)) for level, count in enumerate(counts)]
    spoken = [f"level {name}: {count:,}" for name, count, _ in bars if count]
    if undecided:
        spoken.append(f"undecided: {undecided:,}")
    parts = [
        f'<svg class="chart" viewBox="0 0 {width} 236" role="img" '
        f'aria-label="{escape(f"Number of {noun} at each level. " + "; ".join(spoken))}">',
        f"<title>Number of {escape(noun)} at each level</title>",
        f'<line class="axis" x1="8" y1="{base}" x2="{LEVELS * step + 16}" y2="{base}"/>',
        f'<line class="axis" x1="{LEVELS * step + 44}" y1="{base}" x2="{width - 8}" y2="{base}"/>',
    ]
    places = [16 + level * step for level in range(LEVELS)] + [LEVELS * step + 56]
    for x, (name, count, colour) in zip(places, [*bars, ("undecided", undecided, "#8b919a")]):
        height = max(tall * count / most, 2.0) if count else 0.0
        middle = x + bar / 2
        if count:
            parts.append(
                f'<rect x="{x}" y="{base - height:.1f}" width="{bar}" height="{height:.1f}" '
                f'rx="3" fill="{colour}"/>'
            )
        style = "count" if count else "count none"
        parts.append(
            f'<text class="{style}" x="{middle:g}" y="{base - height - 8:.1f}">{count:,}</text>'
        )
        parts.append(f'<text class="tick" x="{middle:g}" y="{base + 20}">{name}</text>')
    parts.append(f'<text class="note start" x="16" y="{base + 40}">in focus</text>')
    parts.append(f'<text class="note" x="{16 + LEVELS * step / 2:g}" y="{base + 40}">level</text>')
    parts.append(
        f'<text class="note end" x="{LEVELS * step}" y="{base + 40}">far out of focus</text>'
    )
    return "".join([*parts, "</svg>"])


def share_bar(shares: Mapping[str, tuple[int, str]]) -> str:
    """One bar divided in proportion: name -> (count, CSS class), as an SVG element."""
    total = sum(count for count, _ in shares.values())
    spoken = ", ".join(f"{name}: {count:,}" for name, (count, _) in shares.items())
    parts = [
        '<svg class="share" viewBox="0 0 1000 14" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(spoken)}">'
    ]
    x = 0.0
    for count, style in shares.values():
        if count:
            width = 1000 * count / max(total, 1)
            parts.append(
                f'<rect class="{escape(style)}" x="{x:.1f}" y="0" '
                f'width="{max(width - 3, 1):.1f}" height="14"/>'
            )
            x += width
    return "".join([*parts, "</svg>"])
