"""Labs for tests: small, quick, and sharing their files."""

import fcntl
import hashlib
import os
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cxr.lab
from cxr.lab import Lab
from cxr.lab.lab import KAGGLE_TEST_PORT

_PATIENCE = 120  # seconds that a test waits for another's turn at the port


def lab(**choices: Any) -> Lab:
    """Return a lab of small images of noise, made once on this machine for the same choices."""
    return Lab(**{"images": 40, "size": 64, "pixels": "noise", "folder": _shared(), **choices})


@contextmanager
def kaggle_test_port() -> Iterator[int]:
    """Give the one port at which Kaggle's own programs look, to one test of this machine at a time.

    Raises:
        TimeoutError: others had it all the while.
    """
    until = time.monotonic() + _PATIENCE
    with (_shared() / "port.lock").open("wb") as lock:
        while not (_locked(lock.fileno()) and _free(KAGGLE_TEST_PORT)):
            if time.monotonic() > until:
                raise TimeoutError(f"port {KAGGLE_TEST_PORT} was in use for {_PATIENCE} seconds")
            time.sleep(0.2)
        yield KAGGLE_TEST_PORT


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _shared() -> Path:
    """Return a folder of our own in the temporary one; other code of the lab makes other files."""
    code = hashlib.sha256()
    lab_code = Path(cxr.lab.__file__).parent
    named = (
        lab_code / f"{name}.py" for name in ("archives", "flipped", "nih", "packing", "pixels", "tables")
    )
    for file in (*named, *sorted(lab_code.glob("mimic*.py"))):
        code.update(file.read_bytes())
    folder = Path(tempfile.gettempdir()) / f"cxr-test-labs-{os.getuid()}-{code.hexdigest()[:12]}"
    folder.mkdir(mode=0o700, exist_ok=True)
    assert folder.stat().st_uid == os.getuid(), f"{folder} is another user's"
    return folder
