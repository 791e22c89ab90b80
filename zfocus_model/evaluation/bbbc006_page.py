"""The page of BBBC006: the published table, and what was measured."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from zfocus_model.evaluation.drawing import BLUE, GREY, ORANGE, TEAL, Axes, Picture, ticks
from zfocus_model.evaluation.html import document, plots, table

if TYPE_CHECKING:
    from zfocus_model.evaluation.bbbc006 import Distance, Table

_COLOURS = (BLUE, ORANGE, TEAL, GREY)


def figures(found: Table) -> dict[str, str]:
    """Draw both figures.

    Parameters
    ----------
    found
        The table.

    Returns
    -------
    dict
        Name -> SVG.
    """
    return {
        "within_one_by_distance": _curves(
            found, "Images within one level", lambda row: row.within_1, (0, 1), "share of images"
        ),
        "level_by_distance": _curves(
            found,
            "Mean expected level (grey: the level that counts as true)",
            lambda row: row.mean_expected_level,
            (0, 10),
            "expected level",
        ),
    }


def page(found: Table, drawn: Mapping[str, str]) -> str:
    """Return the page.

    Parameters
    ----------
    found
        The table.
    drawn
        From `figures`.

    Returns
    -------
    str
        HTML.
    """
    about = found.about
    title = "BBBC006, plane by plane"
    rows: list[list[Any]] = []
    for channel in found.channels:
        s = channel.group.scores
        rows.append(
            [
                channel.channel, channel.group.fields, s["f_in_focus"].value,
                f"{s['f_in_focus'].low:.3f} to {s['f_in_focus'].high:.3f}",
                channel.published_f, channel.published_earlier_f, s["f_out_of_focus"].value,
                s["auc"].value, 100 * s["within_1"].value, 100 * s["exact"].value,
                100 * s["undecided"].value,
            ]
        )  # fmt: skip
    heads = ["stain", "fields", "F in focus", "95 % interval", "published F", "earlier methods"]
    heads += ["F out of focus", "AUC", "within one, %", "exact, %", "undecided, %"]
    best = [
        [
            channel.channel,
            ", ".join(f"{plane}: {n}" for plane, n in channel.best_planes.items()),
            channel.error_planes,
            channel.spearman,
        ]
        for channel in found.channels
    ]
    best_heads = ["stain", "plane: fields", "error, planes", "Spearman"]
    planes = [
        [
            row.channel, row.plane, row.z_um, row.level, row.images, 100 * row.within_1,
            100 * row.exact, row.mean_expected_level, 100 * row.in_focus, 100 * row.undecided,
        ]
        for row in found.distances
    ]  # fmt: skip
    plane_heads = ["stain", "plane", "z, um", "true level", "images", "within one, %", "exact, %"]
    plane_heads += ["mean expected level", "in focus, %", "undecided, %"]
    failed = [[failure.name, failure.error] for failure in found.failures]
    return document(
        title,
        [
            f'<header><p class="over">zfocus evaluate</p><h1>{title}</h1>'
            f'<p class="under">{escape(str(about.get("made", "")))} &middot; model '
            f"{escape(str(about.get('model', '')))} {escape(str(about.get('model_version', '')))}"
            "</p></header>",
            "<section><h2>In focus or not</h2><p>Levels 0 to 2 against 4 to 10; level 3 counts as "
            "neither, an undecided image as found by neither. Plane "
            f"{about['focus_plane']} counts as in focus in every field, and each further plane "
            "(2 um) as one level more, up to 10. The published F-scores are those of Yang et al. "
            "2018, whose exact rule is not known; intervals draw fields.</p>"
            f"{table(heads, rows)}</section>",
            plots("Plane by plane", "", list(drawn.values())),
            f"<section>{table(plane_heads, planes)}</section>",
            "<section><h2>Best planes</h2><p>The decided plane of the least expected level, and "
            "in how many fields it is the best; its distance from the plane in focus; and the rank "
            "correlation of expected level and distance from focus over decided planes: means over "
            f"fields.</p>{table(best_heads, best, words=2)}</section>",
            "<section><h2>Could not be read</h2>" + table(["file", "why"], failed, words=2)
            + "</section>" if failed else "",
        ],
    )  # fmt: skip


def _curves(
    found: Table,
    title: str,
    value: Callable[[Distance], float],
    span: tuple[float, float],
    label: str,
) -> str:
    picture = Picture(500, 360, title)
    picture.text(20, 26, title, anchor="start", bold=True, size=12.5)
    z_um = [row.z_um for row in found.distances]
    low, high = min(z_um), max(z_um)
    if low == high:
        low, high = low - 1, high + 1
    axes = Axes(picture, 80, 62, 390, 240, (low, high), span)
    axes.scale_x(ticks(low, high, 8), "distance from the plane in focus, um")
    axes.scale_y(ticks(*span), label, percent=span[1] == 1)
    if span[1] != 1:
        rows = [row for row in found.distances if row.channel == found.distances[0].channel]
        picture.path([(axes.x(row.z_um), axes.y(row.level)) for row in rows], GREY, 3)
    for number, channel in enumerate(found.channels):
        colour = _COLOURS[number % len(_COLOURS)]
        rows = [row for row in found.distances if row.channel == channel.channel]
        points = [
            (axes.x(row.z_um), axes.y(value(row))) for row in rows if not math.isnan(value(row))
        ]
        picture.path(points, colour)
        for x, y in points:
            picture.dot(x, y, colour, 3)
        picture.dot(88 + 110 * number, 45, colour)
        picture.text(98 + 110 * number, 50, channel.channel, anchor="start")
    return picture.svg()
