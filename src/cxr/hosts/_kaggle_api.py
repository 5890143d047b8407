"""Kaggle's interface: the calls of its newest clients, and the older addresses where those are not served."""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Final
from urllib.parse import quote, urlencode, urljoin, urlsplit

from cxr.hosts._kaggle_answers import (
    Asked,
    Problem,
    Reply,
    error_of,
    is_no_method,
    json_object,
    number,
    problem_in,
)
from cxr.hosts._kaggle_sign_in import SignIn
from cxr.http import Client, HttpSettings, RefusedError
from cxr.http.status import retry_after
from cxr.logs import hide
from cxr.secret import Secret

_SERVICE: Final = "datasets.DatasetApiService"
_LARGEST_REPLY: Final = 16 << 20  # bytes; a page of 200 files has some 100 KB
_DAY: Final = 24 * 3600  # seconds
_IN_PATH: Final = frozenset({"ownerSlug", "datasetSlug", "fileName", "raw"})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


class Method(Enum):
    """What can be asked: the name of the call, and the older address below ``/datasets``."""

    DATASET = ("GetDataset", "view")
    TREE = ("ListTreeDatasetFiles", "list-tree")
    FILES = ("ListDatasetFiles", "list")
    DOWNLOAD = ("DownloadDataset", "download")

    def __init__(self, call: str, older: str) -> None:
        self.call = call
        self.older = older


class NoMethodError(RefusedError):
    """Kaggle serves this in neither way."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where Kaggle is.

    Attributes:
        api: Of the calls.
        web: Of the older interface.
    """

    api: str
    web: str

    def origins(self) -> frozenset[str]:
        """Return the origins that may learn who asks."""
        parts = (urlsplit(one) for one in (self.api, self.web))
        return frozenset(f"{one.scheme}://{one.netloc}" for one in parts)


