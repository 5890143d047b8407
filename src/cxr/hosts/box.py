"""Box: archives behind links that anybody may follow, without an account.

Nothing is listed there: which links there are is told by whoever asks. A link leads to a download server,
whose address is good for a while.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from cxr.hosts import Access, Archive, Format, Place, Speed
from cxr.hosts._links import Links
from cxr.hosts._ranges import Part, WebContent, open_part
from cxr.http import Client, HttpSettings, RefusedError
from cxr.model import Remote

ADDRESSES: Final[Mapping[str, str]] = {"shared": "https://nihcc.box.com/shared/static"}
_ENDING: Final = ".tar.gz"
_GZIP: Final = b"\x1f\x8b"
_TOO_OLD: Final = frozenset({401, 403, 404, 410})
_GONE: Final = frozenset({404, 410})
_NOT_AN_ARCHIVE: Final = "not_an_archive"


def connect(place: Place, settings: HttpSettings) -> "Box":
    """Return the connection to some links; nothing is asked yet.

    Args:
        place: ``files`` is name to the link's last part, ``checksums`` what is known of them; the address
            ``shared`` may lead elsewhere.
        settings: Of every request.
    """
    return Box(place, settings)


class Box:
    """Some archives at Box. No credentials are sent there, ever."""

    key = "box"
    ceiling = 16
    speed: Speed | None = Speed(3e6, 12e6, "assumed: Box documents none")

    def __init__(self, place: Place, settings: HttpSettings) -> None:
        self._shared = {**ADDRESSES, **place.addresses}["shared"].rstrip("/")
        self._parts = dict(place.files)
        self._remotes = {
            name: Remote(name, None, place.checksums.get(name, "")) for name in sorted(place.files)
        }
        self.archives = tuple(
            Archive(remote, Format.TAR_GZ, f"{name.removesuffix(_ENDING)}/")
            for name, remote in self._remotes.items()
            if name.endswith(_ENDING)
        )
        self._client = Client(settings)
        self._links = Links()

    def check_access(self) -> Access:
        """Ask for the first two bytes behind the first link; where that is gone, behind the next.

        Raises:
            RequestError: it could not be asked.
        """
        missing = ""
        for remote in self._remotes.values():
            try:
                with self.open(remote, end=len(_GZIP)):
                    return Access(ready=True)
            except RefusedError as error:
                if error.is_on_the_way:
                    raise
                missing = missing or error.reason
        none = "No link to this dataset at Box is known: name another --host."
        return Access(ready=False, missing=missing or none)

    def list(self) -> Iterator[Remote]:
        """Yield the files whose links are known, sorted by path; nothing is asked."""
        yield from self._remotes.values()

    @contextmanager
    def open(
        self, remote: Remote, start: int = 0, end: int | None = None, validator: str = ""
    ) -> Iterator[WebContent]:
        """Open a file; see `cxr.hosts.Host.open`.

        Raises:
            TransientError: trying again may help.
            RefusedError: trying again cannot help.
        """
        if remote.path not in self._parts:
            raise RefusedError("no_link", f"Box, {remote.path}: no link to this file is known.")
        part = Part(start, end, validator)
        asking = self._links.open(
            remote.path, lambda: self.url(remote), lambda url: self._open_at(url, remote, part), _is_too_old
        )
        with asking as content:
            yield content

    def url(self, remote: Remote) -> str:
        """Return a file's link, which is also that of the images inside."""
        for name, part in self._parts.items():
            if remote.path == name or remote.path.startswith(f"{name.removesuffix(_ENDING)}/"):
                return f"{self._shared}/{quote(part)}"
        return f"{self._shared}/{quote(remote.path, errors='surrogateescape')}"

    def local_path(self, remote: Remote) -> Path | None:  # noqa: ARG002  the protocol's argument
        """Return ``None``: a network lies between."""
        return None

    def close(self) -> None:
        """Cut every open connection."""
        self._client.close()

    @contextmanager
    def _open_at(self, url: str, remote: Remote, part: Part) -> Iterator[WebContent]:
        what = f"Box, {remote.path}"
        with ExitStack() as stack:
            try:
                content = stack.enter_context(open_part(self._client, url, part, what=what))
            except RefusedError as error:
                if error.status not in _GONE:
                    raise
                reason = f"{what}: the link is gone. Its owner removed the file, or put it elsewhere."
                raise RefusedError(error.code, reason, status=error.status) from error
            _refuse_page(content, remote.path, what)
            yield content


def _is_too_old(error: RefusedError) -> bool:
    return error.status in _TOO_OLD or error.code == _NOT_AN_ARCHIVE


def _refuse_page(content: WebContent, name: str, what: str) -> None:
    """Tell a web page from an archive: Box shows one, with status 200, where it gives no file."""
    begins_wrong = name.endswith(".gz") and content.start == 0 and not _GZIP.startswith(content.peek(2))
    if content.media_type == "text/html" or begins_wrong:
        raise RefusedError(
            _NOT_AN_ARCHIVE,
            f"{what}: something else came in its place. Box shows a page where a link was used too much or "
            "asks for an account; open the link in a browser to read it.",
        )
