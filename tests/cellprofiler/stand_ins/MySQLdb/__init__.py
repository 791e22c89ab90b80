"""Stands in for the MySQL client, which ExportToDatabase imports also to write SQLite."""


class Error(Exception):
    """Never raised."""


def escape_string(text):
    """Text within quotes, as bytes."""
    return text.replace("'", "''").encode()
