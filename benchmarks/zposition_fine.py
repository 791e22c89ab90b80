"""Stacks at 2x down-sampling (0.12 um/px) for the study of down-sampling: 80, of 46 um fields.

The same stacks averaged by 2 and by 5 are those of 4x and 10x, so that nothing but the pixels
differs. The fields are smaller than the data set's (61 um) to keep the set small.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from _record import ROOT

from zfocus_model.zposition.simulator.dataset import write_stacks
from zfocus_model.zposition.simulator.optics import Grid
from zfocus_model.zposition.simulator.recipes import Recipe, recipes_of

STACKS, SEED = 80, 2
GRID, SIZE_PX = Grid(384, 0.12), 380
"""380 px hold 190 blocks of 2 and 76 of 5: the small network takes 64 px and more."""


def finer(drawn: Recipe) -> Recipe:
    """The same recipe with half the pixel size, a smaller field and as many cells per area."""
    share = (GRID.side_um / drawn.grid.side_um) ** 2
    return replace(drawn, grid=GRID, size_px=SIZE_PX, cells=max(5, round(share * drawn.cells)))


def main() -> None:
    """Write the stacks that are not there yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT / "runs" / "zstacks")
    parser.add_argument("--processes", type=int, default=1)
    arguments = parser.parse_args()
    recipes = [(name, finer(drawn)) for name, drawn in recipes_of("yeast", STACKS, SEED)]
    write_stacks(arguments.data / "yeast-fine", recipes, processes=arguments.processes)


if __name__ == "__main__":
    main()
