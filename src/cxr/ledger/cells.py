"""Text of others (file names, a server's words) in files that people open: no escapes, no formulas."""

import re

# Controls, line and paragraph separators, marks that reorder a line, and bytes of a name that are no UTF-8.
_UNSHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_FORMULA = ("=", "+", "-", "@")


def shown(text: str) -> str:
    r"""Return a text on one line, its control characters written as in Python: ``\n``, ``\x1b``.

    A terminal obeys control characters: a file name could clear the screen or forge a line.
    """
    return _UNSHOWN.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)


def cell(text: str) -> str:
    """Return what `shown` does, with an apostrophe before it where a spreadsheet would take it for a formula.

    That is a text that begins with ``=``, ``+``, ``-`` or ``@``: spreadsheets run such cells, programs that
    they name included (CWE-1236), and none of our own values begins so.
    """
    plain = shown(text)
    return f"'{plain}" if plain.startswith(_FORMULA) else plain
