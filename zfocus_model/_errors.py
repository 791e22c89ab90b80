"""The exception that zfocus raises on purpose, and the kind of it that stops everything."""

from __future__ import annotations


class ZfocusError(ValueError):
    """Something a person can mend: one line with what was expected, what came and what to do."""


class ModelError(ZfocusError):
    """The model package or its engine cannot be used: no image would be rated (exit status 2)."""
