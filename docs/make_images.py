"""Make the pictures of the docs with the tool itself: python docs/make_images.py.

The picture of the README is a simulated field of cells that tilts out of focus from left to right,
rated and drawn by `zfocus rate --montage`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import tifffile

from zfocus_model.camera import photograph
from zfocus_model.levels import PATCH_PX
from zfocus_model.optics import defocus
from zfocus_model.scenes import field

IMAGES = Path(__file__).resolve().parent / "images"
ROWS, COLUMNS = 5, 11


def tilted(rng: np.random.Generator) -> np.ndarray:
    """Counts of a field whose defocus grows by a level from patch to patch."""
    sharp = field(rng, (ROWS * PATCH_PX, COLUMNS * PATCH_PX), "nuclei", density=0.22)
    # A ramp between whole levels, so that no seam shows.
    position = np.clip(np.arange(sharp.shape[1]) / PATCH_PX - 0.5, 0, COLUMNS - 1)
    picture = np.zeros_like(sharp, dtype=np.float64)
    for level in range(COLUMNS):
        weight = np.clip(1 - np.abs(position - level), 0, 1)
        if weight.any():
            picture += weight * defocus(sharp, level=level)
    picture[: 2 * PATCH_PX, 4 * PATCH_PX : 5 * PATCH_PX] = 0.04  # two patches without cells
    return photograph(picture, rng=rng).astype(np.uint16)


def main() -> None:
    """Write docs/images/montage.png."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tifffile.imwrite(folder / "tilted_field.tif", tilted(np.random.default_rng(3)))
        command = [sys.executable, "-m", "zfocus_model", "rate", str(folder / "tilted_field.tif")]
        subprocess.run([*command, "-o", str(folder / "out"), "--montage", "--quiet"], check=True)
        (picture,) = (folder / "out" / "montages").glob("*.png")
        (IMAGES / "montage.png").write_bytes(picture.read_bytes())
    print(IMAGES / "montage.png")


if __name__ == "__main__":
    main()
