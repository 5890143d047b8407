"""The files of the lab's PhysioNet as nginx hands them out, and what may be wrong with them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final

from cxr.lab import breaking, objects
from cxr.lab import physionet_pages as pages
from cxr.lab.exchange import FilePart, Reply, Request
from cxr.lab.failures import Failures
from cxr.lab.mimic_build import IMAGE_LIST, JPG, SUMS
from cxr.lab.mimic_shelf import MimicShelf
from cxr.lab.objects import StoredObject
from cxr.lab.packing import SECONDS

_TYPES: Final[Mapping[str, str]] = {
    "jpg": "image/jpeg",
    "txt": "text/plain",
    "csv": "text/csv",
    "gz": "application/gzip",
    "zip": "application/zip",
}
_LISTS = (IMAGE_LIST, SUMS)


@dataclass(frozen=True, slots=True)
class PhysioNetFiles:
    """The files of both projects.

    Attributes:
        shelf: The files.
        failures: The switches.
    """

    shelf: MimicShelf
    failures: Failures

    def reply(self, request: Request, key: str, path: str) -> Reply:
        """Answer for a file.

        Args:
            request: GET or HEAD, from somebody who may have it.
            key: Of the project.
            path: Of the file in it.
        """
        project = self.shelf.projects[key]
        if path not in project:
            return pages.absent()
        if key == JPG and path in self.failures.hit("no-single-files", project.images):
            return replace(pages.absent(), failure="no-single-files")
        stored, failure = self._stored(request, key, path)
        if request.headers.get("if-modified-since") == objects.MODIFIED and not failure:
            return pages.unchanged(stored.etag)
        ranges = not self.failures.strikes("no-ranges", breaking.subject(request))
        reply = objects.reply(request, stored, ranges=ranges)
        reply = replace(reply, failure=failure if ranges else "no-ranges")
        if path not in _LISTS:
            reply = self._damaged(request, reply)
        return breaking.broken(request, reply, self.failures)

    def _stored(self, request: Request, key: str, path: str) -> tuple[StoredObject, str]:
        """Return a file as it is given today, and the switch that made it so."""
        body, failure = self.shelf.projects[key].body(path), ""
        wrong = self.failures.hit("wrong-sha256", self.shelf.projects[key].images) if path == SUMS else ()
        if wrong:
            body, failure = self._wrong_sums(key, wrong), "wrong-sha256"
        size = Reply(200, body=body).length
        headers = {"Content-Type": _TYPES.get(path.rpartition(".")[2], "application/octet-stream")}
        if "download" in request.query:
            headers["Content-Disposition"] = "attachment"
        return StoredObject(body, headers, f'"{SECONDS:x}-{size:x}"'), failure

    def _wrong_sums(self, key: str, wrong: Collection[str]) -> bytes:
        sums = self.shelf.checksums(key)
        lines = (f"{sums[path][::-1] if path in wrong else sums[path]} {path}\n" for path in sorted(sums))
        return "".join(lines).encode()

    def _damaged(self, request: Request, reply: Reply) -> Reply:
        """Return the reply with a byte changed, or without its end, if a switch strikes."""
        if reply.status not in (200, 206) or not reply.length or request.method == "HEAD":
            return reply
        asked = breaking.subject(request)
        if self.failures.strikes("flipped-byte", asked):
            return replace(reply, body=_flipped(_bytes(reply.body)), failure="flipped-byte")
        if reply.status == 200 and self.failures.strikes("truncated-file", asked):
            share = self.failures.draw("cut", asked, str(self.failures.turn(f"cut {asked}")))
            left = int(reply.length * share)
            return replace(reply, body=_bytes(reply.body)[:left], failure="truncated-file")
        return reply


def _bytes(body: bytes | FilePart) -> bytes:
    if isinstance(body, bytes):
        return body
    with body.path.open("rb") as file:
        file.seek(body.start)
        return file.read(body.end - body.start)


def _flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 0xFF]) + data[middle + 1 :]
