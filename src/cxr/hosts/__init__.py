"""The hosts: one module each, for a service that stores bytes.

A host lists and opens. It knows nothing of datasets, retries, progress or where the bytes go.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from cxr.model import Remote


@dataclass(frozen=True, slots=True)
class Access:
    """Whether a host would let us in.

    Attributes:
        ready: It would.
        missing: The one step that is missing, as a sentence for the user; empty when ready.
    """

    ready: bool
    missing: str = ""


class Host(Protocol):
    """A connection to one host, made by its module's ``connect``."""

    @property
    def key(self) -> str:
        """The module's name, as typed after ``--host``."""
        ...

    def check_access(self) -> Access:
        """Ask, with as little as one request, whether the host lets us in."""
        ...

    def list(self) -> Iterator[Remote]:
        """Yield each file once, sorted by path, never by crawling pages.

        Raises:
            HostError: the list could not be had.
        """
        ...

    def open(self, remote: Remote, start: int = 0) -> AbstractContextManager[Iterator[bytes]]:
        """Open a file at byte ``start`` and give its content in blocks.

        Raises:
            OSError: it is gone or cannot be read.
        """
        ...

    def url(self, remote: Remote) -> str:
        """Return where a file is, without signature or password."""
        ...

    def local_path(self, remote: Remote) -> Path | None:
        """Return the file's path where the host is this machine's disk, else ``None``."""
        ...


def keys() -> tuple[str, ...]:
    """Return the key of every host, sorted."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_")))


def connect(key: str) -> Host:
    """Connect to the host with that key, which must need no more than its own settings to be found."""
    return cast(Host, importlib.import_module(f"{__name__}.{key}").connect())
