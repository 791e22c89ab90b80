"""The one exception type that zfocus raises on purpose."""

from __future__ import annotations


class ZfocusError(ValueError):
    """Something a person can mend: one line with what was expected, what came and what to do."""
