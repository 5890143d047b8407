"""Published tables as they come: read row by row, strictly enough that nothing shifts or vanishes unseen.

What stops the whole table is a `cxr.errors.TableError`; what spoils one row is a `cxr.model.TableProblem`
and the next row is read. Cells are given as they stand.
"""

import csv
import difflib
import gzip
import io
import itertools
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, TextIO, cast

from cxr.errors import TableError
from cxr.model import TableProblem

Problems = Callable[[TableProblem], None]

MAX_LINE: Final = 1 << 20
"""Characters in a line or a quoted record; the longest published ones, whole reports, have some thousand."""
MAX_COLUMNS: Final = 256
"""The widest published table has below a hundred."""
MAX_BYTES: Final = 4 << 30
"""Inflated; the largest published table, CheXpert Plus with its reports, is below one GiB."""

_DELIMITERS: Final = (",", "\t", ";")  # Excel writes semicolons where the comma is the decimal sign
_HEAD: Final = 4096
_UNDECODED = re.compile("[\udc80-\udcff]")
_BRACKETED = re.compile(r"\[[^\]]*,")
_READING: Final = (
    OSError,
    EOFError,
    zlib.error,
    ValueError,
)  # ValueError: UTF-16 cut short, a NUL in the path
_AGAIN: Final = "Get the table again from where it is published."

_FOREIGN: Final = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"PK\x03\x04", "a zip archive or an Excel workbook"),
    (b"%PDF", "a PDF document"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"SQLite format 3", "an SQLite database"),
    (b"PAR1", "a Parquet file"),
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself"),
    (b"<!doctype html", "an HTML page"),
    (b"<html", "an HTML page"),
    (b"<?xml", "an XML document"),
    (b"{", "a JSON document"),
)


class Column(NamedTuple):
    """A column that a dataset needs or can use.

    Attributes:
        name: As published; letter case, spaces and underscores do not matter.
        synonyms: What other copies call it.
        required: The table cannot be read without it.
    """

    name: str
    synonyms: tuple[str, ...] = ()
    required: bool = True


class Row(NamedTuple):
    """One row.

    Attributes:
        line: Where it begins in the file, from 1.
        cells: In the order of the columns asked for; empty where an optional column is not in the table.
    """

    line: int
    cells: tuple[str, ...]


class _Header(NamedTuple):
    delimiter: str
    width: int
    places: tuple[int, ...]  # -1: not in the table


def read(
    path: Path, columns: Sequence[Column], problems: Problems, *, multiline: bool = False
) -> Iterator[Row]:
    """Yield the rows of a CSV, TSV or semicolon table, also inside gzip; UTF-8, or UTF-16 with its mark.

    Args:
        path: The file; its content, not its name, decides how it is read.
        columns: Those wanted.
        problems: Told of each row that could not be read and is left out.
        multiline: Whether a quoted cell may hold line breaks, as reports do. Where it may not, a quote that
            is never closed costs its own row only.

    Raises:
        TableError: it is missing, empty, not a table, lacks a required column or names one twice, or ends
            inside a quote (``multiline``) or a gzip stream.
    """
    with _opened(path) as stream:
        table = _Table(path, stream, problems)
        header = _header(path, table.lines, columns)
        pick = _picker(header.places)
        for line, text in table.lines:
            if text.isspace():
                continue
            if (cells := table.cells(line, text, header.delimiter, multiline)) is None:
                continue
            extra = len(cells) - header.width
            if extra < 0 or (extra and any(cells[header.width :])):
                code = "row_too_short" if extra < 0 else "row_too_long"
                table.tell(line, code, f"has {len(cells)} cells where the header names {header.width}")
                continue
            cells.append("")
            yield Row(line, pick(cells))


def read_list(path: Path, problems: Problems) -> Iterator[tuple[int, str]]:
    """Yield line number and text of each line that is not blank, without surrounding white space.

    Raises:
        TableError: the file is missing, empty or not text.
    """
    with _opened(path) as stream:
        table = _Table(path, stream, problems)
        for line, text in table.lines:
            if table.readable(line, text) and (stripped := text.strip()):
                yield line, stripped


def quote(text: str, longest: int = 60) -> str:
    """Return a cell for a message: in quotes, control characters escaped, cut when long."""
    return repr(text if len(text) <= longest else text[:longest] + "...")


def shown(path: Path) -> str:
    """Return a path for a message: whatever its name holds, it can be printed in one line."""
    text = str(path)
    return text if text.isprintable() else text.encode("unicode_escape", "backslashreplace").decode("ascii")


