"""The trainings of the study of z-positions, the most telling first."""

from __future__ import annotations

from dataclasses import dataclass, replace

YEAST, FINE, EUGLENA = "yeast", "yeast-fine", "euglena"
"""Sets of stacks: folders under --data; `zposition_fine.py` makes the second."""


@dataclass(frozen=True)
class Run:
    """One training."""

    study: str
    """The figure that it belongs to; ``baseline`` is part of most."""
    name: str
    """Its file is NAME.json."""
    x: float | str
    """Where it stands in the figure."""
    specimen: str = YEAST
    """Which set of simulated stacks."""
    network: str = "small"
    """``small`` or ``published``."""
    bin_um: float = 1.0
    """Width of the z bins; they reach 20 um to both sides, Euglena's 20 bins."""
    batch: int = 64
    """Crops of the smallest side in a step; larger ones in smaller numbers."""
    sides_px: tuple[int, ...] = (96, 128, 192)
    """Sides of the crops."""
    stacks: int | None = None
    """Training stacks; None: all of the train split."""
    coarser: float = 1.0
    """So many pixels of the files are averaged along each axis."""
    label_noise_um: float = 0.0
    """Each training stack's label is moved by a uniform draw of up to so much, either way."""
    seed: int = 0
    """Of weights, order and augmentation."""
    share: float = 1.0
    """Of the budget in crops; the published network has its own, in minutes."""


BASELINE = Run("baseline", "baseline-0", 0)


def all_runs() -> list[Run]:
    """Every run, in the order in which they are made."""

    def run(study: str, name: str, x: float | str, **changes: object) -> Run:
        return replace(BASELINE, study=study, name=name, x=x, **changes)  # type: ignore[arg-type]

    def sampled(times: int, coarser: float) -> Run:
        # The same stacks and the same 38 um of each at all samplings, in as many crops.
        field_px = round(38.4 / (0.06 * times))
        changes = {"specimen": FINE, "coarser": coarser, "sides_px": (field_px,), "share": 0.25}
        return run("sampling", f"sampling-{times}x", times, batch=24, **changes)

    return [
        BASELINE,
        run("stacks", "stacks-100", 100, stacks=100),
        run("stacks", "stacks-50", 50, stacks=50),
        run("bins", "bins-5um", 5, bin_um=5.0),
        run("baseline", "baseline-1", 1, seed=1),
        sampled(4, 2.0),
        sampled(10, 5.0),
        run("second", "second-system", "Euglena", specimen=EUGLENA, bin_um=12.0),
        run("stacks", "stacks-200", 200, stacks=200),
        sampled(2, 1.0),
        run("published", "published", "published", network="published"),
        run("bins", "bins-2um", 2, bin_um=2.0),
        run("batch", "batch-10", 10, batch=10),
        run("labels", "labels-2um", 2, label_noise_um=2.0),
        run("batch", "batch-25", 25, batch=25),
        run("labels", "labels-4um", 4, label_noise_um=4.0),
        run("baseline", "baseline-2", 2, seed=2),
        run("stacks", "stacks-25", 25, stacks=25),
        run("stacks", "stacks-10", 10, stacks=10),
        run("stacks", "stacks-300", 300, stacks=300),
        run("bins", "bins-3um", 3, bin_um=3.0),
        run("labels", "labels-1um", 1, label_noise_um=1.0),
    ]
