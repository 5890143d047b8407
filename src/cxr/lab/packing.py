"""Zips and tars whose bytes depend on nothing but what is put in."""

import gzip
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

STAMP = (2018, 2, 21, 20, 52, 22)
"""When Kaggle's copy was made; zip counts in steps of two seconds."""
SECONDS = 1_519_246_342
"""The same, in seconds since 1970."""

_FAST = 1  # deflate level; radiographs in PNG hardly shrink at any


def put(archive: ZipFile, name: str, data: bytes) -> None:
    """Add a deflated member to a zip."""
    entry = ZipInfo(name, STAMP)
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, data, ZIP_DEFLATED, _FAST)


@contextmanager
def tar_gz(path: Path) -> Iterator[tarfile.TarFile]:
    """Write a tar.gz that begins with its folder, ``images/``.

    Raises:
        OSError: it cannot be written.
    """
    with (
        path.open("wb") as file,
        gzip.GzipFile("", "wb", _FAST, file, SECONDS) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive,
    ):
        folder = _entry("images")
        folder.type, folder.mode = tarfile.DIRTYPE, 0o755
        archive.addfile(folder)
        yield archive


def add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    """Add a member to a tar."""
    entry = _entry(name)
    entry.size = len(data)
    archive.addfile(entry, BytesIO(data))


def _entry(name: str) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.mtime = SECONDS
    return entry
