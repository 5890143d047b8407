"""PhysioNet with both MIMIC-CXR projects: passwords from listed programs alone, agreements, folders, files.

What it answers to whom is told by tests of its own code (MIT-LCP/physionet-build, project/test_views.py).
"""

import hmac
import re
import secrets
from dataclasses import dataclass, field, replace
from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote

from cxr.lab import breaking
from cxr.lab import physionet_pages as pages
from cxr.lab.exchange import Reply, Request
from cxr.lab.failures import Failures
from cxr.lab.mimic_shelf import MimicShelf, Project
from cxr.lab.physionet_files import PhysioNetFiles
from cxr.lab.physionet_rules import Account, PhysioNetRules

FILES = "/files"
_API = "/api/v1/project/published/"
_SECOND = "/bulk/"
_ADDRESS = re.compile(rf"{FILES}/([^/]+/[^/]+)/?(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class PhysioNet:
    """Both hosts: the one that asks for the password, and the one that may hand out the files.

    Attributes:
        shelf: The projects.
        failures: The switches.
        rules: What it asks of visitors.
    """

    shelf: MimicShelf
    failures: Failures
    rules: PhysioNetRules
    _sessions: dict[str, Account] = field(default_factory=dict, repr=False)
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(16), repr=False)

    def answer(self, request: Request, downloads: str = "") -> Reply:
        """Answer one request.

        Args:
            request: What is asked.
            downloads: Where the second host is reached; empty where there is none.
        """
        early = breaking.server_error(request, self.failures) or self._turned_away(request)
        if early is not None:
            return early
        if request.path.startswith(_API):
            return pages.api(
                request.path.removeprefix(_API),
                {key: project.size for key, project in self.shelf.projects.items()},
            )
        if request.method not in ("GET", "HEAD"):
            return pages.refused()
        key, path = _split(request.path)
        who = self._who(request) if key in self.shelf.projects else pages.absent()
        if isinstance(who, Reply):
            return who
        if not who.may_read(key):
            return pages.refused()
        return self._with_session(request, who, self._open(request, key, path, downloads))

    def download(self, request: Request) -> Reply:
        """Answer as the second host: files alone, by addresses that the first one gave."""
        error = breaking.server_error(request, self.failures)
        if error is not None:
            return error
        signature, _, rest = request.path.removeprefix(_SECOND).partition("/")
        key, path = _split(f"/{rest}")
        known = hmac.compare_digest(signature.encode(), self._signature(f"/{rest}").encode())
        if not known or request.method not in ("GET", "HEAD"):
            return pages.refused()
        return PhysioNetFiles(self.shelf, self.failures).reply(request, key, path)

    def _turned_away(self, request: Request) -> Reply | None:
        """Return what is answered to whoever asks too often, or from the wrong place, if a switch strikes."""
        asked = breaking.subject(request)
        if self.failures.strikes("address-refused", asked):
            return replace(pages.refused(), failure="address-refused")
        if not self.failures.strikes("rate-limit", asked):
            return None
        headers = {"Content-Type": "text/html", **breaking.retry_after(self.failures.turn("rate-limit"))}
        return Reply(429, headers, b"<h1>429 Too Many Requests</h1>", failure="rate-limit")

    def _who(self, request: Request) -> Account | Reply:
        """Return who asks, or what to answer where that is not known."""
        session = self._sessions.get(_cookies(request).get("sessionid", ""))
        if session is not None:
            return session
        if not self.rules.listens_to(request.headers.get("user-agent", "")):
            return pages.refused()
        given = request.headers.get("authorization", "")
        return self.rules.account(given) or pages.password_asked()

    def _with_session(self, request: Request, who: Account, reply: Reply) -> Reply:
        """Return the reply with a session for a client that has shown that it keeps cookies."""
        cookies = _cookies(request)
        if not self.rules.sessions or "testcookie" not in cookies or "sessionid" in cookies:
            return reply
        token = secrets.token_urlsafe(24)
        self._sessions[token] = who
        cookie = f"sessionid={token}; HttpOnly; Path=/; SameSite=Lax; Secure"
        return replace(reply, headers={**reply.headers, "Set-Cookie": cookie})

    def _open(self, request: Request, key: str, path: str, downloads: str) -> Reply:
        """Answer for a file or folder that the visitor may have."""
        project = self.shelf.projects[key]
        if request.path.endswith("/"):
            entries = [(name, _size(project, path + name)) for name in project.below(path)]
            return pages.folder(request.path, entries) if entries else pages.absent()
        if not path or next(project.below(f"{path}/"), None) is not None:
            return pages.moved(f"{quote(request.path)}/")
        if downloads and path in project:
            target = f"{_SECOND}{self._signature(request.path)}{request.path}"
            return pages.moved(f"{downloads}{quote(target)}")
        return PhysioNetFiles(self.shelf, self.failures).reply(request, key, path)

    def _signature(self, path: str) -> str:
        return hmac.new(self._key, path.encode(), "sha256").hexdigest()


def _split(path: str) -> tuple[str, str]:
    """Return the project and the path in it: ``/files/mimic-cxr-jpg/2.1.0/README`` in two."""
    match = _ADDRESS.fullmatch(path)
    return (match[1], match[2]) if match else ("", "")


def _size(project: Project, path: str) -> int:
    return 0 if path.endswith("/") else project.size_of(path)


def _cookies(request: Request) -> dict[str, str]:
    try:
        parsed = SimpleCookie(request.headers.get("cookie", ""))
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in parsed.items()}
