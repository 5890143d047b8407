"""An archive that is whole and sound, but in one image some bytes are others than those published."""

import os
import tarfile
from pathlib import Path

from cxr.lab.packing import add, tar_gz

_FLIPPED = 4  # bytes


def with_flipped_bytes(source: Path, target: Path) -> Path:
    """Write ``source``, a tar.gz with images, to ``target`` with a few bytes of its middle image changed.

    Only the archive's checksum, or looking into that image, can tell.

    Raises:
        OSError: it cannot be written.
    """
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    with tarfile.open(source) as before, tar_gz(part) as after:
        files = [member for member in before if member.isfile()]
        for member in files:
            content = before.extractfile(member)
            assert content is not None, "it is a file"
            data = content.read()
            add(after, member.name, _flipped(data) if member is files[len(files) // 2] else data)
    return part.replace(target)


def _flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    changed = bytes(255 - byte for byte in data[middle : middle + _FLIPPED])
    return data[:middle] + changed + data[middle + _FLIPPED :]
