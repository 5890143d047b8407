"""NIH's Box folder: twelve shared links, each of which leads to a download host of its own."""

import hmac
import secrets
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import Final

from cxr.datasets import nih
from cxr.lab import breaking, objects
from cxr.lab.archives import BOX_ARCHIVES, Shelf
from cxr.lab.exchange import FilePart, Reply, Request
from cxr.lab.failures import Failures
from cxr.lab.flipped import with_flipped_bytes
from cxr.lab.objects import StoredObject

SHARED = "/shared/static"
_DOWNLOAD = "/d/1/"

ARCHIVE_OF: Final = {
    f"{SHARED}/{link}": name for name, link in nih.RELEASES["chestxray14"].places["box"].files.items()
}
"""Path of each published link to the archive that it leads to."""


@dataclass(frozen=True, slots=True)
class Box:
    """Both hosts: that of the shared links and that of the downloads.

    Attributes:
        shelf: The archives.
        failures: The switches.
    """

    shelf: Shelf
    failures: Failures
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(16), repr=False)
    _flipping: Lock = field(default_factory=Lock, repr=False)

    def shared(self, request: Request, downloads: str) -> Reply:
        """Answer for a shared link.

        Args:
            request: GET or HEAD.
            downloads: Where the download host is reached.
        """
        name = ARCHIVE_OF.get(request.path)
        error = breaking.server_error(request, self.failures)
        if error is not None:
            return error
        if name is None or request.method not in ("GET", "HEAD"):
            return _gone()
        if name in self.failures.hit("link-gone", self.shelf.filled):
            return _gone("link-gone")
        return Reply(302, {"Location": f"{downloads}{self._path(name)}", "Content-Type": "text/html"})

    def download(self, request: Request) -> Reply:
        """Answer for an archive."""
        error = breaking.server_error(request, self.failures)
        if error is not None:
            return error
        name = next((name for name in BOX_ARCHIVES if request.path == self._path(name)), None)
        if name is None or request.method not in ("GET", "HEAD"):
            return _gone()
        stored, failure = self._stored(name)
        reply = replace(objects.reply(request, stored), failure=failure)
        return breaking.broken(request, reply, self.failures)

    def _path(self, name: str) -> str:
        return f"{_DOWNLOAD}b1!{hmac.new(self._key, name.encode(), 'sha256').hexdigest()}/download"

    def _stored(self, name: str) -> tuple[StoredObject, str]:
        """Return an archive as it is given today, and the switch that made it so."""
        file = self.shelf.files[name]
        path, size, etag, failure = file.path, file.size, file.md5, ""
        if name in self.failures.hit("wrong-archive-md5", self.shelf.filled):
            path, failure = self._flipped(file.path), "wrong-archive-md5"
            size, etag = path.stat().st_size, f"{etag}-flipped"
        if name in self.failures.hit("truncated-archive", self.shelf.filled):
            size, failure = int(size * (0.3 + 0.6 * self.failures.draw("cut", name))), "truncated-archive"
            etag = f"{etag}-{size}"
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Disposition": f'attachment;filename="{name}"',
        }
        return StoredObject(FilePart(path, 0, size), headers, f'"{etag}"'), failure

    def _flipped(self, path: Path) -> Path:
        target = path.with_name(f"flipped-{path.name}")
        with self._flipping:
            return target if target.exists() else with_flipped_bytes(path, target)


def _gone(failure: str = "") -> Reply:
    text = b"<html><body>This shared file or folder link has been removed or is unavailable.</body></html>"
    return Reply(404, {"Content-Type": "text/html; charset=utf-8"}, text, failure=failure)
