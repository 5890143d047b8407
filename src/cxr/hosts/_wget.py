"""GNU wget as a client: a process for each file, whose headers and bytes are an answer like any other.

It follows no redirect by itself, since it would send a password along.
"""

import re
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Final

from cxr.hosts._wget_run import Run
from cxr.hosts._wget_start import start
from cxr.http import Answer, HttpSettings, RefusedError
from cxr.http.address import parse
from cxr.http.head import Head
from cxr.http.request import Request, redirected
from cxr.http.sockets import closed
from cxr.secret import Secret

_NAMES: Final = ("wget", "wget1")  # Fedora's `wget` is Wget2, and its `wget1` what others call wget (2026-11)
_IS_GNU_WGET: Final = re.compile(rb"GNU Wget 1\.")
_MOST_REDIRECTS: Final = 5


def installed() -> str | None:
    """Return the path of GNU wget, ``None`` where it is not on this machine. Wget2 and BusyBox are others."""
    paths = filter(None, map(shutil.which, _NAMES))
    return next(filter(_is_gnu_wget, paths), None)


def _is_gnu_wget(path: str) -> bool:
    try:
        said = subprocess.run([path, "--version"], capture_output=True, timeout=30, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return False
    return _IS_GNU_WGET.match(said.stdout) is not None


class Wget:
    """Asks by GNU wget. Threads share it; it can be pickled. It has as many processes as answers are open.

    Args:
        program: wget's path.
        settings: How long to wait; wget bears its own name.
        authorization: Origin to the value of the Authorization header that is sent there and nowhere else.
    """

    def __init__(
        self, program: str, settings: HttpSettings, authorization: Mapping[str, Secret] | None = None
    ) -> None:
        self._program = program
        self._settings = settings
        self._authorization = dict(authorization or {})
        self._lock = threading.Lock()
        self._runs: set[Run] = set()
        self._cut = False

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self._program, self._settings, self._authorization)

    @contextmanager
    def open(self, url: str, *, headers: Mapping[str, str] | None = None) -> Iterator[Answer]:
        """Ask, and give the answer, whatever its status; where that is no success, it has no body.

        Args:
            url: What to ask. http is for this machine alone.
            headers: What to send beside wget's own headers.

        Raises:
            TransientError: there is no connection, or no answer in time.
            RefusedError: the address, a certificate or a redirect is one that cannot be used.
        """
        lower = {name.lower(): value for name, value in (headers or {}).items()}
        request = Request("GET", parse(url), lower, None)
        for _ in range(_MOST_REDIRECTS + 1):
            with ExitStack() as stack:
                run, head = self._ask(stack, request)
                following = redirected(request, head)
                if following is None:
                    yield Answer(head, run, request.address.url, "")
                    return
            request = following
        name = request.address.origin.name
        raise RefusedError("redirects", f"{name} sends us on more than {_MOST_REDIRECTS} times.")

    def close(self) -> None:
        """End every process: who reads from one gets a TransientError at once. No other is started."""
        with self._lock:
            self._cut = True
            for run in self._runs:
                run.cut()

    def _ask(self, stack: ExitStack, request: Request) -> tuple[Run, Head]:
        run = stack.enter_context(self._running(request))
        head = run.head()
        if head.status == 200 and "range" in request.headers:
            # Where the whole file came for a part, wget has left out what stands before: but if the file is
            # another one by now, that is wanted, too.
            stack.close()
            whole = {name: one for name, one in request.headers.items() if name not in {"range", "if-range"}}
            run = stack.enter_context(self._running(replace(request, headers=whole)))
            head = run.head()
        return run, head

    @contextmanager
    def _running(self, request: Request) -> Iterator[Run]:
        with self._lock:
            if self._cut:
                raise closed()
            secret = self._authorization.get(request.address.origin.name)
            run = start(self._program, request, secret, self._settings)
            self._runs.add(run)
        try:
            yield run
        finally:
            with self._lock:
                self._runs.discard(run)
            run.end()
