"""A zip's directory on disk, so that the next run asks only whether the archive is still the same.

The file is a line of JSON that says which archive it was and what its end said, the directory's bytes as they
stand in the archive, and the SHA-256 of all that. It names the archive and its size, and no place or secret.
"""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Final

from cxr.stores.atomic import write_bytes
from cxr.stores.storage_errors import writing
from cxr.transfer.zip_archive import ZipArchive
from cxr.transfer.zip_format import End

_KIND: Final = "cxr zip directory 1"


def keep(path: Path, archive: ZipArchive, end: End, directory: bytes) -> None:
    """Write a directory, unless the host has no way to say later that the archive is the same.

    Raises:
        StorageError: it cannot be written.
    """
    if not archive.validator:
        return
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(line := _line(archive, asdict(end)))
    digest.update(directory)
    write_bytes(path, b"".join((line, directory, digest.digest())))


def kept(path: Path, archive: ZipArchive) -> tuple[End, bytes] | None:
    """Return what was kept of this very archive, ``None`` where nothing is that can be trusted."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    content, digest = content[:-32], content[-32:]
    if not archive.validator or hashlib.sha256(content).digest() != digest:
        return None
    line, _, directory = content.partition(b"\n")
    said = json.loads(line)
    if said.get("kind") != _KIND:
        return None  # another version's: its end has other fields
    end = End(**said["end"])
    return (end, directory) if line + b"\n" == _line(archive, asdict(end)) else None


def _line(archive: ZipArchive, end: dict[str, int]) -> bytes:
    about = {"kind": _KIND, "archive": archive.remote.path, "size": archive.size}
    return json.dumps(about | {"validator": archive.validator, "end": end}).encode() + b"\n"