class Api:
    """The interface. Threads share it; it can be pickled.

    Args:
        addresses: Where it is.
        settings: Of every request.
        sign_in: As whom to ask.
    """

    def __init__(self, addresses: Addresses, settings: HttpSettings, sign_in: SignIn) -> None:
        self._addresses = addresses
        self._settings = settings
        self._sign_in = sign_in
        self._clients = [self._connect(sign_in)]  # the last one is in use; others have the token of before
        self._older: set[Method] = set()
        self._renewing = threading.Lock()

    def __reduce__(self) -> tuple[type["Api"], tuple[Addresses, HttpSettings, SignIn]]:
        return Api, (self._addresses, self._settings, self._sign_in)

    def call(self, method: Method, asked: Asked, fields: Mapping[str, object]) -> Mapping[str, object]:
        """Ask for something that comes as JSON.

        Raises:
            NoMethodError: Kaggle serves this in neither way.
            RequestError: it is refused, or cannot be had now.
        """
        reply = self._ask(method, asked, fields)
        if reply.fields is None or reply.status != 200:
            raise RefusedError(
                "unexpected_answer",
                f"{asked}: Kaggle answered with HTTP status {reply.status} and not with what was asked for.",
                status=reply.status,
            )
        return reply.fields

    def link(self, asked: Asked, fields: Mapping[str, object]) -> str:
        """Ask for the address of a file: signed, and good for a while.

        Raises:
            RequestError: it is refused, or cannot be had now.
        """
        reply = self._ask(Method.DOWNLOAD, asked, fields)
        if not reply.location or not may_follow(self._addresses.api, reply.location):
            raise RefusedError(
                "no_link",
                f"{asked}: Kaggle answered with HTTP status {reply.status} and without the file's address.",
                status=reply.status,
            )
        return reply.location

    def close(self) -> None:
        """Cut every open connection."""
        for client in tuple(self._clients):
            client.close()

    def _ask(self, method: Method, asked: Asked, fields: Mapping[str, object]) -> Reply:
        if self._sign_in.wrong:
            raise RefusedError("credentials", f"{asked}: {self._sign_in.wrong}")
        if self._sign_in.is_over(datetime.now(UTC)):
            self._renew(asked, self._clients[-1])
        used = self._clients[-1]
        reply = self._reply(method, asked, fields)
        if reply.status == 401 and self._sign_in.refresh_token is not None:
            self._renew(asked, used)
            reply = self._reply(method, asked, fields)
        if (problem := problem_in(reply)) is not None:
            raise error_of(problem, asked, reply.retry_after)
        return reply

    def _reply(self, method: Method, asked: Asked, fields: Mapping[str, object]) -> Reply:
        if method not in self._older:
            url = f"{self._addresses.api}/{_SERVICE}/{method.call}"
            reply = self._send(url, fields)
            if not is_no_method(reply):
                return reply
        reply = self._send(older_url(self._addresses.web, method, fields))
        if is_no_method(reply):
            error = error_of(Problem(reply.status, ""), asked)
            raise NoMethodError(error.code, error.reason, status=reply.status)
        self._older.add(method)
        return reply

    def _send(self, url: str, fields: Mapping[str, object] | None = None) -> Reply:
        asking = self._clients[-1].open(
            url,
            method="GET" if fields is None else "POST",
            headers={} if fields is None else {"Content-Type": "application/json"},
            body=None if fields is None else json.dumps(fields).encode(),
            follow=0,
        )
        with asking as answer:
            location = answer.headers.get("Location", "") if answer.status in _REDIRECTS else ""
            is_json = "json" in answer.headers.get("Content-Type", "").lower()
            body = answer.read(_LARGEST_REPLY) if is_json and not location else b""
            wait = retry_after(
                answer.headers.get("Retry-After", ""), answer.headers.get("Date", ""), datetime.now(UTC)
            )
            return Reply(answer.status, json_object(body), urljoin(url, location) if location else "", wait)

    def _renew(self, asked: Asked, old: Client) -> None:
        """Get another token for the login of Kaggle's own program; it is kept in memory only."""
        with self._renewing:
            if self._clients[-1] is not old or self._sign_in.refresh_token is None:
                return
            fields = {
                "refreshToken": self._sign_in.refresh_token.reveal(),
                "apiVersion": "API_VERSION_V1",
            }
            reply = self._send(f"{self._addresses.web}/access-tokens/generate", fields)
            problem = problem_in(reply)
            token = (reply.fields or {}).get("token")
            if problem is not None and problem.code not in {400, 401, 403, 404}:
                raise error_of(problem, asked, reply.retry_after)
            if problem is not None or not isinstance(token, str) or not token:
                raise RefusedError(
                    "credentials",
                    f"{asked}: the login in {self._sign_in.where} has run out, and Kaggle gives no other "
                    "token for it. Run `kaggle auth login` again.",
                    status=reply.status,
                )
            # The answer of 2026 says seconds; without them a token is good for about 24 hours.
            seconds = number((reply.fields or {}).get("expiresIn")) or _DAY
            self._sign_in = replace(
                self._sign_in,
                authorization=Secret(f"Bearer {token}"),
                expires=datetime.now(UTC) + timedelta(seconds=min(seconds, _DAY)),
            )
            hide(token)
            self._clients.append(self._connect(self._sign_in))

    def _connect(self, sign_in: SignIn) -> Client:
        if sign_in.authorization is None:
            return Client(self._settings)
        return Client(self._settings, dict.fromkeys(self._addresses.origins(), sign_in.authorization))


def may_follow(origin: str, location: str) -> bool:
    """Whether a redirect leads to an address that is as safe as the one it came from."""
    return not origin.startswith("https:") or location.startswith("https:")


def older_url(web: str, method: Method, fields: Mapping[str, object]) -> str:
    """Return the older interface's address for what a call with these fields asks."""
    path = [method.older, str(fields["ownerSlug"]), str(fields["datasetSlug"])]
    if file := fields.get("fileName"):
        path.append(str(file))
    query = {name: value for name, value in fields.items() if name not in _IN_PATH}
    address = f"{web}/datasets/" + "/".join(quote(one, safe="", errors="surrogateescape") for one in path)
    return f"{address}?{urlencode(query)}" if query else address
