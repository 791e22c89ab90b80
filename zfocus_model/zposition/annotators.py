"""Simulated annotators: noisy, biased choosers of planes. No person has anything to do with them.

The published study let four people choose the best plane of 100 stacks and the z of 100 single
images, twice. Its data are not public and no person was asked here: these are four made-up
characters, so that a model's error can be read beside errors of a known kind. **Results must say
that they are simulated**; that a model beats them says nothing about people.

The model of a choice, all parts independent:

* in a stack: focus + bias + normal noise; in a few stacks (lapses) any plane at all; then the
  nearest plane that exists.
* for one image: gain times the true z + bias + normal noise that grows with the distance; in a
  share of the images the wrong side of focus; then rounded to 1 um, within the given range.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from zfocus_model._errors import ZfocusError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class SimulatedAnnotator:
    """One character; every number is made up."""

    name: str
    """What distinguishes it."""
    bias_um: float = 0.0
    """Added to every choice."""
    spread_um: float = 1.0
    """Standard deviation in a stack, and of single images in focus."""
    lapses: float = 0.0
    """Share of the stacks in which any plane is chosen."""
    gain: float = 1.0
    """Single images: what a micrometre looks like; below 1: distances look smaller."""
    spread_per_um: float = 0.15
    """Single images: standard deviation gained with each micrometre from focus."""
    wrong_side: float = 0.0
    """Single images: share that is put on the other side of focus."""

    def choose_plane(self, z_um: ArrayLike, rng: np.random.Generator) -> int:
        """Choose the best plane of a stack.

        Parameters
        ----------
        z_um
            True positions of the planes, (planes,); 0 is in focus.
        rng
            Every call is another look at the stack.

        Returns
        -------
        int
            Index of the plane chosen.
        """
        places = np.asarray(z_um, np.float64)
        if places.ndim != 1 or not len(places):
            raise ZfocusError(f"expected the z of each plane, got shape {places.shape}")
        # All draws are made at each call, so that one annotator's numbers do not shift another's.
        noise, lapse, anywhere = rng.normal(), rng.random(), int(rng.integers(len(places)))
        if lapse < self.lapses:
            return anywhere
        return int(np.argmin(np.abs(places - (self.bias_um + self.spread_um * noise))))

    def judge(
        self, z_um: ArrayLike, rng: np.random.Generator, *, reach_um: float = 15.0
    ) -> NDArray[np.float64]:
        """Judge the z of single images.

        Parameters
        ----------
        z_um
            True positions, (images,).
        rng
            Every call is another look at the images.
        reach_um
            Answers lie between minus and plus this.

        Returns
        -------
        ndarray of float64
            Whole micrometres, (images,).
        """
        true = np.asarray(z_um, np.float64)
        side = np.where(rng.random(true.shape) < self.wrong_side, -1.0, 1.0)
        spread = self.spread_um + self.spread_per_um * np.abs(true)
        answer = self.gain * side * true + self.bias_um + spread * rng.normal(size=true.shape)
        return np.clip(np.rint(answer), -reach_um, reach_um)


ANNOTATORS = (
    SimulatedAnnotator("careful", spread_um=0.8, spread_per_um=0.12, wrong_side=0.02),
    SimulatedAnnotator("biased", bias_um=-1.5, spread_um=0.9, spread_per_um=0.15, wrong_side=0.05),
    SimulatedAnnotator("hasty", spread_um=1.8, lapses=0.05, spread_per_um=0.3, wrong_side=0.15),
    SimulatedAnnotator("cautious", spread_um=1.2, gain=0.7, spread_per_um=0.15, wrong_side=0.05),
)
"""The four of the study, all simulated."""
