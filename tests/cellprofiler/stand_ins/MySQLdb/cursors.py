"""Stands in for the MySQL client's cursors."""


class SSCursor:
    """Never made."""
