"""The maker of phantoms: a host whose files exist only while they are read."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Final

from cxr.errors import UsageError
from cxr.hosts import Access, Place
from cxr.hosts._local import Local, LocalContent
from cxr.http import HttpSettings
from cxr.images.phantom import describe
from cxr.images.phantom.names import parse
from cxr.images.phantom.render import encode
from cxr.model import Remote

ADDRESSES: Final[Mapping[str, str]] = {}


def connect(place: Place, settings: HttpSettings) -> "Phantoms":  # noqa: ARG001  every host's arguments
    """Return the maker. It needs no network and no account."""
    return Phantoms()


class Phantoms(Local):
    """Makes the PNG file that a path such as ``seed42/size1024/000017.png`` asks for."""

    key = "phantoms"

    def check_access(self) -> Access:
        """Say that it is ready, as it always is."""
        return Access(ready=True)

    def list(self) -> Iterator[Remote]:
        """Yield nothing: there is no end of phantoms, and the dataset names those it wants."""
        return iter(())

    def open(
        self,
        remote: Remote,
        start: int = 0,
        end: int | None = None,
        validator: str = "",  # noqa: ARG002  the protocol's argument
    ) -> AbstractContextManager[LocalContent]:
        """Make a phantom and give its bytes from ``start`` on, in one block.

        The same path gives the same bytes on one machine, so a part can be continued.

        Raises:
            FileNotFoundError: the path names no phantom that can be made.
        """
        name = parse(remote.path)
        if name is None or name.path != remote.path:
            raise FileNotFoundError(f"{remote.path!r} is not the name of a phantom")
        try:
            truth = describe(name.seed, name.number, name.size)
        except UsageError as error:
            raise FileNotFoundError(str(error)) from error
        whole = encode(truth)
        part = whole[start:end]
        blocks = iter((part,) if part else ())
        return nullcontext(LocalContent(blocks, start=start, size=len(whole), name=name.path))

    def url(self, remote: Remote) -> str:
        """Return ``phantom:`` and the path."""
        return f"phantom:{remote.path}"

    def local_path(self, remote: Remote) -> Path | None:  # noqa: ARG002  the protocol's argument
        """Return ``None``: there is no file."""
        return None
