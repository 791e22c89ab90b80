"""Whether sharp fields at 10x to 100x and 0.04 to 0.65 um/px are called in focus.

Objects drawn in um (nuclei, round cells, cytoplasm, reticulum, mitochondria, microtubules,
membranes, spots, beads) lie flat in the best focus of an objective (vectorial PSF), are averaged
over camera pixels, binned or not, and photographed. Training never saw this simulator, nor these
objects. Every field is sharp by construction, whatever its sampling: level 0. Confidently out of
focus: status `out_of_focus`. The same fields away from focus show that not everything is called
sharp.
Options: --model PATH, --fields N (of each kind, objective and pixel), --quick (one, print only).
"""

from __future__ import annotations

import argparse
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from _record import Goal, Table, asked, save

import zfocus_model
from zfocus_model.camera import photograph
from zfocus_model.levels import disc_px_from_level, z_um_from_disc_px
from zfocus_model.rating import Rating
from zfocus_model.simulation.fields import field
from zfocus_model.simulation.microscope import Microscope
from zfocus_model.simulation.objects import KINDS

OIL, WATER = 1.515, 1.33
OBJECTIVES = {
    "10x/0.3": (Microscope(0.3), (0.65, 0.325)),
    "10x/0.45": (Microscope(0.45), (0.65, 0.325)),
    "20x/0.5": (Microscope(0.5), (0.65, 0.325, 0.2)),
    "20x/0.75": (Microscope(0.75), (0.65, 0.325, 0.16)),
    "40x/0.95": (Microscope(0.95), (0.65, 0.325, 0.16)),
    "60x/1.2 water": (Microscope(1.2, WATER, WATER), (0.32, 0.108, 0.065)),
    "63x/1.4 oil": (Microscope(1.4, OIL, OIL), (0.32, 0.2, 0.1, 0.065, 0.04)),
    # Oil into water, 3 um deep: spherical aberration that no focusing takes away.
    "60x/1.4 oil, cells in water": (Microscope(1.4, OIL, WATER, 3.0), (0.2, 0.108, 0.065)),
    "100x/1.45 oil": (Microscope(1.45, OIL, OIL), (0.26, 0.13, 0.065, 0.04)),
}
"""Objectives, and the pixels (binned, native, or behind a relay) that cameras give them, um."""
SIDE_PX = 336
PHOTONS = (300.0, 10_000.0)
AWAY_LEVEL = 6
SEED = 20181104
STATUSES = ("in_focus", "undecided", "out_of_focus")


@dataclass(frozen=True)
class Shot:
    """One photograph and what the model said."""

    objective: str
    pixel_um: float
    kind: str
    level: int
    rating: Rating


def main() -> None:
    """Measure, print, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="focus-fluorescence")
    parser.add_argument("--fields", type=int, default=3, help="of each kind, objective, pixel")
    parser.add_argument("--quick", action="store_true", help="one of each, print only")
    arguments = parser.parse_args()
    model = zfocus_model.load_model(arguments.model)
    shots = list(photographs(model, 1 if arguments.quick else arguments.fields))
    sharp = [shot for shot in shots if shot.level == 0]
    away = [shot for shot in shots if shot.level]
    in_focus, _, out = shares(sharp)
    save(
        "sharp_fields",
        title="Simulated sharp fields, 10x to 100x",
        tables=[
            table("by objective and pixel", sharp, lambda s: (s.objective, s.pixel_um)),
            table("by object", sharp, lambda s: (s.kind,)),
            table("by pixel", sharp, lambda s: (s.pixel_um,)),
            table(f"The same fields at level {AWAY_LEVEL}", away, lambda s: (s.objective,)),
        ],
        goals=[
            Goal("sharp fields: at least 95 % called in focus", in_focus, in_focus >= 95),
            Goal("sharp fields: none confidently out of focus, %", out, out == 0),
        ],
        settings={
            **asked(model),
            "fields": len(sharp),
            "px": SIDE_PX,
            "peak photons": f"{PHOTONS[0]:g} to {PHOTONS[1]:g}",
        },
        keep=not arguments.quick,
    )


def photographs(model: zfocus_model.model.Model, fields: int) -> Iterator[Shot]:
    """Rate every kind with every objective and pixel, in focus; one of each also away from it."""
    for name, (microscope, pixels) in OBJECTIVES.items():
        for pixel_um in pixels:
            for kind in KINDS:
                for number in range(fields):
                    seed = [SEED, number, zlib.crc32(f"{name} {pixel_um} {kind}".encode())]
                    for level in (0, AWAY_LEVEL)[: 2 if number == 0 else 1]:
                        rng = np.random.default_rng(seed)
                        z_um = z_um_from_disc_px(
                            disc_px_from_level(level),
                            numerical_aperture=microscope.numerical_aperture,
                            refractive_index=microscope.immersion_index,
                            pixel_size_um=pixel_um,
                        )
                        light = field(
                            rng, kind, microscope, pixel_um=pixel_um, side_px=SIDE_PX, z_um=z_um
                        )
                        peak = float(np.exp(rng.uniform(*np.log(PHOTONS))))
                        counts = photograph(light, rng=rng, peak_photons=peak)
                        rating = model.rate(counts.astype(np.uint16))
                        yield Shot(name, pixel_um, kind, level, rating)


def shares(shots: Iterable[Shot]) -> tuple[float, float, float]:
    """Percentages of in_focus, undecided and out_of_focus."""
    counts = Counter(shot.rating.status for shot in shots)
    first, second, third = (100 * counts[name] / max(1, counts.total()) for name in STATUSES)
    return first, second, third


def table(title: str, shots: list[Shot], key) -> Table:
    """Shares by a key, and what was confidently wrong."""
    groups: dict[tuple, list[Shot]] = defaultdict(list)
    for shot in shots:
        groups[key(shot)].append(shot)
    rows = []
    for name, members in groups.items():
        wrong = Counter(
            f"{shot.kind} (level {shot.rating.level})"
            for shot in members
            if (shot.rating.status == "out_of_focus") != (shot.level > 3)
        )
        rows.append(
            [
                ", ".join(f"{part:g} um" if isinstance(part, float) else part for part in name),
                len(members),
                *shares(members),
                float(np.mean([shot.rating.expected_level for shot in members])),
                ", ".join(f"{what} x {n}" if n > 1 else what for what, n in wrong.items())
                if shots[0].level == 0
                else "",
            ]
        )
    columns = ["", "fields", "in focus, %", "undecided, %", "out of focus, %"]
    columns += ["mean expected level", "called out of focus"]
    return Table(f"Sharp fields, {title}" if shots[0].level == 0 else title, columns, rows)


if __name__ == "__main__":
    main()
