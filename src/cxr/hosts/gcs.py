"""Google Cloud Storage: a bucket of a project, where whoever reads may have to pay for it (requester pays).

PhysioNet's buckets are called by project and version, and let in the Google accounts that are linked to a
PhysioNet profile once access was asked for on the project's page. NIH's copy is open to every account.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from obstore.store import GCSStore

from cxr.credentials import SERVICES, Found, find, problems
from cxr.errors import UsageError
from cxr.hosts import Access, Archive, Place, Speed
from cxr.hosts._checksums import SUMS, with_checksums
from cxr.hosts._objects import ObjectContent, Objects, Said
from cxr.http import HttpSettings, RefusedError
from cxr.model import Remote

if TYPE_CHECKING:
    from obstore.store import ClientConfig, GCSConfig, RetryConfig

ADDRESSES: Final[Mapping[str, str]] = {"storage": "https://storage.googleapis.com"}
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
_PROJECT: Final = "`export GOOGLE_CLOUD_PROJECT=ID`, the project that pays, or `cxr credentials set gcs`."
_NOBODY: Final = (
    f"There are no credentials for Google Cloud Storage, and nobody is let in without. {SERVICES['gcs'].how}"
)
# https://cloud.google.com/storage/docs/xml-api/reference-status: the words of its XML answers.
_NO_PROJECT: Final = frozenset({"UserProjectMissing"})
_WRONG_PROJECT: Final = frozenset(
    {"UserProjectInconsistent", "UserProjectInvalid", "UserProjectAccountProblem", "UserProjectAccessDenied"}
)
# What somebody lacks who may not let a project pay, as Google's refusal names it.
_NO_USE_OF_PROJECT: Final = "serviceusage.services.use"


@dataclass(frozen=True, slots=True)
class Payer:
    """Who asks, and who pays.

    Attributes:
        file: Path of the credentials; empty for asking without any.
        project: That pays; empty for none.
        where: Where the credentials were found, for people.
        wrong: Why those that are there cannot be used; empty where they can.
    """

    file: str = ""
    project: str = ""
    where: str = ""
    wrong: str = ""


def connect(place: Place, settings: HttpSettings) -> "Gcs":
    """Return the connection to a bucket; nothing is asked yet.

    Args:
        place: ``dataset`` is ``bucket`` or ``bucket/prefix``; ``files`` are names to ``bucket/object`` where
            a file lies in another bucket. The address ``storage`` may lead elsewhere.
        settings: Of every request.

    Raises:
        UsageError: that is no bucket.
        ConfigError: ``.env``, where credentials may lie, cannot be read.
    """
    for one in (place.dataset, *place.files.values()):
        if _BUCKET.fullmatch(one.partition("/")[0]) is None:
            raise UsageError(
                f"{one!r} names no bucket of Google Cloud Storage.",
                next_step="Give it as `bucket` or `bucket/prefix`, without gs://.",
            )
    return Gcs(place, settings, payer(find("gcs")) if place.credentials else Payer())


def payer(found: Found | None) -> Payer:
    """Return what credentials amount to."""
    if found is None:
        return Payer()
    if not found.usable:
        fatal = next(one for one in problems(found) if one.fatal)
        return Payer("", found.text("project"), found.where, f"{fatal.happened} {fatal.next_step}")
    return Payer(found.text("credentials_file"), found.text("project"), found.where)


class Gcs:
    """One bucket of Google's, and single files of others."""

    key = "gcs"
    ceiling = 16
    speed: Speed | None = Speed(20e6, 200e6, "assumed: Google documents none for one reader")
    archives: tuple[Archive, ...] = ()

    def __init__(self, place: Place, settings: HttpSettings, who: Payer) -> None:
        self._base = {**ADDRESSES, **place.addresses}["storage"].rstrip("/")
        self._place = place
        self._settings = settings
        self._who = who
        bucket, _, prefix = place.dataset.strip("/").partition("/")
        self._within = self._objects(bucket, prefix)
        self._elsewhere = {
            name: (self._objects(where.partition("/")[0], ""), where.partition("/")[2])
            for name, where in place.files.items()
        }

    def check_access(self) -> Access:
        """Ask for the beginning of the bucket's listing.

        Raises:
            RequestError: it could not be asked.
        """
        if self._who.wrong:
            return Access(ready=False, missing=self._who.wrong)
        if not self._who.file and self._base == ADDRESSES["storage"]:
            return Access(ready=False, missing=_NOBODY)  # requester pays: nobody is let in without a name
        try:
            self._within.ask(self._what(""))
        except RefusedError as error:
            if error.is_on_the_way:
                raise
            return Access(ready=False, missing=error.reason)
        return Access(ready=True)

    def list(self) -> Iterator[Remote]:
        """Yield each object below the prefix once, sorted by path; files in other buckets are among them.

        Checksums are those of the bucket's SHA256SUMS.txt where it has one, else the MD5 of the listing.

        Raises:
            RequestError: the listing is refused, or cannot be had now.
        """
        remotes = {one.path: one for one in self._within.listing(self._what(""), md5=True)}
        remotes |= {name: Remote(name) for name in self._elsewhere}
        if SUMS in remotes:
            remotes = with_checksums(remotes, lambda: self.open(remotes[SUMS]))
        yield from (remotes[path] for path in sorted(remotes))

    def open(
        self, remote: Remote, start: int = 0, end: int | None = None, validator: str = ""
    ) -> AbstractContextManager[ObjectContent]:
        """Open an object; see `cxr.hosts.Host.open`.

        Raises:
            RequestError: it is refused, or cannot be had now.
        """
        objects, path = self._elsewhere.get(remote.path, (self._within, remote.path))
        return objects.open(path, start, end, validator, self._what(remote.path))

    def url(self, remote: Remote) -> str:
        """Return an object's ``gs:`` address."""
        where = self._place.files.get(remote.path) or f"{self._place.dataset.strip('/')}/{remote.path}"
        return f"gs://{quote(where, safe='/', errors='surrogateescape')}"

    def local_path(self, remote: Remote) -> Path | None:  # noqa: ARG002  the protocol's argument
        """Return ``None``: a network lies between."""
        return None

    def close(self) -> None:
        """Let nobody read on."""
        for objects in (self._within, *(objects for objects, _ in self._elsewhere.values())):
            objects.close()

    def _objects(self, bucket: str, prefix: str) -> Objects:
        client = partial(_client, bucket, prefix, self._base, self._settings, self._who)
        return Objects(client, Refusals(self._who))

    def _what(self, path: str) -> str:
        return f"Google Cloud Storage, {self._place.files.get(path) or self._place.dataset}" + (
            f", {path}" if path and path not in self._place.files else ""
        )


