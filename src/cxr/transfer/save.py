"""One file that is no image of the library, such as a table, from a host to a path: whole or not at all."""

import os
from pathlib import Path

from cxr.hosts import Content, Host
from cxr.http import TransientError
from cxr.model import Remote
from cxr.stores.replacing import PART
from cxr.stores.storage_errors import writing
from cxr.transfer.retry import RetryPolicy, call_with_retries


def save(host: Host, remote: Remote, path: Path, policy: RetryPolicy) -> None:
    """Bring a file to ``path``; where the connection does not hold, go on at the byte where it broke.

    Args:
        host: Where it is.
        remote: The file.
        path: Where to; its folder exists.
        policy: How often and how patiently a broken connection is made again.

    Raises:
        RequestError: it cannot be had; nothing is left at ``path``.
        StorageError: it cannot be written.
    """
    part = path.with_name(path.name + PART)
    saving = _Saving(host, remote, part)
    try:
        call_with_retries(saving.go_on, policy)
        with writing(path):
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)


class _Saving:
    """A file that is on its way, over several attempts."""

    def __init__(self, host: Host, remote: Remote, part: Path) -> None:
        self._host = host
        self._remote = remote
        self._part = part
        self._validator = ""

    def go_on(self) -> None:
        """Fetch what is missing; the part stays as far as it came."""
        have = self._part.stat().st_size if self._validator and self._part.exists() else 0
        with self._host.open(self._remote, have, None, self._validator if have else "") as content:
            if content.start not in (0, have):
                raise TransientError("wrong_range", f"{self._remote.path}: another part came than was asked for")
            self._validator = content.validator
            self._write(content)

    def _write(self, content: Content) -> None:
        with writing(self._part):
            file = self._part.open("ab" if content.start else "wb")
        with file:
            for block in content:
                with writing(self._part):
                    file.write(block)
            with writing(self._part):
                file.flush()
                size = os.fstat(file.fileno()).st_size
        if content.size is not None and size != content.size:
            raise TransientError(
                "cut_short", f"{self._remote.path}: {size:,} of {content.size:,} bytes came"
            )
