"""Real images, which are no part of the repository: where ZFOCUS_DATA says, or beside it."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def real_images(count: int, split: str = "dev") -> list[Path]:
    """Some real images of at least 84 px, from different sources; skips where there are none."""
    folder = Path(os.environ.get("ZFOCUS_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "manifest.csv").is_file():
        pytest.skip(f"no real images: {folder} has no manifest.csv")
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["split"] == split]
    chosen: dict[str, Path] = {}
    for row in rows:
        if min(int(row["h"]), int(row["w"])) >= 84:
            chosen.setdefault(row["source"], folder / row["path"])
    return list(chosen.values())[:count]