# --- The file -------------------------------------------------------------------------------------------


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    with ExitStack() as open_files:
        try:
            raw = open_files.enter_context(path.open("rb"))
            plain = _inflated(raw)
            head = plain.read(_HEAD)
            _refuse_foreign(path, head)
            plain.seek(0)
        except _READING as error:
            raise _unreadable(path, error) from error
        encoding, errors = _encoding(head)
        yield open_files.enter_context(io.TextIOWrapper(plain, encoding, errors, newline=""))


def _inflated(raw: io.BufferedReader) -> BinaryIO:
    compressed = raw.peek(2)[:2] == b"\x1f\x8b"
    return cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if compressed else raw


def _encoding(head: bytes) -> tuple[str, str]:
    # Undecodable bytes come through as lone surrogates, so that the row that holds them can be named.
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16", "strict"
    return "utf-8-sig", "surrogateescape"


def _refuse_foreign(path: Path, head: bytes) -> None:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text:
        raise TableError(f"{shown(path)} is empty.", next_step=_AGAIN)
    low = text[:32].lower()
    kind = next((kind for magic, kind in _FOREIGN if low.startswith(magic.lower())), "")
    if head[257:262] == b"ustar":
        kind = "a tar archive"
    # A few NUL bytes spoil their rows only.
    if not kind and head.count(0) > len(head) // 10 and head[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        even, odd = head[::2].count(0), head[1::2].count(0)
        kind = "UTF-16 text without a byte-order mark" if max(even, odd) > len(head) // 3 else "binary data"
    if kind:
        think = "A login or error page was saved under the table's name." if "HTML" in kind else ""
        step = "Save it as CSV in UTF-8." if "Excel" in kind or "UTF-16" in kind else _AGAIN
        raise TableError(f"{shown(path)} is not a table but {kind}.", think=think, next_step=step)


def _unreadable(path: Path, error: Exception) -> TableError:
    name = shown(path)
    if isinstance(error, FileNotFoundError):
        return TableError(f"There is no table {name}.", next_step="Check the path.")
    if isinstance(error, IsADirectoryError):
        return TableError(f"{name} is a folder, not a table.", next_step="Name the file inside it.")
    if isinstance(error, PermissionError):
        return TableError(f"{name} may not be read by you.", next_step=f"Try `chmod u+r` on {name}.")
    if isinstance(error, EOFError | zlib.error | gzip.BadGzipFile):
        return TableError(f"{name} is a damaged gzip file: {error}", next_step=_AGAIN)
    return TableError(f"{name} could not be read: {error}", next_step=_AGAIN)


# --- The header -----------------------------------------------------------------------------------------


def _header(path: Path, lines: Iterator[tuple[int, str]], columns: Sequence[Column]) -> _Header:
    line, text = next(((line, text) for line, text in lines if not text.isspace()), (0, ""))
    if not text:
        raise TableError(f"{shown(path)} is empty.", next_step=_AGAIN)
    if found := _UNDECODED.search(text):
        raise TableError(
            f"The header of {shown(path)} is not UTF-8: {_bad_byte(found[0])}.",
            next_step="Save the table as CSV in UTF-8.",
        )
    best: tuple[int, str, list[str]] = (-1, ",", [])
    for delimiter in _DELIMITERS:
        names = _names(path, line, text, delimiter)
        known = sum(bool(_where(names, column)) for column in columns)
        best = max(best, (known, delimiter, names), key=itemgetter(0))
    _, delimiter, names = best
    if len(names) > MAX_COLUMNS:
        raise TableError(
            f"{shown(path)} has {len(names):,} columns; we read tables of up to {MAX_COLUMNS}.",
            think="It may be another table, or one whose lines were joined.",
            next_step=_AGAIN,
        )
    return _Header(delimiter, len(names), tuple(_place(path, line, names, column) for column in columns))


def _names(path: Path, line: int, text: str, delimiter: str) -> list[str]:
    try:
        names = _split(text, delimiter)
    except csv.Error as error:
        raise TableError(
            f"The header of {shown(path)} (line {line}) has a quote that is not closed.", next_step=_AGAIN
        ) from error
    # NIH's `OriginalImage[Width,Height]` heads two columns, whether or not its comma is quoted.
    parts = (name.split(",") if _BRACKETED.search(name) else [name] for name in names)
    names = [_plain(part) for part in itertools.chain.from_iterable(parts)]
    while names and not names[-1]:
        names.pop()
    return names


def _plain(name: str) -> str:
    return " ".join(name.replace("_", " ").split()).casefold()


def _where(names: Sequence[str], column: Column) -> list[int]:
    wanted = {_plain(name) for name in (column.name, *column.synonyms)}
    return [place for place, name in enumerate(names) if name in wanted]


