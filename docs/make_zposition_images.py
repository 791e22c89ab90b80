"""Make the picture of simulated cells through focus: python docs/make_zposition_images.py."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from zfocus_model.zposition.simulator.recipes import make, recipe

IMAGES = Path(__file__).resolve().parent / "images"
PLANES = (-12, -4, -1, 0, 1, 4, 12)
SIDE_PX = 170


def main() -> None:
    """Write docs/images/zposition-simulated.png: a row a system, z grows from left to right."""
    rows: list[np.ndarray] = []
    for system, experiment, stack, cells in (("yeast", 3, 30, 45), ("euglena", 3, 12, 30)):
        drawn = recipe(system, experiment, stack, 60, seed=1)
        middle = drawn.planes // 2
        planes = make(replace(drawn, in_focus_plane=float(middle), cells=cells)).planes
        shown = [planes[middle + step][:SIDE_PX, :SIDE_PX] for step in PLANES]
        row = np.concatenate(shown, 1).astype(float)
        low, high = np.percentile(row, (0.2, 99.8))
        rows.append(np.clip((row - low) / (high - low) * 255, 0, 255).astype(np.uint8))
    Image.fromarray(np.concatenate(rows)).save(IMAGES / "zposition-simulated.png", optimize=True)


if __name__ == "__main__":
    main()
