"""A PhysioNet on loopback that answers as its source code says (2024-10), scripted for one test."""

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from support.stub_service import Asked, Service, Told, part_of, serving

USER, PASSWORD = "ada", "canary-Pa55 wörd="
IMAGES = "mimic-cxr-jpg/2.1.0"
REPORTS = "mimic-cxr/2.1.0"


def image(number: int) -> str:
    """Return an invented image's path in its project."""
    study = 50000001 + number // 2
    return f"files/p10/p1000000{number % 9}/s{study}/{number:08x}-00000001-00000002-00000003-00000004.jpg"


def project(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return a project's files with the list of their checksums, as PhysioNet writes it."""
    lines = (f"{hashlib.sha256(files[path]).hexdigest()} {path}\n" for path in sorted(files))
    return {**files, "SHA256SUMS.txt": "".join(lines).encode()}


def images(count: int = 6) -> dict[str, bytes]:
    """Return a project of images, with a table and the list of their names."""
    files = {image(number): bytes([number]) * 3000 for number in range(count)}
    listed = "".join(f"{path}\n" for path in sorted(files)).encode()
    return project({**files, "IMAGE_FILENAMES": listed, "LICENSE.txt": b"an agreement"})


@dataclass
class PhysioNet:
    """What it holds and whom it lets in.

    Attributes:
        files: By path below ``/files``.
        agents: Whose passwords count.
        signed: Projects that the one account may read.
        blocked: Every request is refused, whoever asks.
        password: Of the one account.
        moved_to: Another host that the files come from.
        sessions: Given to whoever sends its test cookie back.
        verified: How often the password was looked at.
        treat: May answer in its stead.
        service: Where it runs.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    agents: str = r"cxr/|Wget/"
    signed: set[str] = field(default_factory=lambda: {IMAGES, REPORTS})
    blocked: bool = False
    password: str = PASSWORD
    moved_to: str = ""
    sessions: set[str] = field(default_factory=set)
    verified: int = 0
    treat: dict[str, list[Told]] = field(default_factory=dict)
    service: Service | None = None

    @property
    def asked(self) -> list[Asked]:
        """Return what came, in order."""
        assert self.service is not None
        return self.service.asked

    @property
    def address(self) -> str:
        """Return where its files are."""
        assert self.service is not None
        return f"{self.service.origin}/files"

    def answer(self, asked: Asked) -> Told:
        """Answer a request."""
        path = asked.path.removeprefix("/files/")
        if self.treat.get(path):
            return self.treat[path].pop(0)
        listened_to = re.match(self.agents, asked.headers.get("user-agent", ""))
        if self.blocked or not listened_to:
            return Told(403, b"<html>Forbidden", [("Content-Type", "text/html")])
        cookies = dict(re.findall(r"([^=; ]+)=([^; ]*)", asked.headers.get("cookie", "")))
        headers = []
        if cookies.get("sessionid") not in self.sessions or "authorization" not in asked.headers:
            if not self._knows(asked.headers.get("authorization", "")):
                challenge = ("WWW-Authenticate", 'Basic realm="PhysioNet", charset="UTF-8"')
                return Told(401, b"", [challenge, ("Set-Cookie", "testcookie=1; HttpOnly; SameSite=Lax")])
            if cookies:
                name = f"session-canary-{len(self.sessions)}"
                self.sessions.add(name)
                dated = "expires=Sat, 05 Dec 2026 10:00:00 GMT; HttpOnly; Max-Age=1209600; Path=/"
                headers = [("Set-Cookie", f"sessionid={name}; {dated}"), ("Vary", "Cookie")]
        return self._given(asked, path, headers)

    def _given(self, asked: Asked, path: str, headers: list[tuple[str, str]]) -> Told:
        """Answer somebody whose password is right."""
        if "/".join(path.split("/")[:2]) not in self.signed:
            return Told(403, b"<html>Forbidden", [("Content-Type", "text/html")])
        if path not in self.files:
            return Told(404, b"<html>Not Found", [("Content-Type", "text/html")])
        if self.moved_to:
            return Told(302, b"", [*headers, ("Location", f"{self.moved_to}/{path}?token=canary-of-a-link")])
        told = part_of(asked, self.files[path])
        return told._replace(headers=[*headers, *told.headers])

    def _knows(self, authorization: str) -> bool:
        if not authorization:
            return False
        self.verified += 1
        return base64.b64decode(authorization.removeprefix("Basic ")).decode() == f"{USER}:{self.password}"


@contextmanager
def running(files: Mapping[str, Mapping[str, bytes]], password: str = PASSWORD) -> Iterator[PhysioNet]:
    """Serve projects until the block ends."""
    paths = {f"{name}/{path}": content for name, held in files.items() for path, content in held.items()}
    physionet = PhysioNet(paths, password=password)
    with serving(physionet.answer) as service:
        physionet.service = service
        yield physionet
