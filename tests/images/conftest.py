from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest


@pytest.fixture
def pixels() -> npt.NDArray[np.uint16]:
    """(96, 130) uint16 with values up to 60000, so that nothing survives a cast by chance."""
    return np.random.default_rng(3).integers(0, 60_000, (96, 130), dtype=np.uint16)
