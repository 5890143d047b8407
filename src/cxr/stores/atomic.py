"""Small files, written whole or not at all."""

import os
from pathlib import Path

from cxr.stores.storage_errors import writing


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text so that a reader, or a kill at any moment, sees the old file or the new one.

    Raises:
        StorageError: it cannot be written.
    """
    write_bytes(path, text.encode())


def write_bytes(path: Path, data: bytes) -> None:
    """Write bytes so that a reader, or a kill at any moment, sees the old file or the new one.

    Raises:
        StorageError: it cannot be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with writing(path):
        try:
            part.write_bytes(data)
            part.replace(path)
        except OSError:
            part.unlink(missing_ok=True)
            raise
