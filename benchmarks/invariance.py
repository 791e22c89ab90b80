"""Gain and offset do not matter: the largest change of any probability, in both engines.

Simulated fields, sharp and defocused, as a camera gives them (uint16), multiplied by 1e-3 to 1e3
and shifted by up to 40,000 counts, in float32; and constant images. Options: --model PATH (default:
the shipped model), --quick (print only).
"""

from __future__ import annotations

import argparse

import numpy as np
from _record import Goal, Table, asked, save

import zfocus_model
from zfocus_model.camera import photograph
from zfocus_model.optics import defocus
from zfocus_model.scenes import field

GAINS = (1e-3, 1e-2, 0.2, 0.5, 2.0, 5.0, 1e2, 1e3)
OFFSETS = (1.0, 100.0, 1_000.0, 10_000.0, 40_000.0)
CONSTANTS = (0.0, 1.0, 0.1, 1e-3, 117.3, 65_535.0, 1e6)


def images() -> list[np.ndarray]:
    """Counts of two fields of each kind, sharp and 4 levels out of focus."""
    rng = np.random.default_rng(0)
    pictures = []
    for kind in ("nuclei", "cytoplasm", "filaments", "spots"):
        sharp = field(rng, (252, 336), kind)
        for picture in (sharp, defocus(sharp, level=4)):
            pictures.append(photograph(picture, rng=rng).astype(np.float32))
    return pictures


def main() -> None:
    """Measure, print, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="focus-fluorescence")
    parser.add_argument("--quick", action="store_true", help="print only")
    arguments = parser.parse_args()
    pictures = images()
    rows, worst, certain, between = [], 0.0, 0.0, 0.0
    reference: list[np.ndarray] = []
    for engine in ("onnxruntime", "numpy"):
        model = zfocus_model.load_model(arguments.model, engine=engine, threads=2)

        def probabilities(image: np.ndarray, model=model) -> np.ndarray:
            return model.rate(image).patches.probabilities

        plain = [probabilities(image) for image in pictures]
        if reference:
            between = max(float(np.abs(a - b).max()) for a, b in zip(plain, reference))
        reference = plain
        for name, values, change in (
            ("gain", GAINS, np.multiply),
            ("offset", OFFSETS, np.add),
        ):
            for value in values:
                changed = [
                    probabilities(change(image, np.float32(value), dtype=np.float32))
                    for image in pictures
                ]
                largest = max(float(np.abs(a - b).max()) for a, b in zip(changed, plain))
                worst = max(worst, largest)
                rows.append([engine, name, value, largest])
        for value in CONSTANTS:
            rating = model.rate(np.full((168, 168), value, np.float32))
            certain = max(certain, float(rating.patches.certainty.max()))
    save(
        "invariance",
        title="Gain and offset",
        tables=[
            Table(
                "Largest change of a probability when pixels are multiplied or shifted",
                ["engine", "change", "by", "largest difference"],
                rows,
            )
        ],
        goals=[
            Goal("gain 1e-3 to 1e3 and offset to 40,000 change no probability by 1e-4", worst,
                 worst < 1e-4),
            Goal("constant patches have certainty 0", certain, certain == 0),
            Goal("both engines agree to 1e-4", between, between < 1e-4),
        ],
        settings=asked(model),
        keep=not arguments.quick,
    )  # fmt: skip


if __name__ == "__main__":
    main()
