"""The second simulator, where a level is the disc that the real cone of light draws.

Levels are paraxial by definition: sine and tangent of the cone's angle count as one. The vectorial
simulator has the real cone, wider by 15 % at NA 0.5 in air, so at the paraxial distance of level 7
it draws the disc of level 8. second_simulator.py keeps to the definition, and so mixes that with
what the model makes of other optics, thickness and light from other planes. Here the objective
moves by less, so that the disc's edge lies where the level says. Same images, photographs and
seeds. Needs the image collection (ZFOCUS_DATA, else ../shared/data). Options: as of
second_simulator.py, --pictures DIR among them, which may be the same folder.
"""

from __future__ import annotations

import math

import numpy as np
from _kept import Pictures
from _record import Table, asked, save
from second_simulator import (
    LEVELS,
    SCORES,
    SIMULATING,
    Lifted,
    by_objective,
    fill,
    found,
    mean_levels,
    options,
    scores,
    unseen,
)

import zfocus_model
from zfocus_model.optics import Optics

OPTICS = Optics()


def narrower(optics: Optics) -> float:
    """Cosine of the cone's angle: sine over tangent."""
    return math.sqrt(1 - (optics.numerical_aperture / optics.refractive_index) ** 2)


def main() -> None:
    """Measure, print, save."""
    arguments = options(__doc__)
    pictures = Pictures(arguments.pictures, SIMULATING)
    sources = unseen(1 if arguments.quick else None)
    by_cone = Lifted(OPTICS, narrower(OPTICS))
    if arguments.pictures_only:
        fill(sources, by_cone, pictures)
        return
    model = zfocus_model.load_model(arguments.model)
    answers = {name: found(model, rows, by_cone, pictures) for name, rows in sources.items()}
    rows = [[name, len(said.levels), *scores(said)] for name, said in answers.items()]
    mean = [float(value) for value in np.mean([row[2:] for row in rows], axis=0)]
    rows.append(["mean of the sources", None, *mean])
    save(
        "second_simulator_cone",
        title="Graded defocus by a second simulator, levels by the real cone of light",
        tables=[
            Table(
                "Whole images, sources absent from training",
                ["source", "images x 11 levels", *SCORES],
                rows,
                f"The objective moves by {narrower(OPTICS):.3f} of the paraxial distance.",
            ),
            Table(
                "Mean level found for each level, mean of the sources",
                [str(level) for level in LEVELS],
                [mean_levels(answers)],
            ),
            by_objective(model, sources, pictures, narrower),
        ],
        settings=asked(model),
        keep=not arguments.quick,
    )


if __name__ == "__main__":
    main()
