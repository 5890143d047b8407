"""Who holds a library's lock, as the lock file says it."""

import json
import os
import socket
import time
from pathlib import Path

from cxr.errors import LibraryError


def describe(verb: str, **more: str) -> bytes:
    """Return what a lock file says of this process."""
    holder = {
        "pid": os.getpid(),
        "machine": socket.gethostname(),
        "verb": verb,
        "since": time.strftime("%F %T"),
    }
    return json.dumps(holder | more).encode()


def in_use(path: Path) -> LibraryError:
    """Return the error of a run that finds the lock file ``path`` held."""
    try:
        holder = json.loads(path.read_text())
        where = f"process {holder['pid']} on {holder['machine']}, since {holder['since']}"
        who = f"`cxr {holder['verb']}` ({where})"
    except (OSError, ValueError, KeyError, TypeError):
        who = "another cxr"
    return LibraryError(
        f"The library in {path.parent.parent} is in use by {who}.",
        think="One run at a time may write to a library.",
        next_step="Wait until it ends, or stop it with Ctrl-C: it keeps what it has. "
        "`cxr stats` works meanwhile.",
    )
