"""Sums from which all scores follow, field by field, so that a bootstrap only adds them up anew.

Undecided images count as follows. Scores of levels take every image that was rated, decided or not:
its level is what the model would have said. In finding what is in focus (and what is out of focus),
an undecided image is found by neither: it is never a false alarm, and always missed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from zfocus_model.aggregation import ranked_probability_score
from zfocus_model.evaluation.metrics import (
    PREVALENCES,
    f_score,
    is_negative,
    is_positive,
    precision_at,
    share,
    wins,
)
from zfocus_model.evaluation.reliability import (
    CALIBRATION_BINS,
    equal_bins,
    error_by_chance,
    top_label,
)
from zfocus_model.levels import LEVELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zfocus_model.evaluation.rated import Rated

    Floats = NDArray[np.float64]
    Sums = Mapping[str, Floats]

RECALL, FALSE_FLAGS = "recall_out_of_focus", "false_flags_per_1000"
FLAG_PRECISIONS = {f"flag_precision_at_{100 * p:g}_percent": p for p in PREVALENCES}
"""Scores that follow from `RECALL` and `FALSE_FLAGS`, and the share of blurred images of each."""

METRICS: dict[str, str] = {
    "exact": "images at the right level, share",
    "within_1": "images within one level, share",
    "within_2": "images within two levels, share",
    "mean_absolute_error": "mean absolute error, levels",
    "bias": "mean of found minus true level",
    "expected_absolute_error": "mean absolute error of the expected level",
    "rps": "ranked probability score, 0 to 10",
    "undecided": "undecided images, share",
    "f_in_focus": "F of finding levels 0-2 among 0-2 and 4-10",
    "precision_in_focus": "precision of in focus",
    "recall_in_focus": "recall of in focus",
    "f_out_of_focus": "F of finding levels 4-10 among 0-2 and 4-10",
    "precision_out_of_focus": "precision of out of focus",
    "recall_out_of_focus": "recall of out of focus",
    "f_decided": "F of in focus among decided images",
    "auc": "AUC of the in-focus probability, levels 0-2 against 4-10",
    "false_flags_per_1000": "out of focus per 1,000 images of levels 0-2",
    "false_flags_per_1000_at_0": "out of focus per 1,000 images of level 0",
    **{
        name: f"precision of flags if {100 * p:g} % are blurred"
        for name, p in FLAG_PRECISIONS.items()
    },
    "patch_exact": "patches at the right level, share",
    "patch_within_1": "patches within one level, share",
    "patch_mean_absolute_error": "mean absolute error of patches, levels",
    "patch_rps": "ranked probability score of patches",
    "ece": "expected calibration error of patches",
    "ece_by_chance": "calibration error that perfect probabilities would show by chance",
    "ece_debiased": "expected calibration error of patches, less what chance alone would show",
}
"""Name of each score and what it is. Shares are 0 to 1."""


@dataclass(frozen=True, eq=False)
class Tally:
    """Sums of images by field."""

    sums: dict[str, Floats]
    """Name -> (fields,), (fields, 11) or (fields, bins)."""
    wins: Floats
    """(fields, fields): pairs of a positive of the one and a negative of the other field that the
    in-focus probability puts in the right order."""

    def __len__(self) -> int:
        """Count the fields."""
        return len(self.wins)

    def total(self, counts: Floats | None = None) -> dict[str, Floats]:
        """Add fields up.

        Parameters
        ----------
        counts
            (replicates, fields) how often each field counts; None: each once.

        Returns
        -------
        dict
            Name -> the sums' shape with the fields replaced by the replicates (none for None).
        """
        taken = np.ones(len(self)) if counts is None else counts
        total = {name: taken @ values for name, values in self.sums.items()}
        total["wins"] = ((taken @ self.wins) * taken).sum(axis=-1)
        return total


def tally(rated: Rated) -> Tally:
    """Sum graded images by field.

    Parameters
    ----------
    rated
        Images with true levels.

    Returns
    -------
    Tally
        Of the fields, in the order of their numbers.
    """
    numbers, field = np.unique(rated.field, return_inverse=True)
    count = len(numbers)

    def add(values: NDArray[np.generic], groups: NDArray[np.intp]) -> Floats:
        return summed(groups, values, count)

    known = rated.rated
    miss = np.where(known, rated.level - rated.true, 0)
    expected = np.nan_to_num(np.abs(rated.expected_level - rated.true))
    score = np.nan_to_num(ranked_probability_score(rated.probabilities, rated.true))
    positive, negative = is_positive(rated.true), is_negative(rated.true)
    called_in, called_out = rated.has("in_focus"), rated.has("out_of_focus")
    per_image = {
        "images": np.ones(len(rated)),
        "rated": known,
        "miss": np.abs(miss),
        "error": miss,
        "expected_miss": expected,
        "rps": score,
        "undecided": ~(called_in | called_out),
        "positives": positive,
        "negatives": negative,
        "rated_positives": positive & known,
        "rated_negatives": negative & known,
        "in_in": positive & called_in,
        "in_out": positive & called_out,
        "out_in": negative & called_in,
        "out_out": negative & called_out,
        "sharpest": rated.true == 0,
        "sharpest_out": (rated.true == 0) & called_out,
    }
    sums = {name: add(values, field) for name, values in per_image.items()}
    sums["within"] = np.stack(
        [add(known & (np.abs(miss) <= d), field) for d in range(LEVELS)], axis=1
    )
    sums.update(_patch_sums(rated, field, count))
    ordered = np.zeros((count, count))
    chance = rated.in_focus_probability
    for other in range(count):
        below = chance[negative & known & (field == other)]
        chosen = positive & known
        ordered[:, other] = add(wins(chance[chosen], below), field[chosen])
    return Tally(sums, ordered)


def summed(groups: NDArray[np.intp], values: NDArray[np.generic], count: int) -> Floats:
    """Sum of the values of each group, (count,)."""
    total = np.bincount(groups, np.asarray(values, np.float64), minlength=count)
    return np.asarray(total, np.float64)


def _patch_sums(rated: Rated, field: NDArray[np.intp], count: int) -> dict[str, Floats]:
    true, p = rated.patch_true, rated.patch_probabilities
    top, right = top_label(p, true)
    owner, bins = field[rated.patch_image], CALIBRATION_BINS
    cell = owner * bins + equal_bins(top)

    def add(values: NDArray[np.generic]) -> Floats:
        return summed(owner, values, count)

    def add_bins(values: NDArray[np.generic]) -> Floats:
        return summed(cell, values, count * bins).reshape(count, bins)

    miss = np.abs(p.argmax(axis=1) - true) if len(p) else np.zeros(0)
    return {
        "patches": add(np.ones(len(p))),
        "patch_exact": add(miss == 0),
        "patch_within_1": add(miss <= 1),
        "patch_miss": add(miss),
        "patch_rps": add(ranked_probability_score(p, true)),
        "bin_count": add_bins(np.ones(len(p))),
        "bin_confidence": add_bins(top),
        "bin_right": add_bins(right),
        "bin_variance": add_bins(top * (1 - top)),
    }


def scores(total: Sums) -> dict[str, Floats]:
    """Work all scores out of sums.

    Parameters
    ----------
    total
        From `Tally.total`.

    Returns
    -------
    dict
        Name in `METRICS` -> value, or (replicates,) values. NaN where undefined.
    """
    t = total
    rated, positives, negatives = t["rated"], t["positives"], t["negatives"]
    false_alarms = share(t["in_out"], positives)
    gap = share(np.abs(t["bin_right"] - t["bin_confidence"]).sum(axis=-1), t["patches"])
    chance = share(error_by_chance(t["bin_variance"]), t["patches"])
    found = {
        "exact": share(t["within"][..., 0], rated),
        "within_1": share(t["within"][..., 1], rated),
        "within_2": share(t["within"][..., 2], rated),
        "mean_absolute_error": share(t["miss"], rated),
        "bias": share(t["error"], rated),
        "expected_absolute_error": share(t["expected_miss"], rated),
        "rps": share(t["rps"], rated),
        "undecided": share(t["undecided"], t["images"]),
        "f_in_focus": f_score(t["in_in"], t["out_in"], positives - t["in_in"]),
        "precision_in_focus": share(t["in_in"], t["in_in"] + t["out_in"]),
        "recall_in_focus": share(t["in_in"], positives),
        "f_out_of_focus": f_score(t["out_out"], t["in_out"], negatives - t["out_out"]),
        "precision_out_of_focus": share(t["out_out"], t["out_out"] + t["in_out"]),
        "recall_out_of_focus": share(t["out_out"], negatives),
        "f_decided": f_score(t["in_in"], t["out_in"], t["in_out"]),
        "auc": share(t["wins"], t["rated_positives"] * t["rated_negatives"]),
        "false_flags_per_1000": 1000 * false_alarms,
        "false_flags_per_1000_at_0": 1000 * share(t["sharpest_out"], t["sharpest"]),
        "patch_exact": share(t["patch_exact"], t["patches"]),
        "patch_within_1": share(t["patch_within_1"], t["patches"]),
        "patch_mean_absolute_error": share(t["patch_miss"], t["patches"]),
        "patch_rps": share(t["patch_rps"], t["patches"]),
        "ece": gap,
        "ece_by_chance": chance,
        "ece_debiased": gap - chance,
    }
    for name, p in FLAG_PRECISIONS.items():
        found[name] = precision_at(p, found[RECALL], false_alarms)
    return {name: found[name] for name in METRICS}