def _place(path: Path, line: int, names: Sequence[str], column: Column) -> int:
    places = _where(names, column)
    if len(places) == 1:
        return places[0]
    if places:
        numbers = " and ".join(str(place + 1) for place in places)
        raise TableError(
            f"{shown(path)} has the column {column.name!r} more than once: columns {numbers}.",
            next_step="Remove all but the right one, or get the table again.",
        )
    if not column.required:
        return -1
    near = difflib.get_close_matches(_plain(column.name), [name for name in names if name], 1, 0.5)
    found = f"The nearest of its names is {quote(near[0])}." if near else ""
    raise TableError(
        f"{shown(path)} has no column {column.name!r}.",
        think=found or f"Line {line} should name the columns; it begins {quote(' | '.join(names[:4]))}.",
        next_step=f"Rename the column to {column.name!r}, or get the table again.",
    )


# --- The rows -------------------------------------------------------------------------------------------


def _picker(places: tuple[int, ...]) -> Callable[[list[str]], tuple[str, ...]]:
    # `read` appends one empty cell to each row, which is what -1 picks.
    if len(places) == 1:
        return lambda cells: (cells[places[0]],)
    return cast("Callable[[list[str]], tuple[str, ...]]", itemgetter(*places))


class _Table:
    """One open table: its lines, their cells, and whom to tell of the bad ones."""

    def __init__(self, path: Path, stream: TextIO, problems: Problems) -> None:
        self._path = path
        self._stream = stream
        self._problems = problems
        self.lines = self._lines()

    def _lines(self) -> Iterator[tuple[int, str]]:
        number = size = 0
        while line := self._line():
            number += 1
            size += len(line)
            if len(line) == MAX_LINE:
                raise self._too_long(f"line {number:,} has more than {MAX_LINE:,} characters")
            if size > MAX_BYTES:
                raise self._too_long(f"it has more than {MAX_BYTES:,} characters")
            yield number, line

    def _line(self) -> str:
        try:
            return self._stream.readline(MAX_LINE)
        except _READING as error:
            raise _unreadable(self._path, error) from error

    def _too_long(self, what: str) -> TableError:
        return TableError(f"{shown(self._path)} is no table that we can read: {what}.", next_step=_AGAIN)

    def cells(self, line: int, text: str, delimiter: str, multiline: bool) -> list[str] | None:
        """Return the cells of the record that begins in this line, or ``None`` after telling why not."""
        if multiline and '"' in text:
            record = self._record(line, text, delimiter)
            return record if self.readable(line, "\t".join(record)) else None
        if not self.readable(line, text):
            return None
        try:
            return _split(text, delimiter)
        except csv.Error as error:
            self.tell(line, "bad_quote", f"has a quote that is not closed as it should be ({error})")
            return None

    def readable(self, line: int, text: str) -> bool:
        """Say whether all of it could be decoded, after telling what could not."""
        if "\0" in text:
            self.tell(line, "nul_byte", "holds a NUL byte")
            return False
        if text.isascii() or not (found := _UNDECODED.search(text)):
            return True
        self.tell(line, "not_utf8", f"is not UTF-8: {_bad_byte(found[0])}")
        return False

    def tell(self, line: int, code: str, what: str) -> None:
        name = shown(Path(self._path.name))
        self._problems(TableProblem(name, line, code, f"The row {what}"))

    def _record(self, line: int, text: str, delimiter: str) -> list[str]:
        """Read a record that may go on over the next lines."""
        held = [(line, text)]

        def feed() -> Iterator[str]:
            yield text
            size = len(text)
            for item in self.lines:
                held.append(item)
                size += len(item[1])
                if size > MAX_LINE:
                    raise csv.Error("the record is too long")
                yield item[1]

        try:
            return next(csv.reader(feed(), delimiter=delimiter, strict=True))
        except csv.Error as error:
            opened = _last_opened(held)
            raise TableError(
                f"{shown(self._path)} has a quote, opened in line {opened:,}, that is not closed as it should"
                f" be ({error}; line {held[-1][0]:,}).",
                next_step=f"Look at line {opened:,}, or get the table again.",
            ) from error


def _split(text: str, delimiter: str) -> list[str]:
    if '"' not in text:
        return text.rstrip("\r\n").split(delimiter)
    return next(csv.reader([text], delimiter=delimiter, strict=True))


def _last_opened(lines: Sequence[tuple[int, str]]) -> int:
    opened, inside = lines[0][0], False
    for number, text in lines:
        for _ in range(text.count('"')):
            inside = not inside
            opened = number if inside else opened
    return opened


def _bad_byte(surrogate: str) -> str:
    byte = bytes([ord(surrogate) - 0xDC00])
    try:
        likely = f"; in Windows-1252, which Excel writes, it is {byte.decode('cp1252')!r}"
    except UnicodeDecodeError:
        likely = ""
    return f"byte 0x{byte[0]:02X}{likely}"
