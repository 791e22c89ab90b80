"""Ratings that nobody measured."""

from __future__ import annotations

import numpy as np

from zfocus_model.evaluation.rated import Rated


def rated(true, probabilities, status, *, field=None, patches=0, rng=None, **changes):
    """Images with given probabilities; each with so many patches of scattered probabilities."""
    n = len(true)
    p = np.asarray(probabilities, np.float64)
    image = np.repeat(np.arange(n), patches)
    patch = p[image] if rng is None else rng.dirichlet(np.ones(11), n * patches)
    values = {
        "name": np.array([f"{i}.png" for i in range(n)], np.str_),
        "field": np.arange(n) if field is None else np.asarray(field),
        "place": np.zeros(n, np.int64),
        "z_um": np.full(n, np.nan),
        "true": np.asarray(true, np.int64),
        "probabilities": p,
        "status": np.asarray(status, np.str_),
        "reason": np.where(np.asarray(status) == "undecided", "uncertain", ""),
        "out_of_domain": np.full(n, np.nan),
        "properties": np.full((n, 3), np.nan),
        "patch_image": image,
        "patch_probabilities": patch.astype(np.float32),
        **changes,
    }
    return Rated(**values)


def sure(levels):
    """Probabilities of 1 at levels, (n, 11)."""
    return np.eye(11)[np.asarray(levels)]


def random_rated(rng, fields=6, patches=4):
    """Eleven copies of some fields, rated at random around the truth."""
    true = np.tile(np.arange(11), fields)
    logits = -np.abs(true[:, None] - np.arange(11)) + rng.normal(0, 1, (len(true), 11))
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    status = np.where(p[:, :3].sum(axis=1) > 0.5, "in_focus", "out_of_focus")
    status[rng.random(len(true)) < 0.1] = "undecided"
    return rated(true, p, status, field=np.repeat(np.arange(fields), 11), patches=patches, rng=rng)
