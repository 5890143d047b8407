"""MIMIC-CXR's reports: a text file a study, in one zip or unpacked as folders."""

import lzma
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cxr import tables
from cxr.datasets import Problems
from cxr.errors import TableError
from cxr.model import Report, TableProblem
from cxr.report_text import mimic_sections

ARCHIVE: Final = "mimic-cxr-reports.zip"
_NAME: Final = re.compile(r"(.*/)?files/p1[0-9]/p1[0-9]{7}/s5[0-9]{7}\.txt", re.DOTALL)
_LARGEST: Final = 1 << 20  # bytes; the longest reports have some thousand
_UNREADABLE: Final = (
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    NotImplementedError,
    lzma.LZMAError,
    zlib.error,
    zipfile.BadZipFile,
)

Bytes = Callable[[str], bytes | None]


class _TooLargeError(ValueError):
    """A report that is none, by its size."""


def is_report(path: str) -> bool:
    """Say whether a path is that of one report, ``files/p10/p10000001/s50000001.txt``, below any folder."""
    return path.endswith(".txt") and _NAME.fullmatch(path) is not None


@contextmanager
def opened(path: Path, problems: Problems) -> Iterator[Callable[[str, str], Report | None]]:
    """Open the reports, and give a function that returns the one of a subject and study.

    Args:
        path: The zip, or any one report of an unpacked tree.
        problems: Told of each report that is there and cannot be read.

    Raises:
        TableError: the zip cannot be read.
    """
    if is_report(path.as_posix()):
        yield _Reports(_in_folder(path.parents[3]), path.parents[3].name, problems).of
        return
    with _archive(path) as archive:
        yield _Reports(_in_archive(archive), tables.shown(Path(path.name)), problems).of


class _Reports:
    """Reports by study; the last one is kept, since the images of a study follow each other."""

    def __init__(self, content: Bytes, name: str, problems: Problems) -> None:
        self._content = content
        self._name = name
        self._problems = problems
        self._last: tuple[str, Report | None] = ("", None)

    def of(self, subject: str, study: str) -> Report | None:
        path = f"files/p{subject[:2]}/p{subject}/s{study}.txt"
        if self._last[0] != path:
            self._last = (path, self._read(path))
        return self._last[1]

    def _read(self, path: str) -> Report | None:
        try:
            content = self._content(path)
        except _UNREADABLE as error:
            self._tell(path, f"cannot be read: {error}")
            return None
        if content is None:
            return None
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            self._tell(path, f"is not UTF-8: {error.reason} at byte {error.start:,}")
            return None
        text = text.replace("\r\n", "\n")
        found = mimic_sections(text)
        if not text.strip():
            return None
        # Where a report has neither section, its last paragraph is what MIMIC's own sectioning takes.
        findings = found.findings or ("" if found.impression else found.last_paragraph)
        return Report(text, findings, found.impression)

    def _tell(self, path: str, what: str) -> None:
        message = f"The report {path} {tables.shown(Path(what))}"
        self._problems(TableProblem(self._name, 0, "unreadable_report", message, dropped=False))


def _in_folder(root: Path) -> Bytes:
    def content(path: str) -> bytes | None:
        try:
            with (root / path).open("rb") as file:
                return _bounded(file.read(_LARGEST + 1))
        except FileNotFoundError:
            return None

    return content


def _in_archive(archive: zipfile.ZipFile) -> Bytes:
    prefix = _prefix(archive.namelist())

    def content(path: str) -> bytes | None:
        try:
            member = archive.getinfo(prefix + path)
        except KeyError:
            return None
        with archive.open(member) as file:
            return _bounded(file.read(_LARGEST + 1))

    return content


def _bounded(content: bytes) -> bytes:
    if len(content) > _LARGEST:
        raise _TooLargeError(f"it has more than {_LARGEST:,} bytes")
    return content


def _prefix(names: Iterable[str]) -> str:
    """Return what stands before ``files/`` in an archive that somebody packed again."""
    found = (match for name in names if name.endswith(".txt") and (match := _NAME.fullmatch(name)))
    first = next(found, None)
    return (first[1] or "") if first else ""


def _archive(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except _UNREADABLE as error:
        raise TableError(
            f"The reports in {tables.shown(path)} cannot be read: {error}.",
            next_step=f"Get {ARCHIVE} again, or leave it out: images then come without their reports.",
        ) from error
