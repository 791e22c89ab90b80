"""Draw the test-retest of results/robustness.json: docs/images/study-retest.svg."""

from __future__ import annotations

import json
from typing import Any

from _record import RESULTS, ROOT

from zfocus_model.evaluation.drawing import BLUE, ORANGE, Axes, Picture, ticks

FIGURE = ROOT / "docs" / "images" / "study-retest.svg"
CHANGE, SAME, SPREAD = "change", "same level, %", "sd of the expected level, one rating"
ROW_PX = 24


def main() -> None:
    """Read, draw, write."""
    record = json.loads((RESULTS / "robustness.json").read_text(encoding="utf-8"))
    FIGURE.write_text(figure(record["tables"][0]), encoding="utf-8")
    print(FIGURE.relative_to(ROOT))


def figure(table: dict[str, Any]) -> str:
    """How often the level stays, and how much the expected level moves, a row a change."""
    columns = [table["columns"].index(name) for name in (CHANGE, SAME, SPREAD)]
    rows = [tuple(row[column] for column in columns) for row in table["rows"]]
    rows = [row for row in rows if row[0] != "as it is"]
    picture = Picture(860, 120 + ROW_PX * len(rows), "The same image again: what changes")
    picture.text(20, 26, f"The same image again: {table['title']}", anchor="start", bold=True)
    lowest = 5 * int(min(row[1] for row in rows) // 5)
    most = max(0.2, 1.05 * max(row[2] for row in rows))
    height = ROW_PX * len(rows)
    same = Axes(picture, 260, 50, 280, height, (lowest / 100, 1), (0, 1))
    spread = Axes(picture, 580, 50, 250, height, (0, most), (0, 1))
    same.scale_x(ticks(lowest / 100, 1, 5), "images whose level stays", percent=True)
    spread.scale_x(ticks(0, most, 5), "spread of one rating, levels (sd)")
    for number, (name, stays, moves) in enumerate(rows):
        y = 50 + ROW_PX * (number + 0.5)
        picture.text(248, y + 4.5, name, anchor="end")
        picture.dot(same.x(stays / 100), y, BLUE)
        picture.line(spread.x(0), y, spread.x(moves), y, ORANGE, 2)
        picture.dot(spread.x(moves), y, ORANGE)
    return picture.svg()


if __name__ == "__main__":
    main()
