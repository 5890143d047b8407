"""The members of a tar, as their headers say, while the tar's bytes pass (POSIX ustar and pax, GNU tar).

One header block is read by `tarfile`. What goes beyond a block is read here: `tarfile` wants a file that it
can read by itself, and takes as many bytes into memory as a header announces.
"""

import re
import tarfile
from dataclasses import dataclass
from typing import Final, Protocol

BLOCK: Final = 512
"""Bytes of a block; a tar consists of whole ones."""

_LONGEST: Final = 1 << 20  # bytes that an extended header may have
_LONGEST_NAME: Final = 4096  # characters, as Linux allows for a path
_SHOWN: Final = 120  # characters of a name that people are shown
_MOST: Final = 16  # headers that may stand before one member
_MOST_SPARSE: Final = 1 << 10  # blocks that the map of a sparse file may go on for
_FILES: Final = frozenset({tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE})
_LONG: Final = frozenset({tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK})
_PAX: Final = frozenset({tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.XGLTYPE})
_RECORD: Final = re.compile(rb"(\d{1,7}) ([^=\n]+)=")
_KINDS: Final = {
    tarfile.LNKTYPE: "a hard link",
    tarfile.SYMTYPE: "a symbolic link",
    tarfile.CHRTYPE: "a character device",
    tarfile.BLKTYPE: "a block device",
    tarfile.DIRTYPE: "a folder",
    tarfile.FIFOTYPE: "a named pipe",
    tarfile.GNUTYPE_SPARSE: "a sparse file",
}
FOLDER: Final = _KINDS[tarfile.DIRTYPE]
"""The fault of a folder: no image, and nothing to speak of."""
LEADS_OUT: Final = "a name that leads out of the folder"
"""The fault of a member such as ``../x`` or ``/etc/x``, whatever it is."""
_SPARSE: Final = _KINDS[tarfile.GNUTYPE_SPARSE]
# Their headers may announce any size; no bytes follow.
_EMPTY: Final = frozenset(_KINDS) - {tarfile.GNUTYPE_SPARSE}


class TarError(ValueError):
    """This is no tar, or a damaged one. The text says what is wrong, for the middle of a sentence."""


class Readable(Protocol):
    """Where a tar's bytes come from."""

    @property
    def position(self) -> int:
        """Of the next byte."""
        ...

    def read(self, size: int) -> bytes:
        """Return the next ``size`` bytes, fewer at the end."""
        ...


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a tar.

    Attributes:
        name: With ``/``, without ``./`` at its beginning.
        start: Where its first header begins in the tar.
        offset: Where its bytes begin.
        size: How many they are.
        fault: Why it is not to be read, such as ``a symbolic link``; empty where it may be.
    """

    name: str
    start: int
    offset: int
    size: int
    fault: str = ""

    @property
    def shown(self) -> str:
        """The name for people, quoted and not too long: whoever made the archive chose it."""
        return repr(self.name if len(self.name) <= _SHOWN else self.name[:_SHOWN] + "...")

    @property
    def end(self) -> int:
        """Where the next header begins."""
        return self.offset + _whole(self.size)


@dataclass(slots=True)
class _Said:
    """What the headers before a member's own said of it."""

    name: str | None = None
    path: str | None = None
    size: int | None = None
    sparse: bool = False


def next_member(tar: Readable) -> Member | None:
    """Read the headers of the member that begins here; its bytes come next. ``None`` at the tar's end.

    Raises:
        TarError: no member begins here.
    """
    start = tar.position
    said = _Said()
    for number in range(_MOST):
        block = tar.read(BLOCK)
        if not number and not block.strip(b"\0"):
            return None
        header = _header(block)
        if header.type in _LONG or header.type in _PAX:
            _listen(said, header.type, _extended(tar, header.size))
        else:
            return _member(tar, header, said, block, start)
    raise TarError("there are too many headers before one member")


def _header(block: bytes) -> tarfile.TarInfo:
    try:
        header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError as error:
        raise TarError(f"no member begins there ({error})") from None
    if header.size < 0:
        raise TarError("a member's size is below zero")
    return header


def _extended(tar: Readable, size: int) -> bytes:
    if size > _LONGEST:
        raise TarError(f"a header says that {size:,} bytes belong to it")
    data = tar.read(_whole(size))
    if len(data) < size:
        raise TarError("it is cut off within a header")
    return data[:size]


def _listen(said: _Said, kind: bytes, data: bytes) -> None:
    if kind == tarfile.GNUTYPE_LONGNAME:
        said.name = _text(data.partition(b"\0")[0])
    elif kind != tarfile.XGLTYPE and kind in _PAX:
        # What a global header says holds for all members, so that no size or path can be meant.
        _listen_to_pax(said, data)


def _listen_to_pax(said: _Said, data: bytes) -> None:
    """Read records such as ``30 path=images/00000001_000.png``, which begin with their own length."""
    at = 0
    while at < len(data) and (found := _RECORD.match(data, at)):
        length, key = int(found[1]), found[2]
        value = data[found.end() : at + length - 1]
        if at + length > len(data) or found.end() > at + length - 1:
            raise TarError("an extended header is damaged")
        at += length
        if key == b"path":
            said.path = _text(value)
        elif key == b"size":
            said.size = _number(value)
        elif key.startswith(b"GNU.sparse."):
            said.sparse = True


def _number(value: bytes) -> int:
    if not value.isdigit() or len(value) > 18:
        raise TarError("an extended header has a size that is no number")
    return int(value)


def _member(tar: Readable, header: tarfile.TarInfo, said: _Said, block: bytes, start: int) -> Member:
    if header.type == tarfile.GNUTYPE_SPARSE:
        _skip_sparse_map(tar, more=block[482] != 0)
    size = 0 if header.type in _EMPTY else header.size if said.size is None else said.size
    name = said.path or said.name or header.name
    fault = _SPARSE if said.sparse else _kind_fault(header.type)
    return Member(name.removeprefix("./"), start, tar.position, size, _name_fault(name) or fault)


def _skip_sparse_map(tar: Readable, *, more: bool) -> None:
    for _ in range(_MOST_SPARSE):
        if not more:
            return
        block = tar.read(BLOCK)
        more = len(block) == BLOCK and block[504] != 0
    raise TarError("the map of a sparse file has no end")


def _kind_fault(kind: bytes) -> str:
    return "" if kind in _FILES else _KINDS.get(kind, f"of the unknown kind {kind!r}")


def _name_fault(name: str) -> str:
    if name.startswith("/") or ".." in name.split("/"):
        return LEADS_OUT
    possible = 0 < len(name) <= _LONGEST_NAME and "\0" not in name
    return "" if possible else "a name that no file can have"


def _whole(size: int) -> int:
    return -size % BLOCK + size


def _text(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")
