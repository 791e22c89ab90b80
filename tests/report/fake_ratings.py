"""Ratings and planes that no model made, for tests of pictures."""

from __future__ import annotations

import numpy as np

from zfocus_model.rating import Rating, StatusLimits, rate_patches

LIMITS = StatusLimits(certainty_min=0.2, in_focus_min=0.5)


def probabilities(rows: int, columns: int, level: int | None) -> np.ndarray:
    """Patches that all say one level for sure; None: they say nothing."""
    p = np.full((rows, columns, 11), 1 / 11 if level is None else 0.0, np.float32)
    if level is not None:
        p[..., level] = 1
    return p


def rated(shape_px: tuple[int, int], level: int | None) -> Rating:
    height, width = shape_px
    p = probabilities(height // 84, width // 84, level)
    return rate_patches(p, LIMITS, shape_px=shape_px, saturated_fraction=0.0)


def row_of(rating: Rating, image: str = "A01.tif", **others: object) -> dict[str, object]:
    return {
        "image": image,
        "series": 0,
        "t": 0,
        "c": 0,
        "z": 0,
        "level": rating.level,
        "expected_level": rating.expected_level,
        "status": rating.status,
        "reason": rating.reason,
        "certainty_aggregate": rating.certainty.aggregate,
        "in_focus_probability": rating.in_focus_probability,
        "saturated_fraction": rating.saturated_fraction,
        "model": "focus-test",
        "package_sha256": "ab" * 32,
        **others,
    }


def noise(shape_px: tuple[int, int], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(100, 900, shape_px).astype(np.uint16)
