"""Image formats: by their first bytes, and by their file names.

What cxr reads and what it only recognises is decided in ``docs/decisions/image-formats.md``.
"""

import re
from collections.abc import Mapping
from enum import Enum
from pathlib import PurePosixPath
from types import MappingProxyType

HEAD = 4096
"""As many first bytes as `sniff` ever looks at."""


class Format(Enum):
    """A format that files in image folders come in; the value is how a file name usually ends."""

    JPEG = "jpg"
    PNG = "png"
    TIFF = "tif"
    WEBP = "webp"
    BMP = "bmp"
    DICOM = "dcm"
    GIF = "gif"
    ICO = "ico"
    PNM = "ppm"
    JPEG2000 = "jp2"
    JPEGXL = "jxl"
    AVIF = "avif"
    HEIF = "heic"

    @property
    def title(self) -> str:
        """For people."""
        return _TITLES.get(self, self.name)

    @property
    def is_read(self) -> bool:
        """Whether cxr reads its pixels; the others are recognised, and left out with that reason."""
        return self in READ


READ = frozenset({Format.JPEG, Format.PNG, Format.TIFF, Format.WEBP, Format.BMP})
"""The formats whose pixels cxr reads."""

_TITLES = {Format.WEBP: "WebP", Format.JPEG2000: "JPEG 2000", Format.JPEGXL: "JPEG XL"}

SUFFIXES: Mapping[str, Format] = MappingProxyType(
    {
        ".jpg": Format.JPEG,
        ".jpeg": Format.JPEG,
        ".jpe": Format.JPEG,
        ".jfif": Format.JPEG,
        ".mpo": Format.JPEG,
        ".png": Format.PNG,
        ".apng": Format.PNG,
        ".tif": Format.TIFF,
        ".tiff": Format.TIFF,
        ".webp": Format.WEBP,
        ".bmp": Format.BMP,
        ".dib": Format.BMP,
        ".dcm": Format.DICOM,
        ".dicom": Format.DICOM,
        ".gif": Format.GIF,
        ".ico": Format.ICO,
        ".pnm": Format.PNM,
        ".ppm": Format.PNM,
        ".pgm": Format.PNM,
        ".pbm": Format.PNM,
        ".jp2": Format.JPEG2000,
        ".j2k": Format.JPEG2000,
        ".jpx": Format.JPEG2000,
        ".jxl": Format.JPEGXL,
        ".avif": Format.AVIF,
        ".heic": Format.HEIF,
        ".heif": Format.HEIF,
    }
)

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

_MAGIC = (
    (b"\xff\xd8\xff", Format.JPEG),
    (PNG_SIGNATURE, Format.PNG),
    (b"II*\0", Format.TIFF),
    (b"MM\0*", Format.TIFF),
    (b"II+\0", Format.TIFF),  # BigTIFF
    (b"MM\0+", Format.TIFF),
    (b"GIF87a", Format.GIF),
    (b"GIF89a", Format.GIF),
    (b"\0\0\1\0", Format.ICO),
    (b"\0\0\2\0", Format.ICO),  # a cursor, the same layout
    (b"\0\0\0\x0cjP  \r\n\x87\n", Format.JPEG2000),
    (b"\xff\x4f\xff\x51", Format.JPEG2000),  # a bare codestream
    (b"\xff\x0a", Format.JPEGXL),
    (b"\0\0\0\x0cJXL \r\n\x87\n", Format.JPEGXL),
)

_HEIF_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"heim", b"heis"})
_BMP_HEADERS = frozenset({12, 40, 52, 56, 64, 108, 124})


def sniff(head: bytes | memoryview) -> Format | None:
    """Return the format that a file's first bytes are of, ``None`` where they are of no image format.

    Args:
        head: The first `HEAD` bytes, or all there are; 132 suffice for every format.
    """
    start = bytes(head[:132])
    for magic, format_ in _MAGIC:
        if start.startswith(magic):
            return format_
    return _sniff_structured(start)


def _sniff_structured(start: bytes) -> Format | None:
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return Format.WEBP
    if start[128:132] == b"DICM":
        return Format.DICOM
    if start[4:8] == b"ftyp":
        return Format.AVIF if start[8:12] in {b"avif", b"avis"} else _heif(start[8:12])
    if start[:2] == b"BM" and int.from_bytes(start[14:18], "little") in _BMP_HEADERS:
        return Format.BMP
    if re.match(rb"P[1-6][ \t\r\n]", start):
        return Format.PNM
    # A damaged signature (text-mode transfers do that) still leaves the name and the first chunk's.
    return Format.PNG if start[1:4] == b"PNG" and b"IHDR" in start[8:24] else None


def _heif(brand: bytes) -> Format | None:
    return Format.HEIF if brand in _HEIF_BRANDS else None


def by_name(path: str) -> Format | None:
    """Return the format that a file's name promises, ``None`` where it promises none."""
    return SUFFIXES.get(PurePosixPath(path).suffix.lower())


def describe(head: bytes | memoryview) -> str:
    """Say in a few words what bytes without an image format's beginning look like."""
    start = bytes(head[:HEAD])
    if not start.strip(b"\0"):
        return "nothing but zeros, as an interrupted copy leaves them"
    for magic, what in _OTHERS:
        if start.startswith(magic):
            return what
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return "a web page, most likely an error or sign-in page saved under an image's name"
    if text.startswith(b"<?xml"):
        return "XML"
    if text.startswith(b"version https://git-lfs"):
        return "a Git LFS pointer: the file itself was never downloaded"
    return "text" if _is_text(start) else "bytes of no image format"


_OTHERS = (
    (b"PK\x03\x04", "a zip archive"),
    (b"\x1f\x8b", "gzip-compressed data"),
    (b"BZh", "bzip2-compressed data"),
    (b"\xfd7zXZ", "xz-compressed data"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"%PDF", "a PDF document"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x89HDF", "an HDF5 file"),
    (b"SQLite format 3", "an SQLite database"),
)


def _is_text(start: bytes) -> bool:
    return not any(byte < 9 or 13 < byte < 32 for byte in start)
