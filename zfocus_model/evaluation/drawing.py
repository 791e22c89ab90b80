"""Plots as plain SVG: an area with two axes, and marks in it. Each picture stands for itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

INK, DIM, LINE, PAPER = "#1b1e23", "#5c6470", "#d5d8dd", "#ffffff"
BLUE, ORANGE, GREY, TEAL = "#2b78e4", "#e8740c", "#8b919a", "#0f8a7e"


@dataclass
class Picture:
    """An SVG picture that is drawn step by step; px from the upper left."""

    width: int
    """Width in px."""
    height: int
    """Height in px."""
    title: str
    """What it shows, also for those who do not see it."""
    parts: list[str] = field(default_factory=list[str])
    """Elements so far."""

    def line(
        self, x1: float, y1: float, x2: float, y2: float, colour: str = LINE, width: float = 1,
        dash: str = "",
    ) -> None:  # fmt: skip
        """Draw a line."""
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
            f'stroke-width="{width:g}"{dashes}/>'
        )

    def rect(
        self, x: float, y: float, width: float, height: float, colour: str, opacity: float = 1
    ) -> None:
        """Fill a rectangle."""
        self.parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" '
            f'height="{max(height, 0):.1f}" fill="{colour}" fill-opacity="{opacity:.3f}"/>'
        )

    def dot(
        self, x: float, y: float, colour: str, radius: float = 4, *, hollow: bool = False
    ) -> None:
        """Draw a dot."""
        fill = PAPER if hollow else colour
        self.parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" fill="{fill}" stroke="{colour}" '
            'stroke-width="1.5"/>'
        )

    def path(self, points: Sequence[tuple[float, float]], colour: str, width: float = 1.6) -> None:
        """Join points by lines."""
        drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(
            f'<polyline points="{drawn}" fill="none" stroke="{colour}" stroke-width="{width:g}" '
            'stroke-linejoin="round"/>'
        )

    def text(
        self, x: float, y: float, words: str, *, anchor: str = "middle", size: float = 13,
        colour: str = INK, turn: bool = False, bold: bool = False,
    ) -> None:  # fmt: skip
        """Write a text; ``turn`` from below to above."""
        turned = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if turn else ""
        weight = ' font-weight="600"' if bold else ""
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size:g}" '
            f'fill="{colour}"{weight}{turned}>{escape(words)}</text>'
        )

    def svg(self) -> str:
        """Return the picture as an SVG document, which may also stand in a page."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" '
            f'width="{self.width}" height="{self.height}" role="img" '
            'font-family="system-ui, Segoe UI, Helvetica, Arial, sans-serif">'
            f"<title>{escape(self.title)}</title>"
            f'<rect width="{self.width}" height="{self.height}" fill="{PAPER}"/>'
            + "".join(self.parts)
            + "</svg>\n"
        )


@dataclass
class Axes:
    """An area of a picture with a scale on each side."""

    picture: Picture
    """Where it is."""
    left: float
    """Left edge in px."""
    top: float
    """Upper edge in px."""
    width: float
    """Width in px."""
    height: float
    """Height in px."""
    x_range: tuple[float, float]
    """Values at the left and right edges."""
    y_range: tuple[float, float]
    """Values at the lower and upper edges."""

    def x(self, value: float) -> float:
        """Px of a value."""
        low, high = self.x_range
        return self.left + (value - low) / (high - low) * self.width

    def y(self, value: float) -> float:
        """Px of a value."""
        low, high = self.y_range
        return self.top + self.height - (value - low) / (high - low) * self.height

    def scale_x(self, ticks: Sequence[float], label: str, *, percent: bool = False) -> None:
        """Draw ticks, grid lines and the label of the lower side."""
        for value in ticks:
            self.picture.line(self.x(value), self.top, self.x(value), self.top + self.height)
            words = f"{100 * value:g} %" if percent else f"{value:g}"
            self.picture.text(self.x(value), self.top + self.height + 18, words, colour=DIM)
        middle = self.left + self.width / 2
        self.picture.text(middle, self.top + self.height + 40, label, colour=DIM)

    def scale_y(self, ticks: Sequence[float], label: str, *, percent: bool = False) -> None:
        """Draw ticks, grid lines and the label of the left side."""
        for value in ticks:
            self.picture.line(self.left, self.y(value), self.left + self.width, self.y(value))
            words = f"{100 * value:g} %" if percent else f"{value:g}"
            self.picture.text(self.left - 8, self.y(value) + 4.5, words, anchor="end", colour=DIM)
        middle = self.top + self.height / 2
        self.picture.text(self.left - 50, middle, label, colour=DIM, turn=True)


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round values from ``low`` to ``high``, at most so many; steps of 1, 2 or 5 in some decade.

    Examples
    --------
    >>> ticks(0, 10), ticks(0.85, 1)
    ([0.0, 2.0, 4.0, 6.0, 8.0, 10.0], [0.85, 0.9, 0.95, 1.0])
    """
    step = 10.0**-6
    while True:
        for factor in (1, 2, 5):
            # A hair of tolerance: 1 // 0.05 is 19.
            first = math.ceil(low / (step * factor) - 1e-9)
            count = math.floor(high / (step * factor) + 1e-9) - first + 1
            if count <= most:
                return [round((first + i) * step * factor, 9) for i in range(count)]
        step *= 10
