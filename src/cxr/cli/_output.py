"""What goes to stdout and what to stderr.

stdout carries what was asked for: with ``--json`` one JSON document and nothing else. Remarks, questions and
progress go to stderr.
"""

import json
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TextIO

from cxr.cli._words import printable

_NUMERIC = frozenset("0123456789,.%-+ ")
_WIDEST = 110  # longer lines tire the eye


@dataclass(frozen=True, slots=True)
class Output:
    """Where one command writes.

    Attributes:
        json: Print one JSON document instead of text.
        quiet: Print neither remarks nor what was done, only what was asked for.
    """

    json: bool = False
    quiet: bool = False

    def document(self, data: Any) -> None:
        """Print the JSON document, with ``--json``."""
        if self.json:
            write_json(data)

    def show(self, text: str = "") -> None:
        """Print what was asked for."""
        if not self.json:
            sys.stdout.write(printable(text) + "\n")

    def done(self, text: str = "") -> None:
        """Print what was done; ``--quiet`` leaves it out."""
        if not self.quiet:
            self.show(text)

    def remark(self, text: str = "") -> None:
        """Print what a person should know beside the result, on stderr; ``--quiet`` leaves it out."""
        if not self.quiet:
            write_error(printable(text))

    def table(self, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Print a table: drawn by rich on a terminal, else columns that ``awk`` and people can read."""
        if self.json or not rows:
            return
        titles, *cells = [[_cell(one) for one in row] for row in (header, *rows)]
        if sys.stdout.isatty():
            _draw(titles, cells)
        else:
            sys.stdout.write("\n".join(_columns(titles, cells)) + "\n")


def write_json(data: Any) -> None:
    """Write one JSON document to stdout, letters as they are, what a terminal would obey or lack escaped."""
    text = json.dumps(data, indent=2, ensure_ascii=False, default=str)
    encoding = sys.stdout.encoding or "ascii"
    sys.stdout.write(re.sub(r"[^\n -~]", lambda found: _in_json(found[0], encoding), text) + "\n")
    sys.stdout.flush()


def _in_json(character: str, encoding: str) -> str:
    """Return a character as a JSON text may hold it."""
    if character.isprintable() and character == character.encode(encoding, "ignore").decode(encoding):
        return character
    return json.dumps(character)[1:-1]


def write_error(text: str) -> None:
    """Write one line or more to stderr, at once."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def width(stream: TextIO | None = None) -> int:
    """Return how wide a line of prose may be: the terminal's width, or no end where there is none."""
    if not (stream or sys.stdout).isatty():
        return sys.maxsize
    return min(shutil.get_terminal_size().columns, _WIDEST)


def wrap(text: str, columns: int, indent: str = "", hanging: str | None = None) -> str:
    """Break prose at ``columns``; lines that are there stay, and no word is broken.

    Args:
        text: One paragraph a line.
        columns: From `width`.
        indent: Before each line.
        hanging: Before the second and later lines of a paragraph, where that differs.
    """
    if columns >= sys.maxsize:
        return "\n".join(indent + line for line in text.splitlines())
    wrapper = textwrap.TextWrapper(
        width=max(columns, 40),
        initial_indent=indent,
        subsequent_indent=indent if hanging is None else hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(wrapper.fill(line) for line in text.splitlines())


def bold(text: str, stream: TextIO, colour: str = "") -> str:
    """Return the text in bold where the stream is a terminal that shows it."""
    if not stream.isatty() or "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb":
        return text
    code = {"": "1", "red": "1;31", "yellow": "1;33", "green": "1;32"}[colour]
    return f"\033[{code}m{text}\033[0m"


def _cell(value: object) -> str:
    return printable(str(value)).replace("\n", " ").replace("\t", " ")


def _is_number(cells: Sequence[str]) -> bool:
    return any(cells) and all(_NUMERIC.issuperset(cell) for cell in cells)


def _columns(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return lines of columns two spaces apart, numbers to the right, nothing cut."""
    columns = list(zip(*rows, strict=True))
    widths = [max(len(title), *map(len, column)) for title, column in zip(header, columns, strict=True)]
    right = [_is_number(column) for column in columns]

    def line(cells: Sequence[str]) -> str:
        placed = (
            cell.rjust(w) if to_right else cell.ljust(w)
            for cell, w, to_right in zip(cells, widths, right, strict=True)
        )
        return "  ".join(placed).rstrip()

    return [line(header), *map(line, rows)]


def _draw(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for title, column in zip(header, zip(*rows, strict=True), strict=True):
        table.add_column(title, justify="right" if _is_number(column) else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console(highlight=False).print(table)
