"""Stands in for the MySQL client, which ExportToDatabase imports also to write SQLite."""


class Error(Exception):
    """Never raised."""
