"""The file inside a zip that a host made of it unasked: ``x.csv`` was wanted and ``x.csv.zip`` came."""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import PurePosixPath
from tempfile import SpooledTemporaryFile
from typing import IO, Final

from cxr.hosts._ranges import Extent, Part, WebContent
from cxr.http import RefusedError, TransientError

_LARGEST: Final = 1 << 30  # bytes; the largest table at Kaggle that is read here has some MB
_LARGEST_RATIO: Final = 1000  # deflate cannot do more than 1,032
_IN_MEMORY: Final = 8 << 20
_BLOCK: Final = 1 << 20
_END: Final = b"PK\x05\x06"
_END_64: Final = b"PK\x06\x07"
_LONGEST_END: Final = 22 + 20 + 0xFFFF
_LARGEST_DIRECTORY: Final = 1 << 20
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


@contextmanager
def unzipped(content: WebContent, wanted: str, part: Part, *, what: str) -> Iterator[WebContent]:
    """Give a part of the file that a zip holds.

    Args:
        content: The zip, whole.
        wanted: The file's name, without folders.
        part: Which bytes of the file are wanted.
        what: The file and host for people, as the beginning of a sentence.

    Raises:
        TransientError: the zip did not come whole, or its bytes are damaged; while reading, too.
        RefusedError: it holds something else, or would grow too large.
    """
    with ExitStack() as stack:
        file = stack.enter_context(SpooledTemporaryFile(_IN_MEMORY))
        _copy(content, file, what)
        try:
            _refuse_many(file, what)
            archive = stack.enter_context(zipfile.ZipFile(file))
            member = _member(archive, wanted, what)
            stream = stack.enter_context(archive.open(member))
        except _BROKEN as error:
            raise _damaged(what) from error
        same = part.validator in {"", content.validator}
        start, end = (part.start, part.end) if same else (0, None)
        size = member.file_size
        blocks = _blocks(stream, start, size if end is None else min(end, size), what)
        yield content.holding(blocks, Extent(start, None, size), wanted)


def _copy(content: WebContent, file: IO[bytes], what: str) -> None:
    size = 0
    for block in content:
        size += len(block)
        if size > _LARGEST:
            raise _too_large(what)
        file.write(block)


def _refuse_many(file: IO[bytes], what: str) -> None:
    """Look at the directory's size before all of it is read into memory; one file needs no ZIP64."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _LONGEST_END))
    before, signature, end = file.read().rpartition(_END)
    directory = int.from_bytes(end[8:12], "little") if signature else 0
    if directory > _LARGEST_DIRECTORY or before[-20:].startswith(_END_64):
        raise RefusedError("zipped", f"{what}: it came as a zip of many files.")


def _member(archive: zipfile.ZipFile, wanted: str, what: str) -> zipfile.ZipInfo:
    files = [one for one in archive.infolist() if not one.is_dir()]
    named = [one for one in files if PurePosixPath(one.filename).name == wanted] or files
    if len(named) != 1:
        raise RefusedError(
            "zipped", f"{what}: it came as a zip of {len(files)} files, none of them named so."
        )
    member = named[0]
    if member.compress_type not in _METHODS or member.flag_bits & 1:
        raise RefusedError("zipped", f"{what}: it came as a zip that is encrypted or of an uncommon kind.")
    if member.file_size > min(_LARGEST, _LARGEST_RATIO * max(member.compress_size, 1)):
        raise _too_large(what)
    return member


def _blocks(stream: IO[bytes], start: int, end: int, what: str) -> Iterator[bytes]:
    """Read on to the very end, so that the CRC is compared, unless less is wanted."""
    position = 0
    while True:
        try:
            block = stream.read(_BLOCK)
        except _BROKEN as error:
            raise _damaged(what) from error
        given = block[max(0, start - position) : max(0, end - position)]
        position += len(block)
        if given:
            yield given
        if not block:
            return


def _damaged(what: str) -> TransientError:
    return TransientError("zip_damaged", f"{what}: it came as a zip, and the zip is damaged.")


def _too_large(what: str) -> RefusedError:
    return RefusedError("decompression_bomb", f"{what}: it came as a zip that grows beyond any table.")
