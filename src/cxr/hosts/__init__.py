"""The hosts: one module each, for a service that stores bytes.

A host lists and opens. It knows nothing of datasets, retries, progress or where the bytes go. What a host
holds of a dataset, and where the host itself is, comes from outside: a `Place`.
"""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol, cast

from cxr.http import HttpSettings
from cxr.model import Place, Remote

__all__ = ["Access", "Archive", "Content", "Format", "Host", "Place", "Speed", "addresses", "connect", "keys"]


@dataclass(frozen=True, slots=True)
class Access:
    """Whether a host would let us in.

    Attributes:
        ready: It would.
        missing: The one step that is missing, as a sentence for the user; empty when ready.
        lacking: What it does not give although it lets us in, and the step to it; empty where nothing.
    """

    ready: bool
    missing: str = ""
    lacking: str = ""


class Format(StrEnum):
    """What an archive is."""

    ZIP = "zip"
    TAR_GZ = "tar.gz"


@dataclass(frozen=True, slots=True)
class Archive:
    """A file at a host whose members are images.

    Attributes:
        remote: The file.
        format: What it is.
        prefix: What stands before its members' names in the published tree, such as ``images_001/``.
    """

    remote: Remote
    format: Format
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast a host gives, for the plan.

    Attributes:
        connection: Bytes a second over one connection.
        whole: Bytes a second over all connections.
        source: Who says so, for people: ``assumed: nobody documents it``.
    """

    connection: float
    whole: float
    source: str


class Content(Iterator[bytes], Protocol):
    """The bytes of an open file, in blocks, none of them empty, each at most 1 MiB."""

    @property
    def start(self) -> int:
        """The first byte's position in the file: 0 where the host gave the whole file instead of a part."""
        ...

    @property
    def size(self) -> int | None:
        """The whole file's size in bytes; ``None`` where the host does not say."""
        ...

    @property
    def validator(self) -> str:
        """A strong ETag or, failing that, the Last-Modified date, for If-Range; empty where there is none."""
        ...

    @property
    def checksum(self) -> str:
        """``md5:<hex>`` or ``crc32c:<base64>`` of the whole file, as the answer says it; empty where not."""
        ...

    @property
    def name(self) -> str:
        """The name under which it came: a host may wrap ``x.csv`` in ``x.csv.zip``."""
        ...


class Host(Protocol):
    """A connection to one host, made by its module's ``connect``. Threads share it; it can be pickled."""

    @property
    def key(self) -> str:
        """The module's name, as typed after ``--host``."""
        ...

    @property
    def ceiling(self) -> int:
        """How many connections it is asked for at most; 0 where there is no network between."""
        ...

    @property
    def speed(self) -> Speed | None:
        """How fast it gives, as documented or assumed; ``None`` where there is no network between."""
        ...

    @property
    def archives(self) -> Sequence[Archive]:
        """The archives whose members are the images; none where the images are files of their own."""
        ...

    def check_access(self) -> Access:
        """Ask, with as little as one request, whether the host lets us in.

        Raises:
            RequestError: it could not be asked: now, or because a proxy or a certificate is in the way.
        """
        ...

    def list(self) -> Iterator[Remote]:
        """Yield each file that can be opened by itself once, sorted by path, never by crawling pages.

        Raises:
            HostError: the list could not be had.
            RequestError: the list could not be had now, or is refused.
        """
        ...

    def open(
        self, remote: Remote, start: int = 0, end: int | None = None, validator: str = ""
    ) -> AbstractContextManager[Content]:
        """Open a file, or an archive, and give its bytes from ``start`` to before ``end``, or to its last.

        Args:
            remote: The file.
            start: First byte wanted. Behind the end of the file there is nothing, which is no error.
            end: Byte to stop before.
            validator: What `Content.validator` said when the bytes before ``start`` were had. Where the file
                is another one by now, or the host gives no parts, the whole comes: `Content.start` is 0.

        Raises:
            TransientError: trying again may help; while reading, too. A body that ends early is one.
            RefusedError: trying again cannot help.
            OSError: it is gone or cannot be read, at hosts without a network between.
        """
        ...

    def url(self, remote: Remote) -> str:
        """Return where a file is, without signature or password."""
        ...

    def local_path(self, remote: Remote) -> Path | None:
        """Return the file's path where the host is this machine's disk, else ``None``."""
        ...

    def close(self) -> None:
        """Cut every open connection: whoever reads from one gets a TransientError at once."""
        ...


def keys() -> tuple[str, ...]:
    """Return the key of every host, sorted."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_")))


def addresses(key: str) -> Mapping[str, str]:
    """Return where a host is, as its module has it: name to base URL; none where there is no network."""
    module = importlib.import_module(f"{__name__}.{key}")
    return cast(Mapping[str, str], module.ADDRESSES)


def connect(key: str, place: Place | None = None, settings: HttpSettings | None = None) -> Host:
    """Connect to the host with that key; nothing is asked yet.

    Raises:
        AccessError: its credentials cannot be read.
    """
    module = importlib.import_module(f"{__name__}.{key}")
    return cast(Host, module.connect(place or Place(), settings or HttpSettings()))
