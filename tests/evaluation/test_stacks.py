from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from made_up import rated, sure

from zfocus_model._errors import ZfocusError
from zfocus_model.evaluation.stacks import parse_best, score_stack


def stack(levels, status=None, z_um=None):
    n = len(levels)
    return rated(
        [-1] * n,
        sure(levels),
        status or ["out_of_focus"] * n,
        place=np.arange(n) + 10,
        z_um=np.full(n, np.nan) if z_um is None else np.asarray(z_um, float),
    )


def test_a_stack_through_focus():
    found = score_stack(stack([4, 2, 0, 2, 4], z_um=[-10, -5, 0, 5, 10]))
    assert (found.known, found.found, found.error_planes) == ((12,), 12, 0)
    assert found.spearman == pytest.approx(1)
    assert found.distance.tolist() == [10, 5, 0, 5, 10]


def test_undecided_planes_cannot_win():
    """Noise at the end of a stack may look sharp; the model has to be sure of it."""
    status = ["undecided", *["out_of_focus"] * 4]
    found = score_stack(stack([0, 5, 2, 1, 3], status), best=(13,))
    assert (found.found, found.error_planes) == (13, 0)
    assert found.spearman > 0.94 and found.spearman_all < 0.5


def test_several_best_planes_count_as_one():
    found = score_stack(stack([5, 1, 1, 3, 0, 4]), best=(11, 12))
    assert (found.found, found.error_planes) == (14, 2)
    assert found.distance.tolist() == [1, 0, 0, 1, 2, 3]


def test_the_order_of_the_files_does_not_matter(rng):
    planes = stack([4, 3, 1, 2, 5], z_um=[-4, -2, 0, 2, 4])
    order = np.array([3, 0, 4, 1, 2])
    mixed = rated(
        planes.true, planes.probabilities[order], planes.status[order],
        place=planes.place[order], z_um=planes.z_um[order],
    )  # fmt: skip
    assert score_stack(mixed).expected_level.tolist() == [4, 3, 1, 2, 5]


def test_what_nobody_knows_is_not_made_up():
    found = score_stack(stack([3, 1, 2]))
    assert (found.known, found.found, found.error_planes) == ((), 11, None)
    assert np.isnan(found.spearman)
    silent = score_stack(stack([3, 1, 2], ["undecided"] * 3))
    assert silent.found is None


def test_best_planes_must_be_there():
    with pytest.raises(ZfocusError, match="one of the best planes 3, got planes 10 to 12"):
        score_stack(stack([3, 1, 2]), best=(3,))


@pytest.mark.parametrize("text", ["beads", "beads=", "=4", "beads=4-2", "beads=a", "beads=1,,2"])
def test_only_planes_of_a_source_are_read(text):
    with pytest.raises(ZfocusError, match="expected the best plane of a source"):
        parse_best(text)
