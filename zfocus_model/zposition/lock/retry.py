"""Waits between tries of a device that fails: short at first, then longer."""

from __future__ import annotations

import math
from dataclasses import dataclass

FIRST_WAIT_S = 0.5
"""Wait after the first failure; it doubles."""


@dataclass
class Retry:
    """One device's trouble; the times are those of the microscope's clock."""

    longest_s: float
    """Waits grow up to this."""
    wait_s: float = 0.0
    """The wait now; 0: no trouble."""
    again_s: float = -math.inf
    """When to try again."""
    since_s: float = math.nan
    """Since when it fails; NaN: it does not."""

    @property
    def failing(self) -> bool:
        """Whether the last try failed."""
        return self.wait_s > 0

    def failed(self, now_s: float) -> float:
        """Note a failure.

        Returns
        -------
        float
            For how long it has failed, s.
        """
        if not self.failing:
            self.since_s = now_s
        self.wait_s = min(max(FIRST_WAIT_S, 2 * self.wait_s), self.longest_s)
        self.again_s = now_s + self.wait_s
        return now_s - self.since_s

    def worked(self) -> bool:
        """Note a success; whether there had been trouble."""
        had = self.failing
        self.wait_s, self.again_s, self.since_s = 0.0, -math.inf, math.nan
        return had
