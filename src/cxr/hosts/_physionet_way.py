"""How PhysioNet is asked: by our client under our own name, or by GNU wget.

PhysioNet looks at passwords from some programs alone. One request without a password tells whether it would
at ours (401) or not (403).
"""

import threading
from collections.abc import Mapping
from typing import Final

from cxr.hosts._physionet_refusals import no_wget, turned_away
from cxr.hosts._physionet_session import Cookies, Session
from cxr.hosts._ranges import Opener
from cxr.hosts._wget import Wget, installed
from cxr.http import Client, HttpSettings, RefusedError
from cxr.http.address import parse
from cxr.http.status import error_for
from cxr.secret import Secret

FIRST_BYTE: Final = {"Range": "bytes=0-0"}
_ASKED: Final = frozenset({200, 206, 401, 416})  # it gives the file, or would to somebody with a password
_OURS: Final = ""


class Way:
    """Decides once how PhysioNet is asked. Threads share it; another process takes over what was decided.

    Args:
        probe: Address of a file that every user may read.
        settings: How long to wait, and what our client calls itself.
        authorization: Value of the Authorization header; ``None`` for anonymous requests.
        cookies: Those that PhysioNet has set.
        program: Path of wget where that is the way, empty where it is our client; ``None`` until it is known.
    """

    def __init__(
        self,
        probe: str,
        settings: HttpSettings,
        authorization: Secret | None,
        cookies: Cookies | None = None,
        program: str | None = None,
    ) -> None:
        self._probe = probe
        self._settings = settings
        self._authorization = authorization
        self._origin = parse(probe).origin.name
        self._cookies = cookies or Cookies()
        self._program = program
        self._deciding = threading.Lock()
        self._client = Client(settings, self._for_origin())
        self._anonymous = Client(settings)
        self._wget: Wget | None = None
        self._wgets: list[Wget] = []
        self._is_closed = False

    def __reduce__(self) -> tuple[object, ...]:
        return Way, (self._probe, self._settings, self._authorization, self._cookies, self._program)

    def opener(self) -> Opener:
        """Return who asks for files; PhysioNet is asked which that is, unless it was before.

        Raises:
            TransientError: it could not be asked now.
            RefusedError: it lets in neither.
        """
        with self._deciding:
            if self._program is None:
                self._program = self._decided()
            if self._program == _OURS:
                return self._session(self._client)
            if self._wget is None:
                self._wget = self._by_wget(self._program, self._for_origin())
            return self._session(self._wget)

    def close(self) -> None:
        """Cut every open connection."""
        self._is_closed = True
        self._client.close()
        self._anonymous.close()
        for wget in self._wgets:
            wget.close()

    def _decided(self) -> str:
        """Return the program that PhysioNet listens to."""
        if self._is_listened_to(self._anonymous):
            return _OURS
        program = installed()
        if program is None:
            raise RefusedError("no_wget", no_wget(self._settings.user_agent), status=403)
        if not self._is_listened_to(self._by_wget(program, {})):
            raise RefusedError("turned_away", turned_away(), status=403)
        return program

    def _is_listened_to(self, opener: Opener) -> bool:
        """Ask without a password whether one would count."""
        with self._session(opener).open(self._probe, headers=FIRST_BYTE) as answer:
            if answer.status not in _ASKED and answer.status != 403:
                raise error_for(answer, f"PhysioNet, {self._probe}")
            return answer.status in _ASKED

    def _by_wget(self, program: str, authorization: Mapping[str, Secret]) -> Wget:
        wget = Wget(program, self._settings, authorization)
        self._wgets.append(wget)
        if self._is_closed:
            wget.close()
        return wget

    def _for_origin(self) -> Mapping[str, Secret]:
        return {self._origin: self._authorization} if self._authorization else {}

    def _session(self, opener: Opener) -> Session:
        return Session(opener, self._origin, self._cookies)
