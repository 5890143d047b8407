"""Text that came from file names need not be text: SQLite and UTF-8 files take only what can be encoded."""

from cxr.database.connection import Row


def encodable(row: Row) -> Row:
    r"""Return the row with each undecodable byte of a file name written as a backslash escape.

    Python reads a byte that is not UTF-8 as a lone surrogate; ``caf\udce9.png`` is what a person then sees.
    """
    return tuple(_encodable(value) if isinstance(value, str) else value for value in row)


def _encodable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
