"""Two models on the same graded images, field by field, and whether the second is better."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zfocus_model.evaluation.grading import graded_images
from zfocus_model.evaluation.intervals import draws, interval
from zfocus_model.evaluation.rated import Rated, collect
from zfocus_model.evaluation.tally import scores, tally
from zfocus_model.rating import StatusLimits, rate_patches
from zfocus_model.tiling import cut
from zfocus_model.training._keras import load_keras

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from zfocus_model.rating import Rating
    from zfocus_model.training.sources import SourceImage

SHOWN = {
    "exact": ("at the right level, %", 100.0),
    "within_1": ("within one level, %", 100.0),
    "mean_absolute_error": ("mean absolute error, levels", 1.0),
    "f_in_focus": ("F of finding levels 0-2 among 0-2 and 4-10", 1.0),
    "false_flags_per_1000": ("called out of focus, of 1,000 at levels 0-2", 1.0),
    "undecided": ("undecided, %", 100.0),
    "ece": ("expected calibration error of patches", 1.0),
    "rps": ("ranked probability score (0 is best)", 1.0),
}
"""Name of a score -> what it is, and what it is multiplied by to be shown."""

_LARGEST_PX = 504  # of a field's side: what is compared is fields, and six patches a side will do


class Candidate:
    """A network with its limits, asked through Keras.

    Parameters
    ----------
    network : keras.Model
        Patches (n, 84, 84, 1) -> probabilities (n, 11), calibrated.
    limits : StatusLimits
        Its limits.
    """

    def __init__(self, network: Any, limits: StatusLimits) -> None:
        self._network = network
        self._limits = limits

    def rate(self, plane: NDArray[Any]) -> Rating:
        """Rate a plane (height, width) of at least 84 px a side."""
        patches = cut(plane)
        found = self._network(patches.pixels[..., None], training=False)
        shape = (int(plane.shape[0]), int(plane.shape[1]))
        grid = patches.on_grid(load_keras().ops.convert_to_numpy(found))
        return rate_patches(grid, self._limits, shape_px=shape)

    def grade(self, images: Sequence[SourceImage], seed: int) -> Rated:
        """Rate copies of sharp images, defocused to each level; the same seed, the same copies."""
        ratings: list[Rating] = []
        fields: list[int] = []
        levels: list[int] = []
        for number, image in enumerate(images):
            corner = image.pixels[:_LARGEST_PX, :_LARGEST_PX]
            for level, counts in graded_images(corner, np.random.default_rng([seed, 6, number])):
                ratings.append(self.rate(counts))
                fields.append(number)
                levels.append(level)
        names = [str(images[number].path) for number in fields]
        return collect(ratings, names=names, fields=fields, true=levels)


@dataclass(frozen=True)
class Comparison:
    """Scores of two models on the same fields."""

    fields: int
    """Sharp images that the graded ones were made from."""
    before: dict[str, float]
    """Scores of the first model, by the names in `SHOWN`; shares are 0 to 1."""
    after: dict[str, float]
    """Those of the second."""
    rps_difference: tuple[float, float]
    """95 % interval of the ranked probability score, after minus before; fields are drawn anew."""

    @property
    def better(self) -> bool:
        """Whether the second model knows the level better, and sharp from blurred no worse."""
        known = self.after["rps"] < self.before["rps"]
        return known and self.after["f_in_focus"] >= self.before["f_in_focus"] - F_TOLERANCE

    @property
    def beyond_chance(self) -> bool:
        """Whether other fields of the same kind would very likely say so, too."""
        return self.rps_difference[1] < 0

    def lines(self) -> list[str]:
        """A table for the terminal."""
        rows = [f"{'':45}{'before':>9}{'after':>9}"]
        for name, (words, factor) in SHOWN.items():
            values = (self.before[name] * factor, self.after[name] * factor)
            rows.append(f"{words:45}" + "".join(f"{value:9.3g}" for value in values))
        return rows

    def as_json(self) -> dict[str, Any]:
        """All of it, for a JSON file."""
        return {**asdict(self), "better": self.better, "beyond_chance": self.beyond_chance}


F_TOLERANCE = 0.01
"""A loss of F that is still taken for none: one image in a hundred."""


def compare(
    before: Candidate, after: Candidate, images: Sequence[SourceImage], seed: int
) -> Comparison:
    """Compare two models on graded copies of sharp images.

    Parameters
    ----------
    before, after : Candidate
        The models.
    images : sequence of SourceImage
        Sharp fields that neither has seen.
    seed : int
        Of the copies' noise and of the bootstrap.

    Returns
    -------
    Comparison
        Scores and the interval of their difference.
    """
    tallies = [tally(one.grade(images, seed)) for one in (before, after)]
    found = [scores(one.total()) for one in tallies]
    counts = draws(len(images), np.random.default_rng([seed, 7]))
    drawn = [scores(one.total(counts))["rps"] for one in tallies]
    values = [{name: float(each[name]) for name in SHOWN} for each in found]
    return Comparison(len(images), values[0], values[1], interval(drawn[1] - drawn[0]))