@dataclass(frozen=True, slots=True)
class Refusals:
    """Says what a refusal of Google's means, with the next step.

    Attributes:
        who: Who asked.
    """

    who: Payer

    def __call__(self, answer: Said) -> str:
        """Return one or two sentences; none where the status says it all."""
        if answer.code in _NO_PROJECT or (answer.status == 400 and "requester pays" in answer.text):
            return f"Whoever reads this bucket pays for it, and no project was named that does: {_PROJECT}"
        if answer.code in _WRONG_PROJECT or _NO_USE_OF_PROJECT in answer.text:
            return (
                f"The project {self.who.project} cannot pay for this: it is not there, has no billing "
                f"account, or does not let your account use it. Name another: {_PROJECT}"
            )
        if answer.status == 401 and not self.who.file:
            return _NOBODY
        if answer.status in {400, 401} and answer.code in {"", "InvalidArgument", "AuthenticationRequired"}:
            return f"The credentials in {self.who.where} are not taken. {SERVICES['gcs'].how}"
        if answer.status == 403:
            return self._not_let_in()
        return "There is no such bucket." if answer.code == "NoSuchBucket" else ""

    def _not_let_in(self) -> str:
        if not self.who.file:
            return _NOBODY
        return (
            f"The account in {self.who.where} is not let in. One of these: access was not asked for on the "
            "project's page at PhysioNet (Files, Google Cloud Storage); the account's e-mail is not linked "
            "in your PhysioNet profile (https://physionet.org/settings/cloud/); or no agreement is signed."
        )


def _client(bucket: str, prefix: str, base: str, settings: HttpSettings, who: Payer) -> GCSStore:
    """Return the object-store library's client; its own retries are off, since ours count and tell."""
    config: GCSConfig = {"base_url": base}
    if who.file:
        config["application_credentials"] = str(Path(who.file).expanduser())
    else:
        config["skip_signature"] = True
    options: ClientConfig = {
        "allow_http": base.startswith("http://"),  # the configuration allows that on this machine alone
        "user_agent": settings.user_agent,
        "connect_timeout": timedelta(seconds=min(settings.answer_timeout, 30)),
        "read_timeout": timedelta(seconds=settings.stall_timeout),
        "timeout": timedelta(days=1),  # of a whole request: large files take their time, and stalls are told
    }
    if who.project:
        options["default_headers"] = {"x-goog-user-project": who.project}
    retries: RetryConfig = {"max_retries": 0, "retry_timeout": timedelta(seconds=settings.answer_timeout)}
    return GCSStore(
        bucket, prefix=prefix or None, config=config, client_options=options, retry_config=retries
    )
