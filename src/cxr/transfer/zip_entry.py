"""A member of a remote zip: where its bytes are, and why some members are not handed out."""

import re
import stat
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from unicodedata import category

from cxr.transfer.zip_format import LOCAL_HEADER, MAXIMUM_EXTRA, Header

MAXIMUM_MEMBER: Final = 1 << 30
"""Bytes of a member that are fetched, or inflated, at most: 50 times the largest radiograph."""

STORED: Final = 0
DEFLATED: Final = 8
_METHODS: Final = {9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "XZ"}

# General purpose bits, APPNOTE 4.4.4.
ENCRYPTED: Final = 1 << 0 | 1 << 6 | 1 << 13
DESCRIBED_LATER: Final = 1 << 3
_UTF8: Final = 1 << 11

_DOS_DIRECTORY: Final = 0x10
_CONTROLS: Final = frozenset({"Cc", "Zl", "Zp"})
_DRIVE: Final = re.compile(r"[A-Za-z]:")


class Fault(StrEnum):
    """Why a member is not read; the value is the code of the failure of the image that it would have been."""

    NONE = ""
    NOT_A_FILE = "not_a_file"
    ENCRYPTED = "encrypted"
    UNSUPPORTED = "unsupported"
    TOO_LARGE = "too_large"
    DAMAGED = "directory_damaged"
    REPEATED = "repeated_member"
    OVERLAPPING = "overlapping_members"


_REASONS: Final = {
    Fault.NOT_A_FILE: "in the archive it is a link or a device, not a file",
    Fault.ENCRYPTED: "it is encrypted in the archive",
    Fault.UNSUPPORTED: "in the archive it is compressed with {method}; stored and deflated members are read",
    Fault.TOO_LARGE: "the archive announces {announced:,} bytes for it; at most {most:,} are read",
    Fault.DAMAGED: "what the archive's directory says of its size and place cannot be right",
    Fault.REPEATED: "the archive has several members of this name, of which any may be meant",
    Fault.OVERLAPPING: "in the archive it has bytes in common with another member",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A member of an archive. It can be pickled.

    Attributes:
        path: Its name.
        offset: Where its local header begins in the file.
        end: Where the next member's header, or the directory, begins: its bytes are before that.
        compressed: Bytes in the archive.
        size: Bytes when inflated.
        crc32: Of the inflated bytes.
        method: How it is compressed; 0 is stored, 8 deflated.
        flags: General purpose bits.
        fault: Why it is not to be read, if it is not.
    """

    path: str
    offset: int
    end: int
    compressed: int
    size: int
    crc32: int
    method: int
    flags: int
    fault: Fault = Fault.NONE

    @property
    def raw_name(self) -> bytes:
        """Its name as it stands in the archive."""
        return self.path.encode("utf-8" if self.flags & _UTF8 else "cp437")

    @property
    def least_end(self) -> int:
        """Where its bytes end if its local header has no extra fields."""
        return self.offset + LOCAL_HEADER + len(self.raw_name) + self.compressed

    @property
    def request_end(self) -> int:
        """Where its bytes end at the latest."""
        return min(self.end, self.least_end + MAXIMUM_EXTRA)

    @property
    def reason(self) -> str:
        """Why it is not to be read, for people."""
        if not self.fault:
            return ""
        method = _METHODS.get(self.method, f"method {self.method}")
        announced = max(self.size, self.compressed)
        return _REASONS[self.fault].format(method=method, announced=announced, most=MAXIMUM_MEMBER)


def fault_of(header: Header) -> Fault:
    """Return why a member is not to be read, as far as its own line in the directory tells."""
    kind = stat.S_IFMT(header.attributes >> 16)
    if kind not in (0, stat.S_IFREG):
        return Fault.NOT_A_FILE
    if header.flags & ENCRYPTED:
        return Fault.ENCRYPTED
    if header.method not in (STORED, DEFLATED):
        return Fault.UNSUPPORTED
    if max(header.size, header.compressed) > MAXIMUM_MEMBER:
        return Fault.TOO_LARGE
    if header.method == STORED and header.size != header.compressed:
        return Fault.DAMAGED
    return Fault.NONE


def is_folder(header: Header) -> bool:
    """Whether a member stands for a directory."""
    kind = stat.S_IFMT(header.attributes >> 16)
    return (
        header.name.endswith(b"/")
        or kind == stat.S_IFDIR
        or (not kind and bool(header.attributes & _DOS_DIRECTORY))
    )


def name_of(header: Header) -> str:
    """Return a member's name; bytes that are not UTF-8 although its flag says so are escaped."""
    return (
        header.name.decode("utf-8", "backslashreplace")
        if header.flags & _UTF8
        else header.name.decode("cp437")
    )


def objection(header: Header) -> str:
    """Return why a member's name is none that a file below a folder may have, for people; empty if it may.

    Programs differ in what they make of a backslash: some take it for a separator.
    """
    name = name_of(header)
    parts = name.rstrip("/").split("/")
    unprintable = not name.isprintable()
    objections = {
        "it is not UTF-8": header.flags & _UTF8 and name.encode() != header.name,
        "it is an absolute path": name.startswith("/") or _DRIVE.match(name),
        "it leads out of the folder": ".." in parts,
        "it is no plain path": "" in parts or "." in parts,
        "it has a backslash": "\\" in name,
        "it has control characters": unprintable and any(category(one) in _CONTROLS for one in name),
    }
    return next((reason for reason, applies in objections.items() if applies), "")
