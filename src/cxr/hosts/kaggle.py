"""Kaggle: a dataset's files one by one, and all of them in one zip.

Single files are for tables: whoever asks for a hundred of them is told to slow down. Images are members of
the zip, had by Range from the storage that Kaggle's signed addresses lead to.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from cxr.credentials import SERVICES, find
from cxr.errors import HostError, UsageError
from cxr.hosts import Access, Archive, Format, Place, Speed
from cxr.hosts._kaggle_answers import Asked, files_in, is_path, next_page, number
from cxr.hosts._kaggle_api import Addresses, Api, Method, NoMethodError
from cxr.hosts._kaggle_sign_in import SignIn, sign_in
from cxr.hosts._links import Links
from cxr.hosts._ranges import Part, WebContent, open_part
from cxr.hosts._unzip import unzipped
from cxr.http import Client, HttpSettings, RefusedError, TransientError
from cxr.model import Remote

ARCHIVE: Final = "archive.zip"
ADDRESSES: Final[Mapping[str, str]] = {
    "api": "https://api.kaggle.com/v1",  # of the calls of its newest programs
    "web": "https://www.kaggle.com/api/v1",  # of the older ones
}
_PAGE: Final = "https://www.kaggle.com/datasets/"
_HANDLE: Final = re.compile(r"([A-Za-z0-9_-][A-Za-z0-9._-]*)/([A-Za-z0-9_-][A-Za-z0-9._-]*)")
_PAGE_SIZE: Final = 200  # the most that Kaggle's own program asks for
_MOST_PAGES: Final = 1_000  # NIH's flat list, its images in it, has 561
# What Google's storage says of a signature that is too old; nobody documents how long one is good (2026-11).
_TOO_OLD_STATUSES: Final = frozenset({400, 401, 403})
_TOO_OLD: Final = "link_refused"


def connect(place: Place, settings: HttpSettings) -> "Kaggle":
    """Return the connection to a dataset; nothing is asked yet.

    Args:
        place: ``dataset`` is ``owner/name``; the addresses ``api`` and ``web`` may lead elsewhere.
        settings: Of every request.

    Raises:
        UsageError: that is no dataset of Kaggle's.
        ConfigError: ``.env``, where credentials may lie, cannot be read.
    """
    if _HANDLE.fullmatch(place.dataset) is None:
        raise UsageError(
            f"{place.dataset!r} is no dataset at Kaggle.",
            next_step="Give it as owner/name, the end of its address kaggle.com/datasets/owner/name.",
        )
    where = {**ADDRESSES, **place.addresses}
    addresses = Addresses(where["api"].rstrip("/"), where["web"].rstrip("/"))
    return Kaggle(place.dataset, addresses, settings, sign_in(find("kaggle") if place.credentials else None))


class Kaggle:
    """One dataset at Kaggle, in the version that is current when it is first asked for."""

    key = "kaggle"
    ceiling = 16
    speed: Speed | None = Speed(5e6, 20e6, "assumed: Kaggle documents none")
    archives = (Archive(Remote(ARCHIVE), Format.ZIP),)

    def __init__(self, dataset: str, addresses: Addresses, settings: HttpSettings, who: SignIn) -> None:
        self._dataset = dataset
        self._addresses = addresses
        self._as_whom = who.where
        self._anonymous = who.authorization is None
        self._wrong = who.wrong
        self._api = Api(addresses, settings, who)
        self._storage = Client(settings)  # signed addresses need no credentials, so it has none to lose
        self._links = Links()
        self._version: int | None = None
        self._is_pinned = False

    def check_access(self) -> Access:
        """Ask for the dataset's record; without credentials, too, since Kaggle gives some to anybody.

        Raises:
            RequestError: it could not be asked.
        """
        if self._wrong:
            return Access(ready=False, missing=self._wrong)
        try:
            self._pin()
        except RefusedError as error:
            if error.is_on_the_way:
                raise
            if not self._anonymous:
                return Access(ready=False, missing=error.reason)
            how = f"{SERVICES['kaggle'].how} Or run `cxr credentials set kaggle`."
            return Access(ready=False, missing=f"{error.reason} An account is free. {how}")
        return Access(ready=True)

    def list(self) -> Iterator[Remote]:
        """Yield the files in the dataset's root, where tables are, sorted by path.

        Raises:
            HostError: the list does not end.
            RequestError: it is refused, or cannot be had now.
        """
        try:
            found = self._listed(Method.TREE)
        except NoMethodError:
            found = self._listed(Method.FILES)
        yield from (found[path] for path in sorted(found))

    @contextmanager
    def open(
        self, remote: Remote, start: int = 0, end: int | None = None, validator: str = ""
    ) -> Iterator[WebContent]:
        """Open a file, or the archive of all; see `cxr.hosts.Host.open`.

        A file that Kaggle sends as a zip of its own is given as it is inside.

        Raises:
            TransientError: trying again may help.
            RefusedError: trying again cannot help.
        """
        asked = self._asked("" if remote.path == ARCHIVE else remote.path)
        if remote.path != ARCHIVE and not is_path(remote.path):
            raise RefusedError("http_404", f"Kaggle, {self._dataset}: {remote.path!r} is no path of a file.")
        part = Part(start, end, validator)
        with ExitStack() as stack:
            content = stack.enter_context(self._open(asked, part))
            if _may_be_zipped(asked.file, content.name):
                if part.headers:
                    stack.close()
                    content = stack.enter_context(self._open(asked, Part()))
                if content.peek(4) == b"PK\x03\x04":
                    name = asked.file.rpartition("/")[2]
                    content = stack.enter_context(unzipped(content, name, part, what=str(asked)))
            yield content

    def url(self, remote: Remote) -> str:
        """Return where it can be had with an account; Kaggle leads from there to a signed address."""
        folder = f"{self._addresses.web}/datasets/download/{self._dataset}"
        if remote.path == ARCHIVE:
            return folder
        return f"{folder}/{quote(remote.path, errors='surrogateescape')}"

    def local_path(self, remote: Remote) -> Path | None:  # noqa: ARG002  the protocol's argument
        """Return ``None``: a network lies between."""
        return None

    def close(self) -> None:
        """Cut every open connection."""
        self._api.close()
        self._storage.close()

    @contextmanager
    def _open(self, asked: Asked, part: Part) -> Iterator[WebContent]:
        opening = self._links.open(
            asked.file,
            lambda: self._link(asked),
            lambda url: self._open_at(url, asked, part),
            lambda error: error.code in {_TOO_OLD, "web_page"},
        )
        with ExitStack() as stack:
            try:
                content = stack.enter_context(opening)
            except RefusedError as error:
                if error.code != _TOO_OLD:
                    raise
                # Whom Kaggle refuses gets no address. This one was signed just now: another may be better.
                raise TransientError(error.code, error.reason, status=error.status) from error
            yield content

    @contextmanager
    def _open_at(self, url: str, asked: Asked, part: Part) -> Iterator[WebContent]:
        with ExitStack() as stack:
            try:
                content = stack.enter_context(open_part(self._storage, url, part, what=str(asked)))
            except RefusedError as error:
                if error.status not in _TOO_OLD_STATUSES:
                    raise
                reason = f"{asked}: the storage refuses the address that Kaggle gave ({error.status})."
                raise RefusedError(_TOO_OLD, reason, status=error.status) from error
            _refuse_page(content, asked)
            yield content

    def _link(self, asked: Asked) -> str:
        fields = self._fields()
        if asked.file:
            # raw asks for the file as it is. Whether it is always heeded nobody says (2026-11), hence _unzip.
            fields |= {"fileName": asked.file, "raw": True}
        return self._api.link(asked, fields)

    def _listed(self, method: Method) -> Mapping[str, Remote]:
        asked = self._asked()
        found: dict[str, Remote] = {}
        fields = self._fields() | {"pageSize": _PAGE_SIZE}
        for _ in range(_MOST_PAGES):
            page = self._api.call(method, asked, fields)
            found.update({one.path: one for one in files_in(page) if "/" not in one.path})
            if not (token := next_page(page)):
                return found
            fields["pageToken"] = token
        raise HostError(
            f"Kaggle's list of the files of {self._dataset} does not end after {_MOST_PAGES} pages.",
            next_step="Download the tables at its page, and name them with --tables.",
        )

    def _fields(self) -> dict[str, object]:
        """Return what every call says: the dataset, in the one version that this connection speaks of."""
        owner, _, name = self._dataset.partition("/")
        version = self._pin()
        fields: dict[str, object] = {"ownerSlug": owner, "datasetSlug": name}
        return fields if version is None else fields | {"datasetVersionNumber": version}

    def _pin(self) -> int | None:
        if not self._is_pinned:
            owner, _, name = self._dataset.partition("/")
            fields = {"ownerSlug": owner, "datasetSlug": name}
            record = self._api.call(Method.DATASET, self._asked(), fields)
            said = record.get("currentVersionNumber") or record.get("currentVersionNumberNullable")
            self._version, self._is_pinned = number(said), True
        return self._version

    def _asked(self, file: str = "") -> Asked:
        return Asked(self._dataset, _PAGE + self._dataset, file, self._as_whom)


def _may_be_zipped(file: str, name: str) -> bool:
    return bool(file) and not file.lower().endswith(".zip") and name.lower().endswith(".zip")


def _refuse_page(content: WebContent, asked: Asked) -> None:
    if content.media_type == "text/html" and not asked.file.lower().endswith((".html", ".htm")):
        raise RefusedError(
            "web_page", f"{asked}: a web page came in its place. Kaggle may want you to sign in: {asked.page}"
        )
